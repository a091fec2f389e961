// The chapters of the story, one shown at a time: the picture, each step of the plan, where the evidence lies,
// and the time. Each fills its stage and shows one answer of the network on it.
import type { Activation, Classification, Inkling, PlanStep } from '../../../wasm/js/index.ts';
import { wholePercentText } from '../../src/numbers.ts';
import { decimal, showDetail } from './detail.ts';
import { evidenceOf } from './evidence.ts';
import { Maps, type Place } from './maps.ts';
import type { Graph } from './onnx_weights.ts';
import { make, paintEvidence } from './paint.ts';
import { kEvidence, kHeadings, kInside, kMaps, kTexts, kTimes, kTitles } from './strings.ts';
import { nodeOf, sourceOf, windowSum } from './window_sum.ts';

export interface Chapter {
  /** Short, for the list. */
  title: string;
  heading: string;
  text: string;
  /** Fills the stage; what comes back asks the engine about an answer and shows what it says. */
  open(stage: HTMLElement, engine: Inkling): (answer: Classification) => Promise<void>;
}

/** Float sums in another order than the engine's. */
const kRounding = 2e-3;

export function chaptersOf(plan: readonly PlanStep[], graph: Graph | null): Chapter[] {
  const names = new Set(plan.map(({ name }) => name));
  const steps = plan.map((step, i): Chapter => {
    const isMaps = step.shape.length === 4 && step.shape[2] * step.shape[3] > 1;
    const open = isMaps
      ? (stage: HTMLElement, engine: Inkling) => openMaps(stage, engine, step, graph, names)
      : (stage: HTMLElement, engine: Inkling) => openNumbers(stage, engine, step);
    return { title: step.name, ...wordsOn(step, plan[i - 1]), open };
  });
  return [
    { title: kTitles.picture, heading: kHeadings.picture, text: kTexts.picture, open: openPicture },
    ...steps,
    { title: kTitles.evidence, heading: kHeadings.evidence, text: kTexts.evidence, open: openEvidence },
    { title: kTitles.times, heading: kHeadings.times, text: kTexts.times, open: openTimes },
  ];
}

function wordsOn({ op, shape }: PlanStep, before: PlanStep | undefined): Pick<Chapter, 'heading' | 'text'> {
  const size = (/\d+x\d+/.exec(op)?.[0] ?? '').replace('x', ' × ');
  const count = shape[1] ?? 0;
  if (op.startsWith('Conv')) {
    const text = before === undefined ? kTexts.firstConv : kTexts.conv(before.shape[1]);
    return { heading: kHeadings.conv(count, size), text };
  }
  if (op.startsWith('MaxPool')) return { heading: kHeadings.pool(size), text: kTexts.pool };
  if (op.startsWith('GlobalAveragePool')) return { heading: kHeadings.average(count), text: kTexts.average };
  if (op.startsWith('Gemm')) return { heading: kHeadings.sums(count), text: kTexts.sums };
  if (op.startsWith('Softmax')) return { heading: kHeadings.shares, text: kTexts.shares };
  return { heading: kHeadings.other(op), text: kTexts.other };
}

/** Maps at the left, the point that is looked at beside them. */
function stageOf(stage: HTMLElement, label: string, look: (place: Place) => void): [Maps, HTMLElement] {
  const detail = make('div', 'detail');
  const maps = new Maps(label, look);
  // Said to who moves the point, not to who draws.
  maps.element.addEventListener('focus', () => detail.setAttribute('aria-live', 'polite'));
  maps.element.addEventListener('blur', () => detail.removeAttribute('aria-live'));
  stage.append(maps.element, detail);
  return [maps, detail];
}

function openPicture(stage: HTMLElement): (answer: Classification) => Promise<void> {
  let pixels = new Float32Array(28 * 28);
  const look = ([, row, column]: Place) => {
    showDetail(detail, [0, row, column], pixels[row * 28 + column], null, true);
  };
  const [maps, detail] = stageOf(stage, kMaps.label(kHeadings.picture), look);
  return async (answer) => {
    pixels = answer.pixels as Float32Array<ArrayBuffer>;
    look(maps.show({ shape: [1, 1, 28, 28], values: pixels }));
  };
}

