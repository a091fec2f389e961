// The sheet one draws on: turns pointer events into strokes and keeps the canvas as sharp as the screen.
// One pointer draws at a time: a second finger does nothing, and a pen takes over from a resting palm. A
// pen that no pointer moves (the keyboard's) draws by lower(), lineTo() and lift().
import type { InkPoint } from './history.ts';
import type { Ink } from './history.ts';
import { drawStroke, nextRadius, restingRadius } from './nib.ts';

export interface PadEvents {
  /** The line under way began, grew or was abandoned. */
  moved(): void;
  /** A line was finished. */
  finished(stroke: InkPoint[]): void;
}

interface LiveStroke {
  pointer: number;
  kind: string;
  points: InkPoint[];
  /** When the newest point was recorded, in milliseconds. */
  time: number;
}

/** Stands for the pen that no pointer moves. */
const kNoPointer = -1;

/** Samples closer than this (in pad sides) are more tremor of hand and grid than line. */
const kMinStep = 0.005;

export class Pad {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #events: PadEvents;
  #ink: Ink = [];
  #live: LiveStroke | null = null;
  #side = 0; // in device pixels
  #enabled = true;

  constructor(canvas: HTMLCanvasElement, events: PadEvents) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d')!;
    this.#events = events;
    canvas.addEventListener('pointerdown', (event) => this.#down(event));
    canvas.addEventListener('pointermove', (event) => this.#move(event));
    canvas.addEventListener('pointerup', (event) => this.#up(event));
    canvas.addEventListener('lostpointercapture', (event) => this.#up(event));
    canvas.addEventListener('pointercancel', (event) => this.#cancelled(event));
    canvas.addEventListener('contextmenu', (event) => event.preventDefault());
    // Without this, WebKit shows its loupe on a double tap.
    canvas.addEventListener('touchstart', (event) => event.preventDefault(), { passive: false });
    new ResizeObserver(() => this.#fit()).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.redraw());
    this.#watchDensity();
    this.#fit();
  }

  /** The finished lines. */
  set ink(ink: Ink) {
    this.#ink = ink;
    this.redraw();
  }

  /** The line under way, or null. */
  get live(): readonly InkPoint[] | null {
    return this.#live?.points ?? null;
  }

  set enabled(enabled: boolean) {
    this.#enabled = enabled;
    if (!enabled) this.abandon();
  }

  /** Forgets the line under way; true when there was one. */
  abandon(): boolean {
    if (this.#live === null) return false;
    this.#live = null;
    this.redraw();
    this.#events.moved();
    return true;
  }

  /** Whether the pen that no pointer moves is down. */
  get lowered(): boolean {
    return this.#live?.pointer === kNoPointer;
  }

  /** Begins a line there, in pad sides, unless another is under way. */
  lower(x: number, y: number): void {
    if (!this.#enabled || this.#live !== null) return;
    this.#begin(kNoPointer, 'keyboard', { x, y, r: restingRadius(null) }, 0);
  }

  /** Leads the lowered pen there, in a straight line. */
  lineTo(x: number, y: number): void {
    if (!this.lowered) return;
    const { points } = this.#live!;
    const from = points.length;
    const last = points[from - 1];
    const steps = Math.ceil(Math.hypot(x - last.x, y - last.y) / kMinStep);
    for (let i = 1; i <= steps; ++i) {
      const share = i / steps;
      points.push({ x: last.x + (x - last.x) * share, y: last.y + (y - last.y) * share, r: last.r });
    }
    drawStroke(this.#context, points, this.#side, from, false);
    this.#events.moved();
  }

  /** Ends the lowered pen's line; true when there was one. */
  lift(): boolean {
    if (!this.lowered) return false;
    this.#finish();
    return true;
  }

  redraw(): void {
    this.#prepare();
    this.#context.clearRect(0, 0, this.#side, this.#side);
    for (const stroke of this.#ink) drawStroke(this.#context, stroke, this.#side, 0, true);
    if (this.#live) drawStroke(this.#context, this.#live.points, this.#side, 0, false);
  }

  #fit(): void {
    const side = Math.max(1, Math.round(this.#canvas.clientWidth * devicePixelRatio));
    if (side === this.#side) return;
    this.#side = side;
    this.#canvas.width = side;
    this.#canvas.height = side;
    this.redraw();
  }

  /** A window that moves to a sharper screen keeps its size in CSS pixels, so no resize tells. */
  #watchDensity(): void {
    const sameDensity = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
    const changed = () => {
      this.#fit();
      this.#watchDensity();
    };
    sameDensity.addEventListener('change', changed, { once: true });
  }

  #prepare(): void {
    this.#context.strokeStyle = getComputedStyle(this.#canvas).color;
    this.#context.lineCap = 'round';
  }

  #down(event: PointerEvent): void {
    if (!this.#enabled || event.button !== 0) return;
    if (this.#live !== null) {
      if (event.pointerType !== 'pen' || this.#live.kind === 'pen') return;
      this.abandon(); // the touch before the pen was a palm
    }
    this.#canvas.setPointerCapture(event.pointerId);
    const start = { ...this.#place(event), r: restingRadius(pressureOf(event)) };
    this.#begin(event.pointerId, event.pointerType, start, event.timeStamp);
  }

  #begin(pointer: number, kind: string, start: InkPoint, time: number): void {
    this.#live = { pointer, kind, points: [start], time };
    this.#prepare();
    drawStroke(this.#context, this.#live.points, this.#side, 0, false);
    this.#events.moved();
  }

  #finish(): void {
    const { points } = this.#live!;
    this.#live = null;
    this.#events.finished(points);
  }

  #move(event: PointerEvent): void {
    if (this.#live?.pointer !== event.pointerId) return;
    const samples = event.getCoalescedEvents?.() ?? [];
    this.#extend(samples.length > 0 ? samples : [event]);
  }

  #up(event: PointerEvent): void {
    if (this.#live?.pointer !== event.pointerId) return;
    if (event.type === 'pointerup') this.#append(event, 0); // the line ends where the pen was lifted
    this.#finish();
  }

  #cancelled(event: PointerEvent): void {
    if (this.#live?.pointer === event.pointerId) this.abandon();
  }

  #extend(samples: PointerEvent[]): void {
    const { points } = this.#live!;
    const from = points.length;
    for (const sample of samples) this.#append(sample, kMinStep);
    if (points.length === from) return;
    drawStroke(this.#context, points, this.#side, from, false);
    this.#events.moved();
  }

  #append(sample: PointerEvent, minStep: number): void {
    const live = this.#live!;
    const last = live.points[live.points.length - 1];
    const place = this.#place(sample);
    const distance = Math.hypot(place.x - last.x, place.y - last.y);
    if (distance < minStep || distance === 0) return;
    const seconds = (sample.timeStamp - live.time) / 1000;
    live.points.push({ ...place, r: nextRadius(last.r, distance, seconds, pressureOf(sample)) });
    live.time = sample.timeStamp;
  }

  /** Where on the pad, in pad sides; ink does not leave the sheet. */
  #place(event: PointerEvent): { x: number; y: number } {
    const box = this.#canvas.getBoundingClientRect();
    const clamp = (value: number) => Math.min(1, Math.max(0, value));
    return {
      x: clamp((event.clientX - box.left) / box.width),
      y: clamp((event.clientY - box.top) / box.height),
    };
  }
}

/** Of a pen; mouse and finger have none worth speaking of. */
function pressureOf(event: PointerEvent): number | null {
  return event.pointerType === 'pen' && event.pressure > 0 ? event.pressure : null;
}
