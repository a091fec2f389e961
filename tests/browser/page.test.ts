// What one can do on the page: mouse, finger, pen, keys and buttons; and how it starts.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { drawing, fixtureDrawings, type Point } from './curves.ts';
import { Studio, type Visit } from './studio.ts';

let studio: Studio;

before(async () => {
  studio = await Studio.open();
});

after(() => studio?.close());

const kDiagonal: Point[][] = [Array.from({ length: 20 }, (_, i): Point => [i, i])];

function isDisabled(visit: Visit, button: string): Promise<boolean> {
  return visit.text(button, 'aria-disabled').then((value) => value === 'true');
}

test('an empty pad has no answer, an invitation and nothing to undo', () =>
  studio.during({}, async (visit) => {
    assert.deepEqual(await visit.reading(), { digit: '', confidence: 0 });
    assert.equal(await visit.text('#verdict'), 'Waiting for ink');
    assert.equal(await visit.page.$eval('.hint', (hint) => getComputedStyle(hint).opacity), '1');
    for (const button of ['#undo', '#redo', '#clear']) assert.ok(await isDisabled(visit, button));
    await visit.page.click('#undo');
    await visit.press('Escape');
    assert.deepEqual(await visit.reading(), { digit: '', confidence: 0 });
  }));

test('the answer changes while the line grows, before the pen is lifted', () =>
  studio.during({}, async (visit) => {
    const [stroke] = await visit.placed(drawing('7'));
    await visit.page.mouse.move(...stroke[0]);
    await visit.page.mouse.down();
    await Promise.all(stroke.slice(1).map(([x, y]) => visit.page.mouse.move(x, y)));
    assert.equal((await visit.reading()).digit, '7');
    await visit.page.mouse.up();
    assert.equal((await visit.reading()).digit, '7');
  }));

test('an answer comes with a confidence, ten bars that add up, and the pixels it was read from', () =>
  studio.during({ reducedMotion: true }, async (visit) => {
    await visit.draw(drawing('3'));
    const { digit, confidence } = await visit.reading();
    assert.equal(digit, '3');
    assert.match(await visit.text('#digit', 'data-confidence'), /^[01]\.\d\d$/);
    assert.ok(confidence > 0.5 && confidence <= 1);
    const shares = await visit.page.$$eval('#bars li', (bars) =>
      bars.map((bar) => Number(bar.style.getPropertyValue('--probability'))),
    );
    assert.equal(shares.length, 10);
    // Each share is written with four decimals.
    assert.ok(Math.abs(shares.reduce((sum, share) => sum + share) - 1) < 10 * 0.00005 + 1e-5);
    assert.equal(shares.indexOf(Math.max(...shares)), 3);
    assert.equal(await visit.text('#bars .best .name'), '3');
    const seen = await visit.page.$eval('#glimpse', (canvas) => {
      const { width, height } = canvas as HTMLCanvasElement;
      const { data } = (canvas as HTMLCanvasElement)
        .getContext('2d')!
        .getImageData(0, 0, width, height);
      return { width, height, inked: data.filter((value, i) => i % 4 === 3 && value > 0).length };
    });
    assert.deepEqual([seen.width, seen.height], [28, 28]);
    assert.ok(seen.inked > 40 && seen.inked < 400, `${seen.inked} pixels of 784 carry ink`);
  }));

test('undo, redo and clear work from their buttons, and clear can be undone', () =>
  studio.during({}, async (visit) => {
    const four = fixtureDrawings().find(
      (fixture) => fixture.style === 'open, two strokes',
    )!.strokes;
    await visit.draw(four);
    const whole = await visit.reading();
    const ink = await visit.inkedPixels();
    assert.equal(whole.digit, '4');
    await visit.page.click('#undo');
    assert.notDeepEqual(await visit.reading(), whole);
    assert.ok((await visit.inkedPixels()) < ink);
    await visit.page.click('#redo');
    assert.deepEqual(await visit.reading(), whole);
    assert.equal(await visit.inkedPixels(), ink);
    assert.ok(await isDisabled(visit, '#redo'));
    await visit.page.click('#clear');
    assert.deepEqual(await visit.reading(), { digit: '', confidence: 0 });
    assert.equal(await visit.inkedPixels(), 0);
    await visit.page.click('#undo');
    assert.deepEqual(await visit.reading(), whole);
    assert.equal(await visit.inkedPixels(), ink);
  }));

test('a new line after an undo leaves nothing to redo', () =>
  studio.during({}, async (visit) => {
    await visit.draw(drawing('1'));
    await visit.page.click('#undo');
    assert.ok(!(await isDisabled(visit, '#redo')));
    await visit.draw(drawing('7'));
    assert.ok(await isDisabled(visit, '#redo'));
    assert.equal((await visit.reading()).digit, '7');
  }));

