// Inkling as a page uses it: build/package as it is, with its worker.
import type { Inkling } from '../../../../wasm/js/index.ts';
import type { NetName } from '../nets.ts';
import type { Answers } from './engine.ts';

export async function loadWorkers(net: NetName, batch: number, workers: number): Promise<Answers> {
  const address = '/files/inkling/inkling.js';
  const { Inkling: Package } = (await import(address)) as { Inkling: typeof Inkling };
  const engine = await Package.load({ model: `/models/${net}.onnx`, workers });
  if (batch === 1) return { run: async (pixels) => (await engine.classifyPixels(pixels)).probabilities };
  return { run: async (pixels) => (await engine.classifyBatch(pixels, batch)).probabilities };
}

export default (net: NetName, batch: number): Promise<Answers> => loadWorkers(net, batch, 1);
