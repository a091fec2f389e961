// “Your files”: pictures, models and tables of images, dropped, chosen and pasted; and what is said of those that
// are none of it.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { ElementHandle } from 'puppeteer-core';
import { example } from '../../web/src/examples.ts';
import { drawing } from './curves.ts';
import { dataFile } from './data.ts';
import { give, openView, paintedOn, pictureOf, textOf, type TestFile } from './files_helpers.ts';
import { oneNodeModel } from './onnx_writer.ts';
import { kRoot, Studio, type Visit } from './studio.ts';
import * as table from './table_data.ts';

const kModel = readFileSync(path.join(kRoot, 'models/compact.onnx'));

let studio: Studio;
let folder: string;

before(async () => {
  studio = await Studio.open();
  folder = mkdtempSync(path.join(tmpdir(), 'inkling-files-'));
});

after(async () => {
  await studio?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Through the button, as files from the disk. */
async function choose(visit: Visit, files: TestFile[]): Promise<void> {
  await openView(visit, 'files');
  const names = files.map(({ name, content }) => {
    writeFileSync(path.join(folder, name), content);
    return path.join(folder, name);
  });
  const input = (await visit.page.$('#view input[type=file]')) as ElementHandle<HTMLInputElement>;
  await input.uploadFile(...names);
}

const verdicts = (visit: Visit) =>
  visit.page.$$eval('#view .picture .verdict', (all) => all.map((one) => one.textContent!));

test('pictures are read: dark on light, light on dark, PNG, JPEG and WebP; dropped, chosen and pasted', () =>
  studio.during({}, async (visit) => {
    const png = { name: 'three.png', content: await pictureOf(visit, '3') };
    await give(visit, 'drop', [png]); // with the view closed: it opens
    assert.match(await textOf(visit, '#view .verdict', /sure/), /^3, \d\d\u202f% sure$/);
    assert.equal(await visit.text('#view h2'), 'Your files');
    const jpeg = await pictureOf(visit, '7', { type: 'image/jpeg', width: 1600, height: 900, ink: '#fff', paper: '#234' });
    await choose(visit, [{ name: 'seven.jpg', content: jpeg }]);
    await textOf(visit, '#view .verdict', /^7, /);
    const webp = await pictureOf(visit, '2', { type: 'image/webp' });
    await give(visit, 'paste', [{ name: 'image.webp', content: webp }]);
    await textOf(visit, '#view .verdict', /^2, /);
    assert.equal((await verdicts(visit)).length, 3);
    const seen = await paintedOn(visit, '#view .picture canvas:not(.given)');
    assert.equal(seen.length, 4 * 28 * 28);
    const inked = seen.filter((value, i) => i % 4 === 3 && value > 127).length;
    assert.ok(inked > 30 && inked < 300, `${inked} inked pixels`);
    assert.equal(await visit.text('#digit'), '', 'the pad is left alone');
  }));

test('each file that is none of what the page reads is refused in one sentence, and the page goes on', () =>
  studio.during({}, async (visit) => {
    const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
    const huge = Buffer.concat([png, Buffer.from('0000ea600000ea600802000000', 'hex')]);
    const labels = table.idxLabels([1, 2]);
    const cases: [TestFile[], RegExp][] = [
      [[{ name: 'nothing', content: '' }], /^nothing is empty\.$/],
      [[{ name: 'cut.png', content: png }], /^cut\.png is no picture that this browser can show; save it as PNG or JPEG\.$/],
      [[{ name: 'huge.png', content: huge }], /^huge\.png is 60000 × 60000 pixels large; 64 million/],
      [[{ name: 'blank.png', content: await pictureOf(visit, '1', { ink: '#fff', paper: '#fff' }) }], /^blank\.png is blank: there is no ink on it\.$/],
      [[{ name: 'my.onnx', content: 'nonsense' }], /^my\.onnx cannot be used: The model file is not an ONNX file\.$/],
      [[{ name: 'cut.onnx', content: kModel.subarray(0, 9000) }], /^cut\.onnx cannot be used: /],
      [[{ name: 'op.onnx', content: oneNodeModel('GridSample', ['N', 1, 28, 28]) }], /^op\.onnx cannot be used: .*GridSample/],
      [[{ name: 'shape.onnx', content: oneNodeModel('Relu', ['N', 3, 32, 32]) }], /^shape\.onnx cannot be used: /],
      [[{ name: 'labels', content: labels }], /^labels holds labels alone; drop it together with the file of its images\.$/],
      [[{ name: 'l1', content: labels }, { name: 'l2', content: labels }, { name: 'i', content: table.idxImages([table.figure(1)]) }], /^One file of IDX labels goes with one/],
      [[{ name: 'l', content: labels }, { name: 'i', content: table.idxImages([table.figure(1)]) }], /^i holds 1 images, but l holds 2 labels/],
      [[{ name: 'half.csv', content: table.csv([table.figure(1)], [1]).slice(0, -40) }], /^half\.csv: row 2 has \d+ values; 785 are needed/],
      [[{ name: 'half.gz', content: table.gzipped(table.csv([table.figure(1), table.figure(2)])).subarray(0, -9) }], /^half\.gz is a damaged or cut-off gzip file/],
      [[{ name: 'letters.csv', content: 'a,b\n' }], /^letters\.csv is no CSV of 28 × 28 images/],
      [Array.from({ length: 51 }, (_, i) => ({ name: `${i}`, content: 'x' })), /^51 files at once; 50 are the most\.$/],
    ];
    await openView(visit, 'files');
    for (const [files, sentence] of cases) {
      await give(visit, 'drop', files);
      await textOf(visit, '#view .problems li', sentence);
      const said = await visit.page.$$eval('#view .problems li', (all) => all.map((one) => one.textContent!));
      assert.equal(said.length, 1, said.join('\n'));
      assert.equal(await visit.page.$('#view article'), null, 'nothing is left of it');
    }
    mkdirSync(path.join(folder, 'a folder'), { recursive: true });
    await visit.page.evaluate(() => {
      const data = { types: ['Files'], items: [{ kind: 'file', webkitGetAsEntry: () => ({ isDirectory: true, name: 'a folder' }), getAsFile: () => null }] };
      dispatchEvent(Object.assign(new Event('drop', { cancelable: true }), { dataTransfer: data }));
    });
    await textOf(visit, '#view .problems li', /^a folder is a folder; drop the files that are in it\.$/);
    await visit.draw(drawing('4'));
    assert.equal((await visit.reading()).digit, '4');
  }));

test("a model of one's own is shown, read with, and given back", () =>
  studio.during({}, async (visit) => {
    await visit.draw(drawing('5'));
    assert.equal((await visit.reading()).digit, '5');
    await give(visit, 'drop', [{ name: 'mine.onnx', content: kModel }]);
    await textOf(visit, '#view .model p', /^The page now reads with mine\.onnx\.$/);
    await textOf(visit, '#view .model p', /^\d+\u202fKB, [\d,]{9} multiply-adds and .* of weights; \d\.\d{3}.ms an image here\.$/);
    await textOf(visit, '#view .model p', /^Operators: Conv 3x3 \+ Relu \(6\), MaxPool 2x2 \(2\), /);
    assert.equal((await visit.page.$$('#view .plan tr')).length, 12);
    assert.equal(await visit.text('#view input[value=unit] + span'), '0 to 1 10 of this page’s 10 example digits right.');
    assert.equal(await visit.page.$eval('#view input:checked', (input) => (input as HTMLInputElement).value), 'unit');
    assert.equal((await visit.reading()).digit, '5');
    await visit.page.click('#view input[value=inverted]'); // paper as ink: the answer is another
    await visit.page.waitForFunction("document.querySelector('#digit').textContent !== '5'", { timeout: 30_000 });
    const chosen = await visit.page.$eval('#network select', (select) => (select as HTMLSelectElement).value);
    assert.equal(chosen, 'mine.onnx');
    assert.match(await visit.text('#accuracy'), /^Its file says: 99\.\d\d\u202f% of MNIST’s test digits read correctly\.$/);
    await visit.page.click('#views [data-view=files]');
    await openView(visit, 'files'); // closed and opened: it is still what the page reads with
    await textOf(visit, '#view .model h3', /^mine\.onnx$/);
    assert.equal(await visit.page.$eval('#view input:checked', (input) => (input as HTMLInputElement).value), 'inverted');
    const back = await visit.page.$('#view .model > button:not(.cross)');
    await back!.click();
    await visit.page.waitForFunction("document.querySelector('#view article') === null", { timeout: 20_000 });
    await visit.page.waitForFunction("document.querySelector('#digit').textContent === '5'", { timeout: 20_000 });
    assert.equal(await visit.page.$eval('#network select', (select) => (select as HTMLSelectElement).value), 'compact');
    assert.match(await visit.text('#accuracy'), /^It reads /); // what ships was measured here
  }));

test('the network that an address names in vain is replaced by a dropped one', () =>
  studio.during({ query: '?model=nowhere.onnx', state: 'failed', expected: /404/ }, async (visit) => {
    await give(visit, 'drop', [{ name: 'mine.onnx', content: kModel }]);
    await visit.page.waitForFunction("document.documentElement.dataset.state === 'ready'", { timeout: 30_000 });
    await visit.draw(drawing('6'));
    assert.equal((await visit.reading()).digit, '6');
    assert.equal(await visit.page.$eval('#failure', (failure) => (failure as HTMLElement).hidden), true);
  }));

/** The page's own examples as images of a table: what the network sees of them. */
async function examples(visit: Visit): Promise<Uint8Array[]> {
  const images: Uint8Array[] = [];
  for (let digit = 0; digit < 10; ++digit) {
    const strokes = example(digit).map((stroke) => stroke.map(({ x, y }) => [x, y] as [number, number]));
    await visit.clear();
    await visit.draw(strokes);
    await visit.reading();
    images.push(Uint8Array.from((await paintedOn(visit, '#glimpse')).filter((_, i) => i % 4 === 3)));
  }
  await visit.clear();
  return images;
}

async function saved(visit: Visit, name: string): Promise<string> {
  const target = mkdtempSync(path.join(folder, 'saved-'));
  const session = await visit.page.createCDPSession();
  await session.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: target });
  await visit.page.click('#view .save');
  for (let i = 0; i < 400 && !readdirSync(target).includes(name); ++i) await pause(25);
  return readFileSync(path.join(target, name), 'utf8');
}

