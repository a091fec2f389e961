// "Look inside": each chapter shows what the engine computed, follows the drawing, and is reached by keyboard; and
// the reader of the weights behind it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { readGraph } from '../../web/views/inside/onnx_weights.ts';
import { windowSum, nodeOf, sourceOf } from '../../web/views/inside/window_sum.ts';
import { drawing } from './curves.ts';
import { kWide, number } from './numbers.ts';
import { kRoot, Studio, type Visit, type VisitOptions } from './studio.ts';

const kModel = readFileSync(path.join(kRoot, 'models/compact.onnx'));

test('every weight of the shipped model is read, as many as its file says', () => {
  const { nodes, weights } = readGraph(kModel);
  const layers = nodes.filter(({ op }) => op === 'Conv' || op === 'Gemm');
  assert.ok(layers.length >= 6);
  const count = layers.flatMap(({ inputs }) => inputs.slice(1)).reduce((sum, name) => {
    const { shape, values } = weights.get(name)!;
    assert.equal(values.length, shape.reduce((product, extent) => product * extent, 1));
    assert.ok(values.every((value) => Math.abs(value) < 100), name);
    return sum + values.length;
  }, 0);
  // Batch norm's second number for each map of a convolution went into the kernels.
  const folded = nodes.filter(({ op }) => op === 'Conv').reduce((sum, { inputs }) => sum + weights.get(inputs[1])!.shape[0], 0);
  const parameters = Number(/parameters\x12.(\d+)/.exec(kModel.toString('latin1'))![1]);
  assert.equal(count, parameters - folded);
});

test('half floats, and eight bits with a scale and a zero point for each slice, become floats', () => {
  const bytes = (...parts: (number | number[] | string)[]) =>
    parts.flatMap((part) => (typeof part === 'string' ? [...Buffer.from(part)] : part));
  const length = (count: number) => (count < 128 ? [count] : [(count % 128) + 128, count >> 7]);
  const field = (number: number, content: number[]) => [8 * number + 2, ...length(content.length), ...content];
  const tensor = (name: string, type: number, shape: number[], raw: number[]) =>
    field(5, bytes(...shape.map((extent) => [8, extent]), [16, type], field(8, bytes(name)), field(9, raw)));
  const node = (op: string, inputs: string[], output: string) =>
    field(1, bytes(...inputs.map((name) => field(1, bytes(name))), field(2, bytes(output)), field(4, bytes(op)),
      field(5, bytes(field(1, bytes('axis')), [24, 0]))));
  const { weights } = readGraph(Uint8Array.from(field(7, bytes(
    tensor('half', 10, [3], [0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00]),
    tensor('eight', 3, [2, 2], [1, 0xff, 10, 20]),
    tensor('scale', 1, [2], [0, 0, 0, 0x3f, 0, 0, 0, 0x40]), // 0.5 and 2
    tensor('zero', 3, [2], [0, 10]),
    node('Cast', ['half'], 'cast'),
    node('DequantizeLinear', ['eight', 'scale', 'zero'], 'plain'),
  ))));
  assert.deepEqual([...weights.get('cast')!.values], [1, -2, 2 ** -24]);
  assert.deepEqual([...weights.get('plain')!.values], [0.5, -0.5, 0, 20]);
});

test('a file that ends too early is refused, wherever it ends, and bytes of anything never hang', () => {
  for (let end = 1; end < kModel.length; end += 997) {
    assert.throws(() => readGraph(kModel.subarray(0, end)), RangeError);
  }
  assert.throws(() => readGraph(new Uint8Array(64).fill(0xff)), RangeError);
  assert.deepEqual(readGraph(new Uint8Array(0)).nodes, []);
});

test('a window at the edge, with strides, groups and pads, is summed as by hand', () => {
  const node = {
    name: 'c', op: 'Conv', inputs: ['x', 'w', 'b'], outputs: ['y'],
    ints: { kernel_shape: [2, 2], strides: [2, 1], pads: [1, 0, 0, 1], group: [2] },
  };
  const weights = new Map([
    ['w', { shape: [2, 1, 2, 2], values: Float32Array.of(9, 9, 9, 9, 1, 2, 3, 4) }],
    ['b', { shape: [2], values: Float32Array.of(0, 0.5) }],
  ]);
  const before = { shape: [1, 2, 2, 2], values: Float32Array.of(0, 0, 0, 0, 5, 6, 7, 8) };
  const sum = windowSum({ nodes: [node], weights }, node, before, [1, 0, 1])!;
  assert.equal(sum.sum, 3 * 6 + 0.5); // above and to the right is nothing
  assert.deepEqual([...sum.shares[0].patch], [NaN, NaN, 6, NaN]);
  assert.equal(nodeOf({ nodes: [node], weights }, 'y'), node);
  assert.equal(sourceOf({ nodes: [node], weights }, node, new Set(['c'])), 'x');
});

