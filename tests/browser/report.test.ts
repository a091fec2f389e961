// A run's report in a browser: it opens from disk, asks nothing of anyone, shows the run's numbers, and
// takes what a run recorded for text.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { kRoot, Studio, type VisitOptions, type Visit } from './studio.ts';

const kInkling = path.join(kRoot, 'build/trainer/native/inkling');
const kImages = 120;
const kHostile = '</script><script>window.hacked = true</script><img src=x onerror="window.hacked = true">';
const skip = existsSync(kInkling) ? false : 'build/trainer has no inkling command';

let folder: string;
let studio: Studio;

/** Layout of https://github.com/huggingface/safetensors. */
function safetensors(tensors: Record<string, { dtype: string; shape: number[]; data: ArrayBufferView }>, metadata: object): Buffer {
  const header: Record<string, unknown> = { __metadata__: metadata };
  const parts: Buffer[] = [];
  let at = 0;
  for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
    parts.push(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    header[name] = { dtype, shape, data_offsets: [at, at + data.byteLength] };
    at += data.byteLength;
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, ...parts]);
}

/** Every image is read right with 0.91, but for image 7, a 7 that is read as a 1. */
function answers(): Buffer {
  const probabilities = new Float32Array(kImages * 10).fill(0.01);
  const labels = new BigInt64Array(kImages);
  for (let i = 0; i < kImages; ++i) {
    labels[i] = BigInt(i % 10);
    probabilities[10 * i + (i === 7 ? 1 : i % 10)] = 0.91;
  }
  return safetensors(
    {
      images: { dtype: 'U8', shape: [kImages, 28, 28], data: new Uint8Array(kImages * 784).fill(200) },
      labels: { dtype: 'I64', shape: [kImages], data: labels },
      probabilities: { dtype: 'F32', shape: [kImages, 10], data: probabilities },
    },
    { sets: JSON.stringify([['mnist', kImages - 20, ''], ['pen', 20, 'a note']]) },
  );
}

function epoch(number: number): string {
  return JSON.stringify({ epoch: number, learning_rate: 0.001, train_loss: 0.5 / number, train_accuracy: 0.8, validation_loss: 0.2 / number, validation_accuracy: 1 - 0.1 / number, seconds: 60 * number });
}

function writeRun(run: string): void {
  const layer = { size: 0, padding: 0, probability: 0, bias: false };
  const network = {
    preset: 'mlp',
    input_scale: 1,
    layers: [
      { kind: 'flatten', out: 0, ...layer },
      { kind: 'dense', out: 10, ...layer },
    ],
  };
  const details = { best_epoch: 3, data: kHostile, leaks: kHostile };
  mkdirSync(run);
  writeFileSync(
    path.join(run, 'run.json'),
    JSON.stringify({ format: 1, network, command: `inkling train ${kHostile}`, seed: 5, temperature: 1, rejection_threshold: 0.5, details }),
  );
  writeFileSync(path.join(run, 'metrics.jsonl'), [1, 2, 3, 4].map(epoch).join('\n') + '\n');
  writeFileSync(path.join(run, 'validation.safetensors'), answers());
}

before(async () => {
  if (skip) return;
  folder = mkdtempSync(path.join(tmpdir(), 'inkling-report-'));
  const run = path.join(folder, 'first');
  writeRun(run);
  const { status, stderr } = spawnSync(kInkling, ['report', run], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  writeFileSync(path.join(folder, 'index.html'), '<!doctype html>'); // the studio serves a site
  studio = await Studio.open(folder);
});

after(async () => {
  await studio?.close();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

/** Opens the report, tests, and checks that it made no request and no error. */
async function opened(options: VisitOptions, look: (visit: Visit) => Promise<void>): Promise<void> {
  const visit = await studio.watch(pathToFileURL(path.join(folder, 'first/report.html')).href, options);
  const requests: string[] = [];
  visit.page.on('request', (request) => requests.push(request.url()));
  try {
    await look(visit);
  } finally {
    await visit.page.close();
  }
  visit.assertClean();
  assert.deepEqual(requests, []);
}

test('a report shows the numbers of its run', { skip }, () =>
  opened({}, async ({ page }) => {
    const text = (selector: string) => page.$eval(selector, (found) => found.textContent ?? '');
    assert.equal(await text('#title'), 'first');
    assert.match(await text('#tiles'), /99\.00 %.*mnist.*100\.00 %.*pen/);
    await page.click('#sets button:first-child');
    assert.match(await text('#set-summary'), /99\.00 % of 100 right \(1 wrong/);
    assert.equal(await text('#confusion tbody tr:nth-child(8) td:nth-child(3)'), '1');
    assert.equal((await page.$$('.sample')).length, 100);
    assert.equal((await page.$$('.sample.wrong')).length, 1);
    assert.match(await text('.sample'), /7 read 1.*91 % sure/);
    assert.match(await text('#facts'), /seed5/);
    await page.click('#sets button:last-child');
    assert.match(await text('#set-summary'), /100\.00 % of 20 right.*a note/);
    const drawn = await page.$$eval('canvas', (all) =>
      all.map((canvas) => canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value > 0)),
    );
    assert.ok(drawn.length > 20 && drawn.every(Boolean));
  }));

test('what a run recorded stays text', { skip }, () =>
  opened({}, async ({ page }) => {
    assert.equal(await page.evaluate(() => 'hacked' in window), false);
    const facts = await page.$eval('#facts', (found) => found.textContent ?? '');
    assert.ok(facts.includes(`inkling train ${kHostile}`));
    assert.equal((await page.$$('img')).length, 0);
  }));

for (const dark of [false, true]) {
  test(`a report fits a phone and is legible when it is ${dark ? 'dark' : 'light'}`, { skip }, () =>
    opened({ dark, viewport: { width: 360, height: 740 } }, async ({ page }) => {
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(wide <= 0, `${wide} pixels stick out`);
      const [desk, ink] = await page.evaluate(() =>
        [getComputedStyle(document.documentElement).backgroundColor, getComputedStyle(document.querySelector('h1')!).color].map(
          (colour) => Number(/\d+/.exec(colour)![0]),
        ),
      );
      assert.ok(dark ? desk < 60 && ink > 200 : desk > 200 && ink < 60, `${desk} ${ink}`);
    }));
}
