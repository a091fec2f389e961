// What Node imports: the same calls, answered on the calling thread (start a worker thread of your own
// where that matters). Files are read from disk.
import { readFile } from 'node:fs/promises';
import { checkBatch, checkCount, checkName, checkPicture, checkPixels, checkRange, checkStrokes } from './checks.ts';
import { detectVariant, type Variant } from './detect.ts';
import { EngineModule, isTrap } from './module.ts';
import {
  InklingError,
  type Activation,
  type BatchClassification,
  type Classification,
  type Description,
  type Picture,
  type PlanStep,
  type ProfiledStep,
  type Range,
  type Stroke,
} from './types.ts';

export * from './types.ts';

/** A path, a file: or http(s): address, or bytes. */
export type Source = string | URL | Uint8Array | ArrayBuffer;

export interface LoadOptions {
  /** The ONNX file. */
  model: Source;
  /** Files that the model keeps weights in, by the names that it calls them. */
  sideFiles?: Record<string, Source>;
  /** What the model is given for paper and for ink, where it was not trained on 0 and 1: [0, 255], say. */
  range?: Range;
}

/** Another instance with the same model. */
type Start = () => Promise<EngineModule>;

export class Inkling {
  readonly #start: Start;
  #module: EngineModule | Promise<EngineModule>;
  readonly #description: Description;
  /** Which of the two modules runs. */
  readonly variant: Variant;
  #disposed = false;

  private constructor(start: Start, module: EngineModule, description: Description, variant: Variant) {
    this.#start = start;
    this.#module = module;
    this.#description = description;
    this.variant = variant;
  }

  /** Fails with 'fetch-failed' (a file cannot be read), or the engine's own reason to refuse a model. */
  static async load({ model, sideFiles = {}, range = [0, 1] }: LoadOptions): Promise<Inkling> {
    const variant = detectVariant();
    if (variant === null) {
      throw new InklingError('unsupported-browser', 'This Node has no WebAssembly SIMD.');
    }
    checkRange(range);
    const onnx = await bytesOf(model, 'The model');
    const beside: Record<string, Uint8Array> = {};
    for (const [name, file] of Object.entries(sideFiles)) {
      beside[name] = await bytesOf(file, `The side file '${name}'`);
    }
    const start = async (name: string) => {
      const wasm = await bytesOf(new URL(`inkling-${name}.wasm`, import.meta.url), 'The engine');
      const compiled = await WebAssembly.compile(wasm);
      const module = await EngineModule.instantiate(compiled);
      const description = module.load(onnx, beside, range);
      const again = async () => {
        const another = await EngineModule.instantiate(compiled);
        another.load(onnx, beside, range);
        return another;
      };
      return new Inkling(again, module, description, variant);
    };
    try {
      return await start(variant);
    } catch (error) {
      if ((error as InklingError).code !== 'unsupported-model') throw error;
      return start(`${variant}-full`);
    }
  }

  /** Reads a drawing. Fails with 'empty-ink' when nothing is drawn. */
  async classifyStrokes(strokes: readonly Stroke[]): Promise<Classification> {
    checkStrokes(strokes);
    return this.#ask((module) => module.classify(module.pixelsFromStrokes(strokes)));
  }

  /** Reads a picture (RGBA). Fails with 'empty-ink' when it is blank. */
  async classifyImage(picture: Picture): Promise<Classification> {
    checkPicture(picture);
    return this.#ask((module) => module.classify(module.pixelsFromPicture(picture)));
  }

  /**
   * Reads pixels [28*28], row-major, ink = 1; as many as the model's `input` says. Fails with
   * 'invalid-argument' for another count, NaN or infinity.
   */
  async classifyPixels(pixels: Float32Array): Promise<Classification> {
    checkPixels(pixels, this.#inputSize());
    const own = pixels.slice();
    return this.#ask((module) => module.classify(own));
  }

  /** Reads pixels [n*28*28]. Fails as classifyPixels does. */
  async classifyBatch(pixels: Float32Array, n: number): Promise<BatchClassification> {
    checkBatch(pixels, n, this.#inputSize());
    return this.#ask((module) => module.classifyBatch(pixels, n));
  }

  /**
   * The named tensor (names are those of plan()) for the image that was classified last. Fails with
   * 'invalid-argument' when there is none of that name, or nothing has been classified.
   */
  async activations(name: string): Promise<Activation> {
    checkName(name);
    return this.#ask((module) => module.activations(name));
  }

  /** The steps that the engine runs for an image. */
  async plan(): Promise<PlanStep[]> {
    return this.#description.plan;
  }

  /** The plan with the median microseconds of each step. */
  async profile(pixels: Float32Array, rounds = 15): Promise<ProfiledStep[]> {
    checkPixels(pixels, this.#inputSize(), 'profile');
    checkCount(rounds, 'profile: the number of rounds');
    return this.#ask((module) => module.profile(pixels, rounds));
  }

  /** The shape of one image in the model's file, its batch being 1. */
  get input(): readonly number[] {
    return this.#description.input;
  }

  /** The model file's metadata_props. */
  get metadata(): Readonly<Record<string, string>> {
    return this.#description.metadata;
  }

  /** Below this confidence an answer's digit is null. */
  get threshold(): number {
    return this.#description.threshold;
  }

  /** Frees the engine; later calls fail with 'disposed'. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    if (this.#module instanceof EngineModule) this.#module.dispose();
  }

  #inputSize(): number {
    return this.#description.input.reduce((size, extent) => size * extent, 1);
  }

  /** After a trap, or when memory has run out, which an instance never gives back, the next call gets another. */
  async #ask<T>(run: (module: EngineModule) => T): Promise<T> {
    if (this.#disposed) throw new InklingError('disposed', 'This engine was disposed of; load another.');
    const module = this.#module instanceof EngineModule ? this.#module : await this.#module;
    try {
      return run(module);
    } catch (error) {
      const trapped = isTrap(error);
      if (!trapped && (error as InklingError).code !== 'out-of-memory') throw error;
      if (!this.#disposed) this.#replace();
      throw trapped ? new InklingError('trap', `The engine stopped: ${(error as Error).message}.`) : error;
    }
  }

  #replace(): void {
    const next = this.#start();
    this.#module = next;
    next.then(
      (module) => (this.#module = module),
      () => {}, // whoever calls next hears of it, and the call after that
    );
  }
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