test('a CSV without labels becomes a submission; with labels it is judged', () =>
  studio.during({}, async (visit) => {
    const images = await examples(visit);
    const many = Array.from({ length: 700 }, (_, i) => images[i % 10]);
    await give(visit, 'drop', [{ name: 'test.csv', content: table.csv(many) }]);
    await textOf(visit, '#view .table .said', /^test\.csv: 700 digits read in \d+\.\d s\.$/);
    const lines = (await saved(visit, 'submission.csv')).split('\n');
    assert.deepEqual(lines.slice(0, 4), ['ImageId,Label', '1,0', '2,1', '3,2']);
    assert.equal(lines.length, 702);
    for (let i = 1; i <= 700; ++i) assert.equal(lines[i], `${i},${(i - 1) % 10}`);
    assert.equal(await visit.text('#view .matrix caption'), 'How many of each digit were read');
    assert.equal(await visit.text('#view .score'), 'Sure of all of them.');
    assert.equal(await visit.page.$eval('#view .worst', (list) => list.checkVisibility()), false, 'none is the least sure');
    // Every tenth label is wrong on purpose.
    const labels = many.map((_, i) => (i % 10 === 9 ? 4 : i % 10));
    const packed = table.gzipped(table.csv(many, labels));
    await choose(visit, [{ name: 'train.csv.gz', content: packed }]);
    assert.match(await textOf(visit, '#view .score', /right/), /^90\.00\u202f% right, 70 wrong\./);
    const cells = await visit.page.$$eval('#view .table:first-child td[title]', (all) =>
      all.map((cell) => (cell as HTMLElement).title),
    );
    assert.ok(cells.includes('70 are 4 and read as 9') && cells.includes('70 are 0 and read as 0'), cells.join());
    assert.equal(cells.length, 10);
    assert.equal(await visit.text('#view .table:first-child .worst li', 'title').then((text) => text.replace(/\d+/, 'N')), 'Image N: a 4, read as 9 (99\u202f% sure)');
    assert.equal((await visit.page.$$('#view .table')).length, 2);
    assert.equal(await visit.page.$('#view .table:first-child .save'), null, 'its labels are known');
    const all = images[0].map((_, i) => Math.max(...images.map((image) => image[i]))); // one over the other
    await give(visit, 'drop', [{ name: 'doubt.csv', content: table.csv([images[2], all]) }]);
    await textOf(visit, '#view .table:first-child .score', /^Not sure of 1 \(50\.0\u202f%\)\.$/);
    assert.equal(await visit.page.$eval('#view .table:first-child .worst', (list) => list.checkVisibility()), true);
  }));

