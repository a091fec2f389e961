// Where each digit of a number is, and how sure its reading: a fine line around it and a word above. One
// digit alone has neither.
import { wholePercentText } from './numbers.ts';
import type { Reading } from './reading.ts';

/** In pad sides, between ink and line. */
const kMargin = 0.03;

export class Boxes {
  readonly #layer: HTMLElement;

  constructor(layer: HTMLElement) {
    this.#layer = layer;
  }

  show(reading: Reading | null): void {
    const digits = reading === null || reading.digits.length === 1 ? [] : reading.digits;
    while (this.#layer.children.length > digits.length) this.#layer.lastChild!.remove();
    while (this.#layer.children.length < digits.length) {
      this.#layer.append(document.createElement('span'));
    }
    digits.forEach(({ answer, box }, i) => {
      const element = this.#layer.children[i] as HTMLElement;
      const share = (value: number) => `${(100 * Math.min(1, Math.max(0, value))).toFixed(2)}%`;
      element.style.left = share(box.left - kMargin);
      element.style.top = share(box.top - kMargin);
      element.style.right = share(1 - box.right - kMargin);
      element.style.bottom = share(1 - box.bottom - kMargin);
      element.dataset.label = answer.digit === null ? '?' : `${answer.digit}\u2002${wholePercentText(answer.confidence)}`;
      element.classList.toggle('newest', i === reading!.newest);
      element.classList.toggle('unsure', answer.digit === null);
    });
  }
}
