// The host of the views: a row of quiet buttons and one section for whichever view is open. A view's script
// and style are fetched when it is first opened; one that does not arrive says so, and the page goes on.
import type { Reading } from './reading.ts';
import { viewFiles } from './site.ts';
import { kViews } from './strings.ts';
import type { Given, PageContext, View, ViewModule } from './view.ts';

interface Open {
  button: HTMLButtonElement;
  /** null until it has arrived. */
  view: View | null;
}

export class Views {
  readonly #nav: HTMLElement;
  readonly #section: HTMLElement;
  readonly #page: PageContext;
  #open: Open | null = null;
  #reading: Reading | null = null;
  /** Of a view's script, how often it did not arrive. */
  readonly #failures = new Map<string, number>();

  constructor(nav: HTMLElement, section: HTMLElement, page: PageContext) {
    this.#nav = nav;
    this.#section = section;
    this.#page = page;
    nav.addEventListener('click', ({ target }) => {
      const button = (target as Element).closest('button');
      if (button !== null) void this.#toggle(button);
    });
    for (const part of [nav, section]) {
      part.addEventListener('keydown', (event) => this.#pressed(event as KeyboardEvent));
    }
    section.querySelector('.close')!.addEventListener('click', () => this.close());
    addEventListener('resize', () => this.#hold(false));
  }

  /** What is read of the newest ink. */
  answered(reading: Reading | null): void {
    this.#reading = reading;
    this.#open?.view?.answered?.(reading);
  }

  /** A digit's key was pressed; true: the open view took it. */
  digit(digit: number): boolean {
    return this.#open?.view?.digit?.(digit) ?? false;
  }

  /** Files for a view: it is opened for them where it is not open. */
  async give(name: string, given: Given): Promise<void> {
    const button = this.#nav.querySelector<HTMLButtonElement>(`[data-view=${name}]`)!;
    if (this.#open?.button !== button) await this.#toggle(button);
    if (this.#open?.button === button) this.#open.view?.given?.(given);
  }

  /** The page reads with another model. */
  modelChanged(): void {
    const view = this.#open?.view;
    if (!view) return;
    if (view.modelChanged) return view.modelChanged();
    view.close();
    void this.#enter(this.#open!.button);
  }

  /** Closes the open view, if there is one; the keyboard's focus goes back to its button. */
  close(): void {
    const open = this.#open;
    if (open === null) return;
    const hadFocus = this.#section.contains(document.activeElement);
    this.#open = null;
    open.view?.close();
    open.button.setAttribute('aria-expanded', 'false');
    this.#section.hidden = true;
    this.#body().replaceChildren();
    this.#hold(false);
    if (hadFocus) open.button.focus();
  }

  async #toggle(button: HTMLButtonElement): Promise<void> {
    const wasOpen = this.#open?.button === button;
    this.close();
    if (wasOpen) return;
    this.#show(button);
    await this.#enter(button);
    // What has come into it needs more room; who has gone back to the sheet meanwhile stays there.
    const { top } = this.#section.getBoundingClientRect();
    if (this.#open?.button === button && top < innerHeight) reveal(this.#section, 'start');
  }

  async #enter(button: HTMLButtonElement): Promise<void> {
    const open: Open = { button, view: null };
    this.#open = open;
    const body = this.#body();
    body.textContent = kViews.fetching;
    try {
      const { open: enter } = await this.#fetched(button.dataset.view!);
      if (this.#open !== open) return;
      body.replaceChildren();
      const view = await enter(body, this.#page);
      if (this.#open !== open) return view.close();
      open.view = view;
      view.answered?.(this.#reading);
    } catch (error) {
      if (this.#open === open) body.textContent = reasonOf(error);
    }
  }

  #show(button: HTMLButtonElement): void {
    const title = button.textContent!;
    button.setAttribute('aria-expanded', 'true');
    this.#hold(true);
    this.#section.querySelector('h2')!.textContent = title;
    this.#section.dataset.view = button.dataset.view;
    this.#section.hidden = false;
    reveal(this.#section, 'start');
  }

  async #fetched(name: string): Promise<ViewModule> {
    const { script, style } = viewFiles(name);
    // A browser may remember a script that did not arrive by its address; the fragment makes it another. One that
    // did arrive is not run a second time.
    const failures = this.#failures.get(name) ?? 0;
    try {
      const module = import(`${script}#${failures}`) as Promise<ViewModule>;
      return (await Promise.all([module, styled(style)]))[0];
    } catch (error) {
      this.#failures.set(name, failures + 1);
      throw error;
    }
  }

  #body(): HTMLElement {
    return this.#section.querySelector<HTMLElement>('.body')!;
  }

  /** Keeps the part above as high as it is, so that what is drawn on does not move when a view opens. */
  #hold(still: boolean): void {
    const main = document.querySelector('main')!;
    main.style.minHeight = still ? `${main.getBoundingClientRect().height}px` : '';
  }

  #pressed(event: KeyboardEvent): void {
    if (event.key !== 'Escape' || this.#open === null || event.defaultPrevented) return;
    event.stopPropagation(); // on the pad it means: clear
    this.close();
  }
}

export function reveal(element: Element, block: 'start' | 'nearest'): void {
  const behavior = matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth';
  element.scrollIntoView({ behavior, block });
}

/** The engine's failures and the page's own have a code, and their sentence; all others are the network's. */
function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? error.message : kViews.failed;
}

/** Adds the style sheet once it is needed; settles when it is in force. */
function styled(address: string): Promise<void> {
  const known = document.querySelector(`link[href="${address}"]`);
  if (known !== null) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const link = document.createElement('link');
    link.rel = 'stylesheet';
    link.href = address;
    link.addEventListener('load', () => resolve());
    link.addEventListener('error', () => {
      link.remove();
      reject(new Error(`no answer for ${address}`));
    });
    document.head.append(link);
  });
}
