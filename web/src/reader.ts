// Between the pad and the engine: at most one question under way, the newest ink wins, and an answer to
// ink that has since been undone or cleared is dropped.
import { InklingError, type Inkling, type Stroke } from '../../wasm/js/index.ts';
import { boxOf, doubtfulPair, groupStrokes } from './grouping.ts';
import type { DigitReading, Reading } from './reading.ts';

export interface ReaderEvents {
  /** `settled`: no newer ink waits to be read. */
  answered(reading: Reading | null, settled: boolean): void;
  failed(error: InklingError): void;
}

export class Reader {
  #engine: Inkling;
  readonly #events: ReaderEvents;
  #wanted: readonly Stroke[] | null = null;
  #busy = false;
  #generation = 0;
  #failures = 0;

  constructor(engine: Inkling, events: ReaderEvents) {
    this.#engine = engine;
    this.#events = events;
  }

  /** Asks for this ink to be read as soon as the engine is free. */
  read(strokes: readonly Stroke[]): void {
    this.#wanted = strokes;
    void this.#work();
  }

  /** Another engine answers from now on. */
  set engine(engine: Inkling) {
    this.#engine = engine;
    this.forget();
  }

  /** What was asked so far is of no interest any more. */
  forget(): void {
    ++this.#generation;
  }

  async #work(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    while (this.#wanted !== null) {
      const strokes = this.#wanted;
      const generation = this.#generation;
      this.#wanted = null;
      try {
        const reading = await this.#ask(strokes);
        if (generation === this.#generation) this.#events.answered(reading, this.#wanted === null);
        this.#failures = 0; // also what shows the answer has done so: else it would be asked for ever
      } catch (error) {
        // Once may be chance, and the engine has already been replaced: ask again. Twice is a failure.
        if (++this.#failures > 1) this.#events.failed(error as InklingError);
        else this.#wanted ??= strokes;
      }
    }
    this.#busy = false;
  }

  /** null for a sheet without ink. */
  async #ask(strokes: readonly Stroke[]): Promise<Reading | null> {
    if (strokes.length === 0) return null;
    try {
      const groups = groupStrokes(strokes);
      const digits = await Promise.all(groups.map((group) => this.#digit(group, strokes)));
      const pair = doubtfulPair(digits.map(({ box }) => box))?.sort((a, b) => a - b);
      if (pair !== undefined) {
        const group = pair.flatMap((i) => groups[i]);
        const digit = await this.#digit(group, strokes);
        const apart = pair.reduce((product, i) => product * digits[i].answer.confidence, 1);
        if (digit.answer.digit !== null && digit.answer.confidence > apart) {
          groups.splice(pair[0], 2, group);
          digits.splice(pair[0], 2, digit);
        }
      }
      const last = groups.map((group) => Math.max(...group));
      return { digits, newest: last.indexOf(Math.max(...last)) };
    } catch (error) {
      if (error instanceof InklingError && error.code === 'empty-ink') return null;
      throw error;
    }
  }

  async #digit(group: readonly number[], strokes: readonly Stroke[]): Promise<DigitReading> {
    const own = group.map((i) => strokes[i]);
    return { answer: await this.#engine.classifyStrokes(own), box: boxOf(own.flat()) };
  }
}
