// The golden cases as files: what is under test, and a Flatten, so that its result is a row of classes.
import type { Case } from './cases.ts';
import { writeModel } from './onnx_writer.ts';

export { kCases } from './cases.ts';

/** The same "random" numbers every time, in [-1, 1). */
export function randoms(count: number, seed = 1): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

export function modelOf({ dims, opset = 17, nodes, constants = [] }: Case): Uint8Array {
  // Flattened, so that every operator's result is a row of classes.
  const row = { op: 'Flatten', inputs: ['y'], outputs: ['out'], attributes: { axis: 0 } };
  const filled = constants.map((constant, i) => ({
    ...constant,
    values:
      constant.values.length > 0
        ? constant.values
        : randoms(constant.dims.reduce((a, b) => a * b, 1), 7 + i).map((v) => v * (constant.scale ?? 1)),
  }));
  return writeModel({
    opset,
    input: { name: 'image', dims },
    output: 'out',
    nodes: [...nodes, row],
    constants: filled,
  });
}
