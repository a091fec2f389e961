// Two or more tensors, broadcast; reductions.
import { floats, given, ints, kMap, node, one, type Case } from './case.ts';

const binary = (op: string, dims: number[], more: Partial<Case> = {}): Case => one(op, {}, { constants: [floats('k', dims)], ...more });
export const kArithmetic: Record<string, Case> = {
  'Add a channel each': binary('Add', [3, 1, 1]),
  'Sub a row': binary('Sub', [9]),
  'Mul a plane': binary('Mul', [8, 9]),
  'Div a column': binary('Div', [8, 1]),
  'Add that widens': binary('Add', [2, 3, 8, 9]),
  'PRelu': binary('PRelu', [3, 1, 1]),
  'Max with a constant': binary('Max', [3, 1, 1]),
  'Min with a constant': binary('Min', [1]),
  'Pow 2': one('Pow', {}, { constants: [given('k', [], [2])] }),
  'Pow 3': one('Pow', {}, { constants: [given('k', [], [3])] }),
  'Sum of three': one('Sum', {}, { constants: [floats('a', [3, 1, 1]), floats('b', [9])] }),
  'Mean of two': one('Mean', {}, { constants: [floats('a', [3, 8, 9])] }),
  'Clip': one('Clip', {}, { constants: [given('low', [], [-0.3]), given('high', [], [0.5])] }),
  'Clip of old': one('Clip', { min: { float: -0.3 }, max: { float: 0.5 } }, { opset: 10 }),
  'Clip without a lower end': {
    dims: kMap,
    constants: [given('high', [], [0.5])],
    nodes: [node('Clip', ['image', '', 'high'], ['y'])],
  },
  'Clip without ends': one('Clip'),
  'HardSwish in parts': {
    dims: kMap,
    scale: 6,
    constants: [given('three', [], [3]), given('zero', [], [0]), given('six', [], [6])],
    nodes: [
      node('Add', ['image', 'three'], ['a']),
      node('Clip', ['a', 'zero', 'six'], ['c']),
      node('Mul', ['image', 'c'], ['m']),
      node('Div', ['m', 'six'], ['y']),
    ],
  },
  'Relu6 in parts': {
    dims: kMap,
    scale: 9,
    constants: [given('zero', [], [0]), given('six', [], [6])],
    nodes: [node('Max', ['image', 'zero'], ['a']), node('Min', ['six', 'a'], ['y'])],
  },
  'Gelu in parts': {
    dims: kMap,
    scale: 3,
    constants: [given('root', [], [Math.SQRT2]), given('one', [], [1]), given('half', [], [0.5])],
    nodes: [
      node('Div', ['image', 'root'], ['a']),
      node('Erf', ['a'], ['b']),
      node('Add', ['b', 'one'], ['c']),
      node('Mul', ['image', 'c'], ['d']),
      node('Mul', ['d', 'half'], ['y']),
    ],
  },
  'layer normalisation in parts': {
    dims: kMap,
    constants: [given('two', [], [2]), given('epsilon', [], [1e-5]), floats('gain', [9]), floats('shift', [9])],
    nodes: [
      node('ReduceMean', ['image'], ['m'], { axes: [-1] }),
      node('Sub', ['image', 'm'], ['d']),
      node('Pow', ['d', 'two'], ['p']),
      node('ReduceMean', ['p'], ['v'], { axes: [-1] }),
      node('Add', ['v', 'epsilon'], ['e']),
      node('Sqrt', ['e'], ['r']),
      node('Div', ['d', 'r'], ['n']),
      node('Mul', ['n', 'gain'], ['g']),
      node('Add', ['g', 'shift'], ['y']),
    ],
  },
  'Swish in parts': { dims: kMap, scale: 6, nodes: [node('Sigmoid', ['image'], ['s']), node('Mul', ['s', 'image'], ['y'])] },
  'pixels of 255 and their mean and deviation': {
    dims: kMap,
    scale: 100,
    constants: [given('byte', [], [255]), given('mean', [1, 3, 1, 1], [0.4, 0.5, 0.6]), given('deviation', [3, 1, 1], [0.2, 0.3, 0.25])],
    nodes: [
      node('Div', ['image', 'byte'], ['a']),
      node('Sub', ['a', 'mean'], ['b']),
      node('Div', ['b', 'deviation'], ['y']),
    ],
  },
  'ReduceMean of version 18': one('ReduceMean', { keepdims: 0 }, { opset: 18, constants: [ints('axes', [-1, 2])] }),
  'ReduceMax of version 18, no axes, nothing to do': {
    dims: kMap,
    opset: 18,
    nodes: [node('ReduceMax', ['image'], ['y'], { noop_with_empty_axes: 1 })],
  },
  'ReduceMean of version 18, no axes, nothing to do': {
    dims: kMap,
    opset: 18,
    nodes: [node('ReduceMean', ['image'], ['y'], { noop_with_empty_axes: 1 })],
  },
  'a residual': {
    dims: kMap,
    constants: [floats('w', [3, 3, 3, 3])],
    nodes: [
      node('Conv', ['image', 'w'], ['c'], { pads: [1, 1, 1, 1] }),
      node('Add', ['image', 'c'], ['s']),
      node('Relu', ['s'], ['y']),
    ],
  },
  'squeeze and excite': {
    dims: kMap,
    constants: [floats('w', [3, 3, 1, 1])],
    nodes: [
      node('Conv', ['image', 'w'], ['c']),
      node('ReduceMean', ['c'], ['m'], { axes: [2, 3] }),
      node('Sigmoid', ['m'], ['s']),
      node('Mul', ['c', 's'], ['y']),
    ],
  },
};
for (const axis of [0, 1, 2, 3, -1]) {
  for (const op of ['Softmax', 'LogSoftmax']) {
    kArithmetic[`${op} along ${axis}`] = one(op, { axis }, { scale: 4 });
    kArithmetic[`${op} from ${axis} on (old)`] = one(op, { axis }, { opset: 11, scale: 4 });
  }
}
for (const op of ['Mean', 'Sum', 'Max', 'Min', 'Prod', 'L1', 'L2', 'SumSquare']) {
  kArithmetic[`Reduce${op} of maps`] = one(`Reduce${op}`, op === 'Sum' ? {} : { axes: [2, 3] }, op === 'Sum' ? { constants: [ints('axes', [2, 3])] } : {});
  kArithmetic[`Reduce${op} without keepdims`] = one(`Reduce${op}`, { keepdims: 0, ...(op === 'Sum' ? {} : { axes: [1] }) }, op === 'Sum' ? { constants: [ints('axes', [1])] } : {});
}
