// How the page presents itself: light and dark, small and large screens, to screen readers and to the
// keyboard; and what it leaves behind (nothing).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { drawing } from './curves.ts';
import { Studio } from './studio.ts';

let studio: Studio;

before(async () => {
  studio = await Studio.open();
});

after(() => studio?.close());

test('light and dark follow the system, while the page is open too', () =>
  studio.during({}, async (visit) => {
    await visit.draw(drawing('1'));
    await visit.reading();
    const look = () =>
      visit.page.evaluate(() => {
        const pad = document.querySelector<HTMLCanvasElement>('#pad')!;
        const copy = new OffscreenCanvas(pad.width, pad.height).getContext('2d')!;
        copy.drawImage(pad, 0, 0);
        const { data } = copy.getImageData(0, 0, pad.width, pad.height);
        const inked = data.findIndex((value, i) => i % 4 === 3 && value === 255);
        const desk = getComputedStyle(document.body).backgroundColor.match(/\d+/g)!.map(Number);
        return { ink: data[inked - 3], desk: desk[0] };
      });
    const light = await look();
    assert.ok(light.desk > 200 && light.ink < 60, JSON.stringify(light));
    await visit.page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'dark' }]);
    const redrawn = "document.querySelector('#pad').getContext('2d').strokeStyle === '#f1eadb'";
    await visit.page.waitForFunction(redrawn, { timeout: 10_000 });
    const dark = await look();
    assert.ok(dark.desk < 60 && dark.ink > 200, JSON.stringify(dark));
  }));

for (const [width, height] of [
  [320, 568],
  [390, 760],
  [568, 320],
  [667, 375],
  [768, 1024],
  [1280, 800],
  [2560, 1440],
]) {
  test(`at ${width}x${height} nothing is cut off, and drawing moves nothing`, () =>
    studio.during({ viewport: { width, height }, reducedMotion: true }, async (visit) => {
      const measure = () =>
        visit.page.evaluate(() => {
          const ids = [
            '#pad',
            '#digit',
            '#verdict',
            '#glimpse',
            '#bars',
            '#undo',
            '#redo',
            '#clear',
          ];
          const boxes = [...ids, 'footer'].map((id) =>
            document.querySelector(id)!.getBoundingClientRect(),
          );
          return {
            wide: document.documentElement.scrollWidth,
            boxes: boxes.map(({ x, y, width, height }) => [x, y, width, height].map(Math.round)),
          };
        });
      const empty = await measure();
      assert.equal(empty.wide, width);
      for (const [x, , w] of empty.boxes)
        assert.ok(x >= 0 && x + w <= width, JSON.stringify(empty));
      const [pad, digit] = empty.boxes;
      assert.ok(pad[1] + pad[3] <= height, 'the whole pad is in view');
      assert.ok(digit[1] + digit[3] <= height, 'the answer is in view');
      await visit.draw(drawing('2'));
      await visit.reading();
      assert.deepEqual(await measure(), empty);
    }));
}

test('at a zoom of 400 % the sheet is one to draw on, and nothing lies over something else', () =>
  studio.during({ viewport: { width: 320, height: 256, deviceScaleFactor: 4 } }, async (visit) => {
    await visit.draw(drawing('2'));
    assert.equal((await visit.reading()).digit, '2');
    const parts = ['header', '.sheet', '.tools', '#digit', '#verdict', 'figure', '#bars', '#views', 'footer'];
    const boxes = await visit.page.evaluate((parts) => {
      const texts = parts.map((part) => {
        const element = document.querySelector(part)!;
        const range = document.createRange();
        range.selectNodeContents(element); // a text may be wider than what it stands in
        const shown = ['#verdict', 'figure'].includes(part) ? range : element;
        return shown.getBoundingClientRect().toJSON() as DOMRect;
      });
      const tools = document.querySelector('#clear span')!.getBoundingClientRect().right;
      return { texts, tools, wide: document.documentElement.scrollWidth };
    }, parts);
    assert.equal(boxes.wide, 320);
    const [, sheet] = boxes.texts;
    assert.ok(sheet.width >= 200 && sheet.height <= 256, `the sheet is ${sheet.width} wide`);
    assert.ok(boxes.tools <= sheet.right + 1, `the tools end at ${boxes.tools}, the sheet at ${sheet.right}`);
    const overlap = (a: DOMRect, b: DOMRect) =>
      Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
      Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
    boxes.texts.forEach((one, i) => {
      const over = parts.filter((_, j) => j > i && overlap(one, boxes.texts[j]));
      assert.deepEqual(over, [], `they meet ${parts[i]}`);
    });
  }));

test('a settled answer is announced once, not at each change', () =>
  studio.during({}, async (visit) => {
    await visit.page.evaluate(() => {
      const region = document.querySelector('#announcement')!;
      const heard: string[] = [];
      new MutationObserver(() => heard.push(region.textContent ?? '')).observe(region, {
        childList: true,
      });
      Object.assign(window, { heard });
    });
    await visit.draw(drawing('4'));
    await visit.reading();
    await visit.page.waitForFunction('heard.length > 0', { timeout: 10_000 });
    const heard = (await visit.page.evaluate('heard')) as string[];
    assert.equal(heard.length, 1);
    assert.match(heard[0], /^4, \d+ percent sure$/);
    assert.equal(await visit.text('#digit', 'aria-live'), 'off');
  }));

test('every control has a name for screen readers', () =>
  studio.during({}, async (visit) => {
    const { children = [] } =
      (await visit.page.accessibility.snapshot({ interestingOnly: false })) ?? {};
    const names: string[] = [];
    const walk = (nodes: typeof children) => {
      for (const { role, name = '', children: inner = [] } of nodes) {
        if (['button', 'application', 'status', 'list'].includes(role))
          names.push(`${role}: ${name}`);
        walk(inner);
      }
    };
    walk(children);
    for (const wanted of [
      /button: Undo/,
      /button: Redo/,
      /button: Clear/,
      /button: Share/,
      /application: Drawing pad/,
      /list: Probability/,
    ]) {
      assert.ok(
        names.some((name) => wanted.test(name)),
        `${wanted} is not among ${names.join('; ')}`,
      );
    }
  }));

test('the keyboard reaches the buttons, shows where it is, and stays there', () =>
  studio.during({}, async (visit) => {
    await visit.draw(drawing('1'));
    await visit.press('Tab');
    const focus = () =>
      visit.page.evaluate(() => {
        const { id } = document.activeElement!;
        return { id, outline: getComputedStyle(document.activeElement!).outlineStyle };
      });
    assert.deepEqual(await focus(), { id: 'undo', outline: 'solid' });
    await visit.press('Enter');
    assert.deepEqual(await visit.reading(), { digit: '', confidence: 0 });
    assert.deepEqual(await focus(), { id: 'undo', outline: 'solid' });
  }));

test('no cookie is set and nothing is stored', () =>
  studio.during({}, async (visit) => {
    await visit.draw(drawing('1'));
    await visit.reading();
    assert.deepEqual(await visit.page.cookies(), []);
    assert.equal(await visit.page.evaluate(() => localStorage.length + sessionStorage.length), 0);
  }));
