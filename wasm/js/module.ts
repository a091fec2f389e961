// One instance of inkling.wasm and the calls of wasm/bindings/inkling_c.h over it: copies arguments in,
// copies results out, and turns a failed call into an InklingError with the engine's own sentence.
// Synchronous and without a DOM, so that it serves a worker, Node and tests alike.
import {
  InklingError,
  kDigitCount,
  kPixelCount,
  type Activation,
  type BatchClassification,
  type Classification,
  type Description,
  type ErrorCode,
  type Picture,
  type ProfiledStep,
  type Range,
  type Stroke,
} from './types.ts';

/** The exports of inkling.wasm; pointers and sizes are plain numbers. */
interface Exports {
  memory: WebAssembly.Memory;
  _initialize(): void;
  inkling_last_error(): number;
  inkling_alloc(bytes: number): number;
  inkling_free(pointer: number): void;
  inkling_side_file(name: number, bytes: number, size: number): number;
  inkling_engine_load(onnx: number, size: number): number;
  inkling_engine_free(handle: number): void;
  inkling_engine_classify(handle: number, pixels: number, count: number, out: number): number;
  inkling_engine_describe(handle: number): number;
  inkling_engine_run_step(handle: number, step: number, times: number): number;
  inkling_engine_activations(handle: number, name: number, values: number, shape: number): number;
  inkling_pixels_from_strokes(xy: number, lengths: number, strokes: number, out: number): number;
  inkling_pixels_from_bitmap(rgba: number, width: number, height: number, out: number): number;
}

/** Indexed by StatusCode of wasm/include/inkling/status.h; 0 is success. */
const kErrorCodes: readonly ErrorCode[] = [
  'internal',
  'invalid-argument',
  'empty-ink',
  'malformed-model',
  'unsupported-model',
  'limit-exceeded',
  'out-of-memory',
  'internal',
];

/** Images given to the engine at once: bounds the workspace, and is past where a larger batch pays. */
const kBatchChunk = 64;

/** Twenty ticks of a browser's clock, which is coarse on pages that are not isolated. */
const kSeenMs = 2;

const kFloatBytes = 4;

export class EngineModule {
  readonly #exports: Exports;
  #engine = 0;
  #threshold = 0;
  #inputSize = kPixelCount;
  #classes = kDigitCount;
  #range: Range = [0, 1];

  private constructor(exports: Exports) {
    this.#exports = exports;
  }

  static async instantiate(module: WebAssembly.Module): Promise<EngineModule> {
    const instance = await instantiated(module);
    const exports = instance.exports as unknown as Exports;
    exports._initialize();
    return new EngineModule(exports);
  }

