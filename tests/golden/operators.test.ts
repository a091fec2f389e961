// Every operator and variant that the engine's table names, in a net of a few numbers: the full WebAssembly
// module and ONNX Runtime must compute the same from the same file. The core module must agree with the full
// one to the bit, or refuse the model as unsupported when it has an operator that is not the core's.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { before, test } from 'node:test';
import * as ort from 'onnxruntime-web';
import { EngineModule } from '../../wasm/js/module.ts';
import type { InklingError } from '../../wasm/js/types.ts';
import { kCases, kCoreOperators, kFullOnly, type Case } from './cases.ts';
import { modelOf, randoms } from './models.ts';

/** Relative to the greater of 1 and the value: float32 sums of a few hundred products in another order. */
const kTolerance = 2e-5;

const kRoot = process.env.INKLING_ROOT ?? process.cwd();
let engine: EngineModule;
let core: EngineModule;

async function module(name: string): Promise<EngineModule> {
  const bytes = readFileSync(path.join(kRoot, 'build/wasm-simd', name));
  return EngineModule.instantiate(await WebAssembly.compile(bytes));
}

before(async () => {
  engine = await module('inkling-full.wasm');
  core = await module('inkling.wasm');
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'fatal';
});

async function judged(model: Uint8Array, pixels: Float32Array, dims: number[]): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(model);
  try {
    const result = await session.run({ image: new ort.Tensor('float32', pixels, dims) });
    return result.out.data as Float32Array;
  } finally {
    await session.release();
  }
}

/** What the core answers; null when it leaves the model to the full module. */
function coreAnswer(model: Uint8Array, pixels: Float32Array): Float32Array | null {
  try {
    core.load(model);
  } catch (error) {
    if ((error as InklingError).code === 'unsupported-model') return null;
    throw error;
  }
  return core.classifyBatch(pixels, 1).probabilities;
}

async function check(name: string, golden: Case): Promise<void> {
  const { dims, nodes, scale = 1, tolerance } = golden;
  const model = modelOf(golden);
  const fixed = dims.map((dim) => (dim === -1 ? 1 : dim));
  const size = fixed.reduce((a, b) => a * b, 1);
  const pixels = Float32Array.from(randoms(size, 3), (v) => v * scale);
  engine.load(model);
  const ours = engine.classifyBatch(pixels, 1).probabilities;
  const theirs = await judged(model, pixels, fixed);
  assert.equal(ours.length, theirs.length);
  theirs.forEach((value, i) => {
    const allowed = tolerance ? tolerance * (1 + kTolerance) : kTolerance * Math.max(1, Math.abs(value));
    assert.ok(Math.abs(ours[i] - value) <= allowed, `at ${i}: ${ours[i]} is not ${value}`);
  });
  const fromCore = coreAnswer(model, pixels);
  if (fromCore !== null) assert.deepEqual(fromCore, ours);
  const isCore = nodes.every(({ op }) => kCoreOperators.has(op)) && !kFullOnly.test(name);
  assert.equal(fromCore !== null, isCore, 'whether the core runs it');
}

for (const [name, golden] of Object.entries(kCases)) test(name, () => check(name, golden));
