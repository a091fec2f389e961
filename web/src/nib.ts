// How ink looks: a line that is full where the hand is slow and thins where it is quick, laid down as
// short round-ended pieces along a curve through the midpoints of what was recorded.
import type { InkPoint, InkStroke } from './history.ts';

/** What a line is drawn with: a canvas, or what writes it down. */
export type Brush = Pick<CanvasRenderingContext2D, 'lineWidth' | 'beginPath' | 'moveTo' | 'lineTo' | 'stroke'>;

/** Radii in units of the pad's side. */
const kRadius = 0.0175;
const kThinnest = 0.62 * kRadius;
const kFullest = 1.12 * kRadius;

/** Pad sides per second at which the line is thinnest. */
const kFastHand = 3.2;

/** Of a dot, in the canvas's pixels: Chromium 156 draws nothing of a line without length. */
const kSpeck = 0.01;

/** How much of the way to its new width the nib goes from one sample to the next. */
const kEase = 0.18;

/** The nib at the start of a stroke (and a dot). */
export function restingRadius(pressure: number | null): number {
  return pressure === null ? kRadius : pressureRadius(pressure);
}

/** The nib after moving `distance` pad sides in `seconds`; a pen's pressure overrules its speed. */
export function nextRadius(
  previous: number,
  distance: number,
  seconds: number,
  pressure: number | null,
): number {
  const speed = seconds > 0 ? distance / seconds : 0;
  const swift = Math.min(1, speed / kFastHand);
  const target =
    pressure === null ? kFullest - (kFullest - kThinnest) * swift : pressureRadius(pressure);
  return previous + (target - previous) * kEase;
}

function pressureRadius(pressure: number): number {
  return kThinnest + (1.35 * kFullest - kThinnest) * Math.min(1, Math.max(0, pressure));
}

/** Draws what `stroke` gained from its point `from` on; `last` also closes the curve's open end. */
export function drawStroke(
  context: Brush,
  stroke: InkStroke,
  side: number,
  from: number,
  last: boolean,
): void {
  if (from === 0 && stroke.length > 0) drawPiece(context, stroke[0], stroke[0], side);
  for (let i = Math.max(1, from); i < stroke.length; ++i) {
    const start = i === 1 ? stroke[0] : middle(stroke[i - 2], stroke[i - 1]);
    drawCurve(context, start, stroke[i - 1], middle(stroke[i - 1], stroke[i]), side);
  }
  if (last && stroke.length > 1) {
    const end = stroke[stroke.length - 1];
    drawPiece(context, middle(stroke[stroke.length - 2], end), end, side);
  }
}

function middle(a: InkPoint, b: InkPoint): InkPoint {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, r: (a.r + b.r) / 2 };
}

/** A quadratic curve from `a` to `b` with control point `c`, in pieces of about two pixels. */
function drawCurve(
  context: Brush,
  a: InkPoint,
  c: InkPoint,
  b: InkPoint,
  side: number,
): void {
  const length = Math.hypot(c.x - a.x, c.y - a.y) + Math.hypot(b.x - c.x, b.y - c.y);
  const pieces = Math.max(1, Math.min(64, Math.ceil((length * side) / 2)));
  let from = a;
  for (let i = 1; i <= pieces; ++i) {
    const t = i / pieces;
    const u = 1 - t;
    const to = {
      x: u * u * a.x + 2 * u * t * c.x + t * t * b.x,
      y: u * u * a.y + 2 * u * t * c.y + t * t * b.y,
      r: a.r + (b.r - a.r) * t,
    };
    drawPiece(context, from, to, side);
    from = to;
  }
}

function drawPiece(
  context: Brush,
  a: InkPoint,
  b: InkPoint,
  side: number,
): void {
  context.lineWidth = (a.r + b.r) * side;
  context.beginPath();
  context.moveTo(a.x * side, a.y * side);
  context.lineTo(b.x * side + (a === b ? kSpeck : 0), b.y * side);
  context.stroke(); // round caps: a piece of hardly any length is a disc
}
