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
import { writeModel } from '../golden/onnx_writer.ts';
import type { HTTPRequest } from 'puppeteer-core';

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

test('a range says what the model is given for paper and for ink; what it was shown stays ink = 1', async () => {
  const answers = await visit.page.evaluate(async (strokes) => {
    const of = async (range?: [number, number]) => {
      const other = await Inkling.load({ model: './inkling/compact.onnx', range });
      const { probabilities, pixels } = await other.classifyStrokes(strokes);
      const turned = await other.classifyPixels(pixels.map((pixel) => 1 - pixel));
      await other.dispose();
      return { drawn: [...probabilities], turned: [...turned.probabilities], most: Math.max(...pixels) };
    };
    const refused = (range: unknown) =>
      Inkling.load({ model: './inkling/compact.onnx', range: range as [number, number] }).catch(String);
    return { plain: await of(), same: await of([0, 1]), inverted: await of([1, 0]), bad: [await refused([0, 0]), await refused([0, NaN])] };
  }, kSeven);
  assert.deepEqual(answers.same, answers.plain);
  assert.notDeepEqual(answers.inverted.drawn, answers.plain.drawn);
  const difference = answers.inverted.turned.map((p, i) => Math.abs(p - answers.plain.drawn[i]));
  assert.ok(Math.max(...difference) < 1e-5, 'two turns are none'); // 1 - (1 - x) rounds
  assert.ok(answers.inverted.most <= 1 && answers.inverted.most > 0.5);
  for (const error of answers.bad) assert.match(String(error), /two different numbers/);
});

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
  // The very float32 that the native engine compares with.
  assert.equal(Math.fround(told.threshold), Math.fround(Number(told.metadata.rejection_threshold)));
});

test('a profile gives each step of the plan a time, and refuses what cannot be', async () => {
  const { plan, profile, refused } = await visit.page.evaluate(async () => {
    const message = (error: Error) => error.message;
    return {
      plan: await engine.plan(),
      profile: await engine.profile(new Float32Array(784), 3),
      refused: [
        await engine.profile(new Float32Array(783)).then(String, message),
        await engine.profile(new Float32Array(784), 0).then(String, message),
      ],
    };
  });
  assert.deepEqual(
    profile.map(({ microseconds, ...step }) => step),
    plan,
  );
  for (const { microseconds } of profile) assert.ok(microseconds > 0);
  assert.deepEqual(refused, [
    'profile: the pixels are not a Float32Array of 784.',
    'profile: the number of rounds must be a whole number, 1 or more.',
  ]);
});

test('bad input is an InklingError with a code and a sentence, and the worker goes on', async () => {
  const outcome = await visit.page.evaluate(async (strokes) => {
    let workers = 0;
    const kReal = window.Worker;
    window.Worker = class extends kReal {
      readonly number = ++workers;
    };
    const reader = await Inkling.load({ model: './inkling/compact.onnx' });
    const wrong = <T>(value: unknown) => value as T; // what a page without types may hand over
    const pixels = (value: unknown) => reader.classifyPixels(wrong(value));
    const ink = (value: unknown) => reader.classifyStrokes(wrong(value));
    const batch = (value: unknown, n: number) => reader.classifyBatch(wrong(value), n);
    const image = (data: unknown, width: number, height: number) =>
      reader.classifyImage({ data: wrong(data), width, height });
    const calls: Record<string, () => Promise<unknown>> = {
      'empty-ink: no strokes': () => ink([]),
      'empty-ink: a blank picture': () => reader.classifyImage(new ImageData(30, 30)),
      'malformed-model: three bytes': () => Inkling.load({ model: new Uint8Array([1, 2, 3]) }),
      'invalid-argument: no model': () => Inkling.load(wrong({})),
      'invalid-argument: infinite ink': () => ink([[[Infinity, 0], [1, 1]]]),
      'invalid-argument: null for strokes': () => ink(null),
      'invalid-argument: null for a stroke': () => ink([null]),
      'invalid-argument: null for a point': () => ink([[null]]),
      'invalid-argument: a hole for a stroke': () => ink(new Array(1)),
      'invalid-argument: points of another shape': () => ink([[{ x: 1, y: 2 }]]),
      'invalid-argument: a point of one number': () => ink([[[1]]]),
      'invalid-argument: a point of texts': () => ink([[['1', '2']]]),
      'invalid-argument: too few pixels': () => pixels(new Float32Array(783)),
      'invalid-argument: pixels not a number': () => pixels(new Float32Array(784).fill(NaN)),
      'invalid-argument: bytes for pixels': () => pixels(new Uint8Array(784)),
      'invalid-argument: doubles for pixels': () => pixels(new Float64Array(784)),
      'invalid-argument: an array for pixels': () => pixels(new Array(784).fill(0)),
      'invalid-argument: null for pixels': () => pixels(null),
      'invalid-argument: a batch too short': () => batch(new Float32Array(784), 2),
      'invalid-argument: a batch of none': () => batch(new Float32Array(0), 0),
      'invalid-argument: a batch and a half': () => batch(new Float32Array(1176), 1.5),
      'invalid-argument: bytes for a batch': () => batch(new Uint8Array(1568), 2),
      'invalid-argument: a picture too short': () => image(new Uint8Array(7), 2, 2),
      'invalid-argument: a picture inside out': () => image(new Uint8Array(16), -2, -2),
      'invalid-argument: floats for a picture': () => image(new Float32Array(16), 2, 2),
      'invalid-argument: null for a picture': () => reader.classifyImage(wrong(null)),
      'invalid-argument: no such layer': () => reader.activations('no such layer'),
      'invalid-argument: a symbol for a layer': () => reader.activations(wrong(Symbol())),
    };
    const answers: Record<string, string> = {};
    let ours = 0; // started by this test's own reader
    for (const [title, call] of Object.entries(calls)) {
      const before = workers;
      answers[title] = await call().then(
        () => 'answered',
        (error: InklingError) => `${error.name} ${error.code} ${error.message}`,
      );
      if (!title.includes('model')) ours += workers - before;
    }
    const { digit } = await reader.classifyStrokes(strokes);
    await reader.dispose();
    window.Worker = kReal;
    return { answers, ours, digit };
  }, kSeven);
  for (const [title, answer] of Object.entries(outcome.answers)) {
    const [code] = title.split(':');
    assert.match(answer, new RegExp(`^InklingError ${code} .{15,}$`), `${title}: ${answer}`);
  }
  assert.equal(outcome.ours, 0, 'no worker is ended by bad input');
  assert.equal(outcome.digit, 7);
});

