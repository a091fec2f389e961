// The module that a page imports: loads a model, owns the workers, and answers every call with a
// promise. The page's own thread does nothing but fetch and compile.
import { checkBatch, checkCount, checkName, checkPicture, checkPixels, checkRange, checkStrokes } from './checks.ts';
import { detectVariant, type Engine, type Variant } from './detect.ts';
import { beside, bytesOf, bytesOfEach, compile } from './fetching.ts';
import { Pool } from './pool.ts';
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
  type Source,
  type Stroke,
} from './types.ts';

export type { Engine } from './detect.ts';
export * from './types.ts';

export interface LoadOptions {
  /** Where the ONNX file is, or its bytes. */
  model: Source;
  /** Files that the model keeps weights in, by the names that it calls them: where they are, or their bytes. */
  sideFiles?: Record<string, Source>;
  /** What the model is given for paper and for ink, where it was not trained on 0 and 1: [0, 255], say. */
  range?: Range;
  /** How many workers share the work; one is plenty for one pen. */
  workers?: number;
  /** Where the parts of this library are; by default beside this module. */
  files?: Partial<Record<Engine | 'worker', string | URL>>;
}

export class Inkling {
  readonly #pool: Pool;
  readonly #description: Description;
  /** Which of the two modules runs. */
  readonly variant: Variant;

  private constructor(pool: Pool, description: Description, variant: Variant) {
    this.#pool = pool;
    this.#description = description;
    this.variant = variant;
  }

  /** Fails with 'unsupported-browser', 'fetch-failed', or the engine's own reason to refuse a model. */
  static async load(options: LoadOptions): Promise<Inkling> {
    const { model, sideFiles = {}, range = [0, 1], workers = 1, files = {} } = options;
    const variant = detectVariant();
    if (variant === null) {
      throw new InklingError('unsupported-browser', 'This browser has no WebAssembly SIMD.');
    }
    checkCount(workers, 'load: the number of workers');
    checkRange(range);
    const engine = (name: Engine) => compile(files[name] ?? beside(`inkling-${name}.wasm`));
    const bytes = bytesOf(model, 'The model');
    const given = bytesOfEach(sideFiles);
    // The workers start while the module and the model are still on their way to them.
    const start = async (module: Promise<WebAssembly.Module>) => {
      const parts = Promise.all([module, bytes, given, range]);
      parts.catch(() => {}); // The pool says so, unless there is none.
      const pool = new Pool(files.worker ?? beside('inkling-worker.js'), parts, workers);
      try {
        return new Inkling(pool, await pool.ready(), variant);
      } catch (error) {
        pool.dispose();
        throw error;
      }
    };
    try {
      return await start(engine(variant));
    } catch (error) {
      if ((error as InklingError).code !== 'unsupported-model') throw error;
      return start(engine(`${variant}-full`));
    }
  }

  /** Reads a drawing. Fails with 'empty-ink' when nothing is drawn. */
  async classifyStrokes(strokes: readonly Stroke[]): Promise<Classification> {
    checkStrokes(strokes);
    return this.#pool.call('classifyStrokes', [strokes]);
  }

  /** Reads a picture (an ImageData, say). Fails with 'empty-ink' when it is blank. */
  async classifyImage(picture: Picture): Promise<Classification> {
    checkPicture(picture);
    const { data, width, height } = picture; // An ImageData's own are not copied to a worker.
    return this.#pool.call('classifyImage', [{ data, width, height }]);
  }

  /**
   * Reads pixels [28*28], row-major, ink = 1; as many as the model's `input` says. Fails with
   * 'invalid-argument' for another count, NaN or infinity.
   */
  async classifyPixels(pixels: Float32Array): Promise<Classification> {
    checkPixels(pixels, this.#inputSize());
    return this.#pool.call('classifyPixels', [pixels]);
  }

  /** Reads pixels [n*28*28], shared among the workers. Fails as classifyPixels does. */
  async classifyBatch(pixels: Float32Array, n: number): Promise<BatchClassification> {
    const size = this.#inputSize();
    checkBatch(pixels, n, size);
    // Several shares a worker: one that is held up leaves some of its own to the others.
    const shares = this.#pool.size === 1 ? 1 : this.#pool.size * kSharesOfAWorker;
    const share = Math.max(Math.ceil(n / shares), Math.min(n, kLeastShare));
    const starts = Array.from({ length: Math.ceil(n / share) }, (_, i) => i * share);
    const batch = {};
    const parts = await Promise.all(
      starts.map((start) => {
        const end = Math.min(start + share, n);
        const part = pixels.slice(start * size, end * size);
        return this.#pool.call('classifyBatch', [part, end - start], { batch });
      }),
    );
    const digits = new Int8Array(n);
    const { classes } = this.#description;
    const probabilities = new Float32Array(n * classes);
    parts.forEach((part, i) => {
      digits.set(part.digits, starts[i]);
      probabilities.set(part.probabilities, starts[i] * classes);
    });
    return { digits, probabilities };
  }

  /**
   * The named tensor (names are those of plan()) for the image that was classified last. Fails with
   * 'invalid-argument' when there is none of that name, or nothing has been classified.
   */
  async activations(name: string): Promise<Activation> {
    checkName(name);
    return this.#pool.call('activations', [name], { sticky: true });
  }

  /** The steps that the engine runs for an image. */
  async plan(): Promise<PlanStep[]> {
    return this.#description.plan;
  }

  /** The steps with the microseconds that each takes for these pixels, the median of so many rounds. */
  async profile(pixels: Float32Array, rounds = 15): Promise<ProfiledStep[]> {
    checkPixels(pixels, this.#inputSize(), 'profile');
    checkCount(rounds, 'profile: the number of rounds');
    return this.#pool.call('profile', [pixels, rounds]);
  }

  /** The shape of one image in the model's file, its batch being 1. */
  get input(): readonly number[] {
    return this.#description.input;
  }

  #inputSize(): number {
    return this.#description.input.reduce((size, extent) => size * extent, 1);
  }

  /** The model file's metadata_props. */
  get metadata(): Readonly<Record<string, string>> {
    return this.#description.metadata;
  }

  /** Below this confidence an answer's digit is null. */
  get threshold(): number {
    return this.#description.threshold;
  }

  /** Ends the workers; calls under way are rejected with 'disposed'. */
  async dispose(): Promise<void> {
    this.#pool.dispose();
  }
}

const kSharesOfAWorker = 4;
/** Images; fewer are not worth a message. */
const kLeastShare = 8;
