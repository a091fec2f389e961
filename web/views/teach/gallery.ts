// The kept drawings as small pictures, the newest first: each goes back onto the pad, or is deleted.
import { button, make } from '../../src/dom.ts';
import { Sketches } from '../../src/sketches.ts';
import { nameOf } from './say.ts';
import type { Kept } from './store.ts';
import { kText } from './strings.ts';

const kPage = 60; // pictures shown at first, and more at a time
const kSide = 96; // pixels: 48 on a sharp screen
const kBox = 0.72; // of the picture's side

export interface GalleryEvents {
  use(drawing: Kept): void;
  remove(drawing: Kept): void;
}

export class Gallery {
  readonly element = make('div', { class: 'gallery' });
  readonly #list = make('ul', { ariaLabel: kText.list });
  readonly #more = button('', () => this.#showMore(), 'more');
  readonly #sketches = new Sketches();
  readonly #events: GalleryEvents;
  readonly #items = new Map<number, HTMLLIElement>();
  #drawings: readonly Kept[] = [];
  #shown = kPage;

  constructor(events: GalleryEvents) {
    this.#events = events;
    this.element.append(this.#list, this.#more);
  }

  /** Oldest first. */
  show(drawings: readonly Kept[]): void {
    const focused = [...this.#list.children].findIndex((item) => item.contains(document.activeElement));
    this.#drawings = drawings;
    const wanted = drawings.slice(-this.#shown).reverse();
    const ids = new Set(wanted.map(({ id }) => id));
    for (const [id, item] of this.#items) {
      if (ids.has(id)) continue;
      this.#sketches.forget(item.querySelector('canvas')!);
      item.remove();
      this.#items.delete(id);
    }
    for (const drawing of wanted) {
      if (!this.#items.has(drawing.id)) this.#items.set(drawing.id, this.#item(drawing));
    }
    const items = wanted.map(({ id }) => this.#items.get(id)!);
    items.forEach((item, i) => {
      if (this.#list.children[i] !== item) this.#list.insertBefore(item, this.#list.children[i] ?? null);
    });
    const left = drawings.length - wanted.length;
    this.#more.hidden = left === 0;
    this.#more.firstElementChild!.textContent = kText.more(Math.min(left, kPage));
    // Of a picture that was deleted the keyboard's focus goes on to the next.
    const isLost = focused >= 0 && !this.#list.contains(document.activeElement);
    if (isLost) items[Math.min(focused, items.length - 1)]?.querySelector<HTMLElement>('.remove')?.focus();
  }

  close(): void {
    this.#sketches.close();
  }

  #showMore(): void {
    this.#shown += kPage;
    this.show(this.#drawings);
  }

  #item(drawing: Kept): HTMLLIElement {
    const name = nameOf(drawing.label);
    const use = button('', () => this.#events.use(drawing), 'use');
    const canvas = this.#sketches.add(kSide, '', (context) => draw(context, drawing));
    canvas.setAttribute('role', 'presentation');
    const label = make('span', { class: 'name' }, drawing.label === null ? kText.noneShort : name);
    use.replaceChildren(canvas, label);
    use.setAttribute('aria-label', kText.one(name));
    const remove = button('×', () => this.#events.remove(drawing), 'remove');
    remove.setAttribute('aria-label', kText.remove(name));
    return make('li', {}, use, remove);
  }
}

function draw(context: CanvasRenderingContext2D, { strokes }: Kept): void {
  const points = strokes.flat();
  const [left, top] = [0, 1].map((axis) => Math.min(...points.map((point) => point[axis])));
  const [right, bottom] = [0, 1].map((axis) => Math.max(...points.map((point) => point[axis])));
  const scale = (kBox * kSide) / Math.max(right - left, bottom - top, 1e-9);
  const at = (x: number, y: number): [number, number] => [
    kSide / 2 + (x - (left + right) / 2) * scale,
    kSide / 2 + (y - (top + bottom) / 2) * scale,
  ];
  context.lineWidth = kSide / 14;
  context.lineCap = context.lineJoin = 'round';
  for (const stroke of strokes) {
    context.beginPath();
    context.moveTo(...at(stroke[0][0], stroke[0][1]));
    for (const [x, y] of stroke) context.lineTo(...at(x, y));
    context.stroke();
  }
}
