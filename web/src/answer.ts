// The answer, large; how sure it is, in words; and, once it has settled, said once to screen readers.
import { make } from './dom.ts';
import { candidates, confidenceOf, textOf, type Reading } from './reading.ts';
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
  /** The widest figure's width, in em; 0 as long as nobody asked. */
  #advance = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** While busy, the shown answer is not yet that of the newest ink. */
  set busy(busy: boolean) {
    this.#parts.digit.setAttribute('aria-busy', String(busy));
    if (busy) clearTimeout(this.#timer);
  }

  /** null: nothing is drawn. */
  show(reading: Reading | null): void {
    const { digit, verdict } = this.#parts;
    const text = reading === null ? '' : textOf(reading);
    if (digit.textContent !== text) {
      digit.textContent = text;
      digit.classList.toggle('unsure', text === '?');
      this.#fit(text.length);
      restartAnimation(digit);
    }
    digit.dataset.confidence = (reading === null ? 0 : confidenceOf(reading)).toFixed(2);
    verdict.textContent = sentenceOn(reading, kVerdicts);
  }

  /** So many figures take the room that there is, in whatever font they come; one needs no fitting. */
  #fit(figures: number): void {
    const { style, parentElement } = this.#parts.digit;
    if (figures > 1) this.#advance ||= widestFigure(parentElement!);
    style.setProperty('--figures', String(figures > 1 ? figures * this.#advance : 0));
  }

  announceWhenSettled(reading: Reading | null): void {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => {
      this.#parts.announcement.textContent = sentenceOn(reading, kAnnouncements);
    }, kSettleMs);
  }
}

function sentenceOn(reading: Reading | null, say: typeof kVerdicts | typeof kAnnouncements): string {
  if (reading === null) return say.empty;
  const { digits } = reading;
  const text = textOf(reading);
  const unclear = digits.filter(({ answer }) => answer.digit === null);
  if (unclear.length === 0) return say.sure(text, confidenceOf(reading));
  if (digits.length > 1) return say.partly(text, unclear.length);
  const pair = candidates(digits[0].answer.probabilities);
  return pair === null ? say.unlike : say.unsure(...pair);
}

/** In em. */
function widestFigure(figure: HTMLElement): number {
  const ruler = make('span', { class: 'ruler' }, [...'0123456789?'].join('\n'));
  figure.append(ruler);
  const width = ruler.getBoundingClientRect().width / parseFloat(getComputedStyle(ruler).fontSize);
  ruler.remove();
  return width;
}

function restartAnimation(element: HTMLElement): void {
  for (const animation of element.getAnimations()) {
    animation.cancel();
    animation.play();
  }
}
