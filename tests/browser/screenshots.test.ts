// Pictures of the page for people to look at, in build/screenshots; and, when asked (npm run
// screenshot), the README's own.
import assert from 'node:assert/strict';
import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Viewport } from 'puppeteer-core';
import { drawing } from './curves.ts';
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

const kPictures: [name: string, label: string | null, options: VisitOptions][] = [
  ['light', '3', { viewport: kWide }],
  ['dark', '8', { viewport: kWide, dark: true }],
  ['empty', null, { viewport: kWide }],
  ['narrow', '2', { viewport: kPhone }],
  ['narrow-dark', '5', { viewport: kPhone, dark: true }],
  ['sideways', '6', { viewport: { ...kPhone, width: 667, height: 375 } }],
  ['tablet', '5', { viewport: { width: 768, height: 1024 } }],
  ['wide', '4', { viewport: { width: 2560, height: 1440 } }],
];

let studio: Studio;

before(async () => {
  studio = await Studio.open();
  mkdirSync(kFolder, { recursive: true });
});

after(() => studio?.close());

async function picture(file: string, label: string | null, options: VisitOptions): Promise<void> {
  await studio.during({ ...options, reducedMotion: true }, async (visit) => {
    if (label !== null) {
      await visit.draw(drawing(label));
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

if (process.env.INKLING_SCREENSHOT) {
  test("the README's picture", async () => {
    mkdirSync(path.dirname(kReadmePicture), { recursive: true });
    await picture(kReadmePicture, '3', { viewport: { ...kWide, deviceScaleFactor: 1.5 } });
  });
}