test('what a file gave is brought into sight, and the focus stays where it was', () =>
  studio.during({ reducedMotion: true }, async (visit) => {
    const isInSight = (selector: string) =>
      visit.page.$eval(selector, (element) => {
        const { top, bottom, height } = element.getBoundingClientRect();
        return top >= 0 && (bottom <= innerHeight || (height > innerHeight && top < 50));
      });
    const images = await examples(visit);
    await openView(visit, 'files');
    await visit.page.focus('#view .choose');
    await choose(visit, [{ name: 'test.csv', content: table.csv(images) }]);
    await textOf(visit, '#view .table .said', /10 digits read/);
    assert.ok(await isInSight('#view .table'), 'a table');
    await visit.page.evaluate(() => scrollTo(0, 0));
    await choose(visit, [{ name: 'three.png', content: await pictureOf(visit, '3') }]);
    await textOf(visit, '#view .picture .verdict', /3/);
    assert.ok(await isInSight('#view .picture'), 'a picture');
    await visit.page.evaluate(() => scrollTo(0, 0));
    await choose(visit, [{ name: 'mine.onnx', content: kModel }]);
    await textOf(visit, '#view .model p', /now reads with/);
    assert.ok(await isInSight('#view .model'), 'a model');
    await visit.page.evaluate(() => scrollTo(0, 0));
    await choose(visit, [{ name: 'letters.csv', content: 'a,b\n' }]);
    await textOf(visit, '#view .problems li', /is no CSV/);
    assert.ok(await isInSight('#view .problems li'), 'what is wrong with one');
    assert.equal(await visit.page.evaluate(() => document.activeElement!.className), 'choose');
  }));

