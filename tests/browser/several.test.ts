// More than one digit on the pad: read as a number, each digit boxed with its confidence, said once; and why
// an answer is `?`.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { drawing } from './curves.ts';
import { kWide, number } from './numbers.ts';
import { seeded } from './random.ts';
import { Studio, type Visit } from './studio.ts';

let studio: Studio;

before(async () => {
  studio = await Studio.open();
});

after(() => studio?.close());

/** A long number takes this much of its room at least: its figures need not be as wide as the font's widest. */
const kFilled = 0.9;

const boxes = (visit: Visit) =>
  visit.page.$$eval('#boxes span', (spans) =>
    spans.map((span) => {
      const { left, top, width, height } = span.getBoundingClientRect();
      return { label: (span as HTMLElement).dataset.label!, left, top, width, height };
    }),
  );

test('a number is read, each digit boxed with its confidence; undo takes the last digit', () =>
  studio.during({}, async (visit) => {
    await visit.draw(number('2026'), kWide);
    const { digit, confidence } = await visit.reading();
    assert.equal(digit, '2026');
    assert.ok(confidence > 0.8 && confidence <= 1);
    const shown = await boxes(visit);
    assert.deepEqual(shown.map(({ label }) => label[0]), ['2', '0', '2', '6']);
    for (const { label } of shown) assert.match(label, /^\d\u2002\d\d\u202f%$/);
    const pad = await visit.padBox();
    shown.forEach(({ left, top, width, height }, i) => {
      assert.ok(left >= pad.x && left + width <= pad.x + pad.width);
      assert.ok(top >= pad.y && top + height <= pad.y + pad.height);
      if (i > 0) assert.ok(left > shown[i - 1].left);
    });
    await visit.press('z', 'Control');
    assert.equal((await visit.reading()).digit, '202');
    assert.equal((await boxes(visit)).length, 3);
  }));

test('one digit has no box, and its answer is what it was, as large as there is room for', () =>
  studio.during({}, async (visit) => {
    for (const label of ['4', '5', '7', '1']) {
      await visit.draw(drawing(label));
      assert.equal((await visit.reading()).digit, label);
      assert.equal((await boxes(visit)).length, 0);
      const [size, full] = await visit.page.$eval('#digit', (digit) =>
        [digit, digit.parentElement!].map((of) => getComputedStyle(of).fontSize),
      );
      assert.equal(size, full);
      await visit.clear();
    }
  }));

test('the second stroke of a 4 joins it, though another digit was written in between', () =>
  studio.during({}, async (visit) => {
    const strokes = number('41');
    const [corner, stem, ...one] = strokes;
    await visit.draw([corner, ...one, stem], kWide);
    assert.equal((await visit.reading()).digit, '41');
    assert.equal((await boxes(visit)).length, 2);
  }));

test("a 5 whose bar stands off is one digit, since it is read better so", () =>
  studio.during({}, async (visit) => {
    const body = drawing('5')[0];
    const right = Math.max(...body.map(([x]) => x));
    const top = Math.min(...body.map(([, y]) => y));
    const bar = [0, 4, 8, 12, 16, 20].map((x): [number, number] => [right + 14 + x, top]);
    await visit.draw([body, bar]);
    assert.equal((await visit.reading()).digit, '5');
    assert.equal((await boxes(visit)).length, 0);
  }));

test('the bars are about the digit that was written at last', () =>
  studio.during({}, async (visit) => {
    await visit.draw(number('73').reverse(), kWide);
    assert.equal((await visit.reading()).digit, '73');
    assert.equal(await visit.text('#bars .best .name'), '7');
    const newest = await visit.page.$eval('#boxes .newest', (box) => (box as HTMLElement).dataset.label![0]);
    assert.equal(newest, '7');
  }));

