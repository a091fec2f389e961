// What Node imports: the same calls, answered on the calling thread (start a worker thread of your own
// where that matters). Files are read from disk.
import { readFile } from 'node:fs/promises';
import { InThread, start } from './in_thread.ts';
import { InklingError, type Range, type Source } from './types.ts';

export * from './types.ts';

export interface LoadOptions {
  /** The ONNX file: a path, a file: or http(s): address, or its bytes. */
  model: Source;
  /** Files that the model keeps weights in, by the names that it calls them. */
  sideFiles?: Record<string, Source>;
  /** What the model is given for paper and for ink, where it was not trained on 0 and 1: [0, 255], say. */
  range?: Range;
}

export class Inkling extends InThread {
  /** Fails with 'fetch-failed' (a file cannot be read), or the engine's own reason to refuse a model. */
  static async load({ model, sideFiles = {}, range }: LoadOptions): Promise<Inkling> {
    return new Inkling(
      await start(range, () => ({
        compile: async (engine) => WebAssembly.compile(await bytesOf(beside(engine), 'The engine')),
        model: bytesOf(model, 'The model'),
        sideFiles: bytesOfEach(sideFiles),
      })),
    );
  }
}

function beside(engine: string): URL {
  return new URL(`inkling-${engine}.wasm`, import.meta.url);
}

async function bytesOfEach(files: Record<string, Source>): Promise<Record<string, Uint8Array>> {
  const entries = Object.entries(files).map(
    async ([name, file]) => [name, await bytesOf(file, `The side file '${name}'`)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

async function bytesOf(source: Source, what: string): Promise<Uint8Array<ArrayBuffer>> {
  if (source instanceof Uint8Array) return new Uint8Array(source);
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (typeof source !== 'string' && !(source instanceof URL)) {
    const message = `load: ${what[0].toLowerCase()}${what.slice(1)} is neither an address nor the bytes of a file.`;
    throw new InklingError('invalid-argument', message);
  }
  try {
    if (!/^https?:/.test(String(source))) {
      const isAddress = typeof source === 'string' && source.startsWith('file:');
      return new Uint8Array(await readFile(isAddress ? new URL(source) : source));
    }
    const response = await fetch(source);
    if (!response.ok) throw new Error(`it answers ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    const message = `${what} could not be read: ${source}: ${(error as Error).message}.`;
    throw new InklingError('fetch-failed', message);
  }
}
