// What a caller hands over, looked at before it goes to a worker: a mistake is 'invalid-argument', with a
// sentence that names the call and the place. What only the engine can judge (a NaN, ink that is not
// there) is left to the engine.
import { InklingError, type Picture, type Range, type Stroke } from './types.ts';

function refuse(message: string): never {
  throw new InklingError('invalid-argument', message);
}

function isPoint(point: unknown): boolean {
  return Array.isArray(point) && typeof point[0] === 'number' && typeof point[1] === 'number';
}

export function checkStrokes(strokes: readonly Stroke[]): void {
  if (!Array.isArray(strokes)) refuse('classifyStrokes: the strokes are not an array.');
  // By index: forEach would step over the holes of a sparse array.
  for (let i = 0; i < strokes.length; ++i) {
    const stroke: unknown = strokes[i];
    if (!Array.isArray(stroke)) refuse(`classifyStrokes: stroke ${i} is not an array of points.`);
    for (let j = 0; j < stroke.length; ++j) {
      if (isPoint(stroke[j])) continue;
      refuse(`classifyStrokes: point ${j} of stroke ${i} is not [x, y] with two numbers.`);
    }
  }
}

export function checkPicture(picture: Picture): void {
  const { data, width, height } = picture ?? refuse('classifyImage: there is no picture.');
  if (!(data instanceof Uint8ClampedArray || data instanceof Uint8Array)) {
    refuse('classifyImage: data is neither a Uint8ClampedArray nor a Uint8Array.');
  }
  for (const side of [width, height]) {
    if (Number.isInteger(side) && side >= 1) continue;
    refuse('classifyImage: width and height must be whole numbers, 1 or more.');
  }
  const bytes = width * height * 4;
  if (data.length !== bytes) {
    refuse(`classifyImage: ${width}x${height} RGBA is ${bytes} bytes, not ${data.length}.`);
  }
}

/** size: floats of one image. */
export function checkPixels(pixels: Float32Array, size: number, call = 'classifyPixels'): void {
  if (!(pixels instanceof Float32Array)) {
    refuse(`${call}: the pixels are not a Float32Array.`);
  }
  if (pixels.length !== size) {
    refuse(`${call}: an image is ${size} floats, not ${pixels.length}.`);
  }
}

export function checkBatch(pixels: Float32Array, count: number, size: number): void {
  if (!(pixels instanceof Float32Array)) refuse('classifyBatch: the pixels are not a Float32Array.');
  if (!Number.isInteger(count) || count < 1) {
    refuse('classifyBatch: the number of images must be a whole number, 1 or more.');
  }
  if (pixels.length !== count * size) {
    refuse(`classifyBatch: ${count} images of ${size} floats are not ${pixels.length}.`);
  }
}

export function checkRounds(rounds: number): void {
  if (Number.isInteger(rounds) && rounds >= 1) return;
  refuse('profile: the number of rounds must be a whole number, 1 or more.');
}

export function checkRange([paper, ink]: Range): void {
  if (Number.isFinite(paper) && Number.isFinite(ink) && paper !== ink) return;
  refuse('load: the range is two different numbers, for paper and for ink.');
}

export function checkName(name: string): void {
  if (typeof name !== 'string') refuse("activations: a tensor's name is a string; see plan().");
}
