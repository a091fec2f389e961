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

export function button(text: string, run: () => void, classes = ''): HTMLButtonElement {
  const made = make('button', { type: 'button', class: classes }, make('span', {}, text));
  made.addEventListener('click', run);
  return made;
}
