// Small canvases that are painted in the colour of the text around them, and again when that changes.

type Paint = (context: CanvasRenderingContext2D) => void;

const kSide = 28;

export class Sketches {
  readonly #painted = new Map<HTMLCanvasElement, Paint>();
  readonly #scheme = matchMedia('(prefers-color-scheme: dark)');
  readonly #repaint = () => this.#painted.forEach((_, canvas) => this.paint(canvas));

  constructor() {
    this.#scheme.addEventListener('change', this.#repaint);
  }

  /** A canvas of so many pixels a side, painted once it is on the page: `paint` it then. */
  add(side: number, label: string, paint: Paint): HTMLCanvasElement {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = side;
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', label);
    this.#painted.set(canvas, paint);
    requestAnimationFrame(() => this.paint(canvas)); // its colour is known when it is on the page
    return canvas;
  }

  /** What a network sees: pixels [28*28], ink = 1. */
  pixels(pixels: Float32Array, label: string): HTMLCanvasElement {
    return this.add(kSide, label, (context) => {
      pixels.forEach((ink, i) => {
        if (ink <= 0) return;
        context.globalAlpha = Math.min(1, ink);
        context.fillRect(i % kSide, Math.floor(i / kSide), 1, 1);
      });
    });
  }

  paint(canvas: HTMLCanvasElement): void {
    const context = canvas.getContext('2d')!;
    const { color } = getComputedStyle(canvas);
    context.globalAlpha = 1;
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.fillStyle = context.strokeStyle = color;
    this.#painted.get(canvas)?.(context);
  }

  forget(canvas: HTMLCanvasElement): void {
    this.#painted.delete(canvas);
  }

  close(): void {
    this.#painted.clear();
    this.#scheme.removeEventListener('change', this.#repaint);
  }
}
