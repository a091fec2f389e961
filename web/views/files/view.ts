// The view "Your files": what is dropped, chosen or pasted is told apart and handled, each file by itself:
// a picture is read, a model is read with, a table of images is read whole.
import { button, make } from '../../src/dom.ts';
import { Sketches } from '../../src/sketches.ts';
import type { Given, PageContext, View } from '../../src/view.ts';
import { kindOf, type Kind } from './kinds.ts';
import { modelPart, ownModel } from './model_part.ts';
import type { Part } from './part.ts';
import { picturePart } from './picture_part.ts';
import { Problem } from './problem.ts';
import { sentenceOf } from './say.ts';
import { kText } from './strings.ts';
import { tablePart } from './table_part.ts';
import type { Order } from './table_protocol.ts';

const kMostFiles = 50;

export function open(host: HTMLElement, page: PageContext): View {
  const files = new Files(host, page);
  return {
    given: (given) => void files.take(given),
    modelChanged: () => files.modelChanged(),
    close: () => files.close(),
  };
}

class Files {
  readonly #page: PageContext;
  readonly #sketches = new Sketches();
  readonly #said = make('p', { class: 'said', role: 'status' });
  readonly #problems = make('ul', { class: 'problems' });
  readonly #results = make('section', { class: 'results', ariaLabel: kText.results });
  readonly #parts: Part[] = [];
  #model: Part | null = null;
  #closed = false;

  constructor(host: HTMLElement, page: PageContext) {
    this.#page = page;
    const input = make('input', { type: 'file', multiple: true, class: 'unseen', tabIndex: -1 });
    input.setAttribute('aria-hidden', 'true'); // the button is what one sees and reaches
    input.addEventListener('change', () => {
      void this.take({ files: [...(input.files ?? [])], folders: [] });
      input.value = ''; // the same file may be chosen again
    });
    const choose = make('p', {}, kText.invitation, ' ', button(kText.choose, () => input.click(), 'choose'), input);
    const area = make('div', { class: 'area' }, choose, make('p', { class: 'kinds' }, kText.kinds));
    host.append(area, make('div', { role: 'alert' }, this.#problems), this.#said, this.#results);
    if (page.model !== page.shippedModel && page.model.source instanceof Uint8Array) {
      void this.#try(page.model.name, () => this.#showModel(page.model));
    }
  }

  async take({ files, folders }: Given): Promise<void> {
    this.#problems.replaceChildren();
    for (const name of folders) this.#complain(new Problem('folder', name), name);
    if (files.length > kMostFiles) {
      return this.#complain(new Problem('tooMany', files.length, kMostFiles), '');
    }
    const kinds: [File, Kind][] = [];
    for (const file of files) {
      await this.#try(file.name, async () => void kinds.push([file, await kindOf(file)]));
    }
    const of = (kind: Kind) => kinds.filter(([, other]) => other === kind).map(([file]) => file);
    for (const order of this.#orders(of('csv'), of('images'), of('labels'))) {
      await this.#try(order.file.name, () => this.#showTable(order));
    }
    for (const file of of('model').slice(-1)) {
      await this.#try(file.name, async () => this.#showModel(await ownModel(file)));
    }
    for (const file of of('picture')) {
      await this.#try(file.name, async () => this.#show(await picturePart(file, this.#page, this.#sketches)));
    }
  }

  /** Labels go with the images that were given with them. */
  #orders(csvs: File[], images: File[], labels: File[]): Order[] {
    const orders: Order[] = csvs.map((file) => ({ kind: 'csv', file, labels: null }));
    if (labels.length > 0 && images.length === 0) {
      this.#complain(new Problem('labelsAlone', labels[0].name), '');
    } else if (labels.length > 1 || (labels.length === 1 && images.length > 1)) {
      this.#complain(new Problem('labelsForOne'), '');
      return orders;
    }
    return [...orders, ...images.map((file) => ({ kind: 'images' as const, file, labels: labels[0] ?? null }))];
  }

  modelChanged(): void {
    if (this.#page.model === this.#page.shippedModel) this.#model?.element.remove();
  }

  close(): void {
    this.#closed = true;
    this.#parts.forEach((part) => part.close());
    this.#sketches.close();
  }

  async #showTable(order: Order): Promise<void> {
    const script = this.#page.workerScript('files');
    this.#show(
      await tablePart(order, script, this.#page, this.#sketches, {
        said: (said) => this.#say(said),
        failed: (problem) => this.#complain(problem, order.file.name),
      }),
    );
  }

  async #showModel(model: PageContext['model']): Promise<void> {
    const part = await modelPart(model, this.#page, (said) => this.#say(said));
    this.#model?.element.remove();
    this.#model = part;
    this.#show(part);
  }

  /** The newest stands first. */
  #show(part: Part): void {
    if (this.#closed) return part.close();
    this.#parts.push(part);
    this.#results.prepend(part.element);
    this.#page.reveal(part.element, 'nearest');
  }

  async #try(name: string, work: () => Promise<void>): Promise<void> {
    this.#said.textContent = kText.working(name);
    this.#said.classList.remove('unseen');
    try {
      await work();
      if (this.#said.textContent === kText.working(name)) this.#say('');
    } catch (error) {
      this.#say('');
      this.#complain(error, name);
    }
  }

  /** What is to be seen below already is said to screen readers alone. */
  #say(sentence: string): void {
    this.#said.textContent = sentence;
    this.#said.classList.add('unseen');
  }

  #complain(error: unknown, name: string): void {
    this.#problems.append(make('li', {}, sentenceOf(error, name)));
    this.#page.reveal(this.#problems, 'nearest');
  }
}
