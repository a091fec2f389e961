// What is on the sheet, and the way back: every change (a stroke, a clear) leaves a step that undo
// returns to. The states are never changed once made.
export interface InkPoint {
  /** In units of the pad's side: 0..1, so that ink survives a resize. */
  x: number;
  y: number;
  /** Radius of the nib here, in the same unit. */
  r: number;
}

export type InkStroke = readonly InkPoint[];
export type Ink = readonly InkStroke[];

/** Older steps are forgotten: nobody goes back further, and memory is not endless. */
const kMaxSteps = 1000;

export class History {
  #past: Ink[] = [];
  #present: Ink = [];
  #future: Ink[] = [];
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get ink(): Ink {
    return this.#present;
  }

  get canUndo(): boolean {
    return this.#past.length > 0;
  }

  get canRedo(): boolean {
    return this.#future.length > 0;
  }

  add(stroke: InkStroke): void {
    this.#advance([...this.#present, stroke]);
  }

  /** Other ink in the place of this, as one step. */
  replace(ink: Ink): void {
    this.#advance(ink);
  }

  /** A step like any other: undo brings the ink back. */
  clear(): void {
    if (this.#present.length > 0) this.#advance([]);
  }

  undo(): void {
    const previous = this.#past.pop();
    if (previous === undefined) return;
    this.#future.push(this.#present);
    this.#present = previous;
    this.#changed();
  }

  redo(): void {
    const next = this.#future.pop();
    if (next === undefined) return;
    this.#past.push(this.#present);
    this.#present = next;
    this.#changed();
  }

  #advance(ink: Ink): void {
    this.#past.push(this.#present);
    if (this.#past.length > kMaxSteps) this.#past.shift();
    this.#present = ink;
    this.#future = [];
    this.#changed();
  }
}
