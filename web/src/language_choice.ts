// The languages in the footer: a choice is remembered, and the page comes back in it with its drawing.
import type { Ink } from './history.ts';
import { rememberLanguage } from './language_store.ts';
import { reload } from './share.ts';

export class LanguageChoice {
  readonly #ink: () => Ink;

  constructor(group: HTMLElement, ink: () => Ink) {
    this.#ink = ink;
    for (const button of group.querySelectorAll('button')) {
      button.addEventListener('click', () => this.#choose(button.lang));
    }
  }

  #choose(code: string): void {
    reload(this.#ink(), ({ searchParams }) => {
      searchParams.delete('lang');
      if (!rememberLanguage(code)) searchParams.set('lang', code); // then the address remembers it
    });
  }
}
