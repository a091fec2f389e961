// “Teach it”: drawings with labels that stay on the visitor's machine, and the file of them that the trainer reads.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { after, before, test } from 'node:test';
import type { ElementHandle } from 'puppeteer-core';
import { sentenceOf } from '../../web/views/teach/say.ts';
import { isStrokeProblem, parsed, written, type Drawing } from '../../web/views/teach/stroke_file.ts';
import { drawing, fixtureDrawings } from './curves.ts';
import { openView, paintedOn, textOf } from './files_helpers.ts';
import { kRoot, Studio, type Visit } from './studio.ts';
import { gzipped } from './table_data.ts';

/** The language that numbers are written in. */
Object.assign(globalThis, { document: { documentElement: { lang: 'en' } } });

const kTrainer = path.join(kRoot, 'build/trainer/native/inkling');

let studio: Studio;
let folder: string;

before(async () => {
  studio = await Studio.open();
  folder = mkdtempSync(path.join(tmpdir(), 'inkling-taught-'));
});

after(async () => {
  await studio?.close();
  rmSync(folder, { recursive: true, force: true });
});

const label = (visit: Visit, name: string) =>
  visit.page.$$eval(
    '#view .label',
    (labels, name) => (labels.find((one) => one.textContent === name) as HTMLElement).click(),
    name,
  );

async function teach(visit: Visit, digit: string, name = digit): Promise<void> {
  await visit.draw(drawing(digit));
  await visit.reading();
  await label(visit, name);
  await textOf(visit, '#view .status', new RegExp(`^Kept as ${name}\\.`));
}

const names = (visit: Visit) =>
  visit.page.$$eval('#view .gallery .name', (all) => all.map((one) => one.textContent!));

async function emptied(visit: Visit): Promise<void> {
  await openView(visit, 'teach');
  if ((await names(visit)).length === 0) return;
  await tool(visit, 'Delete all');
  await textOf(visit, '#view .count', /No drawings/);
}

const tool = (visit: Visit, name: string) =>
  visit.page.$$eval(
    '#view .keep button',
    (tools, name) => (tools.find((one) => one.textContent === name) as HTMLElement).click(),
    name,
  );

async function exported(visit: Visit): Promise<string> {
  const target = mkdtempSync(path.join(folder, 'saved-'));
  const session = await visit.page.createCDPSession();
  await session.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: target });
  await tool(visit, 'Export');
  for (let i = 0; i < 400 && !readdirSync(target).includes('drawings.jsonl'); ++i) await pause(25);
  return readFileSync(path.join(target, 'drawings.jsonl'), 'utf8');
}

async function load(visit: Visit, name: string, content: string | Buffer): Promise<void> {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  await ((await visit.page.$('#view input[type=file]')) as ElementHandle<HTMLInputElement>).uploadFile(file);
}

const kOne: Drawing = { label: 7, writer: 'w', strokes: [[[0, 1.5], [2, 3]], [[4, 5]]] };

test('a stroke file is written as the trainer reads it, and read back the same', () => {
  const drawings: Drawing[] = [kOne, { ...kOne, label: null }];
  const text = written(drawings);
  assert.equal(text, '{"label":"7","writer":"w","strokes":[[[0,1.5],[2,3]],[[4,5]]]}\n{"writer":"w","strokes":[[[0,1.5],[2,3]],[[4,5]]]}\n');
  assert.deepEqual(parsed(text, 'f'), drawings);
  const lenient = '\r\n{"label":3,"strokes":[[],[[1,2,9]]],"more":true}\r\n\n{"label":"x","strokes":[[[1,2]]]}';
  assert.deepEqual(parsed(lenient, 'f'), [
    { label: 3, writer: '', strokes: [[[1, 2]]] },
    { label: null, writer: '', strokes: [[[1, 2]]] },
  ]);
});

test('a line that is no drawing is named', () => {
  const good = written([kOne]);
  const many = JSON.stringify(Array(5000).fill([1, 2]));
  const cases: [string, RegExp][] = [
    [`${good}\n{`, /^f, line 3: not a drawing; a line looks like/],
    [`${good}[]`, /line 2: not a drawing/],
    [`${good}null`, /line 2: not a drawing/],
    ['{"label":"7"}', /line 1: not a drawing/],
    ['{"strokes":[[[1]]]}', /not a drawing/],
    ['{"strokes":[[[1,"2"]]]}', /not a drawing/],
    ['{"strokes":[[[1,1e99]]]}', /not a drawing/],
    ['{"strokes":[[1,2]]}', /not a drawing/],
    ['{"strokes":[],"writer":"a"}', /line 1: there is no ink in it\.$/],
    ['{"strokes":[[[1,2]]],"writer":7}', /not a drawing/],
    [`{"strokes":[${many}]}`, /more points than a drawing has; 4,096 are the most/],
    ['\n \n', /^f holds no drawings\.$/],
  ];
  for (const [text, sentence] of cases) {
    assert.throws(() => parsed(text, 'f'), (error) => isStrokeProblem(error) && sentence.test(sentenceOf(error)), text.slice(0, 50));
  }
});

