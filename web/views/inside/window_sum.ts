// One point of a feature map, worked out by hand: the patch that it looks at, the kernel, their products and
// the sum; as the engine does it, but slowly and for one point.
import type { Activation } from '../../../wasm/js/index.ts';
import type { Graph, Node } from './onnx_weights.ts';

export interface Share {
  /** Which of the maps before. */
  map: number;
  /** [height * width] of the window; NaN outside the picture, which counts as nothing. */
  patch: Float32Array;
  /** The same for the kernel; null for a window that only picks (a pool). */
  kernel: Float32Array | null;
  /** Of the products. */
  sum: number;
}

export interface WindowSum {
  height: number;
  width: number;
  /** The greatest part first. */
  shares: Share[];
  bias: number;
  /** Before what follows it (ReLU). */
  sum: number;
}

/** The node behind a step of the plan. */
export function nodeOf(graph: Graph, step: string): Node | undefined {
  return graph.nodes.find(({ name, outputs }) => name === step || outputs.includes(step));
}

/** Operators that the engine does together with the one before, or that change no number. */
const kFollowing = ['Relu', 'Clip', 'Flatten', 'Identity', 'Dropout', 'Reshape'];

/** Where a node's input comes from: the name of the step that makes it, or of the model's input. */
export function sourceOf(graph: Graph, node: Node, steps: ReadonlySet<string>): string {
  let name = node.inputs[0];
  for (;;) {
    const maker = graph.nodes.find(({ outputs }) => outputs.includes(name));
    if (maker === undefined) return name;
    if (steps.has(maker.name)) return maker.name;
    if (!kFollowing.includes(maker.op)) return name;
    name = maker.inputs[0];
  }
}

/** null for what is no window over maps, or has weights that cannot be read. */
export function windowSum(
  graph: Graph, node: Node, before: Activation, [map, y, x]: readonly [number, number, number],
): WindowSum | null {
  const [, channels, rows, columns] = before.shape;
  const { kernel_shape: [height, width] = [], group: [groups] = [1] } = node.ints;
  const { strides: [down, right] = [1, 1], pads: [top, left] = [0, 0] } = node.ints;
  const { dilations: [tall, wide] = [1, 1] } = node.ints;
  if (columns === undefined || width === undefined) return null;
  const patchOf = (channel: number): Float32Array =>
    Float32Array.from({ length: height * width }, (_, i) => {
      const row = y * down - top + Math.floor(i / width) * tall;
      const column = x * right - left + (i % width) * wide;
      const inside = row >= 0 && row < rows && column >= 0 && column < columns;
      return inside ? before.values[(channel * rows + row) * columns + column] : NaN;
    });
  if (node.op === 'MaxPool') {
    const patch = patchOf(map);
    const sum = patch.reduce((most, value) => (value > most ? value : most), -Infinity);
    return { height, width, shares: [{ map, patch, kernel: null, sum }], bias: 0, sum };
  }
  const weight = graph.weights.get(node.inputs[1]);
  if (node.op !== 'Conv' || weight === undefined) return null;
  const [maps, own] = weight.shape; // [maps, channels / groups, height, width]
  const first = Math.floor(map / (maps / groups)) * own;
  if (first + own > channels) return null;
  const bias = graph.weights.get(node.inputs[2])?.values[map] ?? 0;
  const area = height * width;
  const shares = Array.from({ length: own }, (_, i): Share => {
    const patch = patchOf(first + i);
    const kernel = weight.values.subarray((map * own + i) * area, (map * own + i + 1) * area);
    const sum = patch.reduce((total, value, j) => total + (Number.isNaN(value) ? 0 : value * kernel[j]), 0);
    return { map: first + i, patch, kernel, sum };
  });
  const sum = shares.reduce((total, share) => total + share.sum, bias);
  shares.sort((a, b) => Math.abs(b.sum) - Math.abs(a.sum));
  return { height, width, shares, bias, sum };
}
