// What the page gives away and takes back: a link with the drawing in it, pictures, examples; and the
// keyboard's pen.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { after, before, test } from 'node:test';
import type { KeyInput } from 'puppeteer-core';
import { decodeInk, encodeInk, kMaxCode } from '../../web/src/ink_code.ts';
import { drawing } from './curves.ts';
import { seeded } from './random.ts';
import { Studio, type Visit } from './studio.ts';

let studio: Studio;

before(async () => {
  studio = await Studio.open();
});

after(() => studio?.close());

/** A grid of 1000 a side, and a line that may stray by two of its steps. */
const kStray = 0.0026;

test('ink survives the way through its code, and the code is short', () => {
  const random = seeded(7);
  let [x, y] = [0.5, 0.5];
  const walk = () => ({ x: (x = Math.min(1, Math.max(0, x + 0.02 * (random() - 0.5)))), y: (y = Math.min(1, Math.max(0, y + 0.02 * (random() - 0.5)))), r: 0.01 });
  const ink = [Array.from({ length: 200 }, walk), [{ x: 1, y: 0, r: 0.01 }], Array.from({ length: 2 }, walk)];
  const code = encodeInk(ink);
  assert.match(code, /^[\w-]+$/);
  assert.ok(code.length < 700, `${code.length} characters`);
  const back = decodeInk(code)!;
  assert.equal(back.length, 3);
  assert.deepEqual({ x: back[1][0].x, y: back[1][0].y }, { x: 1, y: 0 });
  for (const point of ink[0]) {
    const nearest = Math.min(
      ...back[0].slice(1).map((b, i) => distanceToPiece(point, back[0][i], b)),
    );
    assert.ok(nearest < kStray, `a point strays by ${nearest}`);
  }
});

interface Place {
  x: number;
  y: number;
}

function distanceToPiece(p: Place, a: Place, b: Place): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = dx * dx + dy * dy || 1;
  const t = Math.min(1, Math.max(0, ((p.x - a.x) * dx + (p.y - a.y) * dy) / length));
  return Math.hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

test('a code that no drawing has is refused, whatever it is', () => {
  const code = encodeInk([[{ x: 0.2, y: 0.3, r: 0.01 }, { x: 0.4, y: 0.5, r: 0.01 }]]);
  assert.notEqual(decodeInk(code), null);
  const refused = ['', '*', code.slice(0, -1), code + 'A', 'AAAA', '_____', 'A'.repeat(kMaxCode + 1), '//////', '%00', code + '='];
  for (const text of refused) assert.equal(decodeInk(text), null, text.slice(0, 40));
  const random = seeded(3);
  for (let i = 0; i < 2000; ++i) {
    const length = 1 + Math.floor(60 * random());
    const text = Array.from({ length }, () => 'ABCDEFGHIJabcdefghij0123456789-_'[Math.floor(32 * random())]).join('');
    const ink = decodeInk(text); // must return, and never a point outside the pad
    for (const { x, y } of ink?.flat() ?? []) assert.ok(x >= 0 && x <= 1 && y >= 0 && y <= 1);
  }
});

test('a copied link opens with the same drawing and the same answer', () =>
  studio.during({}, async (visit) => {
    assert.equal(await visit.text('#share', 'aria-disabled'), 'true');
    await visit.draw(drawing('5'));
    const { digit } = await visit.reading();
    assert.equal(digit, '5');
    await visit.page.click('#share');
    await visit.page.click('#copy-link');
    await visit.page.waitForFunction("document.querySelector('#note').textContent !== ''");
    const link = visit.page.url();
    assert.match(link, /#d=[\w-]{20,400}$/);
    await studio.during({ query: new URL(link).hash }, async (other) => {
      assert.equal((await other.reading()).digit, '5');
      assert.equal(other.page.url(), link);
      await other.press('z', 'Control');
      assert.equal((await other.reading()).digit, '');
      assert.ok(!other.page.url().includes('#'), 'the address is not that of other ink');
    });
  }));

test('an address with a broken drawing opens an empty pad and says so', () =>
  studio.during({ query: '#d=zzzz' }, async (visit) => {
    assert.match(await visit.text('#note'), /no drawing that can be read/);
    await visit.draw(drawing('1'));
    assert.equal((await visit.reading()).digit, '1');
    assert.equal(await visit.text('#note'), '');
  }));

test('the drawing is saved as a PNG and as an SVG', () =>
  studio.during({}, async (visit) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'inkling-saved-'));
    try {
      const session = await visit.page.createCDPSession();
      await session.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: folder });
      await visit.draw(drawing('8'));
      for (const [button, name] of [['#save-png', 'digit.png'], ['#save-svg', 'digit.svg']]) {
        await visit.page.click('#share');
        await visit.page.click(button);
        for (let i = 0; i < 200 && !readdirSync(folder).includes(name); ++i) await pause(50);
      }
      const png = readFileSync(path.join(folder, 'digit.png'));
      assert.equal(png.toString('latin1', 1, 4), 'PNG');
      assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [1024, 1024]);
      const svg = readFileSync(path.join(folder, 'digit.svg'), 'utf8');
      assert.match(svg, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" viewBox="0 0 280 280">/);
      assert.ok(svg.split('<path').length > 50 && !svg.includes('NaN'));
    } finally {
      rmSync(folder, { recursive: true });
    }
  }));

