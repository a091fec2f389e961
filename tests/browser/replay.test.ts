// Other people's handwriting: a fixed sample of drawings that no training saw, replayed as mouse events
// at many places and sizes. What the page answers is held against what the engine says of the same
// strokes as they were recorded. INKLING_REPLAY=all replays every drawing (`./run bench replay`).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { EngineModule } from '../../wasm/js/module.ts';
import type { Point } from './curves.ts';
import { dataFile } from './data.ts';
import { sample, seeded } from './random.ts';
import { kRoot, Studio } from './studio.ts';

const kIsWhole = process.env.INKLING_REPLAY === 'all';
const kSample = 500;
const kSeed = 20;

/** An answer of `?` counts as wrong. */
const kLeastAccuracy = 0.95;

/** Between the page and the engine: mouse positions are whole pixels, which moves a few answers. */
const kMostDifference = 0.003;

interface Drawing {
  label: string;
  strokes: Point[][];
}

function drawings(file: string): Drawing[] {
  const lines = gunzipSync(readFileSync(file)).toString('utf8').trim().split('\n');
  const all = lines.map((line) => JSON.parse(line) as Drawing);
  return kIsWhole ? all : sample(all, kSample, seeded(kSeed));
}

/** The engine's answers to the strokes as they are. */
async function answers(some: Drawing[]): Promise<string[]> {
  const module = readFileSync(path.join(kRoot, 'build/wasm-simd/inkling.wasm'));
  const engine = await EngineModule.instantiate(await WebAssembly.compile(module));
  engine.load(readFileSync(path.resolve(kRoot, process.env.INKLING_MODEL ?? 'models/compact.onnx')));
  const read = (strokes: Point[][]) => engine.classify(engine.pixelsFromStrokes(strokes)).digit;
  return some.map(({ strokes }) => String(read(strokes) ?? '?'));
}

const share = (some: number, all: number) => `${((100 * some) / all).toFixed(1)} % of ${all}`;

for (const name of ['pendigits-test', 'digilets']) {
  const file = dataFile(`pen/${name}.jsonl.gz`);
  const title = `the page reads ${name} drawings replayed by mouse as the engine reads them`;
  test(title, { skip: file.skip }, async () => {
    const some = drawings(file.path);
    const expected = await answers(some);
    const studio = await Studio.open();
    const random = seeded(kSeed);
    const right = new Array<number>(10).fill(0);
    const drawn = new Array<number>(10).fill(0);
    let [unsure, same] = [0, 0];
    await studio.during({ reducedMotion: true }, async (visit) => {
      for (const [i, { label, strokes }] of some.entries()) {
        const side = 0.3 + 0.6 * random();
        await visit.draw(strokes, { x: random() * (1 - side), y: random() * (1 - side), side });
        const { digit } = await visit.reading();
        ++drawn[Number(label)];
        if (digit === label) ++right[Number(label)];
        if (digit === '?') ++unsure;
        if (digit === expected[i]) ++same;
        await visit.page.keyboard.press('Escape');
      }
    });
    await studio.close();
    drawn.forEach((count, digit) => console.log(`${digit}: ${share(right[digit], count)}`));
    const sum = right.reduce((total, count) => total + count);
    const engineRight = some.filter(({ label }, i) => label === expected[i]).length;
    console.log(`${name}: ${share(sum, some.length)} right, ${unsure} answered with ?`);
    console.log(`the engine: ${share(engineRight, some.length)}; same answer: ${share(same, some.length)}`);
    assert.ok(sum >= kLeastAccuracy * some.length, `${sum} is less than ${kLeastAccuracy}`);
    const apart = Math.abs(sum - engineRight) / some.length;
    assert.ok(apart <= kMostDifference, `${(100 * apart).toFixed(2)} points apart`);
  });
}
