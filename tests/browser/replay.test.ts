// Other people's handwriting: a fixed sample of pendigits' test writers (whom training never saw),
// replayed as mouse events at many places and sizes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { Point } from './curves.ts';
import { dataFile } from './data.ts';
import { sample, seeded } from './random.ts';
import { Studio } from './studio.ts';

const kSample = 500;
const kSeed = 20;

/** Of the sample; an answer of `?` counts as wrong. */
const kLeastAccuracy = 0.95;

const kFile = dataFile('pen/pendigits-test.jsonl.gz');

interface Drawing {
  label: string;
  strokes: Point[][];
}

function drawings(): Drawing[] {
  const lines = gunzipSync(readFileSync(kFile.path)).toString('utf8').trim().split('\n');
  return sample(
    lines.map((line) => JSON.parse(line) as Drawing),
    kSample,
    seeded(kSeed),
  );
}

test('the page reads 500 pendigits drawings replayed by mouse', { skip: kFile.skip }, async () => {
  const studio = await Studio.open();
  const random = seeded(kSeed);
  const right = new Array<number>(10).fill(0);
  const drawn = new Array<number>(10).fill(0);
  let unsure = 0;
  await studio.during({ reducedMotion: true }, async (visit) => {
    for (const { label, strokes } of drawings()) {
      const side = 0.3 + 0.6 * random();
      await visit.draw(strokes, { x: random() * (1 - side), y: random() * (1 - side), side });
      const { digit } = await visit.reading();
      ++drawn[Number(label)];
      if (digit === label) ++right[Number(label)];
      if (digit === '?') ++unsure;
      await visit.page.keyboard.press('Escape');
    }
  });
  await studio.close();
  const share = (some: number, all: number) => `${((100 * some) / all).toFixed(1)} % of ${all}`;
  drawn.forEach((count, digit) => console.log(`${digit}: ${share(right[digit], count)}`));
  const sum = right.reduce((total, count) => total + count);
  console.log(`all: ${share(sum, kSample)} right, ${unsure} answered with ?`);
  assert.ok(sum >= kLeastAccuracy * kSample, `${sum} of ${kSample} is less than ${kLeastAccuracy}`);
});
