// What the page's side and the worker say to each other. A request carries an id; its reply carries the
// same one.
import type {
  Activation,
  BatchClassification,
  Classification,
  Description,
  ErrorCode,
  Picture,
  ProfiledStep,
  Range,
  Stroke,
} from './types.ts';

/** Each call of a worker: its arguments and its result. */
export interface Calls {
  /** sideFiles: what the model keeps beside itself, by the names that it calls these files. */
  load: {
    args: [
      module: WebAssembly.Module,
      onnx: Uint8Array,
      sideFiles: Record<string, Uint8Array>,
      range: Range,
    ];
    result: Description;
  };
  classifyStrokes: { args: [strokes: readonly Stroke[]]; result: Classification };
  classifyImage: { args: [picture: Picture]; result: Classification };
  classifyPixels: { args: [pixels: Float32Array]; result: Classification };
  classifyBatch: { args: [pixels: Float32Array, count: number]; result: BatchClassification };
  activations: { args: [name: string]; result: Activation };
  profile: { args: [pixels: Float32Array, rounds: number]; result: ProfiledStep[] };
}

export type CallName = keyof Calls;

export interface Request<Name extends CallName = CallName> {
  id: number;
  call: Name;
  args: Calls[Name]['args'];
}

export type Reply =
  | { id: number; result: Calls[CallName]['result'] }
  /** `fatal`: the instance trapped or ran out of memory, and its worker must be replaced. */
  | { id: number; error: { code: ErrorCode; message: string }; fatal: boolean };
