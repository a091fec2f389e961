// The languages in the footer: a choice is remembered, and the page comes back in it with its drawing.
import type { Ink } from './history.ts';
import { rememberLanguage } from './language_store.ts';
import { linkTo } from './share.ts';

export class LanguageChoice {
  readonly #ink: () => Ink;

  constructor(group: HTMLElement, ink: () => Ink) {
    this.#ink = ink;
    for (const button of group.querySelectorAll('button')) {
      button.addEventListener('click', () => this.#choose(button.lang));
    }
  }

  #choose(code: string): void {
    const address = new URL(this.#ink().length > 0 ? linkTo(this.#ink()) : location.href);
    address.searchParams.delete('lang');
    if (!rememberLanguage(code)) address.searchParams.set('lang', code); // then the address remembers it
    history.replaceState(null, '', address);
    location.reload();
  }
}
