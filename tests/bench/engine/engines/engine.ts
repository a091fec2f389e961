// What the page asks of every engine alike: a module of its own that loads a model and answers. Where an engine
// wants its other files is its own affair; all lie under /files/ of the benchmark's server.
import type { NetName } from '../nets.ts';

export interface Answers {
  /** pixels [batch*784] -> probabilities [batch*10], copied in and copied out. */
  run(pixels: Float32Array): Float32Array | Promise<Float32Array>;
}

/** The default export of each module: `net` names the model's files, `/models/NET.onnx` and so on. */
export type Load = (net: NetName, batch: number) => Promise<Answers>;

/** Also exported where an engine can be given its bytes: fetches them, and what it returns uses no network. */
export type Prepare = (net: NetName) => Promise<() => Promise<Answers>>;

export async function fetchBytes(url: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await (await fetch(url)).arrayBuffer());
}
