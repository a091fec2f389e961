// What goes wrong is said: each failure has its own sentence on the page, with what to do about it, and
// the page stays calm (no exception, nothing on the console but the browser's own note of a 404).
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { drawing } from './curves.ts';
import { oneNodeModel } from './onnx_writer.ts';
import { kRoot, kSite, Studio, type Visit, type VisitOptions } from './studio.ts';

/** A copy of the site with broken models beside the good one. */
const kBrokenSite = path.join(kRoot, 'build/tests/broken-site');

let studio: Studio;

before(async () => {
  rmSync(kBrokenSite, { recursive: true, force: true });
  mkdirSync(path.dirname(kBrokenSite), { recursive: true });
  cpSync(kSite, kBrokenSite, { recursive: true });
  const models = path.join(kBrokenSite, 'models');
  const shipped = readdirSync(models).find((name) => name.endsWith('.onnx'))!;
  const good = readFileSync(path.join(models, shipped));
  const files: Record<string, Uint8Array | string> = {
    'good.onnx': good,
    'cut-off.onnx': good.subarray(0, Math.floor(0.6 * good.length)),
    'never-sure.onnx': withThreshold(good, '1.0'),
    'empty.onnx': '',
    'picture.onnx': Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'),
    'page.onnx': '<!doctype html><title>404</title><p>No such page',
    'unknown-operator.onnx': oneNodeModel('GridSample', ['N', 1, 28, 28]),
    'wrong-shape.onnx': oneNodeModel('Relu', ['N', 3, 32, 32]),
  };
  for (const [name, bytes] of Object.entries(files)) writeFileSync(path.join(models, name), bytes);
  studio = await Studio.open(kBrokenSite);
});

after(() => studio?.close());

/** The same model with another rejection threshold, written in as many characters as it had. */
function withThreshold(model: Buffer, threshold: string): Buffer {
  const changed = Buffer.from(model);
  const key = changed.indexOf('rejection_threshold');
  assert.ok(key > 0, 'the shipped model says when it is not sure');
  const text = key + 'rejection_threshold'.length + 2; // past the value's tag and its length byte
  changed.write(threshold.padEnd(changed[text - 1], '0'), text);
  return changed;
}

/** Opens the page, which must fail with a title, a reason and a remedy that fit. */
async function fails(options: VisitOptions, code: string, reason: RegExp): Promise<string> {
  let said = '';
  await studio.during({ ...options, state: 'failed' }, async (visit) => {
    said = await failure(visit, code, reason);
  });
  return said;
}

async function failure(visit: Visit, code: string, reason: RegExp): Promise<string> {
  assert.equal(await visit.text('#failure', 'data-code'), code, await visit.text('#failure'));
  assert.equal(await visit.text('#failure', 'role'), 'alert');
  const said = await visit.text('#failure .reason');
  assert.match(said, reason);
  for (const part of ['.title', '.remedy'])
    assert.match(await visit.text(`#failure ${part}`), /^\p{Lu}.+\.$/u);
  const box = await (await visit.page.$('#failure'))!.boundingBox();
  assert.ok(box !== null && box.height > 0, 'the failure is to be seen');
  return said;
}

const kBrokenModels: [name: string, code: string, reason: RegExp][] = [
  ['cut-off', 'malformed-model', /cut off|incomplete|ends/i],
  ['empty', 'malformed-model', /empty/i],
  ['picture', 'malformed-model', /not an ONNX|PNG/i],
  ['page', 'malformed-model', /HTML|not an ONNX/i],
  ['unknown-operator', 'unsupported-model', /the_only_node.*GridSample|GridSample.*the_only_node/],
  ['wrong-shape', 'unsupported-model', /probabilities.*\[1,3,32,32\].*\[N,10\]/],
];

test('each broken model file ends in its own sentence', async (t) => {
  const sentences = new Set<string>();
  for (const [name, code, reason] of kBrokenModels) {
    await t.test(name, async () => {
      sentences.add(await fails({ query: `?model=models/${name}.onnx` }, code, reason));
    });
  }
  assert.equal(sentences.size, kBrokenModels.length);
});

test('another good model of the site is loaded', () =>
  studio.during({ query: '?model=models/good.onnx' }, async (visit) => {
    assert.equal(await visit.text('#failure', 'hidden'), '');
  }));

test('an answer below the threshold is a question mark with two candidates', () =>
  studio.during({ query: '?model=models/never-sure.onnx' }, async (visit) => {
    await visit.draw(drawing('7'));
    const { digit, confidence } = await visit.reading();
    assert.equal(digit, '?');
    assert.ok(confidence > 0 && confidence <= 1);
    assert.match(await visit.text('#verdict'), /^7 or \d, perhaps$/);
    assert.equal(await visit.page.$('#bars .best'), null);
  }));

test('a model that is not there is named', async () => {
  const query = '?model=models/nowhere.onnx';
  await fails({ query, expected: /404/ }, 'fetch-failed', /The model.*nowhere\.onnx answers 404/);
});

test('a model that no server answers for is named', async () => {
  const visit = await studio.watch('about:blank', { expected: /ERR_FAILED/ });
  await visit.page.setRequestInterception(true);
  visit.page.on('request', (request) =>
    request.url().endsWith('.onnx') ? request.abort() : request.continue(),
  );
  await visit.page.goto(studio.url);
  await visit.waitForState('failed');
  await failure(visit, 'fetch-failed', /The model could not be fetched: no answer/);
  await visit.page.close();
  visit.assertClean();
});

for (const name of [
  'https://example.org/a.onnx',
  '//example.org/a.onnx',
  '../a.onnx',
  'a.txt',
  '/a.onnx',
  '',
]) {
  test(`?model=${name || '(nothing)'} is refused without a request`, async () => {
    await fails(
      { query: `?model=${encodeURIComponent(name)}` },
      'bad-model-name',
      /is not a name like/,
    );
  });
}

test('a browser without WebAssembly SIMD is told so', async () => {
  const prepare = () => (WebAssembly.validate = () => false);
  await fails({ prepare }, 'unsupported-browser', /no WebAssembly SIMD/);
});

test('a page opened as a file says how to open it', async () => {
  const visit = await studio.watch(pathToFileURL(path.join(kBrokenSite, 'index.html')).href);
  await visit.waitForState('failed');
  await failure(visit, 'opened-as-file', /from the disk/);
  await visit.page.close();
  visit.assertClean();
});

test('without JavaScript the page says what it needs', async () => {
  const visit = await studio.watch(studio.url, { javaScript: false });
  const note = await visit.page.$('noscript p');
  assert.ok(((await note?.boundingBox())?.height ?? 0) > 0, 'the note is to be seen');
  await visit.page.close();
  visit.assertClean();
});

test('after a failure the pad takes no ink', () =>
  studio.during({ query: '?model=models/empty.onnx', state: 'failed' }, async (visit) => {
    await visit.draw([
      [
        [0, 0],
        [1, 1],
      ],
    ]);
    assert.equal(await visit.inkedPixels(), 0);
  }));
