// What a page imports that wants no worker: the same calls, answered on the page's own thread. An image takes
// less than a message to a worker and back does, and the first answer comes sooner; but while thousands are
// read, or a model of others that is large, nothing else happens on the page.
import { beside, bytesOf, bytesOfEach, compile } from './fetching.ts';
import { InThread, start } from './in_thread.ts';
import type { Engine } from './detect.ts';
import type { Range, Source } from './types.ts';

export type { Engine } from './detect.ts';
export * from './types.ts';

export interface LoadOptions {
  /** Where the ONNX file is, or its bytes. */
  model: Source;
  /** Files that the model keeps weights in, by the names that it calls them: where they are, or their bytes. */
  sideFiles?: Record<string, Source>;
  /** What the model is given for paper and for ink, where it was not trained on 0 and 1: [0, 255], say. */
  range?: Range;
  /** Where the engine's modules are; by default beside this module. */
  files?: Partial<Record<Engine, string | URL>>;
}

export class Inkling extends InThread {
  /** Fails with 'unsupported-browser', 'fetch-failed', or the engine's own reason to refuse a model. */
  static async load({ model, sideFiles = {}, range, files = {} }: LoadOptions): Promise<Inkling> {
    return new Inkling(
      await start(range, () => ({
        compile: async (engine) => compile(files[engine] ?? beside(`inkling-${engine}.wasm`)),
        model: bytesOf(model, 'The model'),
        sideFiles: bytesOfEach(sideFiles),
      })),
    );
  }
}
