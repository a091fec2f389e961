// What the page and a view say to each other. A view is a part of the page that is fetched when it is first
// opened (web/views/NAME, bundled alone): its module exports `open`, and one view is open at a time.
import type { Classification, Inkling, Stroke } from '../../wasm/js/index.ts';
import type { Ink } from './history.ts';

/** What a view may ask of the page. */
export interface PageContext {
  /** The engine that the page reads with; rejects where it could not be loaded. */
  readonly engine: Promise<Inkling>;
  /** Another of the same model, for work that must not hold up the pen; whoever asked disposes of it. */
  anotherEngine(workers?: number): Promise<Inkling>;
  /** The model file's bytes. */
  modelBytes(): Promise<Uint8Array>;
  /** The ink on the pad, the line under way too, as the engine takes it. */
  strokes(): Stroke[];
  /** The finished lines. */
  ink(): Ink;
  /** Other ink on the pad, as one step that undo takes back. */
  replaceInk(ink: Ink): void;
  /** Said under the pad, and to screen readers, until the next change of the ink. */
  note(sentence: string): void;
}

export interface View {
  /** Each answer to the newest ink, the last one at once on opening; null: nothing is drawn. */
  answered?(answer: Classification | null): void;
  /** The view leaves the page: what it started ends. Its elements are taken away by the page. */
  close(): void;
}

export interface ViewModule {
  /** Fills `host`, an empty element; runs once for each time the view is opened. */
  open(host: HTMLElement, page: PageContext): View | Promise<View>;
}
