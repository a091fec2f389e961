// A model of the visitor's own: tried, shown with its plan and its speed, and read with until one goes back.
import type { Inkling, ProfiledStep, Range, Stroke } from '../../../wasm/js/index.ts';
import { button, make } from '../../src/dom.ts';
import { example } from '../../src/examples.ts';
import { decimal, grouped } from '../../src/numbers.ts';
import type { Model, PageContext } from '../../src/view.ts';
import { sheet, type Part } from './part.ts';
import { isProblem, Problem } from './problem.ts';
import { kModels } from './strings.ts';
import { scrolling } from './table_part.ts';
import { whole } from './unpack.ts';

const kDigits = [...Array(10).keys()];
const kPixels = 784;
/** The engine's own limit. */
const kMostBytes = 256 * 1024 * 1024;

type RangeName = keyof typeof kModels.ranges;

/** What models in the wild take for paper and ink; MNIST's mean is 0.1307, its deviation 0.3081. */
const kRanges: Record<RangeName, Range> = {
  unit: [0, 1],
  byte: [0, 255],
  normalised: [(0 - 0.1307) / 0.3081, (1 - 0.1307) / 0.3081],
  inverted: [1, 0],
};
const kRangeNames = Object.keys(kRanges) as RangeName[];

/** How many of the page's ten examples it reads right, by range. */
type Scores = Record<RangeName, number>;

/** Fails with a Problem: a file that the engine refuses, or that reads something else than digits. */
export async function ownModel(file: File): Promise<Model> {
  const bytes = await whole(file, file.name, kMostBytes);
  return { name: file.name, source: bytes, size: bytes.length };
}

/** Makes the page read with the model. Fails with a Problem, and then the page reads as it did. */
export async function modelPart(
  model: Model,
  page: PageContext,
  said: (sentence: string) => void,
): Promise<Part> {
  const scores = await tried(model, page);
  const best = kRangeNames.reduce((a, b) => (scores[b] > scores[a] ? b : a));
  const range = model.range === undefined ? best : nameOf(model.range);
  const engine = await used({ ...model, range: kRanges[range] }, page);
  const back = () => void page.useModel(null).then(() => said(kModels.isBack(page.model.name)));
  const element = sheet(model.name, 'model', back);
  const [seen] = await examplesFor(engine);
  const plan = await engine.profile(seen).catch((error: Error) => refuse(model, error));
  element.append(
    make('p', {}, kModels.reads(model.name)),
    make('p', {}, factsOf(model, plan)),
    make('p', {}, kModels.operators(operatorsOf(plan))),
    ranges(range, scores, (name) => void used({ ...model, range: kRanges[name] }, page)),
    make('details', {}, make('summary', {}, kModels.plan), scrolling(table(plan))),
    button(kModels.back(page.shippedModel.name), () => element.querySelector<HTMLButtonElement>('.cross')!.click()),
  );
  said(kModels.reads(model.name));
  return { element, close: () => {} };
}

function refuse(model: Model, error: Error): never {
  throw new Problem('refused', model.name, error.message);
}

function used(model: Model, page: PageContext): Promise<Inkling> {
  return page.useModel(model).catch((error: Error) => refuse(model, error));
}

/** The ten examples as the network is to see them, [784] each, ink = 1. */
async function examplesFor(engine: Inkling): Promise<Float32Array[]> {
  const strokesOf = (digit: number): Stroke[] =>
    example(digit).map((stroke) => stroke.map(({ x, y }) => [x, y] as const));
  return Promise.all(kDigits.map(async (digit) => (await engine.classifyStrokes(strokesOf(digit))).pixels));
}

async function tried(model: Model, page: PageContext): Promise<Scores> {
  const engine = await page.loadModel(model).catch((error: Error) => refuse(model, error));
  try {
    const shape = engine.input;
    if (shape.reduce((size, extent) => size * extent, 1) !== kPixels) {
      throw new Problem('input', model.name, shape.join(' × '));
    }
    const examples = await examplesFor(engine);
    const { probabilities } = await engine.classifyPixels(examples[0]);
    if (probabilities.length !== 10) throw new Problem('output', model.name, probabilities.length);
    const scores = {} as Scores;
    for (const name of kRangeNames) scores[name] = await score(engine, examples, kRanges[name]);
    return scores;
  } catch (error) {
    if (isProblem(error)) throw error;
    return refuse(model, error as Error);
  } finally {
    void engine.dispose();
  }
}

async function score(engine: Inkling, examples: Float32Array[], [paper, ink]: Range): Promise<number> {
  let right = 0;
  for (const digit of kDigits) {
    const given = examples[digit].map((pixel) => paper + (ink - paper) * pixel);
    const { probabilities } = await engine.classifyPixels(given);
    if (probabilities.indexOf(Math.max(...probabilities)) === digit) ++right;
  }
  return right;
}

function nameOf(range: Range): RangeName {
  return kRangeNames.find((name) => kRanges[name][1] === range[1]) ?? 'unit';
}

function factsOf(model: Model, plan: ProfiledStep[]): string {
  const sum = (of: (step: ProfiledStep) => number) => plan.reduce((total, step) => total + of(step), 0);
  return kModels.facts(
    model.size ?? 0,
    sum((step) => step.multiply_adds),
    sum((step) => step.weight_bytes),
    sum((step) => step.microseconds),
  );
}

/** "Conv 3x3 + Relu (5), MaxPool 2x2 (2), Gemm" */
function operatorsOf(plan: ProfiledStep[]): string {
  const counts = new Map<string, number>();
  for (const { op } of plan) counts.set(op, (counts.get(op) ?? 0) + 1);
  return [...counts].map(([op, count]) => (count === 1 ? op : `${op} (${count})`)).join(', ');
}

function ranges(chosen: RangeName, scores: Scores, choose: (name: RangeName) => void): HTMLElement {
  const set = make('fieldset', {}, make('legend', {}, kModels.range));
  for (const name of kRangeNames) {
    const input = make('input', { type: 'radio', name: 'range', value: name, checked: name === chosen });
    input.addEventListener('change', () => choose(name));
    const right = make('small', {}, kModels.examples(scores[name], kDigits.length));
    set.append(make('label', {}, input, make('span', {}, kModels.ranges[name], ' ', right)));
  }
  return set;
}

function table(plan: ProfiledStep[]): HTMLTableElement {
  const made = make('table', { class: 'plan' }, make('caption', { class: 'unseen' }, kModels.plan));
  const head = make('tr');
  for (const title of kModels.columns) head.append(make('th', { scope: 'col' }, title));
  made.append(head);
  for (const step of plan) {
    const row = make('tr', {}, make('th', { scope: 'row' }, step.name));
    const cells = [
      step.op,
      step.shape.join(' × '),
      grouped(step.multiply_adds),
      grouped(step.weight_bytes),
      decimal(step.microseconds, 1),
    ];
    for (const cell of cells) row.append(make('td', {}, cell));
    made.append(row);
  }
  return made;
}
