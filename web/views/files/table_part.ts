// A table of images: how far it has been read, and then what came of it.
import { button, make } from '../../src/dom.ts';
import { save } from '../../src/share.ts';
import type { Sketches } from '../../src/sketches.ts';
import { grouped, wholePercentText } from '../../src/numbers.ts';
import type { PageContext } from '../../src/view.ts';
import { sheet, type Part } from './part.ts';
import { Problem } from './problem.ts';
import { kTables } from './strings.ts';
import type { Order } from './table_protocol.ts';
import { TableRun } from './table_run.ts';
import type { Tally, Worst } from './tally.ts';

const kDigits = [...Array(10).keys()];
const kMostWorkers = 8;

export interface TableEvents {
  /** Said when it has ended. */
  said(sentence: string): void;
  failed(problem: Problem): void;
}

/** script: that of worker.ts. */
export async function tablePart(
  order: Order,
  script: string,
  page: PageContext,
  sketches: Sketches,
  events: TableEvents,
): Promise<Part> {
  const { name } = order.file;
  const workers = Math.min(kMostWorkers, Math.max(1, navigator.hardwareConcurrency || 1));
  const engine = await page.anotherEngine(workers).catch((error: Error) => {
    throw new Problem('failed', name, error.message);
  });
  const bar = make('progress', { max: 1, value: 0, ariaLabel: name });
  const count = make('span', {}, kTables.progress(0));
  const started = performance.now();
  const run = new TableRun(engine, script, order, (read, share) => {
    bar.value = share;
    count.textContent = kTables.progress(read);
  });
  const element = sheet(name, 'table', () => run.stop());
  const stop = button(kTables.cancel, () => run.stop());
  const progress = make('div', { class: 'progress' }, bar, count, stop);
  element.append(progress);
  void run.finished.then(
    (tally) => {
      const hadFocus = progress.contains(document.activeElement);
      progress.remove();
      const said =
        tally === null
          ? kTables.stopped(name, run.tally.count)
          : kTables.done(name, tally.count, (performance.now() - started) / 1000);
      // Who has gone on to something else meanwhile is left there.
      const { top } = element.getBoundingClientRect();
      if (run.tally.count > 0) element.append(...results(run.tally, said, sketches));
      if (top < innerHeight) page.reveal(element, 'nearest');
      if (hadFocus) element.querySelector('button')?.focus();
      events.said(said);
    },
    (problem: Problem) => {
      element.remove();
      events.failed(problem);
    },
  );
  return { element, close: () => run.stop() };
}

function results(tally: Tally, said: string, sketches: Sketches): (Node | string)[] {
  const { count, right, unsure, labelled } = tally;
  const score = labelled ? `${kTables.right(right / count, count - right)} ` : '';
  const file = () => save(new Blob([tally.submission()], { type: 'text/csv' }), 'submission.csv');
  const table = labelled ? matrix(tally.confusion) : counts(tally.confusion);
  return [
    make('p', { class: 'score' }, score + kTables.refused(unsure, unsure / count)),
    make('p', { class: 'said' }, said),
    make('div', { class: labelled ? 'beside' : '' }, table, worst(tally, sketches)),
    labelled ? '' : button(kTables.save, file, 'save'), // whose labels are known has nothing to submit
  ];
}

function heads(): HTMLElement {
  const row = make('tr', {}, make('td', {}));
  for (const digit of kDigits) row.append(make('th', { scope: 'col' }, String(digit)));
  return row;
}

function matrix(confusion: Uint32Array): HTMLElement {
  const table = make('table', { class: 'matrix' }, make('caption', {}, kTables.matrix), heads());
  const of = (truth: number, read: number) => confusion[truth * 10 + read];
  const mostWrong = Math.max(1, ...kDigits.flatMap((t) => kDigits.map((r) => (r === t ? 0 : of(t, r)))));
  for (const truth of kDigits) {
    const row = make('tr', {}, make('th', { scope: 'row' }, String(truth)));
    for (const read of kDigits) {
      const count = of(truth, read);
      const cell = make('td', { class: read === truth ? 'right' : '' }, count === 0 ? '' : grouped(count));
      if (count > 0) cell.title = kTables.cell(count, truth, read);
      if (read !== truth) cell.style.setProperty('--share', (count / mostWrong).toFixed(3));
      row.append(cell);
    }
    table.append(row);
  }
  return scrolling(table);
}

function counts(confusion: Uint32Array): HTMLElement {
  const table = make('table', { class: 'matrix' }, make('caption', {}, kTables.counts), heads());
  const row = make('tr', {}, make('td', {}));
  for (const read of kDigits) row.append(make('td', {}, grouped(confusion[read])));
  table.append(row);
  return scrolling(table);
}

/** What is wider than a small screen is moved by itself, with the keyboard too. */
export function scrolling(table: HTMLTableElement): HTMLElement {
  const name = table.caption?.textContent ?? '';
  const box = make('div', { class: 'scrolling', tabIndex: 0 }, table);
  box.setAttribute('role', 'region');
  box.setAttribute('aria-label', name);
  return box;
}

/** Without labels those that are least sure, where some are not sure at all. */
function worst({ worst, labelled, unsure }: Tally, sketches: Sketches): HTMLElement {
  const list = make('ol', { class: 'worst' });
  for (const image of worst) {
    const text = sentenceOn(image);
    const read = make('span', {}, image.truth === null ? String(image.read) : `${image.truth} → ${image.read}`);
    read.setAttribute('aria-hidden', 'true');
    list.append(make('li', { title: text }, sketches.pixels(image.pixels, text), read));
  }
  const title = make('h4', {}, labelled ? kTables.worst : kTables.doubtful);
  return make('div', { hidden: !(labelled ? worst.length : unsure) }, title, list);
}

function sentenceOn({ index, truth, read, confidence }: Worst): string {
  const share = wholePercentText(confidence);
  if (truth === null) return kTables.doubtfulOne(index, read, share);
  return kTables.worstOne(index, truth, read, share);
}