let studio: Studio;

before(async () => {
  studio = await Studio.open();
});

after(() => studio?.close());

async function inside(options: VisitOptions, label: string, test: (visit: Visit) => Promise<void>): Promise<void> {
  await studio.during({ reducedMotion: true, ...options }, async (visit) => {
    await visit.draw(drawing(label));
    await visit.reading();
    await visit.page.click('#views [data-view=inside]');
    await visit.page.waitForSelector('.stage .detail .where', { timeout: 30_000 });
    await test(visit);
  });
}

async function turnTo(visit: Visit, title: string, shown: string): Promise<void> {
  const index = await visit.page.$$eval(
    '.chapters button', (buttons, title) => buttons.findIndex(({ textContent }) => textContent === title), title,
  );
  assert.ok(index >= 0, `there is no chapter ${title}`);
  await visit.page.evaluate(`document.querySelectorAll('.chapters button')[${index}].click()`);
  await visit.page.waitForSelector(shown, { timeout: 30_000 });
}

/** Of a canvas: how much colour is on it. */
const strength = (visit: Visit, selector: string) =>
  visit.page.$eval(selector, (element) => {
    const canvas = element as HTMLCanvasElement;
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    return data.reduce((sum, value, i) => sum + (i % 4 === 3 ? value : 0), 0);
  });

test('before anything is drawn it asks for a digit, and the first one is shown', () =>
  studio.during({ reducedMotion: true }, async (visit) => {
    await visit.page.click('#views [data-view=inside]');
    await visit.page.waitForSelector('.draw:not([hidden])', { timeout: 30_000 });
    await visit.draw(drawing('3'));
    await visit.page.waitForSelector('.stage:not([hidden]) .where', { timeout: 30_000 });
  }));

test('each convolution and pool explains the point that is looked at, and its sum is what the engine found', () =>
  inside({}, '5', async (visit) => {
    for (const [title, maps] of [['conv1', 16], ['conv2', 16], ['pool1', 16], ['conv4', 32], ['conv5', 40]] as const) {
      await turnTo(visit, title, `.maps .map:nth-child(${maps}) canvas`);
      await visit.page.waitForSelector('.detail .line.total', { timeout: 30_000 }); // not shown where it differs
      assert.equal((await visit.page.$$('.maps .map')).length, maps);
    }
  }));

/** Two neighbouring numbers closer than this, in pixels, are read as one. */
const kLeastGap = 3;

for (const dark of [false, true]) {
  test(`the numbers of a patch and a pattern stand apart and off what is under them${dark ? ', in the dark' : ''}`, () =>
    inside({ dark }, '5', async (visit) => {
      for (const title of ['conv1', 'conv2', 'conv5']) {
        await turnTo(visit, title, '.detail .line.total');
        const squares = await visit.page.$$eval('.detail .square', (all) =>
          all.map((square) => {
            const canvas = square.querySelector('canvas')!;
            const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
            const numbers = [...square.querySelectorAll('.cells span')];
            const rgb = (colour: string) => colour.match(/[\d.]+/g)!.map(Number).slice(0, 3);
            return {
              boxes: numbers.map((number) => number.getBoundingClientRect().toJSON() as DOMRect),
              ink: rgb(getComputedStyle(square.querySelector('.cells')!).color),
              paper: rgb(getComputedStyle(document.querySelector('#view')!).backgroundColor),
              painted: [...data],
              columns: canvas.width,
            };
          }),
        );
        assert.ok(squares.length >= 2);
        for (const { boxes, ink, paper, painted, columns } of squares) {
          boxes.forEach((box, i) => {
            const [under, alpha] = [painted.slice(4 * i, 4 * i + 3), painted[4 * i + 3] / 255];
            const mixed = paper.map((part, j) => part + (under[j] - part) * alpha);
            assert.ok(contrast(ink, mixed) >= 4.5, `${title}: the contrast is ${contrast(ink, mixed)}`);
            if (i % columns === 0) return;
            const gap = box.left - boxes[i - 1].right;
            assert.ok(gap >= kLeastGap, `${title}: ${gap} pixels between two numbers`);
          });
        }
      }
    }));
}

/** By WCAG 2: of two colours, 0..255. */
function contrast(one: number[], other: number[]): number {
  const [less, more] = [one, other].map(luminance).sort((a, b) => a - b);
  return (more + 0.05) / (less + 0.05);
}