test('Ctrl+Z, Ctrl+Shift+Z, Ctrl+Y, Escape and Delete do what the buttons do', () =>
  studio.during({}, async (visit) => {
    await visit.draw(drawing('2'));
    const read = await visit.reading();
    assert.equal(read.digit, '2');
    const empty = { digit: '', confidence: 0 };
    await visit.press('z', 'Control');
    assert.deepEqual(await visit.reading(), empty);
    await visit.press('Z', 'Control', 'Shift');
    assert.deepEqual(await visit.reading(), read);
    await visit.press('z', 'Control');
    await visit.press('y', 'Control');
    assert.deepEqual(await visit.reading(), read);
    await visit.press('Escape');
    assert.deepEqual(await visit.reading(), empty);
    await visit.press('z', 'Control');
    assert.deepEqual(await visit.reading(), read);
    await visit.press('Delete');
    assert.deepEqual(await visit.reading(), empty);
  }));

test('undo in the middle of a line gives up that line and nothing else', () =>
  studio.during({}, async (visit) => {
    await visit.draw(drawing('1'));
    const one = await visit.reading();
    const [line] = await visit.placed(kDiagonal);
    await visit.page.mouse.move(...line[0]);
    await visit.page.mouse.down();
    await visit.page.mouse.move(...line[19]);
    await visit.press('z', 'Control');
    await visit.page.mouse.up();
    assert.deepEqual(await visit.reading(), one);
    assert.ok(!(await isDisabled(visit, '#undo')));
  }));

test('other keys and the other mouse buttons draw nothing', () =>
  studio.during({}, async (visit) => {
    const [line] = await visit.placed(kDiagonal);
    for (const button of ['right', 'middle'] as const) {
      await visit.page.mouse.move(...line[0]);
      await visit.page.mouse.down({ button });
      await visit.page.mouse.move(...line[19]);
      await visit.page.mouse.up({ button });
    }
    await visit.press('z');
    assert.equal(await visit.inkedPixels(), 0);
  }));

test('a tap makes a dot', () =>
  studio.during({}, async (visit) => {
    const { x, y, width } = await visit.padBox();
    await visit.page.mouse.click(x + width / 2, y + width / 2);
    const { digit } = await visit.reading();
    assert.match(digit, /^[\d?]$/);
    const inked = await visit.inkedPixels();
    const disc = Math.PI * (0.0175 * width) ** 2; // the resting nib's area
    assert.ok(inked > 0.7 * disc && inked < 1.4 * disc, `${inked} pixels, a disc has ${disc}`);
  }));

test('ink that leaves the pad stays at its edge, and the line goes on', () =>
  studio.during({}, async (visit) => {
    const { x, y, width } = await visit.padBox();
    await visit.page.mouse.move(x + width / 2, y + width / 2);
    await visit.page.mouse.down();
    await visit.page.mouse.move(x + width + 60, y + width / 2);
    await visit.page.mouse.move(x + width / 2, y + width / 4);
    await visit.page.mouse.up();
    await visit.page.click('#undo');
    assert.equal(await visit.inkedPixels(), 0, 'it was one line');
  }));

const kPhone = { width: 390, height: 760, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };

test('a finger draws, and the page does not scroll under it', () =>
  studio.during({ viewport: kPhone }, async (visit) => {
    const { touchscreen } = visit.page;
    for (const stroke of await visit.placed(drawing('5'))) {
      await touchscreen.touchStart(...stroke[0]);
      for (const [x, y] of stroke.slice(1)) await touchscreen.touchMove(x, y);
      await touchscreen.touchEnd();
    }
    assert.equal((await visit.reading()).digit, '5');
    assert.equal(await visit.page.evaluate(() => scrollY), 0);
  }));

test('a second finger does not scribble', () =>
  studio.during({ viewport: kPhone }, async (visit) => {
    const session = await visit.page.createCDPSession();
    // A finger that is missing from the next list was lifted.
    const fingers = (type: 'touchStart' | 'touchMove' | 'touchEnd', ...points: Point[]) =>
      session.send('Input.dispatchTouchEvent', {
        type,
        touchPoints: points.map(([x, y], id) => ({ x, y, id })),
      });
    const [line] = await visit.placed(drawing('1'));
    const { x, y } = await visit.padBox();
    await fingers('touchStart', line[0]);
    for (const point of line.slice(1, 9)) await fingers('touchMove', point);
    await fingers('touchStart', line[8], [x + 20, y + 20]);
    await fingers('touchMove', line[8], [x + 120, y + 40]);
    for (const point of line.slice(9)) await fingers('touchMove', point);
    await fingers('touchEnd');
    assert.equal((await visit.reading()).digit, '1');
    await visit.page.tap('#undo');
    assert.deepEqual(await visit.reading(), { digit: '', confidence: 0 }, 'there was one line');
  }));