test('while a long table is read the pad answers, and the reading stops when it is told to', () =>
  studio.during({}, async (visit) => {
    const image = table.figure(3);
    const idx = { name: 'many-images', content: table.gzipped(table.idxImages(Array<Uint8Array>(60_000).fill(image))) };
    const labels = { name: 'many-labels', content: table.idxLabels(Array<number>(60_000).fill(3)) };
    await give(visit, 'drop', [idx, labels]);
    await textOf(visit, '#view .progress span', /[1-9]\d* digits read/);
    await visit.draw(drawing('8'));
    assert.equal((await visit.reading()).digit, '8');
    assert.ok((await visit.page.$('#view progress')) !== null, 'it is still being read');
    await visit.page.click('#view .progress button');
    const said = await textOf(visit, '#view .said', /stopped/);
    assert.match(said, /^many-images was stopped after [\d,]+ digits\.$/);
    const count = Number(/after ([\d,]+)/.exec(said)![1].replaceAll(',', ''));
    assert.ok(count > 0 && count < 60_000);
    assert.equal(await visit.page.$('#view progress'), null);
    await give(visit, 'drop', [idx]);
    await textOf(visit, '#view .progress span', /[1-9]\d* digits read/);
    await visit.page.click('#view .close'); // what it started ends
    await visit.draw(drawing('8'));
    await visit.reading();
  }));

