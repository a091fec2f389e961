// From the few points of a fixture to the many of a hand: a centripetal Catmull-Rom spline
// through them, with the slight, slow unsteadiness of a hand.
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

/** How often a curve is eased; a dozen rounds a bend over a third of the way between two points. */
const kEasings = 12;

/** How far the hand strays, in hundredths of the drawing's side. */
const kTremor = 0.3;

/** The fixtures as smooth lines, the same on every run. */
export function fixtureDrawings(): Drawing[] {
  return fixtures.drawings.map(({ label, style, strokes }, i) => {
    const random = seeded(1000 + i);
    return {
      label,
      style,
      strokes: strokes.map((stroke) => trembling(spline(stroke as Point[]), random)),
    };
  });
}

/** The first fixture of a digit. */
export function drawing(label: string): Point[][] {
  return fixtureDrawings().find((fixture) => fixture.label === label)!.strokes;
}

/** Where and how large to draw: in shares of the pad's side. */
export interface Placement {
  x: number;
  y: number;
  side: number;
}

export interface Box {
  x: number;
  y: number;
  width: number;
}

const kMiddle: Placement = { x: 0.17, y: 0.17, side: 0.66 };

/** The strokes in the pixels of the pad's box, their own box fitted into the placement. */
export function fitted(strokes: readonly Point[][], pad: Box, placement = kMiddle): Point[][] {
  const xs = strokes.flat().map(([x]) => x);
  const ys = strokes.flat().map(([, y]) => y);
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [width, height] = [Math.max(...xs) - left, Math.max(...ys) - top];
  const extent = Math.max(width, height, 1e-9);
  const scale = (placement.side * pad.width) / extent;
  const x0 = pad.x + placement.x * pad.width + ((extent - width) / 2) * scale;
  const y0 = pad.y + placement.y * pad.width + ((extent - height) / 2) * scale;
  return strokes.map((stroke) =>
    stroke.map(([x, y]) => [
      Math.round(x0 + (x - left) * scale),
      Math.round(y0 + (y - top) * scale),
    ]),
  );
}

function spline(points: Point[]): Point[] {
  const pieces: Point[][] = [[points[0]]];
  for (let i = 0; i + 1 < points.length; ++i) {
    const [b, c] = [points[i], points[i + 1]];
    if (distance(b, c) === 0) {
      pieces.push([c]); // a corner: what follows is another curve
      continue;
    }
    const ended = (p: Point | undefined, from: Point) => p === undefined || distance(p, from) === 0;
    const a = ended(points[i - 1], b) ? mirrored(c, b) : points[i - 1];
    const d = ended(points[i + 2], c) ? mirrored(b, c) : points[i + 2];
    const piece = pieces[pieces.length - 1];
    for (let step = 1; step <= kSteps; ++step) piece.push(centripetal(a, b, c, d, step / kSteps));
  }
  return pieces.flatMap(eased);
}

/** A hand turns gradually: each point moves towards its neighbours, the ends stay. */
function eased(curve: Point[]): Point[] {
  for (let pass = 0; pass < kEasings; ++pass) {
    curve = curve.map((p, i) => {
      const [q, r] = [curve[i - 1] ?? p, curve[i + 1] ?? p];
      if (q === p || r === p) return p;
      return [(q[0] + 2 * p[0] + r[0]) / 4, (q[1] + 2 * p[1] + r[1]) / 4];
    });
  }
  return curve;
}

function distance([ax, ay]: Point, [bx, by]: Point): number {
  return Math.hypot(bx - ax, by - ay);
}

function mirrored([px, py]: Point, [x, y]: Point): Point {
  return [2 * x - px, 2 * y - py];
}

/** The curve from b (share 0) to c (share 1): Barry and Goldman's pyramid, knots at root distances. */
function centripetal(a: Point, b: Point, c: Point, d: Point, share: number): Point {
  const ta = -Math.sqrt(distance(a, b));
  const tc = Math.sqrt(distance(b, c));
  const td = tc + Math.sqrt(distance(c, d));
  const t = share * tc;
  const mix = (p: Point, q: Point, from: number, to: number): Point => {
    const w = (t - from) / (to - from);
    return [p[0] + (q[0] - p[0]) * w, p[1] + (q[1] - p[1]) * w];
  };
  const [ab, bc, cd] = [mix(a, b, ta, 0), mix(b, c, 0, tc), mix(c, d, tc, td)];
  return mix(mix(ab, bc, ta, tc), mix(bc, cd, 0, td), 0, tc);
}

function trembling(points: Point[], random: Random): Point[] {
  let [dx, dy] = [0, 0];
  return points.map(([x, y]) => {
    dx = 0.8 * dx + 0.6 * kTremor * (random() - 0.5);
    dy = 0.8 * dy + 0.6 * kTremor * (random() - 0.5);
    return [x + dx, y + dy];
  });
}
