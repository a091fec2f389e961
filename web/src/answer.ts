// The answer, large; how sure it is, in words; and, once it has settled, said once to screen readers.
import type { Classification } from '../../wasm/js/index.ts';
import { kAnnouncements, kVerdicts } from './strings.ts';

/** How long an answer must stand, the pen lifted, before it is announced. */
const kSettleMs = 700;

interface Parts {
  digit: HTMLOutputElement;
  verdict: HTMLElement;
  announcement: HTMLElement;
}

export class Answer {
  readonly #parts: Parts;
  #timer = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** While busy, the shown answer is not yet that of the newest ink. */
  set busy(busy: boolean) {
    this.#parts.digit.setAttribute('aria-busy', String(busy));
    if (busy) clearTimeout(this.#timer);
  }

  /** null: nothing is drawn. */
  show(answer: Classification | null): void {
    const { digit, verdict } = this.#parts;
    const text = answer === null ? '' : answer.digit === null ? '?' : String(answer.digit);
    if (digit.textContent !== text) {
      digit.textContent = text;
      digit.classList.toggle('unsure', text === '?');
      restartAnimation(digit);
    }
    digit.dataset.confidence = (answer?.confidence ?? 0).toFixed(2);
    verdict.textContent = verdictOn(answer);
  }

  announceWhenSettled(answer: Classification | null): void {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => {
      this.#parts.announcement.textContent = announcementOf(answer);
    }, kSettleMs);
  }
}

function verdictOn(answer: Classification | null): string {
  if (answer === null) return kVerdicts.empty;
  if (answer.digit === null) return kVerdicts.unsure(...topTwo(answer.probabilities));
  return kVerdicts.sure(answer.confidence);
}

function announcementOf(answer: Classification | null): string {
  if (answer === null) return kAnnouncements.cleared;
  if (answer.digit === null) return kAnnouncements.unsure(...topTwo(answer.probabilities));
  return kAnnouncements.sure(answer.digit, answer.confidence);
}

function topTwo(probabilities: Float32Array): [first: number, second: number] {
  const order = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
  return [order[0], order[1]];
}

function restartAnimation(element: HTMLElement): void {
  for (const animation of element.getAnimations()) {
    animation.cancel();
    animation.play();
  }
}
