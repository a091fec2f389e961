// What the network sees: the 28x28 pixels themselves, enlarged without smoothing.

const kSide = 28;

export class Glimpse {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  #pixels: Float32Array | null = null;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    this.#canvas.width = kSide;
    this.#canvas.height = kSide;
    this.#context = canvas.getContext('2d')!;
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', () => this.show(this.#pixels));
  }

  /** pixels [28*28], ink = 1; null for an empty sheet. */
  show(pixels: Float32Array | null): void {
    this.#pixels = pixels;
    this.#context.clearRect(0, 0, kSide, kSide);
    if (pixels === null) return;
    this.#context.fillStyle = getComputedStyle(this.#canvas).color;
    pixels.forEach((ink, i) => {
      if (ink <= 0) return;
      this.#context.globalAlpha = Math.min(1, ink);
      this.#context.fillRect(i % kSide, Math.floor(i / kSide), 1, 1);
    });
  }
}
