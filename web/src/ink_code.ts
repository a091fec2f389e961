// Ink as a short text that fits into an address, and back. A stroke is its number of points, then the
// points on a grid of 1000 a side: the first as it is, the others as steps, all as variable-length
// integers (7 bits a byte, zigzag for the sign), the bytes as base64url. What comes back is a
// stranger's: every number is checked.
import type { Ink, InkPoint, InkStroke } from './history.ts';
import { restingRadius } from './nib.ts';

const kGrid = 1000;

/** A drawing of a digit has a tenth of these; what is larger is no link. */
export const kMaxCode = 8192;
const kMaxStrokes = 64;
const kMaxPoints = 4096;

/** In grid units: points nearer than this to the line without them are left out. */
const kTolerance = 2;

type GridPoint = readonly [x: number, y: number];

export function encodeInk(ink: Ink): string {
  const numbers = ink.flatMap((stroke) => {
    const points = simplified(stroke.map(({ x, y }) => [grid(x), grid(y)] as const));
    const steps = points.map(([x, y], i) => [x - (points[i - 1]?.[0] ?? 0), y - (points[i - 1]?.[1] ?? 0)]);
    return [points.length, ...steps.flat().map(zigzag)];
  });
  const bytes = String.fromCharCode(...numbers.flatMap(varint));
  return btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** null for a text that encodeInk did not make. */
export function decodeInk(code: string): Ink | null {
  if (code.length === 0 || code.length > kMaxCode || !/^[\w-]+$/.test(code)) return null;
  try {
    return inkOf(numbersOf(atob(code.replaceAll('-', '+').replaceAll('_', '/'))));
  } catch {
    return null;
  }
}

function inkOf(numbers: number[]): Ink | null {
  const ink: InkPoint[][] = [];
  let at = 0;
  let total = 0;
  while (at < numbers.length) {
    const count = numbers[at++];
    total += count;
    if (count < 1 || total > kMaxPoints || ink.length === kMaxStrokes) return null;
    if (at + 2 * count > numbers.length) return null;
    let [x, y] = [0, 0];
    const stroke: InkPoint[] = [];
    for (const end = at + 2 * count; at < end; at += 2) {
      x += unzigzag(numbers[at]);
      y += unzigzag(numbers[at + 1]);
      if (x < 0 || x > kGrid || y < 0 || y > kGrid) return null;
      stroke.push({ x: x / kGrid, y: y / kGrid, r: restingRadius(null) });
    }
    ink.push(stroke);
  }
  return ink;
}

function numbersOf(bytes: string): number[] {
  const numbers: number[] = [];
  let [value, shift] = [0, 0];
  for (let i = 0; i < bytes.length; ++i) {
    const byte = bytes.charCodeAt(i);
    value |= (byte & 0x7f) << shift;
    shift += 7;
    if (byte >= 0x80 && shift < 28) continue;
    numbers.push(value);
    [value, shift] = [0, 0];
  }
  if (shift > 0) throw new Error('The text ends within a number.');
  return numbers;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 0x7f; value >>= 7) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value];
}

const grid = (share: number) => Math.round(share * kGrid);
const zigzag = (value: number) => (value << 1) ^ (value >> 31);
const unzigzag = (value: number) => (value >>> 1) ^ -(value & 1);

/** Douglas and Peucker: the fewest points whose line stays within the tolerance of all. */
function simplified(points: GridPoint[]): GridPoint[] {
  if (points.length < 3) return points;
  const [first, last] = [points[0], points[points.length - 1]];
  let [farthest, distance] = [0, kTolerance];
  for (let i = 1; i + 1 < points.length; ++i) {
    const d = distanceToLine(points[i], first, last);
    if (d > distance) [farthest, distance] = [i, d];
  }
  if (farthest === 0) return [first, last];
  const before = simplified(points.slice(0, farthest + 1));
  return [...before.slice(0, -1), ...simplified(points.slice(farthest))];
}

function distanceToLine([x, y]: GridPoint, [ax, ay]: GridPoint, [bx, by]: GridPoint): number {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const share = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length));
  return Math.hypot(x - ax - share * dx, y - ay - share * dy);
}

/** Rounds the corners of a line of few points (Chaikin); its ends stay. */
export function rounded(stroke: InkStroke, times = 3): InkStroke {
  if (times === 0 || stroke.length < 3) return stroke;
  const cut = stroke.slice(1).flatMap((b, i) => [mix(stroke[i], b, 0.25), mix(stroke[i], b, 0.75)]);
  return rounded([stroke[0], ...cut.slice(1, -1), stroke[stroke.length - 1]], times - 1);
}

function mix(a: InkPoint, b: InkPoint, share: number): InkPoint {
  const between = (p: number, q: number) => p + (q - p) * share;
  return { x: between(a.x, b.x), y: between(a.y, b.y), r: between(a.r, b.r) };
}