test('Escape closes the menu and leaves the ink; then it clears', () =>
  studio.during({}, async (visit) => {
    await visit.draw(drawing('7'));
    await visit.page.click('#share');
    assert.equal(await visit.text('#share', 'aria-expanded'), 'true');
    await visit.press('ArrowDown');
    assert.equal(await visit.page.evaluate('document.activeElement.id'), 'save-png');
    await visit.press('Escape');
    assert.equal(await visit.text('#share', 'aria-expanded'), 'false');
    assert.equal(await visit.page.evaluate('document.activeElement.id'), 'share');
    assert.equal((await visit.reading()).digit, '7');
    await visit.press('Escape');
    assert.equal((await visit.reading()).digit, '');
  }));

test('each digit key shows an example that is read as that digit, and undo takes it back', () =>
  studio.during({}, async (visit) => {
    for (const digit of '0123456789') {
      await visit.press(digit as KeyInput);
      assert.equal((await visit.reading()).digit, digit);
    }
    await visit.press('z', 'Control');
    assert.equal((await visit.reading()).digit, '8');
  }));

for (const [language, sentence] of [
  ['en', 'Your drawing made room for an example 8; Undo brings it back.'],
  ['de', 'Deine Zeichnung ist einem Beispiel einer 8 gewichen; „Zurück“ bringt sie wieder.'],
]) {
  test(`a drawing that an example takes the place of is said to come back, in ${language}`, () =>
    studio.during({ query: `?lang=${language}`, viewport: { width: 320, height: 640 } }, async (visit) => {
      await visit.press('3');
      await visit.reading();
      assert.equal(await visit.text('#note'), '', 'the pad was empty');
      await visit.press('8');
      await visit.reading();
      assert.equal(await visit.text('#note'), '', 'what made room was an example');
      await visit.clear();
      await visit.draw(drawing('4'));
      await visit.reading();
      await visit.press('8');
      assert.equal((await visit.reading()).digit, '8');
      assert.equal(await visit.text('#note'), sentence);
      const inside = await visit.page.$eval('#note', (note) => {
        const [box, sheet] = [note, note.parentElement!].map((element) => element.getBoundingClientRect());
        return box.left >= sheet.left && box.right <= sheet.right;
      });
      assert.ok(inside, 'the sentence is on the sheet, whole');
      await visit.page.click('#undo');
      assert.equal((await visit.reading()).digit, '4');
      assert.equal(await visit.text('#note'), '');
    }));
}

async function walk(visit: Visit, key: KeyInput, times: number): Promise<void> {
  for (let i = 0; i < times; ++i) await visit.press(key);
}

/** Keeps all that the page announces: an answer that settles takes the place of what was said before. */
function listen(): void {
  addEventListener('DOMContentLoaded', () => {
    const announcement = document.querySelector('#announcement')!;
    const said: string[] = [];
    Object.assign(window, { said });
    new MutationObserver(() => said.push(announcement.textContent!)).observe(announcement, { childList: true });
  });
}

test('a 7 can be drawn with the keyboard alone', () =>
  studio.during({ prepare: listen }, async (visit) => {
    const isTold = () =>
      visit.page.$eval('.hint', (hint) => /or with the arrow keys and Space/.test((hint as HTMLElement).innerText));
    assert.equal(await isTold(), false);
    await visit.press('Tab');
    assert.equal(await visit.page.evaluate('document.activeElement.id'), 'pad');
    assert.equal(await isTold(), true);
    await walk(visit, 'ArrowLeft', 5);
    await visit.press('Space');
    await walk(visit, 'ArrowRight', 10);
    for (let i = 0; i < 14; ++i) {
      await visit.press('ArrowDown');
      if (i % 2 === 0) await visit.press('ArrowLeft');
    }
    assert.equal((await visit.reading()).digit, '7');
    await visit.press('Space');
    assert.equal((await visit.reading()).digit, '7');
    const said = (await visit.page.evaluate('window.said')) as string[];
    assert.deepEqual(said.filter((text) => text.startsWith('Pen')), ['Pen down', 'Pen up']);
    const ink = await visit.inkedPixels();
    await walk(visit, 'ArrowUp', 3);
    assert.equal(await visit.inkedPixels(), ink, 'a lifted pen leaves no ink');
    await visit.press('z', 'Control');
    assert.equal((await visit.reading()).digit, '');
  }));