test('with the keyboard alone: choose, look at the table, take it off', () =>
  studio.during({}, async (visit) => {
    await visit.page.focus('#views [data-view=files]');
    await visit.press('Enter');
    await visit.page.waitForSelector('#view .area', { timeout: 20_000 });
    await choose(visit, [{ name: 'a.csv', content: table.csv([table.figure(1), table.figure(2)]) }]);
    await textOf(visit, '#view .said', /2 digits read/);
    await visit.page.focus('#view .close');
    const reached: string[] = [];
    for (let i = 0; i < 6; ++i) {
      await visit.press('Tab');
      reached.push(await visit.page.evaluate(() => document.activeElement!.textContent!.trim().slice(0, 20)));
    }
    assert.equal(reached[0], 'choose files');
    assert.ok(reached.includes('Save submission.csv'), reached.join(' | '));
    await visit.page.focus('#view .cross');
    assert.equal(await visit.text('#view .cross', 'aria-label'), 'Take a.csv off this list');
    await visit.press('Enter');
    assert.equal(await visit.page.$('#view article'), null);
    assert.equal(await visit.page.evaluate(() => document.activeElement!.textContent), 'choose files');
    await visit.press('Escape');
    assert.equal(await visit.page.$eval('#view', (view) => (view as HTMLElement).hidden), true);
  }));

test('in the dark the painted pictures are light, and turn with the scheme', () =>
  studio.during({ dark: true }, async (visit) => {
    await give(visit, 'drop', [{ name: 'three.png', content: await pictureOf(visit, '3') }]);
    await textOf(visit, '#view .verdict', /^3, /);
    const seen = '#view .picture canvas:not(.given)';
    /** The red of the darkest ink. */
    const ink = async () => {
      const pixels = await paintedOn(visit, seen);
      return pixels[pixels.findIndex((value, i) => i % 4 === 3 && value === 255) - 3];
    };
    const until = async (done: (red: number) => boolean) => {
      for (let i = 0; i < 100 && !done(await ink()); ++i) await pause(50);
      return ink();
    };
    assert.ok((await until((red) => red > 200)) > 200);
    await visit.page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'light' }]);
    assert.ok((await until((red) => red < 60)) < 60);
  }));

const mnist = dataFile('mnist/t10k-images-idx3-ubyte.gz');

test("MNIST's test digits give the card's accuracy", { skip: mnist.skip }, () =>
  studio.during({}, async (visit) => {
    await give(visit, 'drop', ['images-idx3', 'labels-idx1'].map((part) => {
      const name = `t10k-${part}-ubyte.gz`;
      return { name, content: readFileSync(dataFile(`mnist/${name}`).path) };
    }));
    const said = await textOf(visit, '#view .said', /10,000 digits/);
    console.log(said);
    const score = await visit.text('#view .score');
    const [, share, unsure] = /^([\d.]+)\s% right, \d+ wrong\. Not sure of (\d+)/.exec(score)!;
    const card = readFileSync(path.join(kRoot, 'models/compact.md'), 'utf8');
    assert.match(card, new RegExp(`\\| MNIST test \\| 10,000 \\| ${share} % \\|.*\\| ${Number(unsure) / 100}0? % \\|`));
  }));

/** A few a second would do on any machine that takes seconds; a page that is held up has one or two in all. */
const kFramesOfAPageThatGoesOn = 20;

test("a table as long as Kaggle's is read while the page goes on", { skip: mnist.skip }, () =>
  studio.during({}, async (visit) => {
    const rows = 28_000;
    const kHead = 16; // bytes before the pixels of an IDX file
    const pixels = gunzipSync(readFileSync(dataFile('mnist/train-images-idx3-ubyte.gz').path));
    const images = Array.from({ length: rows }, (_, i) => pixels.subarray(kHead + 784 * i, kHead + 784 * (i + 1)));
    await openView(visit, 'files');
    await visit.page.evaluate(() => {
      const seen = { last: performance.now(), longest: 0, frames: 0 };
      Object.assign(window, { seen });
      const look = (now: number) => {
        seen.longest = Math.max(seen.longest, now - seen.last);
        seen.last = now;
        ++seen.frames;
        requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    });
    await choose(visit, [{ name: 'long.csv', content: table.csv(images) }]);
    const said = await textOf(visit, '#view .said', /28,000 digits read in/, 300_000);
    const { longest, frames } = await visit.page.evaluate(
      () => (window as unknown as { seen: { longest: number; frames: number } }).seen,
    );
    assert.ok(frames > kFramesOfAPageThatGoesOn, `${frames} frames`);
    console.log(`${said} The longest time between two frames: ${longest.toFixed(0)} ms.`);
    assert.ok((await visit.page.$$eval('#view button', (all) => all.map((one) => one.textContent))).includes('Save submission.csv'));
  }));