  /**
   * Loads ONNX bytes in place of whatever was loaded before. `files`: what the model keeps beside itself,
   * by the names that it (and the error of a load without them) calls them. `range`: what the model is given
   * for paper and for ink.
   */
  load(onnx: Uint8Array, files: Record<string, Uint8Array> = {}, range: Range = [0, 1]): Description {
    const beside = Object.entries(files).map(([name, bytes]) => ({
      name: new TextEncoder().encode(name + '\0'),
      bytes,
    }));
    const sizes = beside.flatMap(({ name, bytes }) => [name.length, bytes.length]);
    const handle = this.#withMemory([onnx.byteLength, ...sizes], ([model, ...places]) => {
      beside.forEach(({ name, bytes }, i) => {
        const [nameAt, bytesAt] = places.slice(2 * i);
        this.#bytes(nameAt, name.length).set(name);
        this.#bytes(bytesAt, bytes.length).set(bytes);
        this.#check(this.#exports.inkling_side_file(nameAt, bytesAt, bytes.length));
      });
      this.#bytes(model, onnx.byteLength).set(onnx);
      return this.#check(this.#exports.inkling_engine_load(model, onnx.byteLength));
    });
    this.dispose();
    this.#engine = handle;
    this.#range = range;
    const description = this.describe();
    this.#threshold = description.threshold;
    this.#inputSize = product(description.input);
    this.#classes = description.classes;
    return description;
  }

  describe(): Description {
    const json = this.#exports.inkling_engine_describe(this.#engine);
    if (json === 0) throw this.#lastError(kErrorCodes.indexOf('invalid-argument'));
    return JSON.parse(this.#text(json)) as Description;
  }

  /** strokes -> pixels [28*28]. Fails with 'empty-ink' when no stroke has a point. */
  pixelsFromStrokes(strokes: readonly Stroke[]): Float32Array {
    const points = strokes.reduce((sum, stroke) => sum + stroke.length, 0);
    const sizes = [2 * points * kFloatBytes, strokes.length * 4, kPixelCount * kFloatBytes];
    return this.#withMemory(sizes, ([xy, lengths, out]) => {
      const coordinates = this.#floats(xy, 2 * points);
      strokes.flat().forEach(([x, y], i) => coordinates.set([x, y], 2 * i));
      const counts = new Int32Array(this.#exports.memory.buffer, lengths, strokes.length);
      strokes.forEach((stroke, i) => (counts[i] = stroke.length));
      const { inkling_pixels_from_strokes: call } = this.#exports;
      this.#check(call(xy, lengths, strokes.length, out));
      return this.#floats(out, kPixelCount).slice();
    });
  }

  /** RGBA -> pixels [28*28]. Fails with 'empty-ink' when the picture is blank. */
  pixelsFromPicture({ data, width, height }: Picture): Float32Array {
    if (data.length !== width * height * 4) {
      throw new InklingError('invalid-argument', `${width}x${height} RGBA are not ${data.length} bytes.`);
    }
    return this.#withMemory([data.length, kPixelCount * kFloatBytes], ([rgba, out]) => {
      this.#bytes(rgba, data.length).set(data);
      this.#check(this.#exports.inkling_pixels_from_bitmap(rgba, width, height, out));
      return this.#floats(out, kPixelCount).slice();
    });
  }

  classify(pixels: Float32Array): Classification {
    const probabilities = this.#probabilities(pixels, 1);
    const best = argmax(probabilities);
    const confidence = probabilityOf(probabilities, best);
    const digit = confidence >= this.#threshold ? best : null;
    return { digit, confidence, probabilities, pixels };
  }

  /** pixels [count * the product of the description's input], 28*28 for most models. */
  classifyBatch(pixels: Float32Array, count: number): BatchClassification {
    this.#checkPixels(pixels, count);
    const probabilities = new Float32Array(count * this.#classes);
    const digits = new Int8Array(count);
    for (let start = 0; start < count; start += kBatchChunk) {
      const end = Math.min(start + kBatchChunk, count);
      const chunk = pixels.subarray(start * this.#inputSize, end * this.#inputSize);
      probabilities.set(this.#probabilities(chunk, end - start), start * this.#classes);
    }
    for (let i = 0; i < count; ++i) {
      const row = probabilities.subarray(i * this.#classes, (i + 1) * this.#classes);
      const best = argmax(row);
      digits[i] = probabilityOf(row, best) >= this.#threshold ? best : -1;
    }
    return { digits, probabilities };
  }

  /** The named tensor for the image that was classified last. */
  activations(name: string): Activation {
    const text = new TextEncoder().encode(name + '\0');
    return this.#withMemory([text.length, 4, 4 * 4], ([cName, valuesOut, shapeOut]) => {
      this.#bytes(cName, text.length).set(text);
      const { inkling_engine_activations: call } = this.#exports;
      const count = this.#check(call(this.#engine, cName, valuesOut, shapeOut));
      const { buffer } = this.#exports.memory;
      const [values] = new Uint32Array(buffer, valuesOut, 1);
      const shape = [...new Int32Array(buffer, shapeOut, 4)].filter((extent) => extent > 0);
      return { shape, values: this.#floats(values, count).slice() };
    });
  }

  /**
   * The plan with the time that each step takes for these images (of many, those run at once), a median. The module has no clock:
   * each step is repeated by itself until the clock here can see it, its weights staying in the cache.
   */
  profile(pixels: Float32Array, rounds: number): ProfiledStep[] {
    this.#probabilities(pixels, pixels.length / this.#inputSize);
    return this.describe().plan.map((step, i) => {
      const took = (times: number): number => {
        const start = performance.now();
        this.#check(this.#exports.inkling_engine_run_step(this.#engine, i, times));
        return performance.now() - start;
      };
      let times = 1;
      // Of three, since one may be long for other programs' sake.
      while (Math.min(took(times), took(times), took(times)) < kSeenMs) times *= 2;
      const each = Array.from({ length: rounds }, () => took(times)).sort((a, b) => a - b);
      return { ...step, microseconds: (each[rounds >> 1] / times) * 1000 };
    });
  }

  dispose(): void {
    if (this.#engine !== 0) this.#exports.inkling_engine_free(this.#engine);
    this.#engine = 0;
  }

  #probabilities(pixels: Float32Array, count: number): Float32Array {
    this.#checkPixels(pixels, count);
    const sizes = [pixels.length * kFloatBytes, count * this.#classes * kFloatBytes];
    return this.#withMemory(sizes, ([image, out]) => {
      this.#floats(image, pixels.length).set(this.#ranged(pixels));
      this.#check(this.#exports.inkling_engine_classify(this.#engine, image, count, out));
      return this.#floats(out, count * this.#classes).slice();
    });
  }

  #checkPixels(pixels: Float32Array, count: number): void {
    if (count >= 1 && pixels.length === count * this.#inputSize) return;
    const message = `${count} images of ${this.#inputSize} floats are not ${pixels.length}.`;
    throw new InklingError('invalid-argument', message);
  }

  /** Pixels (ink = 1) as the model takes them. */
  #ranged(pixels: Float32Array): Float32Array {
    const [paper, ink] = this.#range;
    return paper === 0 && ink === 1 ? pixels : pixels.map((pixel) => paper + (ink - paper) * pixel);
  }

  /** Runs `use` with a buffer of each size, freed afterwards whatever happens (but for a trap). */
  #withMemory<T>(sizes: number[], use: (pointers: number[]) => T): T {
    const pointers: number[] = [];
    const release = () => pointers.forEach((pointer) => this.#exports.inkling_free(pointer));
    try {
      for (const size of sizes) {
        const pointer = this.#exports.inkling_alloc(Math.max(size, 1)) >>> 0;
        if (pointer === 0) {
          throw new InklingError('out-of-memory', `There is no memory left for ${size} bytes.`);
        }
        pointers.push(pointer);
      }
      const result = use(pointers);
      release();
      return result;
    } catch (error) {
      // After a trap the module's memory is not to be trusted: its owner throws the instance away.
      if (!isTrap(error)) release();
      throw error;
    }
  }

  #check(result: number): number {
    if (result < 0) throw this.#lastError(-result);
    return result;
  }

  #lastError(status: number): InklingError {
    const message = this.#text(this.#exports.inkling_last_error());
    return new InklingError(kErrorCodes[status] ?? 'internal', message);
  }

  // Views are made anew at each use: when memory grows, older views are detached.
  #bytes(pointer: number, length: number): Uint8Array {
    return new Uint8Array(this.#exports.memory.buffer, pointer, length);
  }

  #floats(pointer: number, length: number): Float32Array {
    return new Float32Array(this.#exports.memory.buffer, pointer, length);
  }

  #text(pointer: number): string {
    const bytes = new Uint8Array(this.#exports.memory.buffer, pointer >>> 0);
    return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
  }
}

