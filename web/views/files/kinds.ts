// What a file is: told by its first bytes, and by its name only where they say nothing.
import { kImagesMagic, kLabelsMagic } from './idx.ts';
import { Problem } from './problem.ts';
import { head } from './unpack.ts';

export type Kind = 'picture' | 'model' | 'csv' | 'images' | 'labels';

const kHead = 512; // bytes

function starts(bytes: Uint8Array, text: string, at = 0): boolean {
  return [...text].every((letter, i) => bytes[at + i] === letter.charCodeAt(0));
}

function isPicture(bytes: Uint8Array): boolean {
  const isWebp = starts(bytes, 'RIFF') && starts(bytes, 'WEBP', 8);
  return isWebp || ['\x89PNG', '\xff\xd8\xff', 'GIF8'].some((magic) => starts(bytes, magic));
}

/** Fails with a Problem for a file that is none of them. */
export async function kindOf(file: File): Promise<Kind> {
  const { name } = file;
  const bytes = await head(file, name, kHead);
  if (bytes.length === 0) throw new Problem('empty', name);
  if (isPicture(bytes)) return 'picture';
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
