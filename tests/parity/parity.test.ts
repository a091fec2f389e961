// One model, one set of images, five engines: native, WebAssembly SIMD and relaxed SIMD through the same
// wrapper that the page uses, and ONNX Runtime as the judge. All must give the same probabilities.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import * as ort from 'onnxruntime-web';
import { EngineModule } from '../../wasm/js/module.ts';
import { kDigitCount, kPixelCount } from '../../wasm/js/types.ts';
import { fixtureDrawings } from '../browser/curves.ts';
import { dataFile } from '../browser/data.ts';

/** Between any two engines, for any probability: float32 sums in different orders stay well within. */
const kMaxDifference = 1e-4;

const kMnistImages = 1000;

const kRoot = process.env.INKLING_ROOT ?? process.cwd();
const kModel = path.resolve(kRoot, process.env.INKLING_MODEL ?? 'models/compact.onnx');
const kInkling = path.join(kRoot, 'build/trainer/native/inkling');
const kScratch = path.join(kRoot, 'build/tests/parity-files');

const kImages = dataFile('mnist/t10k-images-idx3-ubyte.gz');
const kLabels = dataFile('mnist/t10k-labels-idx1-ubyte.gz'); // `inkling evaluate` reads them too
const kSkipNative = existsSync(kInkling)
  ? false
  : 'build/trainer/native/inkling is not built (cmake --workflow --preset trainer)';

let model: Uint8Array;
const engines = new Map<string, EngineModule>();
let judge: ort.InferenceSession;

before(async () => {
  mkdirSync(kScratch, { recursive: true });
  model = readFileSync(kModel);
  for (const variant of ['simd', 'relaxed']) {
    const bytes = readFileSync(path.join(kRoot, `build/wasm-${variant}/inkling.wasm`));
    const engine = await EngineModule.instantiate(await WebAssembly.compile(bytes));
    engine.load(model);
    engines.set(variant, engine);
  }
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
  judge = await ort.InferenceSession.create(model);
});

after(() => judge?.release());

async function judged(pixels: Float32Array): Promise<Float32Array> {
  const image = new ort.Tensor('float32', pixels, [pixels.length / kPixelCount, 1, 28, 28]);
  const { probabilities } = await judge.run({ image });
  return probabilities.data as Float32Array;
}

/** Prints the greatest difference, and fails when it is too great. */
function compare(what: string, ours: Float32Array, theirs: Float32Array): void {
  assert.equal(ours.length, theirs.length, what);
  const worst = ours.reduce((most, p, i) => Math.max(most, Math.abs(p - theirs[i])), 0);
  console.log(
    `${what}: greatest difference ${worst.toExponential(1)} in ${ours.length / kDigitCount} images`,
  );
  assert.ok(worst <= kMaxDifference, `${what}: ${worst} is over ${kMaxDifference}`); // false for NaN too
}

/** The fixtures, as the engine itself turns strokes into pixels. */
function fixturePixels(variant: string): Float32Array {
  const drawings = fixtureDrawings();
  const pixels = new Float32Array(drawings.length * kPixelCount);
  drawings.forEach(({ strokes }, i) =>
    pixels.set(engines.get(variant)!.pixelsFromStrokes(strokes), i * kPixelCount),
  );
  return pixels;
}

function mnistPixels(): Float32Array {
  const kHeader = 16; // magic, count, rows, columns: four big-endian uint32
  const bytes = gunzipSync(readFileSync(kImages.path));
  assert.equal(bytes.readUInt32BE(0), 0x803);
  return Float32Array.from(
    bytes.subarray(kHeader, kHeader + kMnistImages * kPixelCount),
    (byte) => byte / 255,
  );
}

/** What `inkling evaluate` answers, for data that its flags name. */
function native(flags: string[]): Float32Array {
  const out = path.join(kScratch, 'native.bin');
  execFileSync(kInkling, ['evaluate', kModel, ...flags, '--json', '--probabilities', out]);
  const bytes = readFileSync(out);
  return new Float32Array(
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
  );
}

test('both modules turn strokes into the same pixels', () => {
  const [simd, relaxed] = [fixturePixels('simd'), fixturePixels('relaxed')];
  const worst = simd.reduce((most, value, i) => Math.max(most, Math.abs(value - relaxed[i])), 0);
  assert.ok(worst <= 1e-6, `pixels differ by ${worst}`); // the same arithmetic, but for fused steps
});

for (const variant of ['simd', 'relaxed']) {
  test(`the ${variant} module and ONNX Runtime agree on the drawn fixtures`, async () => {
    const pixels = fixturePixels(variant);
    const { probabilities } = engines
      .get(variant)!
      .classifyBatch(pixels, pixels.length / kPixelCount);
    compare(`${variant} and ONNX Runtime`, probabilities, await judged(pixels));
  });

  test(`the ${variant} module and ONNX Runtime agree on MNIST`, { skip: kImages.skip }, async () => {
    const pixels = mnistPixels();
    const { probabilities } = engines.get(variant)!.classifyBatch(pixels, kMnistImages);
    compare(`${variant} and ONNX Runtime`, probabilities, await judged(pixels));
  });

  test(`the ${variant} module answers one image as it answers a batch`, () => {
    const engine = engines.get(variant)!;
    const pixels = fixturePixels(variant);
    const count = pixels.length / kPixelCount;
    const { probabilities } = engine.classifyBatch(pixels, count);
    const singles = Array.from({ length: count }, (_, i) => [
      ...engine.classify(pixels.slice(i * kPixelCount, (i + 1) * kPixelCount)).probabilities,
    ]);
    compare(`${variant}, one by one and at once`, Float32Array.from(singles.flat()), probabilities);
  });
}

test('an image in bytes is read like the same one in floats, within its own memory', () => {
  const engine = engines.get('simd')!;
  const count = 64; // enough for floats written into the bytes' room to reach what lies behind it
  const bytes = Uint8Array.from({ length: count * kPixelCount }, (_, i) => Number(i % 29 < 3));
  const floats = Float32Array.from(bytes);
  const wanted = engine.classifyBatch(floats, count).probabilities;
  // Types forbid it; a page without types may do it all the same.
  const mistaken = bytes as unknown as Float32Array;
  for (let round = 0; round < 3; ++round) {
    assert.deepEqual(engine.classifyBatch(mistaken, count).probabilities, wanted);
    assert.deepEqual(engine.classifyBatch(floats, count).probabilities, wanted);
  }
});

test(
  'the native engine and the SIMD module agree on the drawn fixtures',
  { skip: kSkipNative },
  () => {
    const file = path.join(kScratch, 'fixtures.jsonl');
    const lines = fixtureDrawings().map(({ label, strokes }) => JSON.stringify({ label, strokes }));
    writeFileSync(file, lines.join('\n') + '\n');
    // The trainer keeps images as bytes.
    const pixels = fixturePixels('simd').map((ink) => Math.fround(Math.round(ink * 255) / 255));
    const { probabilities } = engines
      .get('simd')!
      .classifyBatch(pixels, pixels.length / kPixelCount);
    compare('native and SIMD', native(['--strokes', file]), probabilities);
  },
);

test(
  'the native engine and the SIMD module agree on MNIST',
  { skip: kSkipNative || kImages.skip || kLabels.skip },
  () => {
    const { probabilities } = engines.get('simd')!.classifyBatch(mnistPixels(), kMnistImages);
    const all = native(['--mnist', path.dirname(kImages.path)]);
    compare('native and SIMD', all.slice(0, kMnistImages * kDigitCount), probabilities);
  },
);
