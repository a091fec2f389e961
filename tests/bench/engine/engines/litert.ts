import { loadAndCompile, loadLiteRt, Tensor } from '@litertjs/core';
import type { NetName } from '../nets.ts';
import type { Answers } from './engine.ts';

let runtime: Promise<unknown> | undefined;

/** More than one thread needs a page that is isolated from others. */
export async function loadThreads(net: NetName, batch: number, threads: number): Promise<Answers> {
  runtime ??= loadLiteRt('/files/litert/', { threads: threads > 1 });
  await runtime;
  const model = await loadAndCompile(`/models/${net}-${batch}.tflite`, {
    accelerator: 'wasm',
    cpuOptions: { numThreads: threads },
  });
  return {
    async run(pixels) {
      const image = new Tensor(pixels, [batch, 28, 28, 1]);
      const [output] = await model.run([image]);
      const result = (output.toTypedArray() as Float32Array).slice();
      image.delete();
      output.delete();
      return result;
    },
  };
}

export default (net: NetName, batch: number): Promise<Answers> => loadThreads(net, batch, 1);
