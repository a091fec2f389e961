// A button that opens a small list of actions: closed by Escape, by a choice and by a click elsewhere.

interface Entry {
  button: HTMLButtonElement;
  run(): void;
}

export class Menu {
  readonly #opener: HTMLButtonElement;
  readonly #panel: HTMLElement;

  constructor(opener: HTMLButtonElement, panel: HTMLElement, entries: readonly Entry[]) {
    this.#opener = opener;
    this.#panel = panel;
    opener.addEventListener('click', () => {
      if (opener.getAttribute('aria-disabled') !== 'true') this.#set(panel.hidden);
    });
    for (const { button, run } of entries) {
      button.addEventListener('click', () => {
        this.close();
        run();
      });
    }
    addEventListener('pointerdown', ({ target }) => {
      if (!panel.contains(target as Node) && !opener.contains(target as Node)) this.#set(false);
    });
    // In the capture phase: Escape closes the menu and does nothing else.
    addEventListener('keydown', (event) => this.#pressed(event), { capture: true });
  }

  close(): void {
    this.#set(false);
    this.#opener.focus();
  }

  #pressed(event: KeyboardEvent): void {
    if (this.#panel.hidden) return;
    if (event.key === 'Escape') {
      event.stopPropagation();
      this.close();
      return;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const buttons = [...this.#panel.querySelectorAll('button')];
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    buttons[(at + step + buttons.length) % buttons.length].focus();
  }

  #set(open: boolean): void {
    if (this.#panel.hidden === !open) return;
    this.#panel.hidden = !open;
    this.#opener.setAttribute('aria-expanded', String(open));
    if (open) this.#panel.querySelector('button')!.focus();
  }
}
