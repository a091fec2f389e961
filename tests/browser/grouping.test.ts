// Which strokes belong to one digit: on drawings made by hand, and the rates on other people's handwriting.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { doubtfulPair, groupStrokes } from '../../web/src/grouping.ts';
import { drawing, fixtureDrawings, type Drawing, type Point } from './curves.ts';
import { dataFile } from './data.ts';
import { sideBySide } from './numbers.ts';
import { seeded } from './random.ts';

const line = (...points: Point[]): Point[] => points;

test('no ink has no digit, and a stroke without points belongs to none', () => {
  assert.deepEqual(groupStrokes([]), []);
  assert.deepEqual(groupStrokes([[], line([0, 0], [0, 9])]), [[1]]);
  assert.deepEqual(groupStrokes([[]]), []);
});

test('a dot alone is a digit, and so is a level bar', () => {
  assert.deepEqual(groupStrokes([line([5, 5])]), [[0]]);
  assert.deepEqual(groupStrokes([line([0, 5], [9, 5])]), [[0]]);
});

test('digits come from left to right, in whatever order they were written', () => {
  const one = (x: number) => line([x, 0], [x, 10]);
  assert.deepEqual(groupStrokes([one(20), one(0), one(10)]), [[1], [2], [0]]);
});

test('a later stroke joins the digit that it completes', () => {
  const corner = line([0, 0], [0, 5], [6, 5]);
  const two = line([12, 1], [16, 0], [17, 3], [12, 10], [18, 10]);
  assert.deepEqual(groupStrokes([corner, two]), [[0], [1]]);
  const stem = line([4, 1], [4, 10]);
  assert.deepEqual(groupStrokes([corner, two, stem]), [[0, 2], [1]]);
});

test('what lies above a stroke is of its digit, though it does not touch it', () => {
  const body = line([0, 4], [0, 6], [5, 7], [4, 10], [0, 10]);
  const bar = line([1, 0], [6, 0]);
  assert.deepEqual(groupStrokes([body, bar]), [[0, 1]]);
});

test('a stroke between two digits that touches both makes them one', () => {
  const one = (x: number) => line([x, 0], [x, 10]);
  assert.deepEqual(groupStrokes([one(0), one(8)]), [[0], [1]]);
  assert.deepEqual(groupStrokes([one(0), one(8), line([0, 5], [2, 5], [4, 5], [6, 5], [8, 5])]), [[0, 1, 2]]);
});

test('a speck far from the digits is none; near one it is of it', () => {
  const one = line([0, 0], [0, 10]);
  assert.deepEqual(groupStrokes([one, line([6, 9])]), [[0]]);
  assert.deepEqual(groupStrokes([one, line([1, 10])]), [[0, 1]]);
});

test('a low digit is doubtful, with the neighbour that is nearer', () => {
  const box = (left: number, right: number, height: number) => ({ left, right, top: 0, bottom: height });
  assert.equal(doubtfulPair([]), null);
  assert.equal(doubtfulPair([box(0, 5, 1)]), null);
  assert.equal(doubtfulPair([box(0, 5, 10), box(7, 12, 6)]), null);
  assert.deepEqual(doubtfulPair([box(0, 5, 10), box(7, 12, 4), box(13, 18, 9)]), [1, 2]);
  assert.deepEqual(doubtfulPair([box(0, 5, 10), box(6, 12, 4), box(14, 18, 9)]), [1, 0]);
  assert.deepEqual(doubtfulPair([box(0, 5, 4), box(7, 12, 10)]), [0, 1]);
  assert.deepEqual(doubtfulPair([box(0, 5, 10), box(7, 12, 4)]), [1, 0]);
});

test('neither the unit nor the place matters', () => {
  const { strokes } = sideBySide(['2', '0', '2', '6'].map((label) => drawing(label)), {
    height: 80,
    gap: [0.3, 0.3],
    random: seeded(5),
  });
  const expected = groupStrokes(strokes);
  assert.equal(expected.length, 4);
  for (const [scale, shift] of [[1e-3, 7], [1e4, -3e5]]) {
    const other = strokes.map((stroke) => stroke.map(([x, y]): Point => [x * scale + shift, y * scale - shift]));
    assert.deepEqual(groupStrokes(other), expected);
  }
});

