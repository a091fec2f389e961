// One thing that a file gave: a sheet of the view, with a cross that takes it away again.
import { button, make } from '../../src/dom.ts';
import { kText } from './strings.ts';

export interface Part {
  element: HTMLElement;
  /** What it started ends. */
  close(): void;
}

/** An article under a heading; `close` runs before it is taken away. */
export function sheet(title: string, classes: string, close: () => void): HTMLElement {
  const heading = make('h3', {}, title);
  const article = make('article', { class: classes }, heading);
  const cross = button('×', () => {
    const next = (article.nextElementSibling ?? article.previousElementSibling) as HTMLElement | null;
    const all = article.parentElement!.parentElement!;
    close();
    article.remove();
    // The keyboard's focus goes where it is of use.
    (next?.querySelector('button') ?? all.querySelector('button'))?.focus();
  }, 'cross');
  cross.setAttribute('aria-label', kText.remove(title));
  article.append(cross);
  return article;
}
