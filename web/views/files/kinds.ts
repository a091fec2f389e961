// What a file is: told by its first bytes, and by its name only where they say nothing.
import { kImagesMagic, kLabelsMagic } from './idx.ts';
import { Problem } from './problem.ts';
import { head } from './unpack.ts';

export type Kind = 'picture' | 'model' | 'csv' | 'images' | 'labels';

const kHead = 512; // bytes

const kPictures = /^(\x89PNG|\xff\xd8\xff|GIF8|RIFF[^]{4}WEBP)/;
/** HEIC, AVIF and other containers of that form, and TIFF: too few browsers show them. */
const kOtherPictures = /^([^]{4}ftyp|II\*\0|MM\0)/;
const kZip = /^PK\x03\x04/;
/** What people have at hand and this page does not read; the last are zip archives that nobody is to unpack. */
const kOthers: readonly [what: RegExp, name: string][] = [
  [/^%PDF/, 'PDF'],
  [/^\s*<(!doctype )?html/i, 'HTML'],
  [/^PK[^]*\.(doc|xls|ppt)x$/i, 'Office'],
];

/** Fails with a Problem for a file that is none of them. */
export async function kindOf(file: File): Promise<Kind> {
  const { name } = file;
  const bytes = await head(file, name, kHead);
  if (bytes.length === 0) throw new Problem('empty', name);
  const text = String.fromCharCode(...bytes);
  if (kPictures.test(text)) return 'picture';
  for (const [what, kind] of kOthers) {
    if (what.test(text + name)) throw new Problem('unknown', name, kind);
  }
  if (kZip.test(text)) throw new Problem('zip', name);
  if (kOtherPictures.test(text) || /^image\//.test(file.type)) throw new Problem('badPicture', name);
  if (bytes[0] === 0 && bytes[1] === 0) {
    const magic = bytes.length < 4 ? 0 : new DataView(bytes.buffer).getUint32(0);
    if (magic === kImagesMagic) return 'images';
    if (magic === kLabelsMagic) return 'labels';
    throw new Problem('otherIdx', name);
  }
  // ModelProto begins with its first field, ir_version.
  if (/\.onnx$/i.test(name) || (bytes[0] === 0x08 && bytes[1] < 0x20)) return 'model';
  if (/^\s*\{/.test(text)) throw new Problem('strokes', name);
  // No control characters but tabs and line ends; bytes above ASCII may be letters.
  if (!/[\0-\x08\x0e-\x1f]/.test(text)) return 'csv';
  throw new Problem('unknown', name);
}
