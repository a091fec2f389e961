// The engine as a library in someone else's page (build/package): every call, in a real browser, with
// one worker and with three; and what happens when the engine traps.
import assert from 'node:assert/strict';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Inkling as InklingClass, InklingError } from '../../wasm/js/index.ts';
import { drawing, fixtureDrawings } from './curves.ts';
import { kRoot, Studio, type Visit } from './studio.ts';
import { trappingModule } from './trapping_module.ts';

const kForeignSite = path.join(kRoot, 'build/tests/foreign-site');

let studio: Studio;
let visit: Visit;

declare const Inkling: typeof InklingClass;
declare let engine: InklingClass;

before(async () => {
  rmSync(kForeignSite, { recursive: true, force: true });
  cpSync(path.join(kRoot, 'build/package'), path.join(kForeignSite, 'inkling'), {
    recursive: true,
  });
  writeFileSync(path.join(kForeignSite, 'trapping.wasm'), trappingModule());
  writeFileSync(
    path.join(kForeignSite, 'index.html'),
    `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="module">
       import { Inkling } from './inkling/inkling.js';
       window.Inkling = Inkling;
       window.engine = await Inkling.load({ model: './inkling/compact.onnx' });
     </script>`,
  );
  studio = await Studio.open(kForeignSite);
  visit = await studio.watch(studio.url);
  await visit.page.waitForFunction('window.engine');
});

after(async () => {
  await visit?.page.close();
  await studio?.close();
  visit?.assertClean();
});

const kSeven = drawing('7');

test('classifyStrokes reads a drawing', async () => {
  const answer = await visit.page.evaluate(async (strokes) => {
    const { digit, confidence, probabilities, pixels } = await engine.classifyStrokes(strokes);
    return { digit, confidence, probabilities: [...probabilities], pixels: pixels.length };
  }, kSeven);
  assert.equal(answer.digit, 7);
  assert.equal(answer.pixels, 784);
  assert.equal(answer.probabilities[7], answer.confidence);
  const sum = answer.probabilities.reduce((total, share) => total + share);
  assert.ok(Math.abs(sum - 1) < 1e-5, `the probabilities' sum is ${sum}`); // float32 rounding
});

test('classifyImage reads a picture, dark on light and light on dark', async () => {
  const digits = await visit.page.evaluate(async (strokes) => {
    const read = (paper: string, ink: string) => {
      const context = new OffscreenCanvas(120, 120).getContext('2d')!;
      context.fillStyle = paper;
      context.fillRect(0, 0, 120, 120);
      context.strokeStyle = ink;
      context.lineWidth = 9;
      context.lineCap = context.lineJoin = 'round';
      for (const stroke of strokes) {
        context.beginPath();
        for (const [x, y] of stroke) context.lineTo(x + 10, y + 10);
        context.stroke();
      }
      return engine.classifyImage(context.getImageData(0, 0, 120, 120));
    };
    return [(await read('#fff', '#223')).digit, (await read('#111', '#eee')).digit];
  }, kSeven);
  assert.deepEqual(digits, [7, 7]);
});

test('classifyBatch agrees with classifyPixels, whatever the number of workers', async () => {
  const all = fixtureDrawings().map(({ strokes }) => strokes);
  const agreement = await visit.page.evaluate(async (drawings) => {
    const singles = await Promise.all(drawings.map((strokes) => engine.classifyStrokes(strokes)));
    const pixels = new Float32Array(drawings.length * 784);
    singles.forEach((single, i) => pixels.set(single.pixels, i * 784));
    const three = await Inkling.load({ model: './inkling/compact.onnx', workers: 3 });
    const results = [];
    for (const reader of [engine, three]) {
      const { digits, probabilities } = await reader.classifyBatch(pixels, drawings.length);
      const differences = singles.flatMap((single, i) =>
        [...single.probabilities].map((p, digit) => Math.abs(p - probabilities[10 * i + digit])),
      );
      const same = singles.every((single, i) => (single.digit ?? -1) === digits[i]);
      results.push({ same, worst: Math.max(...differences) });
    }
    await three.dispose();
    return results;
  }, all);
  // The same module on the same pixels; batches may take another kernel, so float32 rounding differs.
  for (const { same, worst } of agreement)
    assert.ok(same && worst < 1e-5, JSON.stringify(agreement));
});