test('drawings are kept with their labels, outlive a reload, go back onto the pad, are deleted and come back', () =>
  studio.during({}, async (visit) => {
    await emptied(visit);
    assert.equal(await visit.text('#view h3'), 'Draw a digit, then say what it is.');
    assert.equal(await visit.text('#view .label', 'aria-disabled'), 'true');
    await label(visit, '5'); // nothing is drawn: nothing is kept
    assert.deepEqual(await names(visit), []);
    await visit.draw(drawing('3'));
    await visit.reading();
    await textOf(visit, '#view h3', /^What should it have been\?$/);
    assert.equal(await visit.text('#view .label.read'), '3', 'what the network read is set off');
    await label(visit, '3');
    await textOf(visit, '#view .status', /^Kept as 3\./);
    assert.equal((await visit.reading()).digit, '', 'the pad is free for the next');
    await teach(visit, '8', '5');
    await teach(visit, '1', 'not a digit');
    assert.deepEqual(await names(visit), ['none', '5', '3']);
    assert.match(await visit.text('#view .count'), /^3 drawings kept\.$/);
    const painted = await paintedOn(visit, '#view .use canvas');
    assert.ok(painted.filter((value, i) => i % 4 === 3 && value > 127).length > 100, 'a picture of it');

    await visit.page.reload();
    await visit.waitForState('ready');
    await openView(visit, 'teach');
    assert.deepEqual(await names(visit), ['none', '5', '3']);
    await visit.page.$$eval('#view .use', (all) => (all[1] as HTMLElement).click());
    assert.equal((await visit.reading()).digit, '8', 'it is on the pad again');
    await visit.clear();

    await visit.page.focus('#view .gallery li:nth-child(2) .remove');
    await visit.press('Enter');
    await textOf(visit, '#view .status', /^Deleted\. ?Undo$/);
    assert.deepEqual(await names(visit), ['none', '3']);
    const focused = await visit.page.evaluate(() => document.activeElement!.getAttribute('aria-label'));
    assert.equal(focused, 'Delete this drawing, kept as 3', 'the focus goes on to the next');
    await visit.page.click('#view .undo');
    await textOf(visit, '#view .status', /^They are back\./);
    assert.deepEqual(await names(visit), ['none', '5', '3']);
    await tool(visit, 'Delete all');
    await textOf(visit, '#view .status', /^3 drawings deleted\./);
    assert.deepEqual(await names(visit), []);
    await visit.page.click('#view .undo');
    await textOf(visit, '#view .count', /^3 drawings kept\.$/);
    await emptied(visit);
    await visit.page.reload();
    await visit.waitForState('ready');
    await openView(visit, 'teach');
    assert.deepEqual(await names(visit), [], 'deleted is deleted');
  }));

test("a digit's key labels what is drawn, as its button does; on an empty pad it shows an example", () =>
  studio.during({}, async (visit) => {
    await emptied(visit);
    await visit.draw(drawing('8'));
    await visit.reading();
    await visit.press('5');
    await textOf(visit, '#view .status', /^Kept as 5\./);
    assert.deepEqual(await names(visit), ['5']);
    assert.equal((await visit.reading()).digit, '', 'the pad is free for the next');
    await visit.press('2');
    assert.equal((await visit.reading()).digit, '2');
    assert.deepEqual(await names(visit), ['5']);
    await emptied(visit);
  }));

for (const [language, sentence] of [
  ['en', 'One digit at a time: Undo takes the others away.'],
  ['de', 'Eine Ziffer auf einmal: „Zurück“ nimmt die anderen weg.'],
]) {
  test(`a number is not kept as one drawing, in ${language}`, () =>
    studio.during({ query: `?lang=${language}` }, async (visit) => {
      await openView(visit, 'teach');
      const kept = (await names(visit)).length;
      await visit.draw(drawing('3'), { x: 0.08, y: 0.3, side: 0.35 });
      await visit.draw(drawing('7'), { x: 0.57, y: 0.3, side: 0.35 });
      assert.equal((await visit.reading()).digit, '37');
      await textOf(visit, '#view h3', new RegExp(`^${sentence}$`));
      const disabled = await visit.page.$$eval('#view .label', (all) => all.map((one) => one.ariaDisabled));
      assert.deepEqual(disabled, Array(11).fill('true'));
      await label(visit, '3');
      await visit.press('3');
      assert.equal((await visit.reading()).digit, '37', 'it is still on the pad');
      assert.equal(await visit.text('#note'), sentence);
      assert.equal((await names(visit)).length, kept);
      await visit.page.click('#undo');
      assert.equal((await visit.reading()).digit, '3');
      assert.equal(await visit.text('#view .label', 'aria-disabled'), 'false');
      await visit.press('3');
      await visit.page.waitForFunction(`document.querySelectorAll('#view .use').length === ${kept + 1}`);
      await visit.page.click('#view .remove');
    }));
}

