// What every browser has to do with the page: the same scenarios for Chromium, Firefox and WebKit, each by
// its own driver (hand.ts, webdriver.ts). They touch nothing but what a person can.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { serve } from '../../web/server.mjs';
import { drawing, fitted, type Box, type Point } from './curves.ts';
import type { Hand, HandOptions, Pointer } from './hand.ts';
import { kRoot, kSite } from './studio.ts';
import * as table from './table_data.ts';

/** Generous: two slow, shared cores. */
const kPatienceMs = 60_000;
/** No scroll of a browser stands still for so long. */
const kStillMs = 150;
const kPollMs = 30;

interface Reading {
  digit: string;
  confidence: number;
}

const kEmpty: Reading = { digit: '', confidence: 0 };

export function everywhere(open: (options: HandOptions) => Promise<Hand>): void {
  let hand: Hand;
  let server: Awaited<ReturnType<typeof serve>>;

  before(async () => {
    server = await serve(kSite, 0);
    hand = await open({ dark: false });
  });

  after(async () => {
    await hand?.close();
    await server?.close();
  });

  async function until(expression: string): Promise<void> {
    const end = Date.now() + kPatienceMs;
    while (!(await hand.evaluate<boolean>(expression))) {
      if (Date.now() > end) assert.fail(`this never came true: ${expression}`);
      await pause(kPollMs);
    }
  }

  const text = (selector: string) =>
    hand.evaluate<string>(`document.querySelector('${selector}').textContent`);

  async function visit(query = '', state = 'ready'): Promise<void> {
    await hand.goto(server.url + query);
    await until("['ready', 'failed'].includes(document.documentElement.dataset.state)");
    assert.equal(await hand.evaluate('document.documentElement.dataset.state'), state);
  }

  /** A view that opens comes up by and by; nobody hits what moves. */
  async function atRest(): Promise<void> {
    for (let before = NaN, now = 0; before !== now; before = now, now = await hand.evaluate<number>('scrollY')) {
      await pause(kStillMs);
    }
  }

  async function click(selector: string): Promise<void> {
    await atRest();
    await hand.click(selector);
  }

  async function reading(): Promise<Reading> {
    await until("document.querySelector('#digit').getAttribute('aria-busy') === 'false'");
    return hand.evaluate<Reading>(`(() => {
      const { textContent, dataset } = document.querySelector('#digit');
      return { digit: textContent, confidence: Number(dataset.confidence) };
    })()`);
  }

  async function draw(strokes: readonly Point[][], pointer: Pointer = 'mouse'): Promise<void> {
    await atRest();
    const pad = await hand.evaluate<Box>(`(() => {
      const pad = document.querySelector('#pad'); // an open view may have come up over it
      if (pad.getBoundingClientRect().top < 0) pad.scrollIntoView({ behavior: 'instant' });
      const { x, y, width } = pad.getBoundingClientRect();
      return { x, y, width };
    })()`);
    await hand.draw(fitted(strokes, pad), pointer);
  }

  /** Files that come to the page by a drop. No driver brings them in from outside, so the page is given the event. */
  async function drop(name: string, content: string | Buffer): Promise<void> {
    const base64 = Buffer.from(content as string).toString('base64');
    await hand.evaluate(`(() => {
      const bytes = Uint8Array.from(atob('${base64}'), (letter) => letter.charCodeAt(0));
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([bytes], '${name}'));
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    })()`);
  }

  const shows = (selector: string, pattern: RegExp) =>
    until(`[...document.querySelectorAll('${selector}')].some(({ textContent }) => ${pattern}.test(textContent))`);

  /** The file that a button gives away, as the page hands it to the browser: where it would lie is each one's own. */
  async function saved(button: string): Promise<{ name: string; text: string }> {
    await hand.evaluate(`(() => {
      const blobs = new Map();
      const { createObjectURL } = URL;
      URL.createObjectURL = (blob) => {
        const url = createObjectURL.call(URL, blob);
        blobs.set(url, blob);
        return url;
      };
      self.given = null;
      const { click } = HTMLAnchorElement.prototype;
      HTMLAnchorElement.prototype.click = async function () {
        const { download: name, href } = this;
        Object.assign(HTMLAnchorElement.prototype, { click });
        Object.assign(URL, { createObjectURL });
        self.given = { name, text: await blobs.get(href).text() };
      };
    })()`);
    await click(button);
    await until('self.given !== null');
    return hand.evaluate('self.given');
  }

  /** A scenario; after it nothing stands on the console, and nothing came from elsewhere. */
  function scenario(name: string, run: () => Promise<void>, expected?: RegExp): void {
    test(name, async () => {
      await run();
      const problems = (await hand.problems()).filter((problem) => !expected?.test(problem));
      assert.deepEqual(problems, []);
      const elsewhere = await hand.evaluate<string[]>(
        "performance.getEntriesByType('resource').map(({ name }) => name)" +
          '.filter((name) => !name.startsWith(location.origin))',
      );
      assert.deepEqual(elsewhere, []);
    });
  }

  scenario('the ten digits are read', async () => {
    await visit();
    for (const label of '0123456789') {
      await draw(drawing(label));
      const { digit, confidence } = await reading();
      assert.equal(digit, label);
      assert.ok(confidence > 0.5 && confidence <= 1);
      await click('#clear');
      assert.deepEqual(await reading(), kEmpty);
    }
  });

  scenario('undo, redo and clear, by buttons and by keys', async () => {
    await visit();
    await draw(drawing('3'));
    const read = await reading();
    assert.equal(read.digit, '3');
    const steps: [() => Promise<void>, Reading][] = [
      [() => click('#undo'), kEmpty],
      [() => click('#redo'), read],
      [() => hand.press('z', 'Control'), kEmpty],
      [() => hand.press('y', 'Control'), read],
      [() => hand.press('Escape'), kEmpty],
      [() => hand.press('z', 'Control'), read],
      [() => hand.press('z', 'Control'), kEmpty],
      [() => hand.press('Z', 'Control', 'Shift'), read],
    ];
    for (const [step, expected] of steps) {
      await step();
      assert.deepEqual(await reading(), expected);
    }
  });

  scenario('the keyboard alone: an example, a digit drawn with the arrow keys, a button', async () => {
    await visit();
    await hand.press('6');
    assert.equal((await reading()).digit, '6');
    await hand.press('Escape');
    for (let i = 0; i < 8; ++i) {
      if ((await hand.evaluate('document.activeElement.id')) === 'pad') break;
      await hand.press('Tab');
    }
    assert.equal(await hand.evaluate('document.activeElement.id'), 'pad');
    await hand.press(' ');
    for (let i = 0; i < 13; ++i) await hand.press('ArrowDown');
    await hand.press(' ');
    assert.equal((await reading()).digit, '1');
    await hand.press('Tab');
    assert.equal(await hand.evaluate('document.activeElement.id'), 'undo');
    await hand.press('Enter');
    assert.deepEqual(await reading(), kEmpty);
  });

  for (const pointer of ['touch', 'pen'] as const) {
    test(`a digit drawn by ${pointer}`, async (t) => {
      if (!hand.pointers.includes(pointer)) return t.skip('this driver sends none');
      await visit();
      await draw(drawing('5'), pointer);
      assert.equal((await reading()).digit, '5');
    });
  }

  scenario('a link brings the drawing back', async () => {
    await visit();
    await draw(drawing('2'));
    const { digit } = await reading();
    assert.equal(digit, '2');
    await click('#share');
    await click('#copy-link');
    await until("location.hash.startsWith('#d=') && document.querySelector('#note').textContent !== ''");
    const link = await hand.evaluate<string>('location.href');
    await hand.goto('about:blank');
    await visit(link.slice(server.url.length));
    assert.equal((await reading()).digit, '2');
  });

  scenario('a model that cannot be used is refused in a sentence', async () => {
    await visit('?model=../elsewhere.onnx', 'failed');
    assert.match(await text('#failure .title'), /^The address names no model/);
    await visit('?model=models/nowhere.onnx', 'failed');
    assert.match(await text('#failure .reason'), /nowhere\.onnx answers 404/);
  }, /404/);

  scenario('another language', async () => {
    await visit('?lang=de');
    assert.equal(await hand.evaluate('document.documentElement.lang'), 'de');
    await draw(drawing('7'));
    assert.equal((await reading()).digit, '7');
    assert.match(await text('#verdict'), /^zu \d+\u202f% sicher$/);
  });

  scenario('each view opens and closes', async () => {
    await visit();
    await draw(drawing('8'));
    assert.equal((await reading()).digit, '8');
    const names = await hand.evaluate<string[]>(
      "[...document.querySelectorAll('#views [data-view]')].map(({ dataset }) => dataset.view)",
    );
    assert.ok(names.length > 0);
    for (const name of names) {
      const button = `#views [data-view=${name}]`;
      await click(button);
      await until("document.querySelector('#view .body').childElementCount > 0");
      assert.equal(await hand.evaluate("document.querySelector('#view').hidden"), false);
      await click(button);
      assert.equal(await hand.evaluate("document.querySelector('#view').hidden"), true);
    }
    assert.equal((await reading()).digit, '8');
  });

  scenario("a model of one's own is read with, one that is none is refused, and the page goes on", async () => {
    await visit();
    await drop('none.onnx', 'nonsense');
    await shows('#view .problems li', /^none\.onnx cannot be used: /);
    await draw(drawing('3'));
    assert.equal((await reading()).digit, '3');
    await drop('mine.onnx', readFileSync(path.join(kRoot, 'models/compact.onnx')));
    await shows('#view .model p', /^The page now reads with mine\.onnx\.$/);
    assert.equal(await hand.evaluate("document.querySelector('#network select').value"), 'mine.onnx');
    await click('#clear');
    await draw(drawing('5'));
    assert.equal((await reading()).digit, '5');
    await click('#view .model > button:not(.cross)');
    await until("document.querySelector('#network select').value === 'compact'");
    assert.equal((await reading()).digit, '5');
  });

  scenario('a CSV without labels becomes a submission', async () => {
    await visit();
    const images: Uint8Array[] = [];
    for (const label of '0123456789') {
      await hand.press(label);
      assert.equal((await reading()).digit, label);
      const seen = await hand.evaluate<number[]>(`(() => {
        const copy = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
        copy.drawImage(document.querySelector('#glimpse'), 0, 0);
        return [...copy.getImageData(0, 0, 28, 28).data];
      })()`);
      images.push(Uint8Array.from(seen.filter((_, i) => i % 4 === 3)));
    }
    const many = Array.from({ length: 300 }, (_, i) => images[i % 10]);
    await drop('test.csv', table.gzipped(table.csv(many)));
    await shows('#view .table .said', /^test\.csv: 300 digits read in /);
    const { name, text } = await saved('#view .save');
    assert.equal(name, 'submission.csv');
    const rows = many.map((_, i) => `${i + 1},${i % 10}\n`);
    assert.equal(text, `ImageId,Label\n${rows.join('')}`);
  });

  scenario('what is taught stays on this machine, is exported for the trainer, and deleted', async () => {
    await visit();
    await click('#views [data-view=teach]');
    await until("document.querySelectorAll('#view .label').length === 11");
    await draw(drawing('7'));
    assert.equal((await reading()).digit, '7');
    await click('#view .label:nth-child(8)');
    await shows('#view .status', /^Kept as 7\./);
    await visit();
    await click('#views [data-view=teach]');
    await shows('#view .gallery .name', /^7$/);
    const { name, text } = await saved('#view .keep button');
    assert.equal(name, 'drawings.jsonl');
    const [line, ...rest] = text.trimEnd().split('\n').map((line) => JSON.parse(line));
    assert.deepEqual(rest, []);
    assert.equal(line.label, '7');
    assert.ok(line.strokes.length === drawing('7').length && line.strokes[0].length > 3);
    await click('#view .gallery .remove');
    await shows('#view .count', /^No drawings/);
  });

  test('without a server the page comes back, and reads', async () => {
    await visit();
    await until(`(async () => {
      for (const name of await caches.keys())
        for (const { url } of await (await caches.open(name)).keys())
          if (/inkling-(simd|relaxed)-\\w+\\.wasm/.test(url)) return true;
      return false;
    })()`);
    const port = Number(new URL(server.url).port);
    await server.close();
    try {
      await visit();
      await draw(drawing('9'));
      assert.equal((await reading()).digit, '9');
    } finally {
      server = await serve(kSite, port);
      await hand.problems(); // that no server answered
    }
  });

  test('dark where the system is dark', async () => {
    const desk = `getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)[0]`;
    await visit();
    assert.ok((await hand.evaluate<number>(desk)) > 200);
    await hand.close();
    hand = await open({ dark: true });
    await visit();
    assert.ok((await hand.evaluate<number>(desk)) < 60);
    await draw(drawing('4'));
    assert.equal((await reading()).digit, '4');
    const ink = `(() => {
      const pad = document.querySelector('#pad');
      const { data } = pad.getContext('2d').getImageData(0, 0, pad.width, pad.height);
      for (let i = 0; i < data.length; i += 4) if (data[i + 3] === 255) return data[i];
    })()`;
    assert.ok((await hand.evaluate<number>(ink)) > 200, 'light ink on a dark sheet');
    assert.deepEqual(await hand.problems(), []);
  });
}
