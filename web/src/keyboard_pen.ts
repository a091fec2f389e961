// A pen for the keyboard: with the pad in focus the arrow keys move it (two at once go aslant, Shift goes
// finely), Space or Enter lowers and lifts it.
import type { Pad } from './pad.ts';
import { kPenStates } from './strings.ts';

/** In pad sides, a key press. */
const kStep = 0.04;
const kFineStep = 0.01;

const kDirections: Readonly<Record<string, readonly [dx: number, dy: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

interface Parts {
  canvas: HTMLCanvasElement;
  /** Shows where the pen is. */
  cursor: HTMLElement;
  /** Says whether it writes. */
  announcement: HTMLElement;
}

export class KeyboardPen {
  readonly #parts: Parts;
  readonly #pad: Pad;
  readonly #held = new Set<string>();
  #x = 0.5;
  #y = 0.25;
  #shown = false; // not while a pointer draws

  constructor(parts: Parts, pad: Pad) {
    this.#parts = parts;
    this.#pad = pad;
    const { canvas } = parts;
    canvas.addEventListener('keydown', (event) => this.#pressed(event));
    canvas.addEventListener('keyup', (event) => this.#held.delete(event.key));
    canvas.addEventListener('blur', () => this.#rest());
    canvas.addEventListener('pointerdown', () => this.#rest());
  }

  #pressed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in kDirections) {
      this.#held.add(event.key);
      this.#move(event.shiftKey ? kFineStep : kStep);
    } else if (event.key === ' ' || event.key === 'Enter') {
      if (!event.repeat) this.#toggle();
    } else {
      return;
    }
    event.preventDefault();
    this.#shown = true;
    this.refresh();
  }

  #move(step: number): void {
    const inside = (value: number) => Math.min(1, Math.max(0, value));
    for (const key of this.#held) {
      const [dx, dy] = kDirections[key];
      this.#x = inside(this.#x + step * dx);
      this.#y = inside(this.#y + step * dy);
    }
    this.#pad.lineTo(this.#x, this.#y);
  }

  #toggle(): void {
    if (!this.#pad.lift()) this.#pad.lower(this.#x, this.#y);
    this.#parts.announcement.textContent = this.#pad.lowered ? kPenStates.down : kPenStates.up;
  }

  /** Shows the pen as it is now: an undo may have taken its line away. */
  refresh(): void {
    const { cursor, canvas } = this.#parts;
    cursor.hidden = !this.#shown || document.activeElement !== canvas;
    cursor.classList.toggle('down', this.#pad.lowered);
    cursor.style.setProperty('--x', String(this.#x));
    cursor.style.setProperty('--y', String(this.#y));
  }

  #rest(): void {
    this.#held.clear();
    this.#pad.lift();
    this.#shown = false;
    this.refresh();
  }
}
