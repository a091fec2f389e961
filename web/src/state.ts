// Loading, ready or failed: said to the document (`data-state`), and a failure said to the reader, with
// its reason and what to do about it.
import { InklingError } from '../../wasm/js/index.ts';
import { kFailures, type FailureCode } from './strings.ts';

export type State = 'loading' | 'ready' | 'failed';

export class PageFailure extends Error {
  readonly code: FailureCode;
  readonly #say: () => string;

  /** `say` is asked when the sentence is shown, which is when the page's language is there. */
  constructor(code: FailureCode, say: () => string) {
    super();
    this.code = code;
    this.#say = say;
  }

  override get message(): string {
    return this.#say();
  }
}

export function setState(state: State): void {
  document.documentElement.dataset.state = state;
}

export function showFailure(error: unknown): void {
  const known = error instanceof InklingError || error instanceof PageFailure;
  const { title, remedy } = kFailures[known ? error.code : 'internal'];
  const panel = document.querySelector<HTMLElement>('#failure')!;
  panel.dataset.code = known ? error.code : 'internal';
  panel.querySelector('.title')!.textContent = title;
  panel.querySelector('.reason')!.textContent =
    error instanceof Error ? error.message : String(error);
  panel.querySelector('.remedy')!.textContent = remedy;
  panel.hidden = false;
  setState('failed');
}
