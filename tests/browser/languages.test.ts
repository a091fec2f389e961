// The page in another language: chosen by the browser's setting or in the footer, without a glimpse of
// English; and written from right to left.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import * as pageDe from '../../web/src/page_strings.de.ts';
import * as pageEn from '../../web/src/page_strings.ts';
import * as de from '../../web/src/strings.de.ts';
import * as en from '../../web/src/strings.ts';
import { drawing } from './curves.ts';
import { kRoot, kSite, Studio, type Visit } from './studio.ts';

let studio: Studio;

before(async () => {
  studio = await Studio.open();
});

after(() => studio?.close());

/** In these the browser is set to a language, before the page's own scripts run. */
const german = () =>
  void Object.defineProperty(navigator, 'languages', { get: () => ['gsw', 'de-AT', 'en'] });
const unknown = () =>
  void Object.defineProperty(navigator, 'languages', { get: () => ['tlh', 'constructor', ''] });

/** Texts and spoken attributes of the page. */
function texts({ page }: Visit): Promise<string[]> {
  return page.evaluate(() => {
    const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
    const found: string[] = [];
    while (walker.nextNode()) found.push(walker.currentNode.textContent!.trim());
    for (const name of ['title', 'aria-label', 'content']) {
      for (const element of document.querySelectorAll(`[${name}]`))
        found.push(element.getAttribute(name)!);
    }
    return found;
  });
}

test('a German browser gets a German page, whole', () =>
  studio.during({ prepare: german }, async (visit) => {
    assert.equal(await visit.text('html', 'lang'), 'de');
    assert.equal(await visit.text('html', 'dir'), 'ltr');
    const said = new Set(await texts(visit));
    for (const [name, english] of Object.entries(pageEn.kPage)) {
      assert.ok(!said.has(english), `“${english}” (${name}) is still English`);
    }
    assert.ok(said.has(pageDe.kPage.subtitle) && said.has(pageDe.kPage.undoKeys));
    assert.equal(await visit.text('#verdict'), 'Noch keine Tinte');
    assert.match(await visit.text('#accuracy'), /^Von den Testziffern.* \d\d,\d\d\u202f% richtig\.$/);
    await visit.draw(drawing('3'));
    assert.equal((await visit.reading()).digit, '3');
    assert.match(await visit.text('#verdict'), /^zu \d+\u202f% sicher$/);
    assert.equal(await visit.text('#pad', 'aria-label'), 'Zeichenblatt, 1 Strich');
  }));

for (const [width, height] of [
  [320, 640],
  [844, 390],
]) {
  test(`at ${width}x${height} the German invitation is in the middle of the sheet, off its edges`, () =>
    studio.during({ prepare: german, viewport: { width, height } }, async (visit) => {
      const lines = await visit.page.evaluate(() => {
        const sheet = document.querySelector('.sheet')!.getBoundingClientRect();
        return [...document.querySelectorAll('.hint p')].flatMap((text) => {
          const range = document.createRange();
          range.selectNodeContents(text);
          return [...range.getClientRects()].map(({ left, right }) => [left - sheet.left, sheet.right - right]);
        });
      });
      assert.ok(lines.length > 0);
      for (const [before, after] of lines) {
        assert.ok(before >= 12 && Math.abs(before - after) < 2, `${before} before, ${after} after`);
      }
    }));
}

test('nothing is seen in English first, and nothing moves when German comes', async () => {
  const visit = await studio.watch('about:blank', { prepare: german });
  await visit.page.evaluateOnNewDocument(() => {
    const seen: string[] = [];
    let shift = 0;
    const look = () => {
      const head = document.querySelector('header p');
      if (head !== null && getComputedStyle(head).visibility === 'visible')
        seen.push(head.textContent!);
      requestAnimationFrame(look);
    };
    look();
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) shift += (entry as unknown as { value: number }).value;
    }).observe({ type: 'layout-shift', buffered: true });
    Object.assign(window, { looked: () => ({ seen: [...new Set(seen)], shift }) });
  });
  await visit.page.setRequestInterception(true);
  visit.page.on('request', async (request) => {
    if (request.url().includes('language-de')) await new Promise((go) => setTimeout(go, 500));
    await request.continue();
  });
  await visit.page.goto(studio.url);
  await visit.waitForState('ready');
  const looked = (await visit.page.evaluate('looked()')) as { seen: string[]; shift: number };
  assert.deepEqual(looked.seen, [pageDe.kPage.subtitle]);
  assert.ok(looked.shift < 0.001, `the layout shifts by ${looked.shift}`);
  await visit.page.close();
  visit.assertClean();
});

