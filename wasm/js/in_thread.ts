// An engine on the calling thread: what Node and inkling/direct import, each with its own way to get at
// files. Calls return promises as the workers' do; what they do is done before they return (unless an engine
// has to be put in the place of one that was stopped).
import { checkBatch, checkCount, checkName, checkPicture, checkPixels, checkRange, checkStrokes } from './checks.ts';
import { detectVariant, type Engine, type Variant } from './detect.ts';
import { EngineModule, isFatal, toInklingError } from './module.ts';
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

/** @internal What an engine is made of, on its way. */
export interface Parts {
  compile(engine: Engine): Promise<WebAssembly.Module>;
  model: Promise<Uint8Array>;
  sideFiles: Promise<Record<string, Uint8Array>>;
}

/** An engine that has loaded its model. */
export interface Started {
  /** @internal How to get another. */
  start: Start;
  /** @internal */
  module: EngineModule;
  /** @internal */
  description: Description;
  variant: Variant;
}

/** @internal Another instance with the same model. */
type Start = () => Promise<EngineModule>;

export class InThread {
  readonly #start: Start;
  /** Null after one that is not to be used again. */
  #module: EngineModule | Promise<EngineModule> | null;
  readonly #description: Description;
  /** Which of the two modules runs. */
  readonly variant: Variant;
  #disposed = false;

  protected constructor(started: Started) {
    this.#start = started.start;
    this.#module = started.module;
    this.#description = started.description;
    this.variant = started.variant;
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
    this.#refuseDisposed();
    let module = this.#module;
    while (!(module instanceof EngineModule)) {
      await (module ?? this.#replace());
      this.#refuseDisposed();
      module = this.#module; // a call that waited, too, may have ended the new one
    }
    try {
      return run(module);
    } catch (error) {
      const failure = toInklingError(error, 'The call');
      if (isFatal(failure.code)) this.#module = null;
      throw failure;
    }
  }

  #refuseDisposed(): void {
    if (this.#disposed) throw new InklingError('disposed', 'This engine was disposed of; load another.');
  }

  #replace(): Promise<EngineModule> {
    const next = this.#start();
    this.#module = next;
    next.then(
      (module) => (this.#disposed ? module.dispose() : void (this.#module = module)),
      () => (this.#module = null), // whoever waits hears of it, and the next call tries again
    );
    return next;
  }
}

/** @internal Fails with 'unsupported-browser', as the parts do, or with the engine's own reason to refuse a model. */
export async function start(range: Range = [0, 1], partsOf: () => Parts): Promise<Started> {
  const variant = detectVariant();
  if (variant === null) {
    throw new InklingError('unsupported-browser', 'There is no WebAssembly SIMD here.');
  }
  checkRange(range);
  const { compile, model, sideFiles } = partsOf();
  const load = async (engine: Engine): Promise<Started> => {
    const [compiled, onnx, beside] = await Promise.all([compile(engine), model, sideFiles]);
    const make = async () => {
      try {
        const module = await EngineModule.instantiate(compiled);
        return { module, description: module.load(onnx, beside, range) };
      } catch (error) {
        throw toInklingError(error, 'load');
      }
    };
    const again = async () => (await make()).module;
    return { start: again, variant, ...(await make()) };
  };
  try {
    return await load(variant);
  } catch (error) {
    if ((error as InklingError).code !== 'unsupported-model') throw error;
    return load(`${variant}-full`);
  }
}
