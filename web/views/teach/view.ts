// The view "Teach it": one says what a drawing should have been, and it is kept, on the visitor's machine, until
// it is deleted; all of them are given away as the file that the trainer reads.
import { button, make } from '../../src/dom.ts';
import { restingRadius } from '../../src/nib.ts';
import { save } from '../../src/share.ts';
import type { Reading } from '../../src/reading.ts';
import type { PageContext, View } from '../../src/view.ts';
import { Gallery } from './gallery.ts';
import { nameOf, sentenceOf } from './say.ts';
import { kText } from './strings.ts';
import { Store, type Kept } from './store.ts';
import { readStrokes } from './stroke_reader.ts';
import { isStrokeProblem, written } from './stroke_file.ts';

/** Labels: the digits, and null for what is none. */
const kLabels = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, null];

/** The grid that kept points lie on: a thousand a side of the pad, and tenths. */
const kGrid = 1000;

/** Opened once for as long as the page is: what cannot be stored outlives the view at least. */
let store: Promise<Store> | null = null;

export async function open(host: HTMLElement, page: PageContext): Promise<View> {
  store ??= Store.open();
  return new Teaching(host, page, await store);
}

class Teaching implements View {
  readonly #page: PageContext;
  readonly #store: Store;
  readonly #ask = make('h3', { id: 'teach-ask' });
  readonly #labels: HTMLButtonElement[];
  readonly #status = make('p', { class: 'status' });
  readonly #said = make('span', { role: 'status' });
  readonly #undo: HTMLButtonElement;
  readonly #count = make('p', { class: 'count' });
  readonly #warning = make('p', { class: 'warning' });
  readonly #gallery: Gallery;
  readonly #whole: HTMLButtonElement[];
  /** Whether more than one digit is on the pad: a label is about one. */
  #isNumber = false;
  /** What was deleted last, and can come back. */
  #deleted: readonly Kept[] = [];

  constructor(host: HTMLElement, page: PageContext, kept: Store) {
    this.#page = page;
    this.#store = kept;
    this.#labels = kLabels.map((label) => button(nameOf(label), () => void this.#keep(label), 'label'));
    this.#undo = button(kText.undo, () => void this.#restore(), 'undo');
    this.#gallery = new Gallery({
      use: (drawing) => this.#use(drawing),
      remove: (drawing) => void this.#remove([drawing]),
    });
    const group = make('div', { class: 'labels', role: 'group' }, ...this.#labels);
    group.setAttribute('aria-labelledby', this.#ask.id);
    this.#status.append(this.#said, this.#undo);
    const exporting = button(kText.save, () => this.#export());
    const clearing = button(kText.removeAll, () => void this.#remove(this.#store.drawings));
    this.#whole = [exporting, clearing];
    const tools = make('div', { class: 'keep' }, this.#count, exporting, ...this.#importing(), clearing);
    const about = make('p', { class: 'about' }, kText.about);
    host.append(this.#ask, group, this.#status, this.#gallery.element, tools, this.#warning, about);
    this.answered(null);
    this.#refresh();
  }

  /** The digit that the network read is set off: most often another one is meant. */
  answered(reading: Reading | null): void {
    const isEmpty = this.#page.strokes().length === 0;
    this.#isNumber = reading !== null && reading.digits.length > 1;
    const answer = reading?.digits[reading.newest].answer ?? null;
    this.#ask.textContent = isEmpty ? kText.askEmpty : this.#isNumber ? kText.askOne : kText.ask;
    this.#labels.forEach((label, i) => {
      label.setAttribute('aria-disabled', String(isEmpty || this.#isNumber));
      label.classList.toggle('read', !this.#isNumber && answer !== null && answer.digit === kLabels[i]);
    });
  }

  /** Its key labels what is drawn, as its button does. */
  digit(digit: number): boolean {
    if (this.#page.strokes().length === 0) return false;
    void this.#keep(digit);
    return true;
  }

  close(): void {
    this.#gallery.close();
  }

  async #keep(label: number | null): Promise<void> {
    const ink = this.#page.strokes();
    if (ink.length === 0) return;
    if (this.#isNumber) return this.#page.note(kText.askOne);
    const grid = (share: number) => Math.round(10 * kGrid * share) / 10;
    const strokes = ink.map((stroke) => stroke.map(([x, y]) => [grid(x), grid(y)] as const));
    this.#page.replaceInk([]);
    await this.#store.add([{ label, writer: this.#store.writer, strokes }]);
    this.#say(kText.added(nameOf(label)));
  }

  /** Back onto the pad, in its middle. */
  #use({ strokes }: Kept): void {
    const points = strokes.flat();
    const [left, top] = [0, 1].map((axis) => Math.min(...points.map((point) => point[axis])));
    const [right, bottom] = [0, 1].map((axis) => Math.max(...points.map((point) => point[axis])));
    const scale = 0.66 / Math.max(right - left, bottom - top, 1e-9);
    const place = (value: number, from: number, to: number) => 0.5 + (value - (from + to) / 2) * scale;
    const r = restingRadius(null);
    this.#page.replaceInk(
      strokes.map((stroke) => stroke.map(([x, y]) => ({ x: place(x, left, right), y: place(y, top, bottom), r }))),
    );
  }

  async #remove(drawings: readonly Kept[]): Promise<void> {
    if (drawings.length === 0) return;
    this.#deleted = drawings;
    await this.#store.remove(drawings);
    this.#say(kText.removed(drawings.length), true);
  }

  async #restore(): Promise<void> {
    const drawings = this.#deleted;
    this.#deleted = [];
    await this.#store.restore(drawings);
    this.#say(kText.undone);
    this.#gallery.element.querySelector('button')?.focus(); // the one that was pressed is gone
  }

  #export(): void {
    if (this.#store.drawings.length === 0) return;
    save(new Blob([written(this.#store.drawings)], { type: 'application/jsonl' }), 'drawings.jsonl');
  }

  #importing(): HTMLElement[] {
    const input = make('input', { type: 'file', class: 'unseen', tabIndex: -1, accept: '.jsonl,.gz,.json,.txt' });
    input.setAttribute('aria-hidden', 'true'); // the button is what one sees and reaches
    input.addEventListener('change', () => {
      for (const file of input.files ?? []) void this.#import(file);
      input.value = '';
    });
    return [button(kText.load, () => input.click()), input];
  }

  async #import(file: File): Promise<void> {
    try {
      const drawings = await readStrokes(file);
      await this.#store.add(drawings);
      this.#say(kText.loaded(drawings.length, file.name));
    } catch (error) {
      if (!isStrokeProblem(error)) throw error;
      this.#say(sentenceOf(error));
    }
  }

  /** Says it, and shows what is kept now. */
  #say(sentence: string, canUndo = false): void {
    if (!canUndo) this.#deleted = [];
    this.#said.textContent = sentence;
    this.#undo.hidden = !canUndo;
    this.#refresh();
  }

  #refresh(): void {
    const { drawings, lasts } = this.#store;
    this.#undo.hidden ||= this.#deleted.length === 0;
    this.#gallery.show(drawings);
    this.#count.textContent = drawings.length === 0 ? kText.nothing : kText.kept(drawings.length);
    this.#whole.forEach((tool) => tool.setAttribute('aria-disabled', String(drawings.length === 0)));
    this.#warning.textContent = lasts ? '' : kText.inMemory;
  }
}
