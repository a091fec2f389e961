// axe-core finds nothing to mend: on the page as it opens, with a digit, with each view open, with a failure;
// in light and in dark, in English and in German, on a wide screen and on a phone.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { drawing } from './curves.ts';
import { kRoot, Studio, type Visit } from './studio.ts';

const kAxe = readFileSync(path.join(kRoot, 'node_modules/axe-core/axe.min.js'), 'utf8');

interface Violation {
  id: string;
  nodes: { target: string[]; failureSummary: string }[];
}

let studio: Studio;

before(async () => {
  studio = await Studio.open();
});

after(() => studio?.close());

async function assertAccessible({ page }: Visit, where: string): Promise<void> {
  await page.evaluate(kAxe); // by the debugger's hand: the page's own policy lets nobody else in
  const violations = (await page.evaluate(
    'axe.run(document).then(({ violations }) => violations)',
  )) as Violation[];
  const said = violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} at ${target}: ${failureSummary}`),
  );
  assert.deepEqual(said, [], where);
}

const kPhone = { width: 320, height: 568, isMobile: true, hasTouch: true };

for (const dark of [false, true]) {
  const scheme = dark ? 'dark' : 'light';
  test(`the page and each of its views, ${scheme}`, () =>
    studio.during({ dark, reducedMotion: true }, async (visit) => {
      await assertAccessible(visit, 'empty');
      await visit.draw(drawing('3'));
      assert.equal((await visit.reading()).digit, '3');
      await assertAccessible(visit, 'with a digit');
      await visit.page.click('#share');
      await assertAccessible(visit, 'with the menu open');
      await visit.press('Escape');
      const names = await visit.page.$$eval('#views [data-view]', (buttons) =>
        buttons.map((button) => (button as HTMLElement).dataset.view!),
      );
      assert.ok(names.length > 0);
      for (const name of names) {
        await visit.page.click(`#views [data-view=${name}]`);
        await visit.page.waitForSelector('#view .body > *');
        await assertAccessible(visit, `the view ${name}`);
      }
    }));

  test(`a phone in German, and a failure, ${scheme}`, async () => {
    const options = { dark, reducedMotion: true, viewport: kPhone };
    await studio.during({ ...options, query: '?lang=de' }, async (visit) => {
      await visit.draw(drawing('5'));
      await visit.reading();
      await assertAccessible(visit, 'in German');
    });
    await studio.during({ ...options, query: '?model=/', state: 'failed' }, (visit) =>
      assertAccessible(visit, 'a failure'),
    );
  });
}
