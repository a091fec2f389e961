// The host of the views: what opens and closes one, where the keyboard's focus is, and what is said when a
// view's files do not arrive.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { drawing } from './curves.ts';
import { kRoot, kSite, Studio, type Visit } from './studio.ts';

/** A copy of the site that loses files. */
const kLossy = path.join(kRoot, 'build/tests/lossy-site');

let studio: Studio;

before(async () => {
  rmSync(kLossy, { recursive: true, force: true });
  mkdirSync(path.dirname(kLossy), { recursive: true });
  cpSync(kSite, kLossy, { recursive: true });
  studio = await Studio.open(kLossy);
});

after(() => studio?.close());

const kButton = '#views [data-view=inside]';

const isOpen = (visit: Visit) =>
  visit.page.$eval('#view', (view) => !(view as HTMLElement).hidden && view.checkVisibility());

async function filled(visit: Visit): Promise<void> {
  await visit.page.waitForSelector('#view .body > *', { timeout: 20_000 });
}

test('nothing of a view is fetched before it is opened', () =>
  studio.during({}, async (visit) => {
    const fetched: string[] = [];
    visit.page.on('request', (request) => fetched.push(request.url()));
    await visit.page.reload();
    await visit.waitForState('ready');
    assert.ok(fetched.some((url) => /main-/.test(url)));
    assert.deepEqual(fetched.filter((url) => /view-/.test(url)), []);
    await visit.page.click(kButton);
    await filled(visit);
    assert.equal(fetched.filter((url) => /view-inside-/.test(url)).length, 2);
  }));

test('a view opens by its button and closes by it, by its cross and by Escape', () =>
  studio.during({ reducedMotion: true }, async (visit) => {
    const { page } = visit;
    const expanded = () => visit.text(kButton, 'aria-expanded');
    assert.equal(await isOpen(visit), false);
    await page.click(kButton);
    await filled(visit);
    assert.deepEqual([await isOpen(visit), await expanded()], [true, 'true']);
    assert.equal(await visit.text('#view h2'), await visit.text(kButton));
    await page.click(kButton);
    assert.deepEqual([await isOpen(visit), await expanded()], [false, 'false']);
    await page.click(kButton);
    await filled(visit);
    await page.click('#view .close');
    assert.deepEqual([await isOpen(visit), await expanded()], [false, 'false']);
    await page.focus(kButton);
    await visit.press('Enter');
    await filled(visit);
    await page.focus('#view .close');
    await visit.press('Escape');
    assert.deepEqual([await isOpen(visit), await expanded()], [false, 'false']);
    assert.equal(await page.evaluate(() => (document.activeElement as HTMLElement).dataset.view), 'inside');
    assert.equal(await page.$('#view .body > *'), null, 'what was in it is gone');
  }));

test('Escape in a view leaves the drawing; elsewhere it clears, and the view stays open', () =>
  studio.during({}, async (visit) => {
    await visit.draw(drawing('3'));
    assert.equal((await visit.reading()).digit, '3');
    await visit.page.click(kButton);
    await filled(visit);
    await visit.press('Escape');
    assert.equal(await isOpen(visit), false);
    assert.equal((await visit.reading()).digit, '3');
    await visit.page.click(kButton);
    await filled(visit);
    await visit.page.focus('#pad');
    await visit.press('Escape');
    assert.equal((await visit.reading()).digit, '');
    assert.equal(await isOpen(visit), true);
  }));

for (const [width, height] of [
  [320, 568],
  [1280, 800],
  [2560, 1440],
]) {
  test(`at ${width}x${height} a view that opens moves nothing of what is above it`, () =>
    studio.during({ viewport: { width, height }, reducedMotion: true }, async (visit) => {
      const places = () =>
        visit.page.evaluate(() =>
          ['#pad', '#bars', '#views'].map((part) => {
            const { x, y, width, height } = document.querySelector(part)!.getBoundingClientRect();
            return [x, y + scrollY, width, height].map(Math.round);
          }),
        );
      const before = await places();
      await visit.page.click(kButton);
      await filled(visit);
      assert.deepEqual(await places(), before);
      assert.equal(await visit.page.evaluate('document.documentElement.scrollWidth'), width);
    }));
}

/** Where the open view's upper edge is in the window, once what is shown is `shown`. */
async function topOf({ page }: Visit, shown: string): Promise<number> {
  await page.waitForSelector(shown, { timeout: 30_000 });
  return page.$eval('#view', (view) => Math.round(view.getBoundingClientRect().top));
}

test('“Look inside” comes up to the upper edge of the window, and stays there from chapter to chapter', () =>
  studio.during({ reducedMotion: true }, async (visit) => {
    await visit.draw(drawing('5'));
    await visit.reading();
    await visit.page.click(kButton);
    assert.equal(await topOf(visit, '.stage .where'), 0);
    const chapters = (await visit.page.$$('.chapters button')).length;
    for (let i = chapters; i >= 1; --i) {
      await visit.page.click(`.chapters li:nth-child(${i}) button`);
      assert.equal(await topOf(visit, '.stage > *'), 0, `chapter ${i}`);
    }
    await visit.page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    assert.ok((await topOf(visit, '.stage > *')) < 0);
    await visit.page.evaluate("document.querySelector('.turn .next').click()");
    assert.equal(await topOf(visit, '.stage > *'), 0, 'from the foot of a chapter to the head of the next');
  }));

for (const view of ['inside', 'teach']) {
  test(`with nothing drawn yet the view “${view}” leaves the sheet in sight`, () =>
    studio.during({ reducedMotion: true }, async (visit) => {
      await visit.page.click(`#views [data-view=${view}]`);
      await filled(visit);
      const left = await visit.page.$eval('#pad', (pad) => pad.getBoundingClientRect().bottom / innerHeight);
      assert.ok(left > 0.3, `${left} of the window is left for the sheet`);
    }));
}

test('a view that does not arrive says so, the page goes on, and opening it again tries again', () =>
  studio.during({ expected: /404|Refused to apply style/ }, async (visit) => {
    const assets = path.join(kLossy, 'assets');
    const lost = readdirSync(assets).filter((name) => name.startsWith('view-inside-'));
    for (const name of lost) renameSync(path.join(assets, name), path.join(kLossy, name));
    await visit.page.setCacheEnabled(false);
    await visit.page.click(kButton);
    await visit.page.waitForFunction(
      "document.querySelector('#view .body').textContent.includes('did not arrive')",
      { timeout: 20_000 },
    );
    await visit.draw(drawing('7'));
    assert.equal((await visit.reading()).digit, '7');
    for (const name of lost) renameSync(path.join(kLossy, name), path.join(assets, name));
    await visit.page.click(kButton);
    await visit.page.click(kButton);
    await filled(visit);
  }));
