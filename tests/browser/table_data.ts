// Tables of images for tests: small pictures that nobody drew, as CSV and as IDX.
import { gzipSync } from 'node:zlib';

const kPixels = 784;

export type Pixels = Uint8Array;

/** The seven-segment figure of a digit, in a box that a network knows: [784], 0..255. */
export function figure(digit: number, shift = 0): Pixels {
  const segments = ['abcdef', 'bc', 'abged', 'abgcd', 'fgbc', 'afgcd', 'afgedc', 'abc', 'abcdefg', 'abcdfg'][digit];
  const pixels = new Uint8Array(kPixels);
  const bar = (x: number, y: number, width: number, height: number) => {
    for (let j = y; j < y + height; ++j) pixels.fill(254, 28 * j + x + shift, 28 * j + x + shift + width);
  };
  const parts: Record<string, () => void> = {
    a: () => bar(9, 4, 10, 2),
    b: () => bar(18, 4, 2, 10),
    c: () => bar(18, 14, 2, 10),
    d: () => bar(9, 22, 10, 2),
    e: () => bar(8, 14, 2, 10),
    f: () => bar(8, 4, 2, 10),
    g: () => bar(9, 13, 10, 2),
  };
  for (const segment of segments) parts[segment]();
  return pixels;
}

export const kHeader = Array.from({ length: kPixels }, (_, i) => `pixel${i}`).join(',');

export function row(pixels: Pixels, label?: number): string {
  return label === undefined ? pixels.join(',') : `${label},${pixels.join(',')}`;
}

/** Kaggle's form: labels or none, a header. */
export function csv(images: Pixels[], labels?: number[]): string {
  const header = labels === undefined ? kHeader : `label,${kHeader}`;
  return `${[header, ...images.map((image, i) => row(image, labels?.[i]))].join('\n')}\n`;
}

function bigEndian(...numbers: number[]): Buffer {
  const bytes = Buffer.alloc(4 * numbers.length);
  numbers.forEach((number, i) => bytes.writeUInt32BE(number, 4 * i));
  return bytes;
}

export function idxImages(images: Pixels[], [count, height, width] = [images.length, 28, 28]): Buffer {
  return Buffer.concat([bigEndian(0x803, count, height, width), ...images]);
}

export function idxLabels(labels: number[], count = labels.length): Buffer {
  return Buffer.concat([bigEndian(0x801, count), Buffer.from(labels)]);
}

export const gzipped = (bytes: string | Buffer) => gzipSync(bytes);