function luminance(colour: number[]): number {
  const [red, green, blue] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

test('the arrow keys go from point to point, and what is said follows', () =>
  inside({}, '5', async (visit) => {
    await turnTo(visit, 'conv1', '.detail .line.total');
    await visit.page.focus('.maps');
    await visit.press('PageDown');
    await visit.press('ArrowRight');
    await visit.press('ArrowDown');
    assert.equal(await visit.text('.detail .where'), 'Picture 2, row 2, column 2');
    assert.equal((await visit.reading()).digit, '5', 'the pad was not drawn on');
    await visit.page.hover('.maps .map:nth-child(3) canvas');
    assert.match(await visit.text('.detail .where'), /^Picture 3, row 1[45], column 1[45]$/);
  }));

test('the pictures follow the drawing', () =>
  inside({}, '1', async (visit) => {
    await turnTo(visit, 'conv2', '.detail .line.total');
    const picture = () =>
      visit.page.$eval('.maps .map canvas', (canvas) => (canvas as HTMLCanvasElement).toDataURL());
    const one = await picture();
    await visit.page.focus('#pad');
    await visit.press('8');
    assert.equal((await visit.reading()).digit, '8');
    const changed = "document.querySelector('.maps .map canvas').toDataURL() !==";
    await visit.page.waitForFunction(`${changed} '${one}'`, { timeout: 30_000 });
  }));

test('of a number the digit written last is looked into, until another is chosen', () =>
  studio.during({ reducedMotion: true }, async (visit) => {
    const buttons = () =>
      visit.page.$$eval('.digits button', (all) =>
        all.map((one) => (one.ariaPressed === 'true' ? `[${one.textContent}]` : one.textContent)).join(' '),
      );
    const picture = () =>
      visit.page.$eval('.maps .map canvas', (canvas) => (canvas as HTMLCanvasElement).toDataURL());
    const another = (than: string) =>
      visit.page.waitForFunction((than) =>
        document.querySelector<HTMLCanvasElement>('.maps .map canvas')!.toDataURL() !== than, { timeout: 30_000 }, than);
    await visit.draw(number('203'), kWide);
    assert.equal((await visit.reading()).digit, '203');
    await visit.page.click('#views [data-view=inside]');
    await visit.page.waitForSelector('.maps .map canvas', { timeout: 30_000 });
    assert.equal(await buttons(), '2 0 [3]');
    const three = await picture();
    await visit.page.click('.digits button');
    await another(three);
    assert.equal(await buttons(), '[2] 0 3');
    await visit.press('z', 'Control'); // the number is another one, with another last digit
    await visit.page.waitForFunction(() => document.querySelectorAll('.digits button').length === 2);
    assert.equal(await buttons(), '2 [0]');
    await visit.press('z', 'Control');
    await visit.page.waitForFunction(() => document.querySelector('.digits button') === null);
  }));

test('the evidence names the digit, and what is read without the patch that matters most', () =>
  inside({}, '4', async (visit) => {
    await turnTo(visit, 'Evidence', '.evidence canvas[aria-label]');
    assert.match(await visit.text('.said'), /^It is \d+\u202f% sure of 4; without the outlined patch (still|it reads)/);
    assert.ok((await strength(visit, '.evidence canvas')) > 0);
  }));

test('the time of each step of the plan is shown as a bar', () =>
  inside({}, '2', async (visit) => {
    await turnTo(visit, 'Time', '.times li');
    const names = await visit.page.$$eval('.times .label', (labels) => labels.map(({ textContent }) => textContent));
    const chapters = await visit.page.$$eval('.chapters button', (all) => all.map(({ textContent }) => textContent));
    assert.deepEqual(names, chapters.slice(1, -2));
    const shares = await visit.page.$$eval('.times li', (all) =>
      all.map((item) => Number((item as HTMLElement).style.getPropertyValue('--share'))),
    );
    assert.equal(Math.max(...shares), 1);
  }));

for (const [width, dark] of [
  [320, false],
  [1280, true],
] as const) {
  test(`at ${width} pixels${dark ? ', in the dark,' : ''} every chapter fits and is not empty`, () =>
    inside({ viewport: { width, height: 800 }, dark }, '5', async (visit) => {
      const count = (await visit.page.$$('.chapters button')).length;
      for (let at = 1; at < count; ++at) {
        await visit.page.evaluate("document.querySelector('.turn .next').click()");
        await visit.page.waitForFunction("document.querySelector('.stage').innerText.trim() !== ''", { timeout: 30_000 });
        assert.equal(await visit.page.evaluate('document.documentElement.scrollWidth'), width, `chapter ${at}`);
      }
      assert.equal(await visit.page.$('.turn .next:not([hidden])'), null);
    }));
}
