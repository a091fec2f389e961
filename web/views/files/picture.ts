// A picture file as pixels: its sides are read from its first bytes before a browser is asked to unfold it,
// and no more of it is kept than a digit needs.
import type { Picture } from '../../../wasm/js/index.ts';
import { Problem } from './problem.ts';

const kMostBytes = 64e6;
const kMostPixels = 64e6; // a phone's camera has 50
/** The longer side that is classified, pixels. A digit is read at 20. */
const kSide = 768;
/** A JPEG's size may stand behind a small picture of itself and much else. */
const kHead = 256 * 1024;

/** Fails with a Problem. */
export async function decoded(file: File): Promise<Picture> {
  const { name, size } = file;
  if (size > kMostBytes) throw new Problem('hugeFile', name, kMostBytes);
  const head = new DataView(await file.slice(0, kHead).arrayBuffer());
  const [width, height] = sidesOf(head) ?? [0, 0];
  if (width * height > kMostPixels) throw new Problem('hugePicture', name, width, height);
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Problem('badPicture', name);
  });
  try {
    return pixelsOf(bitmap, Math.min(1, kSide / Math.max(bitmap.width, bitmap.height)));
  } finally {
    bitmap.close();
  }
}

function pixelsOf(bitmap: ImageBitmap, scale: number): ImageData {
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/** Width and height as the file says; null where it does not say them in a place known here. */
export function sidesOf(head: DataView): [width: number, height: number] | null {
  try {
    if (head.getUint32(0) === 0x89504e47) return [head.getUint32(16), head.getUint32(20)];
    if (head.getUint32(0) >>> 8 === 0xffd8ff) return jpegSides(head);
    if (head.getUint32(0) === 0x47494638) return [head.getUint16(6, true), head.getUint16(8, true)];
    return webpSides(head);
  } catch {
    return null; // shorter than it should be: the browser will say so
  }
}

function jpegSides(head: DataView): [number, number] | null {
  for (let at = 2; ; at += 2 + head.getUint16(at + 2)) {
    const marker = head.getUint16(at);
    if (marker >>> 8 !== 0xff) return null;
    const isFrame = marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker);
    if (isFrame) return [head.getUint16(at + 7), head.getUint16(at + 5)];
  }
}

function webpSides(head: DataView): [number, number] | null {
  const form = head.getUint32(12);
  const three = (at: number) => head.getUint16(at, true) + (head.getUint8(at + 2) << 16);
  if (form === 0x56503858) return [three(24) + 1, three(27) + 1]; // VP8X
  if (form === 0x56503820) return [head.getUint16(26, true) & 0x3fff, head.getUint16(28, true) & 0x3fff];
  if (form !== 0x5650384c) return null; // VP8L
  const bits = head.getUint32(21, true);
  return [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1];
}
