// Ten bars, one a digit: how probable the network thinks each.
import { wholePercent } from './numbers.ts';

interface Bar {
  item: HTMLElement;
  share: HTMLElement;
}

export class Bars {
  readonly #bars: Bar[];

  constructor(list: HTMLElement) {
    this.#bars = [...list.querySelectorAll<HTMLElement>('li')].map((item) => ({
      item,
      share: item.querySelector<HTMLElement>('.share')!,
    }));
  }

  /** probabilities [10], or null for none; `best` is the digit to set off, or null. */
  show(probabilities: Float32Array | null, best: number | null): void {
    this.#bars.forEach(({ item, share }, digit) => {
      const probability = Math.min(1, Math.max(0, probabilities?.[digit] ?? 0));
      const percent = wholePercent(probability);
      item.style.setProperty('--probability', probability.toFixed(4));
      share.textContent = percent > 0 ? String(percent) : '';
      item.classList.toggle('best', digit === best);
    });
  }
}
