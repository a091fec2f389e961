// The WebAssembly module over time: ten thousand engines in one instance, whose memory never shrinks and
// so must not grow; two instances and two engines side by side; NaN and infinity; weights in a side file.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { EngineModule } from '../../wasm/js/module.ts';
import { kFloat, writeModel } from '../golden/onnx_writer.ts';

const kEngines = 10_000;
const kWarmUp = 100;
const kRoot = process.env.INKLING_ROOT ?? process.cwd();

const modules = ['wasm-simd/inkling', 'wasm-simd/inkling-full', 'wasm-relaxed/inkling'].map(
  (name) => ({ name, file: path.join(kRoot, `build/${name}.wasm`) }),
);

/** Compiled, with the memory of what is instantiated from it in reach. */
async function instantiated(file: string): Promise<{ engine: EngineModule; bytes: () => number }> {
  const module = await WebAssembly.compile(readFileSync(file));
  const { instantiate } = WebAssembly;
  let memory: WebAssembly.Memory | undefined;
  WebAssembly.instantiate = (async (source: WebAssembly.Module, imports?: WebAssembly.Imports) => {
    const instance = await instantiate(source, imports);
    memory = instance.exports.memory as WebAssembly.Memory;
    return instance;
  }) as typeof WebAssembly.instantiate;
  try {
    const engine = await EngineModule.instantiate(module);
    return { engine, bytes: () => memory!.buffer.byteLength };
  } finally {
    WebAssembly.instantiate = instantiate;
  }
}

/** Conv 3x3, MaxPool 14x14, a dense layer, Softmax. */
function tinyModel(seed: number): Uint8Array {
  const numbers = (n: number) => Array.from({ length: n }, (_, i) => ((i * 31 + seed * 7) % 17) / 17 - 0.5);
  return writeModel({
    opset: 17,
    input: { name: 'image', dims: [-1, 1, 28, 28] },
    output: 'probabilities',
    nodes: [
      { op: 'Conv', inputs: ['image', 'w1'], outputs: ['c'], attributes: { pads: [1, 1, 1, 1] } },
      { op: 'MaxPool', inputs: ['c'], outputs: ['p'], attributes: { kernel_shape: [14, 14], strides: [14, 14] } },
      { op: 'Flatten', inputs: ['p'], outputs: ['f'] },
      { op: 'MatMul', inputs: ['f', 'w2'], outputs: ['l'] },
      { op: 'Softmax', inputs: ['l'], outputs: ['probabilities'] },
    ],
    constants: [
      { name: 'w1', type: kFloat, dims: [2, 1, 3, 3], values: numbers(18) },
      { name: 'w2', type: kFloat, dims: [8, 10], values: numbers(80) },
    ],
  });
}

const kPixels = Float32Array.from({ length: 784 }, (_, i) => ((i * 13) % 29) / 29);

for (const { name, file } of modules) {
  test(`${name}: ten thousand engines come and go in flat memory`, async () => {
    const { engine, bytes } = await instantiated(file);
    const model = tinyModel(1);
    const cut = model.subarray(0, model.length - 1);
    // The core leaves what it refuses to the full module, which says why.
    const code = name.endsWith('-full') ? 'malformed-model' : 'unsupported-model';
    let before = 0;
    for (let i = 0; i < kEngines; ++i) {
      engine.load(model);
      engine.classify(kPixels);
      assert.throws(() => engine.load(cut), { code });
      if (i === kWarmUp) before = bytes();
    }
    assert.equal(bytes(), before);
  });
}

test('two engines do not disturb each other', async () => {
  const [first, second] = await Promise.all([1, 2].map(() => instantiated(modules[0].file)));
  first.engine.load(tinyModel(1));
  const alone = first.engine.classify(kPixels).probabilities;
  second.engine.load(tinyModel(2));
  const other = second.engine.classify(kPixels).probabilities;
  assert.notDeepEqual(other, alone);
  assert.deepEqual(first.engine.classify(kPixels).probabilities, alone);
  second.engine.dispose();
  assert.deepEqual(first.engine.classify(kPixels).probabilities, alone);
});

test('NaN and infinity in pixels are refused', async () => {
  const { engine } = await instantiated(modules[0].file);
  engine.load(tinyModel(1));
  for (const bad of [NaN, Infinity, -Infinity]) {
    const pixels = kPixels.slice();
    pixels[300] = bad;
    assert.throws(() => engine.classify(pixels), { code: 'invalid-argument', message: /Pixel 300/ });
  }
});

test('in Node, an instance whose memory has run out is replaced', async () => {
  const instances: WebAssembly.Exports[] = [];
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = (async (source: WebAssembly.Module, imports?: WebAssembly.Imports) => {
    const instance = await instantiate(source, imports);
    instances.push(instance.exports);
    return instance;
  }) as typeof WebAssembly.instantiate;
  try {
    const { Inkling } = (await import(path.join(kRoot, 'build/package/inkling-node.js'))) as typeof import('../../wasm/js/node.ts');
    const engine = await Inkling.load({ model: tinyModel(1) });
    const before = await engine.classifyPixels(kPixels);
    const alloc = instances[0].inkling_alloc as (bytes: number) => number;
    for (let size = 1 << 27; size >= 16; size /= 2) while (alloc(size) !== 0);
    await assert.rejects(engine.classifyPixels(kPixels), { code: 'out-of-memory' });
    const after = await engine.classifyPixels(kPixels);
    assert.deepEqual(after, before);
    assert.equal(instances.length, 2);
    await engine.dispose();
    await assert.rejects(engine.classifyPixels(kPixels), { code: 'disposed' });
  } finally {
    WebAssembly.instantiate = instantiate;
  }
});
