// Elements made in one line.

type Properties<T> = Partial<Omit<T, 'children'>> & { class?: string };

/** make('p', { class: 'note' }, 'Text') is <p class="note">Text</p>. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Properties<HTMLElementTagNameMap[Tag]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const { class: classes = '', ...rest } = properties;
  const element = Object.assign(document.createElement(tag), rest);
  if (classes !== '') element.className = classes;
  element.append(...children);
  return element;
}

/** Brings it into the window, by its upper edge or (nearest) no further than it must; as calmly as the reader likes. */
export function reveal(element: Element, block: 'start' | 'nearest'): void {
  const behavior = matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth';
  element.scrollIntoView({ behavior, block });
}

export function button(text: string, run: () => void, classes = ''): HTMLButtonElement {
  const made = make('button', { type: 'button', class: classes }, make('span', {}, text));
  made.addEventListener('click', run);
  return made;
}
