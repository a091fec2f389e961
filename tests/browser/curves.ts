// From the few points of a fixture to the many of a hand: a Catmull-Rom spline through them, with the
// slight, slow unsteadiness of a hand.
import fixtures from './fixtures/digits.json' with { type: 'json' };
import { seeded, type Random } from './random.ts';

export type Point = [x: number, y: number];

export interface Drawing {
  label: string;
  style: string;
  strokes: Point[][];
}

/** Points between two of the fixture's. */
const kSteps = 8;

/** How far the hand strays, in hundredths of the drawing's side. */
const kTremor = 0.4;

/** The fixtures as smooth lines, the same on every run. */
export function fixtureDrawings(): Drawing[] {
  return fixtures.drawings.map(({ label, style, strokes }, i) => {
    const random = seeded(1000 + i);
    return { label, style, strokes: strokes.map((stroke) => trembling(spline(stroke as Point[]), random)) };
  });
}

function spline(points: Point[]): Point[] {
  const curve: Point[] = [points[0]];
  for (let i = 0; i + 1 < points.length; ++i) {
    const [b, c] = [points[i], points[i + 1]];
    if (b[0] === c[0] && b[1] === c[1]) continue; // a corner
    const a = points[i - 1] ?? b;
    const d = points[i + 2] ?? c;
    for (let step = 1; step <= kSteps; ++step) {
      const t = step / kSteps;
      curve.push([between(a[0], b[0], c[0], d[0], t), between(a[1], b[1], c[1], d[1], t)]);
    }
  }
  return curve;
}

function between(a: number, b: number, c: number, d: number, t: number): number {
  const cubic = -a + 3 * b - 3 * c + d;
  const square = 2 * a - 5 * b + 4 * c - d;
  return b + 0.5 * t * (c - a + t * (square + t * cubic));
}

function trembling(points: Point[], random: Random): Point[] {
  let [dx, dy] = [0, 0];
  return points.map(([x, y]) => {
    dx = 0.8 * dx + 0.6 * kTremor * (random() - 0.5);
    dy = 0.8 * dy + 0.6 * kTremor * (random() - 0.5);
    return [x + dx, y + dy];
  });
}
