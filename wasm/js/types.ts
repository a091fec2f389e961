// The words that the engine's JavaScript side speaks: what goes in, what comes out, how it fails.

/** [x, y]; x grows right, y grows down, any unit. */
export type Point = readonly [x: number, y: number];
export type Stroke = readonly Point[];

/** The engine's reading of one image. */
export interface Classification {
  /** 0..9, or null when the confidence is below the model's rejection threshold. */
  digit: number | null;
  /** The greatest of the probabilities; of a model that gives logits, their softmax. */
  confidence: number;
  /** [10], the model's own numbers: their sum is 1 where it ends in softmax. */
  probabilities: Float32Array;
  /** [28*28], row-major, ink = 1: what the network was shown. */
  pixels: Float32Array;
}

/** The engine's reading of n images. */
export interface BatchClassification {
  /** [n]; -1 where the model is not sure. */
  digits: Int8Array;
  /** [n*10], an image a row; with another number of classes, so many a row. */
  probabilities: Float32Array;
}

export interface PlanStep {
  name: string;
  op: string;
  /** Of the step's output in the file's order, for one image. */
  shape: number[];
  multiply_adds: number;
  weight_bytes: number;
}

export interface ProfiledStep extends PlanStep {
  microseconds: number;
}

export interface Activation {
  /** Of the tensor in the file, for one image. */
  shape: number[];
  values: Float32Array;
}

/** What a loaded model says of itself. */
export interface Description {
  /** Below this confidence the digit is null. */
  threshold: number;
  metadata: Record<string, string>;
  /** The shape of one image; [1,1,28,28] and [1,28,28,1] are both 28 rows of 28 pixels. */
  input: number[];
  /** How many numbers come of an image. */
  classes: number;
  plan: PlanStep[];
}

/** What a model is given for paper and for ink; most take 0 and 1, some 0 and 255. */
export type Range = readonly [paper: number, ink: number];

/** A picture: RGBA, row-major from the top left. A browser's ImageData is one. */
export interface Picture {
  data: Uint8ClampedArray | Uint8Array;
  width: number;
  height: number;
}

/** Where a file is (relative to the page; in Node a path, too), or its bytes. */
export type Source = string | URL | Uint8Array | ArrayBuffer;

export type ErrorCode =
  | 'invalid-argument'
  | 'empty-ink'
  | 'malformed-model'
  | 'unsupported-model'
  | 'limit-exceeded'
  | 'out-of-memory'
  | 'internal'
  | 'unsupported-browser'
  | 'fetch-failed'
  | 'trap'
  | 'disposed';

/** Every failure of the engine: `code` for programs, `message` (one sentence) for people. */
export class InklingError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.name = 'InklingError';
    this.code = code;
  }
}

export const kDigitCount = 10;
export const kPixelCount = 28 * 28;
