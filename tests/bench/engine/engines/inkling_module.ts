// Inkling's module by itself in the page's own thread, where the other engines run too, and what the ways to
// use the package share.
import { EngineModule } from '../../../../wasm/js/module.ts';
import type { Inkling } from '../../../../wasm/js/direct.ts';
import type { NetName } from '../nets.ts';
import { fetchBytes, type Answers } from './engine.ts';

/** The package's parts, as a bundler that names them anew would have it. */
export const kFiles = {
  worker: '/files/inkling/inkling-worker.js',
  simd: '/files/inkling/inkling-simd.wasm',
  relaxed: '/files/inkling/inkling-relaxed.wasm',
};

/** With or without a worker. */
export function readerOf(engine: Pick<Inkling, 'classifyPixels' | 'classifyBatch'>, batch: number): Answers {
  if (batch === 1) return { run: async (pixels) => (await engine.classifyPixels(pixels)).probabilities };
  return { run: async (pixels) => (await engine.classifyBatch(pixels, batch)).probabilities };
}

export async function loadVariant(
  variant: string,
  net: NetName,
  batch: number,
  ending = '.onnx',
): Promise<Answers & { module: EngineModule }> {
  const [wasm, model] = await Promise.all([
    WebAssembly.compileStreaming(fetch(`/files/inkling/inkling-${variant}.wasm`)),
    fetchBytes(`/models/${net}${ending}`),
  ]);
  const module = await EngineModule.instantiate(wasm);
  module.load(model);
  return { module, run: (pixels) => module.classifyBatch(pixels, batch).probabilities };
}