/** Whether the module was stopped half-way; any other failure leaves its memory in order. */
function isTrap(error: unknown): boolean {
  return error instanceof WebAssembly.RuntimeError || isStackOverflow(error);
}

/** Any failure of a call as one with a code. */
export function toInklingError(error: unknown, call: string): InklingError {
  if (error instanceof InklingError) return error;
  const { message } = error as Error;
  if (isTrap(error)) return new InklingError('trap', `The engine stopped: ${message}.`);
  return new InklingError('internal', `${call} failed: ${message}.`);
}

/** After these an instance is not to be used again: it was stopped half-way, or gives no memory back. */
export function isFatal(code: ErrorCode): boolean {
  return code === 'trap' || code === 'out-of-memory';
}

/** A stack that overflows inside a module is reported in JavaScript's own words: V8's, then Firefox's. */
function isStackOverflow(error: unknown): boolean {
  return error instanceof Error && /call stack size|too much recursion/.test(error.message);
}

/** The module imports nothing; what can be missing is the memory that it starts with. */
async function instantiated(module: WebAssembly.Module): Promise<WebAssembly.Instance> {
  try {
    return await WebAssembly.instantiate(module, {});
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const message = `There is no memory left for the engine: ${error.message}.`;
    throw new InklingError('out-of-memory', message);
  }
}

function product(shape: number[]): number {
  return shape.reduce((size, extent) => size * extent, 1);
}

/** Of the greatest of a model's numbers: itself where they are probabilities, else its softmax. */
function probabilityOf(row: Float32Array, best: number): number {
  const rounding = 1e-3;
  const within = row.every((value) => value >= -rounding && value <= 1 + rounding);
  const sum = row.reduce((total, value) => total + value, 0);
  if (within && Math.abs(sum - 1) < rounding) return row[best];
  return 1 / row.reduce((total, value) => total + Math.exp(value - row[best]), 0);
}

function argmax(row: Float32Array): number {
  return row.reduce((best, value, i) => (value > row[best] ? i : best), 0);
}
