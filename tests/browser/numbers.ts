// Numbers made of single drawings: digits side by side, a gap between their boxes, a hand that does not keep
// the line quite.
import { drawing, type Placement, type Point } from './curves.ts';
import { seeded, type Random } from './random.ts';

export interface Number {
  strokes: Point[][];
  /** The strokes of each digit, by index, from left to right. */
  digits: number[][];
}

/** In units of the digits' height. */
const kUnsteady = 0.16;

/**
 * `height`: of a usual digit, in the drawings' unit, which becomes 1; `gap`: the least and the greatest
 * distance between two digits' boxes, in that height.
 */
export function sideBySide(
  drawings: readonly (readonly Point[][])[],
  { height, gap: [least, greatest], random }: { height: number; gap: [number, number]; random: Random },
): Number {
  const number: Number = { strokes: [], digits: [] };
  let x = 0;
  for (const drawing of drawings) {
    const xs = drawing.flat().map((point) => point[0]);
    const left = Math.min(...xs);
    const bottom = Math.max(...drawing.flat().map((point) => point[1]));
    const y = (random() - 0.5) * kUnsteady;
    number.digits.push(drawing.map((_, i) => number.strokes.length + i));
    for (const stroke of drawing) {
      number.strokes.push(stroke.map(([u, v]) => [x + (u - left) / height, y + (v - bottom) / height]));
    }
    x += (Math.max(...xs) - left) / height + least + (greatest - least) * random();
  }
  return number;
}

/** Where a number has room on the pad. */
export const kWide: Placement = { x: 0.05, y: 0.05, side: 0.9 };

/** The strokes of a number, as it is drawn. */
export function number(digits: string): Point[][] {
  const drawings = [...digits].map((label) => drawing(label));
  return sideBySide(drawings, { height: 80, gap: [0.3, 0.4], random: seeded(9) }).strokes;
}