function openMaps(
  stage: HTMLElement, engine: Inkling, step: PlanStep, graph: Graph | null, names: ReadonlySet<string>,
): (answer: Classification) => Promise<void> {
  const node = graph === null ? undefined : nodeOf(graph, step.name);
  const source = graph === null || node === undefined ? '' : sourceOf(graph, node, names);
  let now: Activation | null = null;
  let before: Activation | null = null;
  const look = (place: Place) => {
    if (now === null) return;
    const [, , height, width] = now.shape;
    const [map, row, column] = place;
    const value = now.values[(map * height + row) * width + column];
    const sum = before === null ? null : windowSum(graph!, node!, before, place);
    showDetail(detail, place, value, explains(sum?.sum, value) ? sum : null, false);
  };
  const [maps, detail] = stageOf(stage, kMaps.label(step.name), look);
  return async ({ pixels }) => {
    await engine.classifyPixels(pixels);
    now = await engine.activations(step.name);
    // What the model's own input was is not kept: the pixels are it, unless it has another range.
    before = names.has(source) ? await engine.activations(source) : { shape: [1, 1, 28, 28], values: pixels };
    look(maps.show(now));
  };
}

/** What was worked out by hand is shown only where it is what the engine found, at most cut off at 0. */
function explains(sum: number | undefined, value: number): boolean {
  if (sum === undefined) return false;
  const near = (other: number) => Math.abs(value - other) <= kRounding * Math.max(1, Math.abs(other));
  return near(sum) || near(Math.max(0, sum));
}

function openNumbers(
  stage: HTMLElement, engine: Inkling, { name, shape, op }: PlanStep,
): (answer: Classification) => Promise<void> {
  const list = make('ol', 'numbers');
  stage.append(list);
  const count = shape.reduce((product, extent) => product * extent, 1);
  list.classList.toggle('many', count > 10);
  const items = Array.from({ length: count }, (_, i) => {
    const value = make('span', 'value');
    const item = make('li', '', make('span', 'label', String(count > 10 ? i + 1 : i)), make('span', 'bar'), value);
    list.append(item);
    return { item, value };
  });
  return async ({ pixels }) => {
    await engine.classifyPixels(pixels);
    const { values } = await engine.activations(name);
    const full = values.reduce((so, value) => Math.max(so, Math.abs(value)), 1e-6);
    const most = Math.max(...values);
    items.forEach(({ item, value }, i) => {
      item.style.setProperty('--share', (Math.abs(values[i]) / full).toFixed(4));
      item.classList.toggle('negative', values[i] < 0);
      item.classList.toggle('greatest', values[i] === most);
      value.textContent = op.startsWith('Softmax') ? wholePercentText(values[i]) : decimal(values[i], 1);
    });
  };
}

function openEvidence(stage: HTMLElement, engine: Inkling): (answer: Classification) => Promise<void> {
  const canvas = make('canvas');
  canvas.setAttribute('role', 'img');
  const mark = make('span', 'mark patch');
  const said = make('p', 'said');
  stage.append(make('div', 'map evidence', canvas, mark), said);
  return async (answer) => {
    const { falls, most, digit, probability } = await evidenceOf(engine, answer);
    paintEvidence(canvas, answer.pixels, falls);
    const part = (points: number) => `${(100 * points) / 28}%`;
    const [left, top] = [Math.max(0, most.x), Math.max(0, most.y)];
    mark.style.left = part(left);
    mark.style.top = part(top);
    mark.style.width = part(Math.min(28, most.x + most.side) - left);
    mark.style.height = part(Math.min(28, most.y + most.side) - top);
    const shares = [probability, most.probability].map(wholePercentText);
    said.textContent = kEvidence.most(digit, shares[0], most.digit, shares[1]);
    canvas.setAttribute('aria-label', said.textContent);
  };
}

function openTimes(stage: HTMLElement, engine: Inkling): (answer: Classification) => Promise<void> {
  const list = make('ol', 'times');
  const whole = make('p', 'said');
  const again = make('button', 'again', make('span', '', kInside.measureAgain));
  again.type = 'button';
  let measured = false;
  let newest: Float32Array | null = null;
  const measure = async () => {
    measured = true;
    const steps = await engine.profile(newest!);
    const longest = Math.max(...steps.map(({ microseconds }) => microseconds));
    const text = (time: number) => decimal(time, time < 10 ? 1 : 0);
    list.replaceChildren(
      ...steps.map(({ name, op, microseconds }) => {
        const time = make('span', 'time', kTimes.microseconds(text(microseconds)));
        const parts = [make('span', 'label', name), make('span', 'op', op), make('span', 'bar'), time];
        const item = make('li', '', ...parts);
        item.style.setProperty('--share', (microseconds / longest).toFixed(4));
        return item;
      }),
    );
    whole.textContent = kTimes.whole(text(steps.reduce((sum, { microseconds }) => sum + microseconds, 0)));
  };
  again.addEventListener('click', () => void measure().catch(() => {})); // the view was closed
  stage.append(list, whole, again);
  return async ({ pixels }) => {
    newest = pixels;
    if (!measured) await measure(); // once: a time that flickers says nothing
  };
}
