// Fills the report from the JSON that it carries. All text goes in as text, never as markup: what a run
// recorded may hold anything.
'use strict';

const report = JSON.parse(document.getElementById('data').textContent);
const by_id = (id) => document.getElementById(id);
const digits = [...Array(10).keys()];

// A new element with text or children; null children are passed over.
function element(tag, properties, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(properties ?? {})) {
    if (key === 'style') for (const [name, text] of Object.entries(value)) made.style.setProperty(name, text);
    else if (key.startsWith('aria-')) made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const is_number = (value) => typeof value === 'number' && Number.isFinite(value);
const count = (value) => (is_number(value) ? value.toLocaleString('en') : '–');
const percent = (share, places = 2) => (is_number(share) ? `${(100 * share).toFixed(places)} %` : '–');
const interval = ([low, high]) => `${percent(low)} to ${percent(high)}`;
const as_text = (value) => (typeof value === 'string' ? value : JSON.stringify(value, null, 1));

const rounded = (value) => (is_number(value) ? value.toFixed(3) : undefined);

function duration(seconds) {
  if (!is_number(seconds)) return '–';
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  if (seconds < 6000) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

// --- head and summary -----------------------------------------------------------------------------
function tile(value, what, note, first) {
  return element(
    'div',
    { className: first ? 'tile first' : 'tile' },
    element('b', {}, value),
    what,
    note ? element('span', {}, note) : null,
  );
}

function fill_head() {
  const { run } = report;
  document.title = `${run.name}: an Inkling run`;
  by_id('title').textContent = run.name;
  const parts = [run.preset, run.details.data, run.details.hardware].filter((part) => typeof part === 'string');
  by_id('subtitle').textContent = parts.join(' · ');
  for (const text of report.warnings) by_id('warnings').append(element('p', { className: 'warning' }, text));
}

function fill_tiles() {
  const { run, epochs, sets } = report;
  const tiles = by_id('tiles');
  // What counts most comes first: images that chose nothing.
  const ordered = [...sets.filter((set) => !set.held_out), ...sets.filter((set) => set.held_out)];
  ordered.forEach((set, i) => {
    const note = `${count(set.images)} images; 95 %: ${interval(set.interval)}`;
    tiles.append(tile(percent(set.accuracy), set.title, note, i === 0));
  });
  const best = epochs.find((epoch) => epoch.best_of_all);
  if (sets.length === 0 && best) {
    tiles.append(tile(percent(best.validation_accuracy), 'of the held-out images', `epoch ${best.epoch}`, true));
  }
  tiles.append(tile(count(run.parameters), 'parameters', `${count(run.multiply_adds)} multiply-adds an image`));
  if (epochs.length > 0) {
    const last = epochs[epochs.length - 1];
    const note = best ? `the weights of epoch ${best.epoch} are kept` : null;
    const seconds = is_number(run.details.seconds) ? run.details.seconds : last.seconds;
    tiles.append(tile(duration(seconds), `for ${count(last.epoch)} ${last.epoch === 1 ? 'epoch' : 'epochs'}`, note));
  }
}

function fill_curves() {
  const grid = by_id('curves');
  if (report.epochs.length === 0) {
    grid.append(element('p', { className: 'quiet' }, 'No epoch was finished.'));
    return;
  }
  draw_curves((title, note) => {
    const canvas = element('canvas', { role: 'img', 'aria-label': `${title} by epoch` });
    const caption = element('figcaption', {}, `${title} `, element('span', { className: 'quiet' }, note));
    grid.append(element('figure', { className: 'card' }, caption, element('div', { className: 'chart' }, canvas)));
    return canvas;
  }, report.epochs);
}

// --- tables ---------------------------------------------------------------------------------------
function table(className, head, rows) {
  const cell = (tag) => (content) =>
    content instanceof HTMLElement && ['TD', 'TH'].includes(content.tagName) ? content : element(tag, {}, content);
  return element(
    'table',
    { className },
    element('thead', {}, element('tr', {}, ...head.map(cell('th')))),
    element('tbody', {}, ...rows.map((row) => element('tr', {}, ...row.map(cell('td'))))),
  );
}

function confusion_table(confusion) {
  const most_wrong = Math.max(1, ...digits.flatMap((r) => digits.map((c) => (r === c ? 0 : confusion[r][c]))));
  const cell = (row, column) => {
    const n = confusion[row][column];
    if (n === 0) return element('td', { className: 'none' }, '·');
    const right = row === column;
    const whole = confusion[row].reduce((sum, value) => sum + value, 0);
    const depth = right ? 10 + (35 * n) / whole : 12 + (68 * n) / most_wrong;
    return element(
      'td',
      {
        title: `${n} of ${whole} images of ${row} were read as ${column}`,
        style: { '--tone': right ? 'var(--right)' : 'var(--wrong)', '--depth': `${depth}%` },
      },
      String(n),
    );
  };
  const rows = digits.map((r) => [element('th', { scope: 'row' }, String(r)), ...digits.map((c) => cell(r, c))]);
  return table('confusion', ['', ...digits.map(String)], rows);
}

// The last percents are what differs, so bars begin at `base`.
function meter(share, base) {
  if (!is_number(share)) return '–';
  const length = Math.max(0, (share - base) / (1 - base));
  return element(
    'span',
    {},
    element('span', { className: 'meter', 'aria-hidden': 'true' }, element('i', { style: { '--share': `${100 * length}%` } })),
    percent(share),
  );
}

function digit_table(set) {
  const least = Math.min(...[...set.precision, ...set.recall].filter(is_number));
  const base = Math.min(0.9, Math.floor(10 * least) / 10);
  by_id('bars').textContent = `bars begin at ${percent(base, 0)}`;
  const rows = digits.map((digit) => {
    const images = set.confusion[digit].reduce((sum, value) => sum + value, 0);
    return [String(digit), count(images), meter(set.precision[digit], base), meter(set.recall[digit], base)];
  });
  return table('lines', ['digit', 'images', 'precision', 'recall'], rows);
}

// --- the hardest ----------------------------------------------------------------------------------
// `bytes` holds 784 values of ink, 0 to 255; drawn as ink on the sheet, whatever the theme.
function paint(canvas, bytes) {
  const rgb = getComputedStyle(canvas).color.match(/[\d.]+/g).map(Number);
  const picture = new ImageData(28, 28);
  bytes.forEach((ink, i) => picture.data.set([rgb[0], rgb[1], rgb[2], ink], 4 * i));
  canvas.getContext('2d').putImageData(picture, 0, 0);
}

function sample(set, pixels, hard, i) {
  const order = [...digits].sort((a, b) => hard.probabilities[b] - hard.probabilities[a]);
  const answer = order[0];
  const wrong = answer !== hard.label;
  const canvas = element('canvas', {
    width: 28,
    height: 28,
    role: 'img',
    'aria-label': `image ${hard.row}: a ${hard.label}, read as ${answer}`,
  });
  canvas.bytes = pixels.slice(784 * i, 784 * (i + 1));
  const refused = hard.probabilities[answer] < set.threshold ? ', answered “?”' : '';
  return element(
    'div',
    {
      className: wrong ? 'sample wrong' : 'sample',
      title: `image ${hard.row}: ${order.slice(0, 3).map((d) => `${d} ${percent(hard.probabilities[d], 1)}`).join(', ')}${refused}`,
    },
    canvas,
    element('div', {}, `${hard.label} read `, element('b', {}, String(answer))),
    element('div', { className: 'quiet' }, `${percent(hard.probabilities[answer], 0)} sure`),
  );
}

function paint_samples() {
  for (const canvas of document.querySelectorAll('.sample canvas')) paint(canvas, canvas.bytes);
}

// --- the sets -------------------------------------------------------------------------------------
let set_charts = [];

function show_set(set) {
  for (const button of by_id('sets').children) button.setAttribute('aria-pressed', String(button.set === set));
  const wrong = set.images - set.correct;
  by_id('set-summary').replaceChildren(
    element('b', {}, `${percent(set.accuracy)} of ${count(set.images)} right`),
    ` (${count(wrong)} wrong; 95 % interval ${interval(set.interval)}); loss ${set.loss.toFixed(4)}; “?” for ` +
      `${percent(set.refused)}, below a confidence of ${set.threshold.toFixed(3)}; ${percent(set.accuracy_refused_wrong)} if “?” counts as wrong.`,
    ...set.notes.map((note) => element('span', { className: set.leaks ? 'note warning' : 'note' }, note)),
  );
  by_id('confusion').replaceChildren(confusion_table(set.confusion));
  by_id('digits').replaceChildren(digit_table(set));
  by_id('calibration-note').textContent =
    `expected calibration error ${percent(set.calibration.error)}: how far confidence and accuracy are apart, on average`;
  set_charts.forEach(remove_chart);
  set_charts = [
    calibration_chart(by_id('calibration'), set.calibration.bins),
    confidence_chart(by_id('confidences'), set.calibration.bins),
  ];
  by_id('hardest-title').textContent = `The hardest ${set.hardest.length}`;
  const pixels = Uint8Array.from(atob(set.pixels), (letter) => letter.charCodeAt(0));
  by_id('hardest').replaceChildren(...set.hardest.map((hard, i) => sample(set, pixels, hard, i)));
  paint_samples();
}

function fill_sets() {
  if (report.sets.length === 0) {
    const hint = 'The run kept no answers. Name images to ask it: inkling report RUN --mnist DIR.';
    const section = by_id('answers');
    section.replaceChildren(section.querySelector('h2'), element('p', { className: 'quiet' }, hint));
    return;
  }
  for (const set of report.sets) {
    const button = element('button', { type: 'button' }, set.title);
    button.set = set;
    button.addEventListener('click', () => show_set(set));
    by_id('sets').append(button);
  }
  by_id('sets').hidden = report.sets.length === 1;
  show_set(report.sets.find((set) => !set.held_out) ?? report.sets[0]);
}

// --- the run --------------------------------------------------------------------------------------
function fill_facts() {
  const { run } = report;
  const facts = [
    ['command', run.command, 'code'],
    ['data', run.details.data],
    ['leaks', report.leaks],
    ['hardware', run.details.hardware],
    ['seed', run.seed],
    ['network', `${run.preset}, ${count(run.parameters)} parameters`],
    ['temperature', rounded(run.temperature)],
    ['“?” below', is_number(run.rejection_threshold) ? `a confidence of ${rounded(run.rejection_threshold)}` : undefined],
  ];
  for (const [name, value, className] of facts) {
    const text = value === undefined || value === null ? 'not recorded' : as_text(value);
    by_id('facts').append(element('dt', {}, name), element('dd', { className: className ?? '' }, text));
  }
  const rows = run.layers.map((layer) => [layer.name, layer.shape.join(' × '), count(layer.parameters), count(layer.multiply_adds)]);
  by_id('layers').append(table('lines', ['layer', 'output', 'parameters', 'multiply-adds'], rows));
  by_id('raw').textContent = JSON.stringify(run.details, null, 2);
}

function start() {
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  Chart.defaults.font.size = 13;
  fill_head();
  fill_tiles();
  fill_curves();
  fill_sets();
  fill_facts();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    redraw_charts();
    paint_samples();
  });
}
start();
