// What the page and a view say to each other. A view is a part of the page that is fetched when it is first
// opened (web/views/NAME, bundled alone): its module exports `open`, and one view is open at a time.
import type { Inkling, Range, Stroke } from '../../wasm/js/index.ts';
import type { Ink } from './history.ts';
import type { Reading } from './reading.ts';

/** A network that the page can read with. */
export interface Model {
  /** Its file's: that of a shipped one without the ending. */
  name: string;
  /** Where it is, or its bytes. */
  source: string | Uint8Array;
  /** Of its file, bytes; of one that the address names it is not known. */
  size?: number;
  /** The share of MNIST's test digits that it reads right, where its file says so. */
  accuracy?: number;
  /** The page that tells how it was trained. */
  how?: string;
  /** What it is given for paper and for ink; 0 and 1 where it does not say. */
  range?: Range;
}

/** What was dropped or pasted. */
export interface Given {
  files: File[];
  /** Their names. */
  folders: string[];
}

/** What a view may ask of the page. */
export interface PageContext {
  /** The engine that the page reads with; rejects where it could not be loaded. */
  readonly engine: Promise<Inkling>;
  /** The model that the page reads with, and the one that it begins with. */
  readonly model: Model;
  readonly shippedModel: Model;
  /** Fails as `Inkling.load` does; whoever asked disposes of it. */
  loadModel(model: Model): Promise<Inkling>;
  /** The page reads with it from now on, or (null) as it began. Fails as `Inkling.load` does, and leaves all as it was. */
  useModel(model: Model | null): Promise<Inkling>;
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
  /** Brings it into the window, by its upper edge or (nearest) no further than it must; as calmly as the reader likes. */
  reveal(element: Element, block: 'start' | 'nearest'): void;
  /** The script of a view's own worker (web/views/NAME/worker.ts). */
  workerScript(view: string): string;
}

export interface View {
  /** What is read of the newest ink, the last reading at once on opening; null: nothing is drawn. */
  answered?(reading: Reading | null): void;
  /** A digit's key was pressed; true: the view took it, and no example is shown. */
  digit?(digit: number): boolean;
  /** Files for this view were dropped on the page. */
  given?(given: Given): void;
  /** The page reads with another model. A view without this is closed and opened anew. */
  modelChanged?(): void;
  /** The view leaves the page: what it started ends. Its elements are taken away by the page. */
  close(): void;
}

export interface ViewModule {
  /** Fills `host`, an empty element; runs once for each time the view is opened. */
  open(host: HTMLElement, page: PageContext): View | Promise<View>;
}
