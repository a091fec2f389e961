// Inkling in the page's own thread, where the other engines run too: wasm/js/module.ts without a worker.
import { EngineModule } from '../../../../wasm/js/module.ts';
import type { NetName } from '../nets.ts';
import { fetchBytes, type Answers } from './engine.ts';

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
