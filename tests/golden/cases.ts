// The golden cases, all of them, and which of them the core module runs.
import { kArithmetic } from './cases/arithmetic.ts';
import type { Case } from './cases/case.ts';
import { kMatrices } from './cases/matrices.ts';
import { kQuantised } from './cases/quantised.ts';
import { kShapes } from './cases/shapes.ts';
import { kUnary } from './cases/unary.ts';
import { kWindows } from './cases/windows.ts';

export type { Case, Constant } from './cases/case.ts';

export const kCases: Record<string, Case> = { ...kWindows, ...kMatrices, ...kArithmetic, ...kUnary, ...kShapes, ...kQuantised };

/** What the core module runs; wasm/README.md says so too. */
export const kCoreOperators = new Set(
  `Add AveragePool BatchNormalization Cast Clip Concat Constant Conv DequantizeLinear Div Dropout Flatten Gather Gemm GlobalAveragePool
  GlobalMaxPool Identity LeakyRelu LogSoftmax MatMul MaxPool Mul ReduceMean Relu Reshape Shape Sigmoid Slice Softmax
  Squeeze Sub Transpose Unsqueeze`.split(/\s+/),
);

/** Cases of these operators that the core leaves to the full module: matrices other than constant ones on the right,
 *  Concat, Gather and Slice of anything but constant lists, and casts to whole numbers. */
export const kFullOnly =
  /^(Cast to truths|Slice|Gather|Concat on|MatMul of two values|MatMul from the left|MatMul by a stack|Gemm transA)/;
