// What a caller hands over, looked at before it goes to a worker: a mistake is 'invalid-argument', with a
// sentence that names the call and the place. What only the engine can judge (a NaN, ink that is not
// there) is left to the engine.
import { InklingError, type Picture, type Range, type Stroke } from './types.ts';

export function check(fine: boolean, message: string): void {
  if (!fine) throw new InklingError('invalid-argument', message);
}

function isPoint(point: unknown): boolean {
  return Array.isArray(point) && typeof point[0] === 'number' && typeof point[1] === 'number';
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 1;
}

/** `what`: the call, and which of its numbers. */
export function checkCount(value: number, what: string): void {
  check(isCount(value), `${what} must be a whole number, 1 or more.`);
}

export function checkStrokes(strokes: readonly Stroke[]): void {
  check(Array.isArray(strokes), 'classifyStrokes: the strokes are not an array.');
  // By index and spread: forEach and every would step over the holes of a sparse array.
  for (let i = 0; i < strokes.length; ++i) {
    const stroke: unknown = strokes[i];
    const fine = Array.isArray(stroke) && [...stroke].every(isPoint);
    check(fine, `classifyStrokes: stroke ${i} is not an array of points [x, y], two numbers each.`);
  }
}

export function checkPicture(picture: Picture): void {
  const { data, width, height } = picture ?? {};
  const isBytes = data instanceof Uint8ClampedArray || data instanceof Uint8Array;
  const fine = isBytes && isCount(width) && isCount(height) && data.length === width * height * 4;
  check(fine, `classifyImage: a picture is { data, width, height }, its data width x height x 4 bytes of RGBA.`);
}

/** size: floats of all images. */
export function checkPixels(pixels: Float32Array, size: number, call = 'classifyPixels'): void {
  const fine = pixels instanceof Float32Array && pixels.length === size;
  check(fine, `${call}: the pixels are not a Float32Array of ${size}.`);
}

export function checkBatch(pixels: Float32Array, count: number, size: number): void {
  checkCount(count, 'classifyBatch: the number of images');
  checkPixels(pixels, count * size, 'classifyBatch');
}

export function checkRange([paper, ink]: Range): void {
  const fine = Number.isFinite(paper) && Number.isFinite(ink) && paper !== ink;
  check(fine, 'load: the range is two different numbers, for paper and for ink.');
}

export function checkName(name: string): void {
  check(typeof name === 'string', "activations: a tensor's name is a string; see plan().");
}