test('every drawing of the fixtures is one digit, and beside any other it is another', () => {
  const drawings = fixtureDrawings();
  for (const { label, style, strokes } of drawings) {
    assert.equal(groupStrokes(strokes).length, 1, `${label} ${style}`);
  }
  const random = seeded(11);
  for (const first of drawings) {
    const second = drawings[Math.floor(random() * drawings.length)];
    const pair = sideBySide([first.strokes, second.strokes], { height: 80, gap: [0.2, 0.5], random });
    assert.deepEqual(groupStrokes(pair.strokes), pair.digits, `${first.label} ${second.label}`);
  }
});

function drawings(file: string): (Drawing & { writer: string })[] {
  const lines = gunzipSync(readFileSync(file)).toString('utf8').trim().split('\n');
  return lines.map((text) => JSON.parse(text)).filter(({ label, strokes }) => /^\d$/.test(label) && strokes.length > 0);
}

const percent = (some: number, all: number) => `${((100 * some) / all).toFixed(2)} %`;

/** The constants were chosen on the first; the second is told, for nothing is chosen by it. */
for (const [name, mostSplit] of [
  ['pen/pendigits-train.jsonl.gz', 0.001],
  ['pen/digilets.jsonl.gz', 0.005],
] as const) {
  const file = dataFile(name);

  test(`single digits of ${name} are hardly ever split`, { skip: file.skip }, () => {
    const all = drawings(file.path);
    const split = all.filter(({ strokes }) => groupStrokes(strokes).length > 1).length;
    const lost = all.filter(({ strokes }) => groupStrokes(strokes).flat().length < strokes.length).length;
    console.log(`${name}: ${split} of ${all.length} split (${percent(split, all.length)}), ${lost} lose a speck`);
    assert.ok(split <= mostSplit * all.length);
  });

  test(`numbers of drawings of ${name} are grouped right`, { skip: file.skip }, () => {
    const random = seeded(3);
    const pick = <T>(some: readonly T[]) => some[Math.floor(random() * some.length)];
    const writers = byWriter(drawings(file.path)).map((own) => ({ own, height: usualHeight(own) }));
    for (const [gap, least] of [[[0.1, 0.15], 0], [[0.15, 0.2], 0.95], [[0.2, 0.3], 0.97], [[0.3, 0.5], 0.98]] as const) {
      const numbers = Array.from({ length: 500 }, () => {
        const { own, height } = pick(writers);
        const digits = Array.from({ length: 2 + Math.floor(3 * random()) }, () => pick(own).strokes);
        return sideBySide(digits, { height, gap: [...gap], random });
      });
      const right = numbers.filter(({ strokes, digits }) => JSON.stringify(groupStrokes(strokes)) === JSON.stringify(digits)).length;
      console.log(`${name}: gaps of ${gap.join(' to ')} heights: ${percent(right, numbers.length)} of ${numbers.length}`);
      assert.ok(right >= least * numbers.length);
    }
  });
}

function byWriter(all: readonly (Drawing & { writer: string })[]): Drawing[][] {
  const writers = new Map<string, Drawing[]>();
  for (const one of all) writers.set(one.writer, [...(writers.get(one.writer) ?? []), one]);
  return [...writers.values()].filter((own) => own.length >= 10);
}

function usualHeight(own: readonly Drawing[]): number {
  const heights = own.map(({ strokes }) => {
    const ys = strokes.flat().map(([, y]) => y);
    return Math.max(...ys) - Math.min(...ys);
  });
  return heights.sort((a, b) => a - b)[heights.length >> 1];
}

test('specks alone, far from each other, are one thing rather than none', () => {
  assert.deepEqual(groupStrokes([[[0.1, 0.1]], [[0.5, 0.9]]]), [[0, 1]]);
});