test('a language that the page does not speak leaves it English, without a request', async () => {
  const visit = await studio.watch('about:blank', { prepare: unknown });
  const asked: string[] = [];
  visit.page.on('request', (request) => void asked.push(request.url()));
  await visit.page.goto(studio.url);
  await visit.waitForState('ready');
  assert.equal(await visit.text('html', 'lang'), 'en');
  assert.ok(asked.length > 4 && !asked.some((url) => /language-\w\w-/.test(url)), asked.join('\n'));
  await visit.page.close();
  visit.assertClean();
});

test('the footer changes the language, keeps the drawing and remembers', () =>
  studio.during({ prepare: german }, async (visit) => {
    await visit.draw(drawing('7'));
    assert.equal((await visit.reading()).digit, '7');
    const choose = async (language: string) => {
      await Promise.all([
        visit.page.waitForNavigation(),
        visit.page.click(`#languages [lang=${language}]`),
      ]);
      await visit.waitForState('ready');
      assert.equal(await visit.text('html', 'lang'), language);
      assert.equal((await visit.reading()).digit, '7');
    };
    await choose('en');
    assert.equal(await visit.text('header p'), pageEn.kPage.subtitle);
    await visit.page.goto(studio.url);
    await visit.waitForState('ready');
    assert.equal(await visit.text('html', 'lang'), 'en', 'it is remembered');
    await visit.draw(drawing('7'));
    assert.equal((await visit.reading()).digit, '7');
    await choose('de');
    await visit.page.evaluate(() => localStorage.clear());
  }));

test('where storage is blocked the address remembers', () =>
  studio.during(
    {
      prepare: () => {
        const blocked = () => {
          throw new DOMException('blocked', 'SecurityError');
        };
        Object.defineProperty(window, 'localStorage', { get: blocked });
      },
    },
    async (visit) => {
      await Promise.all([visit.page.waitForNavigation(), visit.page.click('#languages [lang=de]')]);
      await visit.waitForState('ready');
      assert.equal(await visit.text('html', 'lang'), 'de');
      assert.equal(new URL(visit.page.url()).search, '?lang=de');
      assert.equal(new URL(visit.page.url()).hash, '');
    },
  ));

test('a translation that does not come leaves the page English and whole', async () => {
  const visit = await studio.watch('about:blank', { prepare: german, expected: /ERR_FAILED/ });
  await visit.page.setRequestInterception(true);
  visit.page.on('request', (request) =>
    request.url().includes('language-de') ? request.abort() : request.continue(),
  );
  await visit.page.goto(studio.url);
  await visit.waitForState('ready');
  assert.equal(await visit.text('html', 'lang'), 'en');
  assert.equal(await visit.text('#verdict'), en.kVerdicts.empty);
  assert.equal(await visit.page.$eval('header p', (p) => getComputedStyle(p).visibility), 'visible');
  await visit.page.close();
  visit.assertClean();
});

test('a page opened as a file says so in German', async () => {
  const address = pathToFileURL(path.join(kSite, 'index.html')).href;
  const visit = await studio.watch(address, { prepare: german });
  await visit.waitForState('failed');
  assert.equal(await visit.text('#failure .title'), de.kFailures['opened-as-file'].title);
  await visit.page.close();
  visit.assertClean();
});

/** Paths of all sentences; a function's is followed by how much it takes. */
function sentences(of: unknown, at = ''): string[] {
  if (typeof of === 'function') return [`${at}(${of.length})`];
  if (typeof of !== 'object' || of === null) return [at];
  return Object.entries(of).flatMap(([key, part]) => sentences(part, `${at}.${key}`)).sort();
}

test('German says all that English says', () => {
  assert.deepEqual(sentences({ ...de }), sentences({ ...en }));
  assert.deepEqual(sentences({ ...pageDe }), sentences({ ...pageEn }));
});

mkdirSync(path.join(kRoot, 'build/screenshots'), { recursive: true });

test('written from right to left, nothing is cut off', () =>
  studio.during({ reducedMotion: true }, async (visit) => {
    await visit.page.evaluate(() => (document.documentElement.dir = 'rtl'));
    await visit.draw(drawing('4'));
    assert.equal((await visit.reading()).digit, '4');
    for (const width of [320, 768, 1280]) {
      await visit.page.setViewport({ width, height: 800 });
      const [wide, pad, digit] = await visit.page.evaluate(() => {
        const box = (selector: string) => document.querySelector(selector)!.getBoundingClientRect();
        return [document.documentElement.scrollWidth, box('#pad').left, box('#digit').right];
      });
      assert.equal(wide, width);
      assert.ok(pad >= 0 && digit <= width);
      if (width === 1280) assert.ok(pad > digit, 'the answer is on the left of the sheet');
      const file = path.join(kRoot, `build/screenshots/right-to-left-${width}.png`);
      await visit.page.screenshot({ path: file as `${string}.png` });
    }
  }));