test('a pen draws, with a line that follows its pressure', () =>
  studio.during({}, async (visit) => {
    const session = await visit.page.createCDPSession();
    const pen = (
      type: 'mousePressed' | 'mouseMoved' | 'mouseReleased',
      [x, y]: Point,
      force: number,
    ) =>
      session.send('Input.dispatchMouseEvent', {
        type,
        x,
        y,
        force,
        button: 'left',
        buttons: type === 'mouseReleased' ? 0 : 1,
        clickCount: 1,
        pointerType: 'pen',
      });
    const drawWith = async (force: number) => {
      for (const stroke of await visit.placed(drawing('7'))) {
        await pen('mousePressed', stroke[0], force);
        await Promise.all(stroke.slice(1).map((point) => pen('mouseMoved', point, force)));
        await pen('mouseReleased', stroke[stroke.length - 1], 0);
      }
      assert.equal((await visit.reading()).digit, '7');
      return visit.inkedPixels();
    };
    const light = await drawWith(0.1);
    await visit.clear();
    const heavy = await drawWith(0.9);
    assert.ok(heavy > 1.3 * light, `heavy ${heavy} pixels, light ${light}`);
  }));

test('ink survives a resize and a turn of the phone, and stays as sharp as the screen', () =>
  studio.during({ viewport: kPhone }, async (visit) => {
    await visit.draw(drawing('8'));
    const before = await visit.reading();
    assert.equal(before.digit, '8');
    for (const [width, height] of [
      [760, 390],
      [320, 568],
      [390, 760],
    ]) {
      await visit.page.setViewport({ ...kPhone, width, height });
      await visit.page.waitForFunction(() => {
        const pad = document.querySelector<HTMLCanvasElement>('#pad')!;
        return Math.abs(pad.width - pad.clientWidth * devicePixelRatio) <= 1;
      });
      const [ink, area] = [await visit.inkedPixels(), (await visit.padBox()).width ** 2 * 4];
      assert.ok(
        ink / area > 0.015 && ink / area < 0.2,
        `${ink} of ${area} pixels at ${width}x${height}`,
      );
    }
    assert.deepEqual(await visit.reading(), before);
  }));

test('a reload begins with an empty pad and works again', () =>
  studio.during({}, async (visit) => {
    await visit.draw(drawing('6'));
    assert.equal((await visit.reading()).digit, '6');
    await visit.page.reload();
    await visit.waitForState('ready');
    assert.deepEqual(await visit.reading(), { digit: '', confidence: 0 });
    await visit.draw(drawing('9'));
    assert.equal((await visit.reading()).digit, '9');
  }));

test('what is drawn while the network loads is read when it is there', async () => {
  const visit = await studio.watch('about:blank');
  await visit.page.setRequestInterception(true);
  let release = () => {};
  const drawn = new Promise<void>((resolve) => (release = resolve));
  visit.page.on('request', async (request) => {
    if (request.url().endsWith('.onnx')) await drawn;
    await request.continue();
  });
  await visit.page.goto(studio.url);
  assert.equal(await visit.text('html', 'data-state'), 'loading');
  await visit.draw(drawing('0'));
  release();
  await visit.waitForState('ready');
  assert.equal((await visit.reading()).digit, '0');
  await visit.page.close();
  visit.assertClean();
});

/** Which engine modules the page fetches while it starts, and what it then reads in a drawn 3. */
async function startWith(prepare?: () => void): Promise<{ modules: string[]; digit: string }> {
  const modules: string[] = [];
  const visit = await studio.watch('about:blank', { prepare });
  visit.page.on('request', (request) => {
    const [, variant] = /inkling-(\w+)-\w+\.wasm$/.exec(request.url()) ?? [];
    if (variant) modules.push(variant);
  });
  await visit.page.goto(studio.url);
  await visit.waitForState('ready');
  await visit.draw(drawing('3'));
  const { digit } = await visit.reading();
  await visit.page.close();
  visit.assertClean();
  return { modules, digit };
}

test('a browser with relaxed SIMD gets that module, and only that', async () => {
  assert.deepEqual(await startWith(), { modules: ['relaxed'], digit: '3' });
});

test('a browser without relaxed SIMD gets the other module', async () => {
  const prepare = () => {
    const validate = WebAssembly.validate.bind(WebAssembly);
    let asked = 0; // first about SIMD, then about relaxed SIMD
    WebAssembly.validate = (bytes) => ++asked === 1 && validate(bytes);
  };
  assert.deepEqual(await startWith(prepare), { modules: ['simd'], digit: '3' });
});
