// Which network the page reads with: one of those that the site ships, or a file of the visitor's own. Says so in
// a line at the foot of the page, where another is chosen when there is more than one.
import { Inkling } from '../../wasm/js/index.ts';
import { fileSize, percent } from './numbers.ts';
import { kEngineFiles, shippedModels } from './site.ts';
import { PageFailure } from './state.ts';
import { kFooter, kNetwork, kReasons } from './strings.ts';
import type { Model } from './view.ts';

export interface NetworkEvents {
  /** The page reads with another. */
  changed(engine: Inkling): void;
  /** A chosen one could not be loaded, and the page reads as it did. */
  refused(sentence: string): void;
}

export class Networks {
  readonly #line: HTMLElement;
  readonly #select: HTMLSelectElement;
  readonly #events: NetworkEvents;
  readonly #models: Model[] = shippedModels();
  /** Each choice takes the place of one that is still on its way. */
  #choices = 0;
  current: Model;
  engine: Promise<Inkling>;

  /** `first` may fail: the engine then does. */
  constructor(line: HTMLElement, first: () => Model, events: NetworkEvents) {
    this.#line = line;
    this.#select = line.querySelector('select')!;
    this.#events = events;
    this.current = this.#models[0];
    this.engine = this.#first(first);
    this.#select.addEventListener('change', () => void this.#choose());
  }

  /** What the page begins with. */
  get shipped(): Model {
    return this.#models[0];
  }

  async load(model = this.current, workers = 1): Promise<Inkling> {
    if (location.protocol === 'file:') throw new PageFailure('opened-as-file', () => kReasons.openedAsFile);
    return Inkling.load({ model: model.source, range: model.range, files: kEngineFiles, workers });
  }

  /** Fails as the load does, and then the page reads as it did; null: the one that the page begins with. */
  async use(chosen: Model | null): Promise<Inkling> {
    const model = chosen ?? this.shipped;
    const choice = ++this.#choices;
    const engine = await this.load(model);
    if (choice !== this.#choices) {
      void engine.dispose();
      return this.engine;
    }
    void this.engine.then((old) => old.dispose()).catch(() => {});
    this.engine = Promise.resolve(engine);
    this.#enter(model);
    this.show(engine);
    this.#events.changed(engine);
    return engine;
  }

  async #first(first: () => Model): Promise<Inkling> {
    await null; // the page is wired before anything fails
    this.#enter(first());
    return this.load();
  }

  /** One model of a name: a file of the visitor's takes the place of its earlier version. */
  #enter(model: Model): void {
    const place = this.#models.findIndex(({ name }) => name === model.name);
    if (place < 0) this.#models.push(model);
    else if (this.#models[place].source !== model.source) this.#models.splice(place, 1, model);
    this.current = this.#models.find(({ name }) => name === model.name)!;
    this.current = Object.assign(this.current, { range: model.range });
  }

  /** Says which network reads. */
  show({ metadata }: Inkling): void {
    const { name, size, how, accuracy: known } = this.current;
    const [text, accuracy] = ['.name', '#accuracy'].map((part) => this.#line.querySelector(part)!);
    const share = shareOf(metadata.mnist_test_accuracy);
    this.#select.replaceChildren(
      ...this.#models.map((model) => new Option(described(model), model.name, false, model.name === name)),
    );
    this.#select.hidden = this.#models.length < 2;
    text.textContent = this.#select.hidden ? described({ name, size }) : '';
    const say = known === undefined ? kFooter.claim : kFooter.accuracy; // what ships was measured here
    accuracy.textContent = share === null ? '' : say(share);
    const link = this.#line.querySelector('a')!;
    link.hidden = how === undefined;
    if (how !== undefined) link.href = how;
    this.#line.hidden = false;
  }

  async #choose(): Promise<void> {
    const name = this.#select.value;
    this.#select.setAttribute('aria-busy', 'true');
    try {
      await this.use(this.#models.find((model) => model.name === name)!);
    } catch (error) {
      this.#select.value = this.current.name;
      this.#events.refused(kNetwork.refused(name, (error as Error).message));
    }
    this.#select.removeAttribute('aria-busy');
  }
}

function shareOf(text: string | undefined): number | null {
  const share = Number(text);
  return share > 0 && share <= 1 ? share : null;
}

/** "compact, 64 KB, 99.58 %" */
function described({ name, size, accuracy }: Pick<Model, 'name' | 'size' | 'accuracy'>): string {
  return [name, size && fileSize(size), accuracy && percent(accuracy, 2)].filter(Boolean).join(', ');
}
