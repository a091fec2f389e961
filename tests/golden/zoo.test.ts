// Files that others made: each loads and gives what ONNX Runtime gave, or is refused by name for a reason
// that wasm/README.md's table lists. zoo.json says how the pixels were fed and what was answered; where it does not say how
// they were made to fit, ONNX Runtime answers here.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import * as ort from 'onnxruntime-web';
import { EngineModule } from '../../wasm/js/module.ts';
import { dataFile } from '../browser/data.ts';

/** Relative to the greater of 1 and the value: logits of some of these files are near 100. */
const kTolerance = 1e-4;

const kSide = 28;
const kIdxHeader = 16;

interface Answer {
  type: string;
  dims: number[];
  data: number[];
}

interface Entry {
  file: string;
  kind: string;
  fed?: { dims: number[]; scaling: string };
  expected_first_8?: Record<string, Answer>[];
}

/** What the file is refused with; every other one runs. */
const kRefused: Record<string, RegExp> = { 'bad-1.onnx': /not an ONNX file: it looks like an HTML/ };

const kZoo = dataFile('zoo/zoo.json');
const kImages = dataFile('mnist/t10k-images-idx3-ubyte.gz');
const kRoot = process.env.INKLING_ROOT ?? process.cwd();
let engine: EngineModule;

before(async () => {
  const bytes = readFileSync(path.join(kRoot, 'build/wasm-simd/inkling-full.wasm'));
  engine = await EngineModule.instantiate(await WebAssembly.compile(bytes));
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'fatal';
});

/** Bilinear, pixel centres at halves. */
function resized(image: Uint8Array, height: number, width: number): number[] {
  const at = (y: number, x: number) => image[y * kSide + x];
  const place = (i: number, size: number) => {
    const exact = Math.min(Math.max(((i + 0.5) * kSide) / size - 0.5, 0), kSide - 1);
    const low = Math.floor(exact);
    return { low, high: Math.min(low + 1, kSide - 1), part: exact - low };
  };
  return Array.from({ length: height * width }, (_, i) => {
    const y = place(Math.floor(i / width), height);
    const x = place(i % width, width);
    const row = (r: number) => at(r, x.low) * (1 - x.part) + at(r, x.high) * x.part;
    return row(y.low) * (1 - y.part) + row(y.high) * y.part;
  });
}

function scaled(value: number, scaling: string): number {
  switch (scaling.replace(' resized', '')) {
    case 'x/255':
      return value / 255;
    case '1-x/255':
      return 1 - value / 255;
    case 'x/255-0.5':
      return value / 255 - 0.5;
    case '(x/255-0.5)/0.5':
      return (value / 255 - 0.5) / 0.5;
    case '(x/255-0.1307)/0.3081':
      return (value / 255 - 0.1307) / 0.3081;
    case 'x*16/255':
      return (value * 16) / 255;
    default:
      return value;
  }
}

/** The image as the file wants it: rows and columns, channels before or after them. */
function fed(image: Uint8Array, { dims, scaling }: { dims: number[]; scaling: string }): number[] {
  const size = dims.reduce((product, dim) => product * dim, 1);
  if (size === kSide * kSide) return Array.from(image, (v) => scaled(v, scaling));
  const extents = dims.slice(1).filter((dim) => dim > 3);
  const [height, width] = extents.length === 2 ? extents : [Math.sqrt(size), Math.sqrt(size)];
  const plane = resized(image, height, width).map((v) => scaled(v, scaling));
  const channels = size / plane.length;
  if (dims[1] === channels) return Array.from({ length: channels }, () => plane).flat();
  return plane.flatMap((v) => new Array<number>(channels).fill(v));
}

/** What ONNX Runtime says of the same numbers: the output of that name. */
async function judged(bytes: Uint8Array, input: Float32Array, dims: number[], output: string): Promise<Answer> {
  const session = await ort.InferenceSession.create(bytes);
  try {
    const feeds = { [session.inputNames[0]]: new ort.Tensor('float32', input, dims) };
    const result = await session.run(feeds, [output]);
    const { type, data } = result[output];
    return { type, dims: [], data: Array.from(data as Iterable<number | bigint>, Number) };
  } finally {
    await session.release();
  }
}

async function check({ file, fed: how, expected_first_8: expected = [] }: Entry): Promise<void> {
  const bytes = readFileSync(path.join(path.dirname(kZoo.path), file));
  if (file in kRefused) {
    assert.throws(() => engine.load(bytes), kRefused[file]);
    return;
  }
  engine.load(bytes);
  if (how === undefined) return;
  const size = how.dims.reduce((product, dim) => product * dim, 1);
  const isKnown = size === kSide * kSide || how.scaling.includes('resized');
  const images = gunzipSync(readFileSync(kImages.path));
  for (const [i, answers] of expected.entries()) {
    const start = kIdxHeader + i * kSide * kSide;
    const input: Float32Array = Float32Array.from(fed(images.subarray(start, start + kSide * kSide), how));
    const outputs = engine.classifyBatch(input, 1).probabilities;
    const [[name, said]] = Object.entries(answers);
    const { type, data }: Answer = isKnown ? said : await judged(bytes, input, how.dims, name);
    if (type === 'int64') {
      assert.equal(outputs.indexOf(Math.max(...outputs)), data[0], `image ${i}`);
      continue;
    }
    assert.equal(outputs.length, data.length);
    data.forEach((value, k) => {
      const difference = Math.abs(outputs[k] - value) / Math.max(1, Math.abs(value));
      assert.ok(difference <= kTolerance, `image ${i}, class ${k}: ${outputs[k]} is not ${value}`);
    });
  }
}

const entries = kZoo.skip ? [] : (JSON.parse(readFileSync(kZoo.path, 'utf8')) as Entry[]);
if (kZoo.skip) test('files that others made', { skip: kZoo.skip }, () => {});
for (const entry of entries) {
  const verb = entry.file in kRefused ? 'is refused by name' : 'runs and agrees with ONNX Runtime';
  test(`${entry.file} ${verb}`, { skip: kImages.skip }, () => check(entry));
}
