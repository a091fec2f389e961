// Pictures of the page for people to look at, in build/screenshots; and, when asked (npm run
// screenshot), the README's own.
import assert from 'node:assert/strict';
import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Viewport } from 'puppeteer-core';
import { drawing, type Placement, type Point } from './curves.ts';
import { give, openView, pictureOf, textOf } from './files_helpers.ts';
import { sideBySide } from './numbers.ts';
import { seeded } from './random.ts';
import { kRoot, Studio, type Visit, type VisitOptions } from './studio.ts';

const kFolder = path.join(kRoot, 'build/screenshots');
const kReadmePicture = path.join(kRoot, 'docs/screenshot.png');

const kWide: Viewport = { width: 1280, height: 800 };
const kPhone: Viewport = {
  width: 320,
  height: 568,
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
};

/** A number is drawn as one, over the pad's width. */
const kPictures: [name: string, label: string | null, options: VisitOptions][] = [
  ['light', '3', { viewport: kWide }],
  ['dark', '8', { viewport: kWide, dark: true }],
  ['empty', null, { viewport: kWide }],
  ['number', '2026', { viewport: kWide }],
  ['number-dark', '314', { viewport: kWide, dark: true }],
  ['german', '7', { viewport: kWide, query: '?lang=de' }],
  ['narrow', '2', { viewport: kPhone }],
  ['narrow-dark', '5', { viewport: kPhone, dark: true }],
  ['sideways', '6', { viewport: { ...kPhone, width: 667, height: 375 } }],
  ['tablet', '5', { viewport: { width: 768, height: 1024 } }],
  ['wide', '4', { viewport: { width: 2560, height: 1440 } }],
  ['zoom-200', '6', { viewport: { width: 640, height: 400, deviceScaleFactor: 2 } }],
];

/** Each view in each, as long as it is. */
const kViewOptions: [name: string, options: VisitOptions][] = [
  ['light', { viewport: kWide }],
  ['dark', { viewport: kWide, dark: true }],
  ['narrow', { viewport: kPhone }],
];

let studio: Studio;

before(async () => {
  studio = await Studio.open();
  mkdirSync(kFolder, { recursive: true });
});

after(() => studio?.close());

const kAcross: Placement = { x: 0.05, y: 0.05, side: 0.9 };

function strokesOf(number: string): Point[][] {
  const drawings = [...number].map((label) => drawing(label));
  return sideBySide(drawings, { height: 80, gap: [0.3, 0.4], random: seeded(9) }).strokes;
}

async function picture(file: string, label: string | null, options: VisitOptions): Promise<void> {
  await studio.during({ ...options, reducedMotion: true }, async (visit) => {
    if (label !== null) {
      if (label.length === 1) await visit.draw(drawing(label));
      else await visit.draw(strokesOf(label), kAcross);
      assert.equal((await visit.reading()).digit, label);
    }
    await visit.page.mouse.move(0, 0);
    await assertFits(visit);
    await visit.page.screenshot({ path: file as `${string}.png` });
  });
  assert.ok(statSync(file).size > 5_000, 'a picture of something');
}

/** Nothing runs over the sides, and the bars with their digits' names are in the first screen. */
async function assertFits({ page }: Visit): Promise<void> {
  const { width, height } = page.viewport()!;
  const [wide, bottom, sheet, tools] = await page.evaluate(() => {
    const boxes = (selector: string) =>
      [...document.querySelectorAll(selector)].map((part) => part.getBoundingClientRect());
    const parts = boxes('#pad, #digit, .tools, #glimpse, #bars, #bars *');
    return [
      document.documentElement.scrollWidth,
      Math.max(...parts.map((box) => box.bottom)),
      boxes('#pad')[0].right,
      Math.max(...boxes('.tools :is(svg, span, kbd)').map((box) => box.right)),
    ];
  });
  assert.equal(wide, width, 'the page is as wide as the screen');
  assert.ok(tools <= sheet + 1, `the tools end at ${tools}, the sheet above them at ${sheet}`);
  assert.ok(bottom <= height, `the page's parts end at ${bottom} of ${height}`);
}

for (const [name, label, options] of kPictures) {
  test(`a picture of the page: ${name}`, () =>
    picture(path.join(kFolder, `${name}.png`), label, options));
}

for (const [look, options] of kViewOptions) {
  for (const view of ['inside', 'files', 'teach']) {
    test(`a picture of the view ${view}: ${look}`, () =>
      studio.during({ ...options, reducedMotion: true }, async (visit) => {
        await visit.draw(drawing('3'));
        await visit.reading();
        await openView(visit, view);
        if (view === 'files') {
          await give(visit, 'drop', [{ name: 'seven.png', content: await pictureOf(visit, '7') }]);
          await textOf(visit, '#view .verdict', /^7, /);
        }
        await visit.page.mouse.move(0, 0);
        assert.equal(
          await visit.page.evaluate(() => document.documentElement.scrollWidth),
          options.viewport!.width,
        );
        const file = path.join(kFolder, `${view}-${look}.png`);
        await visit.page.screenshot({ path: file as `${string}.png`, fullPage: true });
      }));
  }
}

/** How the page looks in colours and directions that are the reader's. */
const kReaders: [name: string, prepare: (visit: Visit) => Promise<void>][] = [
  [
    'forced-colours',
    async ({ page }) => {
      const session = await page.createCDPSession();
      const features = [{ name: 'forced-colors', value: 'active' }];
      await session.send('Emulation.setEmulatedMedia', { features });
    },
  ],
  ['right-to-left', ({ page }) => page.evaluate(() => void (document.documentElement.dir = 'rtl'))],
];

for (const [name, prepare] of kReaders) {
  test(`a picture of the page: ${name}`, () =>
    studio.during({ viewport: kWide }, async (visit) => {
      await prepare(visit);
      await visit.draw(strokesOf('42'), kAcross);
      assert.equal((await visit.reading()).digit, '42');
      await assertFits(visit);
      await visit.page.screenshot({ path: path.join(kFolder, `${name}.png`) as `${string}.png` });
    }));
}

if (process.env.INKLING_SCREENSHOT) {
  test("the README's picture", async () => {
    mkdirSync(path.dirname(kReadmePicture), { recursive: true });
    await picture(kReadmePicture, '2026', { viewport: { ...kWide, deviceScaleFactor: 1.5 } });
  });
}