test('the exported file is one that the page and the trainer read', () =>
  studio.during({}, async (visit) => {
    await emptied(visit);
    for (const digit of ['0', '2', '4', '7']) await teach(visit, digit);
    const text = await exported(visit);
    const drawings = parsed(text, 'drawings.jsonl');
    assert.deepEqual(drawings.map(({ label }) => label), [0, 2, 4, 7]);
    assert.equal(new Set(drawings.map(({ writer }) => writer)).size, 1);
    assert.match(drawings[0].writer, /^page-\w+$/);
    for (const [x, y] of drawings.flatMap(({ strokes }) => strokes.flat())) {
      assert.ok(x >= 0 && x <= 1000 && y >= 0 && y <= 1000);
    }
    if (existsSync(kTrainer)) {
      const file = path.join(folder, 'taught.jsonl');
      writeFileSync(file, text);
      const model = path.join(kRoot, 'models/compact.onnx');
      const { status, stdout, stderr } = spawnSync(kTrainer, ['evaluate', model, '--strokes', file, '--json'], { encoding: 'utf8' });
      assert.equal(status, 0, stderr);
      assert.match(stdout.replace(/\s/g, ''), /"right":4|"accuracy":1(\.0)?[,}]/, stdout);
    } else {
      console.log(`${kTrainer} is not built: the file is not read natively`);
    }
    await tool(visit, 'Delete all');
    await load(visit, 'again.jsonl.gz', gzipped(text));
    await textOf(visit, '#view .status', /^4 drawings taken from again\.jsonl\.gz\./);
    assert.deepEqual(await names(visit), ['7', '4', '2', '0']);
    assert.equal(await exported(visit), text);
  }));

test('a file that is none of strokes is refused in a sentence, and what is kept stays', () =>
  studio.during({}, async (visit) => {
    await emptied(visit);
    await teach(visit, '6');
    const good = written([kOne]);
    const cases: [string, string | Buffer, RegExp][] = [
      ['empty.jsonl', '', /^empty\.jsonl holds no drawings\./],
      ['half.jsonl', good.repeat(3).slice(0, -20), /^half\.jsonl, line 3: not a drawing/],
      ['picture.jsonl', Buffer.from('89504e470d0a1a0a0000', 'hex'), /^picture\.jsonl is no file of strokes/],
      ['half.gz', gzipped(good.repeat(99)).subarray(0, -9), /^half\.gz is a damaged gzip file/],
    ];
    for (const [name, content, sentence] of cases) {
      await load(visit, name, content);
      await textOf(visit, '#view .status', sentence);
      assert.deepEqual(await names(visit), ['6']);
    }
  }));

test('many drawings are shown a page at a time', () =>
  studio.during({}, async (visit) => {
    await emptied(visit);
    const drawings = Array.from({ length: 130 }, (_, i) => {
      const { label, strokes } = fixtureDrawings()[i % 10];
      return { label: Number(label), writer: 'w', strokes };
    });
    await load(visit, 'many.jsonl', written(drawings));
    await textOf(visit, '#view .count', /^130 drawings kept\.$/);
    assert.equal((await names(visit)).length, 60);
    assert.equal(await visit.text('#view .more'), 'Show 60 more');
    await visit.page.click('#view .more');
    assert.equal((await names(visit)).length, 120);
    assert.equal(await visit.text('#view .more'), 'Show 10 more');
    await visit.page.click('#view .more');
    assert.equal((await names(visit)).length, 130);
    await emptied(visit);
  }));

/** Storage as a private window may have it. */
const blocked = () =>
  void Object.defineProperty(window, 'indexedDB', {
    get: () => {
      throw new DOMException('The operation is insecure.', 'SecurityError');
    },
  });

test('where storage is blocked the page says so, keeps the drawings until it is closed, and exports them', () =>
  studio.during({ prepare: blocked }, async (visit) => {
    await openView(visit, 'teach');
    assert.match(await visit.text('#view .warning'), /^This browser keeps nothing for this page/);
    await teach(visit, '9');
    await visit.page.click('#views [data-view=teach]');
    await openView(visit, 'teach');
    assert.deepEqual(await names(visit), ['9']);
    assert.deepEqual(parsed(await exported(visit), 'f').map(({ label }) => label), [9]);
  }));

/** A disk that is full: the database opens, and takes nothing. */
const full = () => {
  IDBObjectStore.prototype.put = () => {
    throw new DOMException('Full.', 'QuotaExceededError');
  };
};

test('where the disk is full the drawing stays in memory, and the page says so', () =>
  studio.during({ prepare: full }, async (visit) => {
    await emptied(visit);
    assert.equal(await visit.text('#view .warning'), '');
    await teach(visit, '2');
    assert.match(await visit.text('#view .warning'), /^This browser keeps nothing/);
    assert.deepEqual(await names(visit), ['2']);
  }));