test('plan, activations and metadata tell what the network is and does', async () => {
  const told = await visit.page.evaluate(async (strokes) => {
    const plan = await engine.plan();
    await engine.classifyStrokes(strokes);
    const { shape, values } = await engine.activations(plan[0].name);
    return {
      plan,
      shape,
      count: values.length,
      metadata: engine.metadata,
      threshold: engine.threshold,
    };
  }, kSeven);
  assert.ok(told.plan.length >= 3);
  assert.deepEqual(told.shape, told.plan[0].shape);
  assert.equal(
    told.count,
    told.shape.reduce((product, extent) => product * extent),
  );
  // A float32 on its way through decimal text.
  // The very float32 that the native engine compares with.
  assert.equal(Math.fround(told.threshold), Math.fround(Number(told.metadata.rejection_threshold)));
});

test('bad input is an InklingError with a code and a sentence, and the engine goes on', async () => {
  const codes = await visit.page.evaluate(async (strokes) => {
    const code = (promise: Promise<unknown>) =>
      promise.then(
        () => 'none',
        (error: InklingError) => `${error.name} ${error.code} ${error.message.length > 15}`,
      );
    const picture = { data: new Uint8Array(7), width: 2, height: 2 };
    return {
      empty: await code(engine.classifyStrokes([])),
      blank: await code(engine.classifyImage(new ImageData(30, 30))),
      infinite: await code(
        engine.classifyStrokes([
          [
            [Infinity, 0],
            [1, 1],
          ],
        ]),
      ),
      short: await code(engine.classifyPixels(new Float32Array(783))),
      notANumber: await code(engine.classifyPixels(new Float32Array(784).fill(NaN))),
      batch: await code(engine.classifyBatch(new Float32Array(784), 2)),
      picture: await code(engine.classifyImage(picture)),
      layer: await code(engine.activations('no such layer')),
      model: await code(Inkling.load({ model: new Uint8Array([1, 2, 3]) })),
      afterwards: (await engine.classifyStrokes(strokes)).digit,
    };
  }, kSeven);
  const invalid = 'InklingError invalid-argument true';
  assert.deepEqual(codes, {
    empty: 'InklingError empty-ink true',
    blank: 'InklingError empty-ink true',
    infinite: invalid,
    short: invalid,
    notANumber: invalid,
    batch: invalid,
    picture: invalid,
    layer: invalid,
    model: 'InklingError malformed-model true',
    afterwards: 7,
  });
});

test('a trap rejects its own call, and the calls behind it are answered by a new worker', async () => {
  const outcome = await visit.page.evaluate(async () => {
    const files = { simd: './trapping.wasm', relaxed: './trapping.wasm' };
    const fragile = await Inkling.load({ model: new Uint8Array(1), files });
    const blank = new Float32Array(784);
    const calls = [
      fragile.classifyPixels(blank),
      fragile.classifyStrokes([[[0, 0]]]), // traps
      fragile.classifyPixels(blank),
    ].map((call) =>
      call.then(
        ({ digit }) => String(digit),
        (error: InklingError) => error.code,
      ),
    );
    return Promise.all(calls);
  });
  assert.deepEqual(outcome, ['0', 'trap', '0']);
});

test('after dispose every call is refused', async () => {
  const code = await visit.page.evaluate(async () => {
    const brief = await Inkling.load({ model: './inkling/compact.onnx' });
    const underWay = brief
      .classifyPixels(new Float32Array(784))
      .catch((error: InklingError) => error.code);
    await brief.dispose();
    const later = brief
      .classifyPixels(new Float32Array(784))
      .catch((error: InklingError) => error.code);
    return Promise.all([underWay, later]);
  });
  assert.deepEqual(code, ['disposed', 'disposed']);
});
