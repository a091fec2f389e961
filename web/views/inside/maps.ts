// A row of small pictures, one a feature map, and one point of them that is looked at: by the mouse, a tap, or
// the arrow keys.
import type { Activation } from '../../../wasm/js/index.ts';
import { make, paint } from './paint.ts';

export type Place = [map: number, row: number, column: number];

export class Maps {
  readonly element = make('div', 'maps');
  readonly #chosen: (place: Place) => void;
  #figures: { frame: HTMLElement; canvas: HTMLCanvasElement; mark: HTMLElement }[] = [];
  #shape: [maps: number, height: number, width: number] = [0, 1, 1];
  /** null: nobody has chosen, and the strongest point is looked at. */
  #place: Place | null = null;

  constructor(label: string, chosen: (place: Place) => void) {
    this.#chosen = chosen;
    this.element.tabIndex = 0;
    this.element.setAttribute('role', 'application');
    this.element.setAttribute('aria-label', label);
    for (const type of ['pointermove', 'pointerdown'] as const) {
      this.element.addEventListener(type, (event) => this.#pointed(event));
    }
    this.element.addEventListener('keydown', (event) => this.#pressed(event));
  }

  /** The point that is looked at in these values [1, maps, height, width]. */
  show({ shape: [, maps, height, width], values }: Activation): Place {
    this.#shape = [maps, height, width];
    if (this.#figures.length !== maps) this.#make(maps);
    const area = height * width;
    const full = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    this.#figures.forEach(({ canvas }, i) => {
      paint(canvas, values.subarray(i * area, (i + 1) * area), [height, width], full);
    });
    const strongest = values.reduce((best, value, i) => (value > values[best] ? i : best), 0);
    const place: Place = this.#place ?? [
      Math.floor(strongest / area), Math.floor((strongest % area) / width), strongest % width,
    ];
    this.#mark(place);
    return place;
  }

  #make(maps: number): void {
    this.#figures = Array.from({ length: maps }, () => {
      const canvas = make('canvas');
      const mark = make('span', 'mark');
      const frame = make('div', 'map', canvas, mark);
      return { frame, canvas, mark };
    });
    this.element.replaceChildren(...this.#figures.map(({ frame }) => frame));
  }

  #mark([map, row, column]: Place): void {
    const [, height, width] = this.#shape;
    this.#figures.forEach(({ mark }, i) => (mark.hidden = i !== map));
    const { style } = this.#figures[map].mark;
    style.left = `${(100 * column) / width}%`;
    style.top = `${(100 * row) / height}%`;
    style.width = `${100 / width}%`;
    style.height = `${100 / height}%`;
  }

  #choose(place: Place): void {
    if (String(place) === String(this.#place)) return;
    this.#place = place;
    this.#mark(place);
    this.#chosen(place);
  }

  #pointed({ target, clientX, clientY }: PointerEvent): void {
    const frame = (target as Element).closest('.map');
    const map = this.#figures.findIndex((figure) => figure.frame === frame);
    if (map < 0) return;
    const box = this.#figures[map].canvas.getBoundingClientRect();
    const [, height, width] = this.#shape;
    const cell = (share: number, count: number) => Math.min(count - 1, Math.max(0, Math.floor(share * count)));
    this.#choose([
      map, cell((clientY - box.top) / box.height, height), cell((clientX - box.left) / box.width, width),
    ]);
  }

  #pressed(event: KeyboardEvent): void {
    const steps: Record<string, Place> = {
      ArrowUp: [0, -1, 0], ArrowDown: [0, 1, 0], ArrowLeft: [0, 0, -1], ArrowRight: [0, 0, 1],
      PageUp: [-1, 0, 0], PageDown: [1, 0, 0],
    };
    const step = steps[event.key];
    if (step === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const from = this.#place ?? [0, 0, 0];
    const inside = (value: number, count: number) => Math.min(count - 1, Math.max(0, value));
    this.#choose(this.#shape.map((count, i) => inside(from[i] + step[i], count)) as Place);
  }
}