test('a model beyond the core module is run by the full one, which is fetched for it alone', async () => {
  const unsupported = (op: string) =>
    writeModel({
      opset: 17,
      input: { name: 'image', dims: [1, 10] },
      output: 'out',
      nodes: [{ op, inputs: ['image'], outputs: ['out'] }],
      constants: [],
    });
  const modules: string[] = [];
  const note = (request: HTTPRequest) => {
    const [name] = /inkling-[\w-]+\.wasm$/.exec(request.url()) ?? [];
    if (name) modules.push(name);
  };
  visit.page.on('request', note);
  const outcome = await visit.page.evaluate(
    async (models) => {
      const rare = await Inkling.load({ model: new Uint8Array(models[0]) });
      const { probabilities } = await rare.classifyPixels(new Float32Array(10).fill(-2));
      await rare.dispose();
      const refused = Inkling.load({ model: new Uint8Array(models[1]) });
      const reason = await refused.then(String, ({ code, message }: InklingError) => `${code} ${message}`);
      return { probabilities: [...probabilities], reason };
    },
    [[...unsupported('Abs')], [...unsupported('LSTM')]],
  );
  visit.page.off('request', note);
  assert.deepEqual(outcome.probabilities, Array(10).fill(2));
  assert.match(outcome.reason, /^unsupported-model .*\(LSTM\)/);
  const { variant } = await visit.page.evaluate(() => ({ variant: engine.variant }));
  const pair = [`inkling-${variant}.wasm`, `inkling-${variant}-full.wasm`];
  assert.deepEqual(modules, [...pair, ...pair]);
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

test('a batch that ends its worker takes no other batch with it', async () => {
  const outcome = await visit.page.evaluate(async () => {
    const kReal = window.Worker;
    let batches = 0;
    class Poor extends kReal {
      override postMessage(request: { id: number; call: string }) {
        if (request.call !== 'classifyBatch' || ++batches > 1) return super.postMessage(request);
        const error = { code: 'out-of-memory', message: 'There is no memory left.' };
        const data = { id: request.id, error, fatal: true };
        setTimeout(() => this.dispatchEvent(new MessageEvent('message', { data })));
      }
    }
    window.Worker = Poor;
    const poor = await Inkling.load({ model: './inkling/compact.onnx' });
    const blank = new Float32Array(784);
    const read = () => poor.classifyBatch(blank, 1).then(({ digits }) => digits.length, ({ code }) => code);
    const outcomes = await Promise.all([read(), read(), read()]);
    window.Worker = kReal;
    await poor.dispose();
    return outcomes;
  });
  assert.deepEqual(outcome, ['out-of-memory', 1, 1]);
});

test('when the worker put in place of a trapped one cannot load, the next call gets another', async () => {
  const outcome = await visit.page.evaluate(async () => {
    const kReal = window.Worker;
    let started = 0;
    class Starved extends kReal {
      readonly #number = ++started;
      override postMessage(request: { id: number }) {
        if (this.#number !== 2) return super.postMessage(request);
        const error = { code: 'out-of-memory', message: 'There is no memory left.' };
        const data = { id: request.id, error, fatal: false };
        setTimeout(() => this.dispatchEvent(new MessageEvent('message', { data })));
      }
    }
    window.Worker = Starved;
    const files = { simd: './trapping.wasm', relaxed: './trapping.wasm' };
    const fragile = await Inkling.load({ model: new Uint8Array(1), files });
    const outcomes = [];
    for (const call of [
      () => fragile.classifyStrokes([[[0, 0]]]), // traps
      () => fragile.classifyPixels(new Float32Array(784)),
      () => fragile.classifyPixels(new Float32Array(784)),
    ]) {
      outcomes.push(
        await call().then(
          ({ digit }) => String(digit),
          (error: InklingError) => error.code,
        ),
      );
    }
    window.Worker = kReal;
    await fragile.dispose();
    return { outcomes, started };
  });
  assert.deepEqual(outcome, { outcomes: ['trap', 'out-of-memory', '0'], started: 3 });
});

test('a worker that is not there is fetch-failed and named', async () => {
  const other = await studio.watch(studio.url, { expected: /404/ });
  await other.page.waitForFunction('window.engine');
  const { code, message } = await other.page.evaluate(() => {
    const files = { worker: './nowhere.js' };
    return Inkling.load({ model: './inkling/compact.onnx', files }).then(
      () => ({ code: 'none', message: '' }),
      ({ code, message }: InklingError) => ({ code, message }),
    );
  });
  assert.equal(code, 'fetch-failed');
  assert.match(message, /could not be started from .*nowhere\.js/);
  await other.page.close();
  other.assertClean();
});

test('what is no trap does not end a worker', async () => {
  const replies = await visit.page.evaluate(async () => {
    const bytes = async (name: string) => (await fetch(`./inkling/${name}`)).arrayBuffer();
    const module = await WebAssembly.compile(await bytes('inkling-simd.wasm'));
    const onnx = new Uint8Array(await bytes('compact.onnx'));
    const worker = new Worker('./inkling/inkling-worker.js');
    const ask = (call: string, args: unknown[]) =>
      new Promise<{ error?: { code: string }; fatal?: boolean }>((resolve) => {
        worker.addEventListener('message', ({ data }) => resolve(data), { once: true });
        worker.postMessage({ id: 1, call, args });
      });
    const loaded = await ask('load', [module, onnx]);
    const mistaken = await ask('classifyStrokes', [null]); // what Inkling would not let pass
    const later = await ask('classifyPixels', [new Float32Array(784)]);
    worker.terminate();
    const brief = ({ error, fatal }: typeof loaded) => [error?.code ?? 'none', fatal ?? false];
    return [loaded, mistaken, later].map(brief);
  });
  assert.deepEqual(replies, [
    ['none', false],
    ['internal', false],
    ['none', false],
  ]);
});

test('activations are those of the image that was classified last, with two workers too', async () => {
  const same = await visit.page.evaluate(
    async (drawings) => {
      const two = await Inkling.load({ model: './inkling/compact.onnx', workers: 2 });
      const [{ name }] = await engine.plan();
      const values = async (reader: InklingClass) => String((await reader.activations(name)).values);
      const wanted: string[] = [];
      for (const strokes of drawings) {
        await engine.classifyStrokes(strokes);
        wanted.push(await values(engine));
      }
      const [a, b] = drawings;
      await two.classifyStrokes(a);
      await two.classifyStrokes(b);
      const awaited = await values(two);
      await Promise.all([two.classifyStrokes(b), two.classifyStrokes(a)]);
      const together = await values(two);
      void two.classifyStrokes(a);
      void two.classifyStrokes(b);
      const early = values(two); // asked before either is answered
      void two.classifyStrokes(a); // and not to be answered for this one
      const behind = await early;
      await two.classifyStrokes(a);
      await two.classifyStrokes([]).catch(() => {}); // nothing is classified here
      const afterFailure = await values(two);
      await two.dispose();
      return {
        differ: wanted[0] !== wanted[1],
        awaited: awaited === wanted[1],
        together: together === wanted[0],
        behind: behind === wanted[1],
        afterFailure: afterFailure === wanted[0],
      };
    },
    [drawing('7'), drawing('2')],
  );
  assert.deepEqual(same, {
    differ: true,
    awaited: true,
    together: true,
    behind: true,
    afterFailure: true,
  });
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
