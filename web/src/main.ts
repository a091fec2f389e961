// The page: wires the pad, the history, the engine and what shows its answer. Drawing works from the
// first moment; what was drawn while the network loads is read when it is there.
import type { Inkling, Stroke } from '../../wasm/js/index.ts';
import { Answer } from './answer.ts';
import { Bars } from './bars.ts';
import { Boxes } from './boxes.ts';
import { watchDrops } from './drops.ts';
import { example } from './examples.ts';
import { Glimpse } from './glimpse.ts';
import { History, type Ink } from './history.ts';
import { KeyboardPen } from './keyboard_pen.ts';
import { LanguageChoice } from './language_choice.ts';
import { Menu } from './menu.ts';
import { Networks } from './networks.ts';
import { keepOffline } from './offline.ts';
import { Pad } from './pad.ts';
import { Reader } from './reader.ts';
import type { Reading } from './reading.ts';
import { copyLink, forgetAddress, inkOfAddress, reload, savePng, saveSvg } from './share.ts';
import { bindActions } from './shortcuts.ts';
import { firstModel, viewFiles } from './site.ts';
import { setState, showFailure } from './state.ts';
import { kExample, kPadLabel, kShared } from './strings.ts';
import { translated } from './translated.ts';
import { reveal, Views } from './views.ts';

function element<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

const answer = new Answer({
  digit: element<HTMLOutputElement>('digit'),
  verdict: element('verdict'),
  announcement: element('announcement'),
});
const bars = new Bars(element('bars'));
const boxes = new Boxes(element('boxes'));
const glimpse = new Glimpse(element<HTMLCanvasElement>('glimpse'));
const canvas = element<HTMLCanvasElement>('pad');

let reader: Reader | null = null;
let frame = 0;

/** Whether the pad shows what the address holds; the first change of it makes the address another's. */
let isAddressed = false;

const history = new History(() => {
  if (!isAddressed) forgetAddress();
  isAddressed = false;
  note('');
  pad.ink = history.ink;
  inkChanged();
});

const pad = new Pad(canvas, {
  moved: () => inkChanged(),
  finished: (stroke) => history.add(stroke),
});

const actions = bindActions([
  {
    button: element<HTMLButtonElement>('undo'),
    keys: [{ key: 'z', ctrl: true }],
    enabled: () => pad.live !== null || history.canUndo,
    run: () => step(() => pad.abandon() || history.undo()), // a line under way is the newest step
  },
  {
    button: element<HTMLButtonElement>('redo'),
    keys: [
      { key: 'z', ctrl: true, shift: true },
      { key: 'y', ctrl: true },
    ],
    enabled: () => pad.live === null && history.canRedo,
    run: () => step(() => history.redo()),
  },
  {
    button: element<HTMLButtonElement>('clear'),
    keys: [{ key: 'escape' }, { key: 'delete' }],
    enabled: () => pad.live !== null || history.ink.length > 0,
    run: () =>
      step(() => {
        pad.abandon();
        history.clear();
      }),
  },
]);

const keyboardPen = new KeyboardPen(
  { canvas, cursor: element('cursor'), announcement: element('announcement') },
  pad,
);

/** An action without a key: it needs ink. */
const share = element<HTMLButtonElement>('share');
new Menu(share, element('sharing'), [
  { button: element<HTMLButtonElement>('copy-link'), run: () => void shareLink() },
  { button: element<HTMLButtonElement>('save-png'), run: () => void savePng(history.ink) },
  { button: element<HTMLButtonElement>('save-svg'), run: () => saveSvg(history.ink) },
]);

async function shareLink(): Promise<void> {
  const copied = await copyLink(history.ink);
  note(copied ? kShared.copied : kShared.inAddressBar);
}

/** Said under the pad, and to screen readers, until the next change. */
function note(sentence: string): void {
  element('note').textContent = sentence;
}

addEventListener('keydown', (event) => {
  if ((event.target as Element).matches?.('input, select, textarea')) return; // it is typed there
  const isPlain = !(event.ctrlKey || event.metaKey || event.altKey || event.shiftKey);
  if (!isPlain || !/^[0-9]$/.test(event.key) || event.repeat) return;
  const digit = Number(event.key);
  if (!views.digit(digit)) showExample(digit);
});