test('a number is announced once', () =>
  studio.during({}, async (visit) => {
    await visit.page.evaluate(() => {
      const region = document.querySelector('#announcement')!;
      const heard: string[] = [];
      new MutationObserver(() => heard.push(region.textContent ?? '')).observe(region, { childList: true });
      Object.assign(window, { heard });
    });
    await visit.draw(number('38'), kWide);
    await visit.page.waitForFunction('heard.length > 0', { timeout: 10_000 });
    const heard = (await visit.page.evaluate('heard')) as string[];
    assert.equal(heard.length, 1, heard.join('; '));
    assert.match(heard[0], /^38, \d+ percent sure$/);
  }));

for (const [width, height] of [
  [320, 568],
  [1280, 800],
]) {
  test(`at ${width}x${height} a long number stays beside the small picture, and moves nothing`, () =>
    studio.during({ viewport: { width, height }, reducedMotion: true }, async (visit) => {
      const places = () =>
        visit.page.evaluate(() =>
          ['#pad', '#verdict', '#glimpse', '#bars'].map((part) => {
            const { x, y, width, height } = document.querySelector(part)!.getBoundingClientRect();
            return [x, y, width, height].map(Math.round);
          }),
        );
      const before = await places();
      await visit.draw(number('314159'), kWide);
      assert.equal((await visit.reading()).digit.length, 6);
      assert.deepEqual(await places(), before);
      const [text, picture] = await visit.page.evaluate(() => {
        const range = document.createRange();
        range.selectNodeContents(document.querySelector('#digit')!);
        const { right } = range.getBoundingClientRect();
        return [right, document.querySelector('#glimpse')!.getBoundingClientRect().left];
      });
      assert.ok(text <= picture, `the number ends at ${text}, the picture begins at ${picture}`);
    }));
}

for (const spacing of [-0.1, 0, 0.4]) {
  test(`a long number takes the room that there is in a font whose figures are ${spacing} em wider`, () =>
    studio.during({ reducedMotion: true }, async (visit) => {
      await visit.page.evaluate((spacing) => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(`:root { --serif: 'DejaVu Sans', sans-serif } .figure * { letter-spacing: ${spacing}em }`);
        document.adoptedStyleSheets = [sheet];
      }, spacing);
      await visit.draw(number('314159'), kWide);
      assert.equal((await visit.reading()).digit.length, 6);
      const [text, room, size, full] = await visit.page.evaluate(() => {
        const digit = document.querySelector('#digit')!;
        const range = document.createRange();
        range.selectNodeContents(digit);
        const room = document.querySelector('.answer')!.getBoundingClientRect();
        const sizes = [digit, digit.parentElement!].map((of) => parseFloat(getComputedStyle(of).fontSize));
        return [range.getBoundingClientRect().width, room.width, ...sizes];
      });
      assert.ok(text <= room, `the number is ${text} wide, and has ${room}`);
      assert.ok(size === full || text > kFilled * room, `the number is only ${text} wide, and has ${room}`);
    }));
}

test('a scribble is like no digit, and that is what is said', () =>
  studio.during({}, async (visit) => {
    const random = seeded(4);
    const said = new Set<string>();
    for (let i = 0; i < 12 && !said.has('Like no digit I know'); ++i) {
      const stroke = Array.from({ length: 9 }, (): [number, number] => [random(), random()]);
      await visit.draw([stroke]);
      if ((await visit.reading()).digit === '?') said.add(await visit.text('#verdict'));
      await visit.clear();
    }
    assert.ok(said.has('Like no digit I know'), [...said].join('; '));
  }));

test('the pen of the keyboard is not shown to who draws with a mouse', () =>
  studio.during({}, async (visit) => {
    const hidden = () => visit.page.$eval('#cursor', (cursor) => (cursor as HTMLElement).hidden);
    await visit.draw(drawing('3'));
    await visit.reading();
    assert.equal(await hidden(), true);
    await visit.page.focus('#pad');
    await visit.press('ArrowDown');
    assert.equal(await hidden(), false);
  }));
