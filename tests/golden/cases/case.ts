// What a golden case is, and the pieces that cases are made of: an operator under test reads 'image' (or what a node
// before it made) and writes 'y'. Constants without values are filled with the same "random" numbers every time.
import { kFloat, kInt64, type Attribute, type Node, type Tensor } from '../onnx_writer.ts';

export interface Constant extends Tensor {
  /** Of the random numbers that fill it. */
  scale?: number;
}

export interface Case {
  dims: number[];
  opset?: number;
  nodes: Node[];
  constants?: Constant[];
  /** Of the input's numbers, otherwise in [-1, 1). */
  scale?: number;
  /** By how much an answer may differ, where that is more than rounding. */
  tolerance?: number;
}

export const kMap = [1, 3, 8, 9];

export const floats = (name: string, dims: number[], scale = 1): Constant => ({ name, type: kFloat, dims, values: [], scale });
export const given = (name: string, dims: number[], values: number[], type = kFloat): Constant => ({ name, type, dims, values });
export const ints = (name: string, values: number[]): Constant => given(name, [values.length], values, kInt64);
export const node = (op: string, inputs: string[], outputs: string[], attributes?: Record<string, Attribute>): Node => ({
  op,
  inputs,
  outputs,
  attributes,
});

/** One node between 'image' and 'y'. */
export function one(op: string, attributes: Record<string, Attribute> = {}, more: Partial<Case> = {}): Case {
  const constants = more.constants ?? [];
  const inputs = ['image', ...constants.map(({ name }) => name)];
  return { dims: kMap, nodes: [node(op, inputs, ['y'], attributes)], ...more };
}

export function conv(weights: number[], attributes: Record<string, Attribute> = {}, dims = kMap): Case {
  return one('Conv', attributes, { dims, constants: [floats('w', weights), floats('b', [weights[0]])] });
}

export const alpha = (value: number) => ({ alpha: { float: value } });