/** Those that were on the pad: nobody asks for one of them back. */
const examples = new WeakSet<Ink>();

function showExample(digit: number): void {
  const before = history.ink;
  const shown = example(digit);
  examples.add(shown);
  step(() => {
    pad.abandon();
    history.replace(shown);
  });
  if (before.length > 0 && !examples.has(before)) note(kExample.replaced(digit));
}

new LanguageChoice(element('languages'), () => history.ink);
element('reload').addEventListener('click', () => reload(history.ink));

function openAddress(): void {
  if (location.hash === '') return;
  const ink = inkOfAddress();
  if (ink === null) {
    note(kShared.unreadable);
  } else {
    isAddressed = true;
    step(() => history.replace(ink));
  }
}

addEventListener('hashchange', openAddress);

/** A step through the history: answers to the ink before it are of no interest any more. */
function step(change: () => void): void {
  reader?.forget();
  change();
}

/** All ink, the line under way too, as the engine takes it. */
function strokes(): Stroke[] {
  const live = pad.live;
  const all = live === null ? history.ink : [...history.ink, live];
  return all.map((stroke) => stroke.map(({ x, y }) => [x, y] as const));
}

function inkChanged(): void {
  const empty = history.ink.length === 0 && pad.live === null;
  document.documentElement.classList.toggle('inked', !empty);
  actions.refresh();
  share.setAttribute('aria-disabled', String(history.ink.length === 0));
  keyboardPen.refresh();
  answer.busy = reader !== null;
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    reader?.read(strokes());
  });
}

function showAnswer(reading: Reading | null, settled: boolean): void {
  const newest = reading?.digits[reading.newest].answer ?? null;
  answer.show(reading);
  boxes.show(reading);
  bars.show(newest?.probabilities ?? null, newest?.digit ?? null);
  glimpse.show(newest?.pixels ?? null);
  views.answered(reading);
  if (!settled || frame !== 0) return;
  answer.busy = false;
  if (pad.live !== null) return;
  answer.announceWhenSettled(reading);
  const { length } = history.ink;
  canvas.setAttribute('aria-label', length === 0 ? kPadLabel.empty : kPadLabel.inked(length));
}

function fail(error: unknown): void {
  reader = null;
  pad.enabled = false;
  showFailure(error);
}

/** Also after a failure: a network that can be read with mends it. */
function readWith(engine: Inkling): void {
  if (reader === null) reader = new Reader(engine, { answered: showAnswer, failed: fail });
  else reader.engine = engine;
  pad.enabled = true;
  element('failure').hidden = true;
  setState('ready');
  if (history.ink.length > 0 || pad.live !== null) inkChanged();
  else answer.show(null); // not announced: nobody emptied the pad
}

const networks = new Networks(element('network'), () => firstModel(location.search), {
  changed(engine) {
    readWith(engine);
    views.modelChanged();
  },
  refused: note,
});

const views = new Views(element('views'), element('view'), {
  get engine() {
    return networks.engine;
  },
  get model() {
    return networks.current;
  },
  shippedModel: networks.shipped,
  loadModel: (model) => networks.load(model),
  useModel: (model) => networks.use(model),
  anotherEngine: (workers) => networks.load(networks.current, workers),
  modelBytes: async () => {
    const { source } = networks.current;
    if (source instanceof Uint8Array) return source;
    return new Uint8Array(await (await fetch(source)).arrayBuffer());
  },
  strokes,
  ink: () => history.ink,
  replaceInk: (ink) => step(() => history.replace(ink)),
  note,
  reveal,
  workerScript: (view) => viewFiles(view).worker!,
});

watchDrops((given) => void views.give('files', given));

async function start(): Promise<void> {
  try {
    const engine = await networks.engine;
    await translated;
    networks.show(engine);
    readWith(engine);
    void keepOffline(() => (element('update').hidden = false));
  } catch (error) {
    await translated;
    fail(error);
  }
}

actions.refresh();
void start();
void translated.then(openAddress);
