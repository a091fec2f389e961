// What a file is: told by its first bytes, and by its name only where they say nothing.
import { kImagesMagic, kLabelsMagic } from './idx.ts';
import { Problem } from './problem.ts';
import { head } from './unpack.ts';

export type Kind = 'picture' | 'model' | 'csv' | 'images' | 'labels';

const kHead = 512; // bytes

/** What people have at hand and this page does not read: how it begins, from which byte, and its name. */
const kOthers: readonly [magic: string, at: number, name: string][] = [
  ['%PDF-', 0, 'PDF'],
  ['\xd0\xcf\x11\xe0', 0, 'Office'],
  ['{\\rtf', 0, 'RTF'],
  ['ftyphe', 4, 'HEIC'],
  ['ftypmif1', 4, 'HEIC'],
  ['ftypavif', 4, 'AVIF'],
  ['ftyp', 4, 'MP4'],
  ['II*\0', 0, 'TIFF'],
  ['MM\0*', 0, 'TIFF'],
  ['Rar!', 0, 'RAR'],
  ['7z\xbc\xaf', 0, '7z'],
  ['\x89HDF', 0, 'HDF5'],
  ['\x93NUMPY', 0, 'NumPy'],
];
const kZippedOffice = /\.(docx|xlsx|pptx|od[pst])$/i;
const kMarkup = /^\s*<(!doctype html|html|svg|\?xml)/i;

function starts(bytes: Uint8Array, text: string, at = 0): boolean {
  return [...text].every((letter, i) => bytes[at + i] === letter.charCodeAt(0));
}

function isPicture(bytes: Uint8Array): boolean {
  const isWebp = starts(bytes, 'RIFF') && starts(bytes, 'WEBP', 8);
  return isWebp || ['\x89PNG', '\xff\xd8\xff', 'GIF8'].some((magic) => starts(bytes, magic));
}

function otherKind(bytes: Uint8Array, name: string): string | undefined {
  if (starts(bytes, 'PK\x03\x04') && kZippedOffice.test(name)) return 'Office';
  const markup = kMarkup.exec(String.fromCharCode(...bytes))?.[1].toLowerCase();
  if (markup !== undefined) return markup.endsWith('html') ? 'HTML' : markup === 'svg' ? 'SVG' : 'XML';
  return kOthers.find(([magic, at]) => starts(bytes, magic, at))?.[2];
}

/** Fails with a Problem for a file that is none of them. */
export async function kindOf(file: File): Promise<Kind> {
  const { name } = file;
  const bytes = await head(file, name, kHead);
  if (bytes.length === 0) throw new Problem('empty', name);
  if (isPicture(bytes)) return 'picture';
  const other = otherKind(bytes, name);
  if (other !== undefined) throw new Problem('otherKind', name, other);
  if (starts(bytes, 'PK\x03\x04')) throw new Problem('zip', name);
  if (bytes[0] === 0 && bytes[1] === 0) {
    const magic = bytes.length < 4 ? 0 : new DataView(bytes.buffer).getUint32(0);
    if (magic === kImagesMagic) return 'images';
    if (magic === kLabelsMagic) return 'labels';
    throw new Problem('otherIdx', name);
  }
  // ModelProto begins with its first field, ir_version.
  if (/\.onnx$/i.test(name) || (bytes[0] === 0x08 && bytes[1] < 0x20)) return 'model';
  if (/^\s*\{/.test(String.fromCharCode(...bytes))) throw new Problem('strokes', name);
  if (/^image\//.test(file.type)) throw new Problem('badPicture', name);
  if (isText(bytes)) return 'csv';
  throw new Problem('unknown', name);
}

/** No control characters but tabs and line ends; bytes above ASCII may be letters. */
function isText(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte >= 32 || (byte >= 9 && byte <= 13));
}
