// "Look inside": what the network does to a drawing, a step at a time, while it is drawn. It asks an engine of
// its own, so that the pen never waits for it; at most one question is under way, and the newest ink wins.
import type { Classification } from '../../../wasm/js/index.ts';
import type { Reading } from '../../src/reading.ts';
import type { PageContext, View } from '../../src/view.ts';
import { chaptersOf, type Chapter } from './chapters.ts';
import { readGraph, type Graph } from './onnx_weights.ts';
import { make } from './paint.ts';
import { kInside } from './strings.ts';

export async function open(host: HTMLElement, page: PageContext): Promise<View> {
  const engine = await page.anotherEngine();
  const chapters = chaptersOf(await engine.plan(), await graphOf(page));
  const parts = frame(chapters);
  host.classList.add('inside');
  const choice = new DigitChoice((chosen) => {
    answer = chosen;
    void refresh();
  });
  host.append(choice.element, ...parts.elements);

  let at = -1;
  let show: ((answer: Classification) => Promise<void>) | null = null;
  let answer: Classification | null = null;
  let wanted = false;
  let busy = false;
  let closed = false;

  /** Shows the newest answer as soon as the one before is shown. */
  const refresh = async () => {
    wanted = true;
    parts.hint.hidden = answer !== null;
    parts.stage.hidden = answer === null;
    if (busy) return;
    busy = true;
    while (wanted && !closed) {
      wanted = false;
      if (answer === null || show === null) continue;
      try {
        await show(answer);
      } catch (error) {
        if (!closed) parts.stage.textContent = (error as Error).message;
      }
    }
    busy = false;
  };
  const turnTo = (next: number) => {
    if (next === at) return;
    const isFirst = at < 0;
    at = next;
    parts.turnTo(at);
    // From the foot of a long chapter to the head of the next.
    const sheet = host.parentElement!;
    if (!isFirst && sheet.getBoundingClientRect().top < 0) page.reveal(sheet, 'start');
    show = chapters[at].open(parts.stage, engine);
    void refresh();
  };
  parts.turned = turnTo;
  turnTo(0);

  const scheme = matchMedia('(prefers-color-scheme: dark)');
  const repaint = () => void refresh();
  scheme.addEventListener('change', repaint);
  return {
    answered: (reading) => choice.offer(reading),
    close() {
      closed = true;
      scheme.removeEventListener('change', repaint);
      host.classList.remove('inside');
      void engine.dispose();
    },
  };
}

/** null for a file whose weights cannot be followed: the maps are shown all the same. */
async function graphOf(page: PageContext): Promise<Graph | null> {
  try {
    return readGraph(await page.modelBytes());
  } catch {
    return null;
  }
}

/** Of a number, the digit that is looked into: the one written last, until another is chosen. */
class DigitChoice {
  readonly element = make('div', 'digits');
  readonly #chosen: (answer: Classification | null) => void;
  #reading: Reading | null = null;
  /** From the left; null: none was chosen. */
  #at: number | null = null;

  constructor(chosen: (answer: Classification | null) => void) {
    this.#chosen = chosen;
    this.element.setAttribute('role', 'group');
    this.element.setAttribute('aria-label', kInside.digits);
  }

  offer(reading: Reading | null): void {
    const count = reading?.digits.length ?? 0;
    if (count !== this.#reading?.digits.length || reading!.newest !== this.#reading.newest) this.#at = null;
    this.#reading = reading;
    const row = this.element;
    while (row.children.length > (count > 1 ? count : 0)) row.lastChild!.remove();
    while (count > 1 && row.children.length < count) row.append(this.#button(row.children.length));
    this.#turn();
  }

  #button(at: number): HTMLElement {
    const button = make('button');
    button.type = 'button';
    button.addEventListener('click', () => {
      this.#at = at;
      this.#turn();
    });
    return button;
  }

  #turn(): void {
    const { digits = [], newest = 0 } = this.#reading ?? {};
    const at = this.#at ?? newest;
    [...this.element.children].forEach((button, i) => {
      button.textContent = String(digits[i].answer.digit ?? '?');
      button.setAttribute('aria-pressed', String(i === at));
    });
    this.#chosen(digits[at]?.answer ?? null);
  }
}

interface Frame {
  elements: HTMLElement[];
  stage: HTMLElement;
  hint: HTMLElement;
  turned(to: number): void;
  turnTo(at: number): void;
}

/** The list of chapters, the one that is open, and the ways to the next and the one before. */
function frame(chapters: readonly Chapter[]): Frame {
  const buttons = chapters.map(({ title }, i) => {
    const button = make('button', '', make('span', '', title));
    button.type = 'button';
    button.addEventListener('click', () => parts.turned(i));
    return button;
  });
  const list = make('ol', '', ...buttons.map((button) => make('li', '', button)));
  const nav = make('nav', 'chapters', list);
  nav.setAttribute('aria-label', kInside.steps);
  const [heading, text] = [make('h3'), make('p', 'text')];
  const [back, next] = [make('button', 'back', make('span', '', kInside.back)), make('button', 'next', make('span'))];
  let open = 0;
  for (const [button, step] of [[back, -1], [next, 1]] as const) {
    button.type = 'button';
    button.addEventListener('click', () => {
      if (button.getAttribute('aria-disabled') !== 'true') parts.turned(open + step);
    });
  }
  const stage = make('div', 'stage');
  const hint = make('p', 'draw', kInside.draw);
  const parts: Frame = {
    elements: [nav, heading, text, hint, stage, make('div', 'turn', back, next)],
    stage,
    hint,
    turned: () => {},
    turnTo(at) {
      open = at;
      stage.replaceChildren();
      heading.textContent = chapters[at].heading;
      text.textContent = chapters[at].text;
      buttons.forEach((button, i) => {
        if (i === at) button.setAttribute('aria-current', 'step');
        else button.removeAttribute('aria-current');
      });
      const { offsetLeft, offsetWidth } = buttons[at];
      list.scrollLeft = offsetLeft - (list.clientWidth - offsetWidth) / 2; // where they are in one line
      back.setAttribute('aria-disabled', String(at === 0));
      const last = at + 1 === chapters.length;
      next.setAttribute('aria-disabled', String(last));
      next.firstElementChild!.textContent = kInside.next(chapters[last ? at : at + 1].title);
      next.hidden = last;
    },
  };
  return parts;
}
