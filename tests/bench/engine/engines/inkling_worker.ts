// Inkling as a page uses it: the library with its worker.
import { Inkling } from '../../../../wasm/js/index.ts';
import type { NetName } from '../nets.ts';
import { kFiles, readerOf } from './inkling_module.ts';
import type { Answers } from './engine.ts';

export async function loadWorkers(net: NetName, batch: number, workers: number): Promise<Answers> {
  return readerOf(await Inkling.load({ model: `/models/${net}.onnx`, workers, files: kFiles }), batch);
}

export default (net: NetName, batch: number): Promise<Answers> => loadWorkers(net, batch, 1);
