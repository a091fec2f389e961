// The golden cases: an operator under test reads 'image' (or what a node before it made) and writes 'y'.
// Constants without values are filled with the same "random" numbers every time.
import { kBool, kFloat, kInt32, kInt64, kInt8, kUint8, type Attribute, type Node, type Tensor } from './onnx_writer.ts';

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

const kMap = [1, 3, 8, 9];

const floats = (name: string, dims: number[], scale = 1): Constant => ({ name, type: kFloat, dims, values: [], scale });
const given = (name: string, dims: number[], values: number[], type = kFloat): Constant => ({ name, type, dims, values });
const ints = (name: string, values: number[]): Constant => given(name, [values.length], values, kInt64);
const node = (op: string, inputs: string[], outputs: string[], attributes?: Record<string, Attribute>): Node => ({
  op,
  inputs,
  outputs,
  attributes,
});

/** One node between 'image' and 'y'. */
function one(op: string, attributes: Record<string, Attribute> = {}, more: Partial<Case> = {}): Case {
  const constants = more.constants ?? [];
  const inputs = ['image', ...constants.map(({ name }) => name)];
  return { dims: kMap, nodes: [node(op, inputs, ['y'], attributes)], ...more };
}

function conv(weights: number[], attributes: Record<string, Attribute> = {}, dims = kMap): Case {
  return one('Conv', attributes, { dims, constants: [floats('w', weights), floats('b', [weights[0]])] });
}

const alpha = (value: number) => ({ alpha: { float: value } });

const kUnary: Record<string, Case> = Object.fromEntries(
  [
    ['Abs'],
    ['Ceil'],
    ['Cos'],
    ['Erf'],
    ['Exp'],
    ['Floor'],
    ['HardSigmoid', { ...alpha(0.3), beta: { float: 0.4 } }],
    ['HardSwish'],
    ['LeakyRelu', alpha(0.2)],
    ['Elu', alpha(1.5)],
    ['Celu', alpha(0.7)],
    ['Mish', {}, 18],
    ['Neg'],
    ['Reciprocal'],
    ['Relu'],
    ['Round'],
    ['Selu'],
    ['Shrink', { lambd: { float: 0.7 }, bias: { float: 0.2 } }],
    ['Sigmoid'],
    ['Sign'],
    ['Sin'],
    ['Softplus'],
    ['Softsign'],
    ['Tanh'],
    ['ThresholdedRelu', alpha(0.4)],
    ['Gelu', {}, 20],
    ['Gelu', { approximate: 'tanh' }, 20],
  ].map(([op, attributes = {}, opset = 17]) => [
    `${op} ${JSON.stringify(attributes)}`,
    one(op as string, attributes as Record<string, Attribute>, { opset: opset as number, scale: 3 }),
  ]),
);

for (const op of ['Celu', 'Elu', 'Erf', 'Gelu', 'HardSwish', 'Mish', 'Selu', 'Sigmoid', 'Softplus', 'Softsign', 'Tanh']) {
  kUnary[`${op} of large numbers`] = one(op, {}, { opset: 20, scale: 120 });
}

const kWindows: Record<string, Case> = {
  'Conv 3x3': conv([5, 3, 3, 3]),
  'Conv without bias': one('Conv', {}, { constants: [floats('w', [4, 3, 3, 3])] }),
  'Conv 1x1': conv([4, 3, 1, 1]),
  'Conv 7x7 padded': conv([4, 3, 7, 7], { pads: [3, 3, 3, 3] }),
  'Conv with uneven pads and strides': conv([4, 3, 3, 2], { pads: [2, 0, 1, 1], strides: [2, 3] }),
  'Conv dilated': conv([4, 3, 3, 3], { dilations: [2, 3] }),
  'Conv depthwise': conv([3, 1, 3, 3], { group: 3, pads: [1, 1, 1, 1] }),
  'Conv in groups': conv([6, 2, 3, 3], { group: 2 }, [1, 4, 8, 9]),
  'Conv SAME_UPPER': conv([4, 3, 4, 4], { auto_pad: 'SAME_UPPER', strides: [2, 2] }),
  'Conv SAME_LOWER': conv([4, 3, 4, 4], { auto_pad: 'SAME_LOWER', strides: [2, 2] }),
  'Conv VALID': conv([4, 3, 3, 3], { auto_pad: 'VALID' }),
  'Conv of one dimension': one('Conv', { pads: [1, 1] }, { dims: [1, 3, 20], constants: [floats('w', [4, 3, 3])] }),
  'MaxPool': one('MaxPool', { kernel_shape: [2, 2], strides: [2, 2] }),
  'MaxPool ceil_mode': one('MaxPool', { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }),
  'MaxPool padded and dilated': one('MaxPool', { kernel_shape: [2, 3], pads: [1, 1, 0, 1], dilations: [2, 1] }),
  'MaxPool SAME_UPPER': one('MaxPool', { kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'SAME_UPPER' }),
  'AveragePool': one('AveragePool', { kernel_shape: [2, 3], strides: [2, 2] }),
  'AveragePool padded': one('AveragePool', { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
  'AveragePool count_include_pad': one('AveragePool', { kernel_shape: [3, 3], pads: [1, 0, 2, 1], count_include_pad: 1 }),
  'AveragePool ceil_mode': one('AveragePool', { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }),
  'MaxPool SAME_LOWER': one('MaxPool', { kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'SAME_LOWER' }),
  'MaxPool ceil_mode padded': one('MaxPool', { kernel_shape: [3, 3], strides: [3, 2], pads: [1, 1, 1, 1], ceil_mode: 1 }),
  'MaxPool of one dimension': one('MaxPool', { kernel_shape: [3], strides: [2], pads: [1, 1] }, { dims: [1, 3, 20] }),
  'MaxPool with gaps between windows': one('MaxPool', { kernel_shape: [2, 2], strides: [3, 3] }),
  'AveragePool SAME_LOWER': one('AveragePool', { kernel_shape: [3, 4], strides: [2, 2], auto_pad: 'SAME_LOWER' }),
  'AveragePool SAME_UPPER count_include_pad': one('AveragePool', {
    ...{ kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'SAME_UPPER', count_include_pad: 1 },
  }),
  'AveragePool ceil_mode padded, count_include_pad': one('AveragePool', {
    ...{ kernel_shape: [3, 3], strides: [3, 2], pads: [1, 1, 1, 1], ceil_mode: 1, count_include_pad: 1 },
  }, { opset: 19 }),
  'AveragePool dilated': one('AveragePool', { kernel_shape: [2, 3], dilations: [2, 2] }, { opset: 19 }),
  'AveragePool of one dimension': one('AveragePool', { kernel_shape: [3], strides: [2] }, { dims: [1, 3, 20] }),
  'Conv SAME_LOWER, stride past the kernel': conv([4, 3, 1, 2], { auto_pad: 'SAME_LOWER', strides: [3, 3] }),
  'Conv depthwise 5x5': conv([5, 1, 5, 5], { group: 5, pads: [2, 2, 2, 2] }, [1, 5, 8, 9]),
  'Conv depthwise 3x1, strided': conv([10, 1, 3, 1], { group: 10, strides: [2, 1] }, [1, 10, 8, 9]),
  'Conv depthwise 7x7': conv([4, 1, 7, 7], { group: 4, pads: [3, 3, 3, 3] }, [1, 4, 8, 9]),
  'Conv depthwise, two outputs a channel': conv([6, 1, 3, 3], { group: 3 }),
  'Conv of as many pixels as its window': conv([9, 3, 8, 9]),
  'Conv of channels taken for images': {
    dims: kMap,
    constants: [ints('images', [3, 1, 8, 9]), floats('w', [5, 1, 3, 3]), floats('d', [5, 1, 5, 5])],
    nodes: [
      node('Reshape', ['image', 'images'], ['i']),
      node('Conv', ['i', 'w'], ['c'], { pads: [1, 1, 1, 1] }),
      node('Conv', ['c', 'd'], ['y'], { pads: [2, 2, 2, 2], group: 5 }),
    ],
  },
  'Conv 1x1 strided': conv([9, 3, 1, 1], { strides: [2, 2] }),
  'Conv 1x1 padded': conv([9, 3, 1, 1], { pads: [1, 0, 0, 2] }),
  'BatchNormalization of a row': one('BatchNormalization', {}, {
    dims: [1, 6],
    constants: [floats('s', [6]), floats('o', [6]), floats('m', [6]), given('v', [6], [0.5, 1, 2, 3, 0.1, 1])],
  }),
  'BatchNormalization of old, spatial': one('BatchNormalization', { spatial: 1, momentum: { float: 0.9 } }, {
    opset: 7,
    constants: [floats('s', [3]), floats('o', [3]), floats('m', [3]), given('v', [3], [0.5, 1, 2])],
  }),
  'Conv and Relu and BatchNormalization and Add': {
    dims: kMap,
    constants: [
      ...[floats('w', [4, 3, 3, 3]), floats('s', [4]), floats('o', [4]), floats('m', [4])],
      ...[given('v', [4], [0.5, 1, 2, 0.1]), floats('k', [1, 4, 1, 1])],
    ],
    nodes: [
      node('Conv', ['image', 'w'], ['c']),
      node('Relu', ['c'], ['r']),
      node('BatchNormalization', ['r', 's', 'o', 'm', 'v'], ['n']),
      node('Add', ['k', 'n'], ['y']),
    ],
  },
  'GlobalAveragePool': one('GlobalAveragePool'),
  'GlobalMaxPool': one('GlobalMaxPool'),
  'Pad before Conv is its padding': {
    dims: kMap,
    constants: [ints('pads', [0, 0, 1, 2, 0, 0, 3, 1]), floats('w', [4, 3, 3, 3])],
    nodes: [node('Pad', ['image', 'pads'], ['p']), node('Conv', ['p', 'w'], ['y'], { pads: [1, 0, 0, 1] })],
  },
  'Conv, BatchNormalization, Relu': {
    dims: kMap,
    constants: [
      floats('w', [4, 3, 3, 3]),
      floats('s', [4]),
      floats('o', [4]),
      floats('m', [4]),
      given('v', [4], [0.5, 1, 2, 0.1]),
    ],
    nodes: [
      node('Conv', ['image', 'w'], ['c']),
      node('BatchNormalization', ['c', 's', 'o', 'm', 'v'], ['n'], { epsilon: { float: 0.01 } }),
      node('Relu', ['n'], ['y']),
    ],
  },
  'BatchNormalization alone': one('BatchNormalization', {}, {
    constants: [floats('s', [3]), floats('o', [3]), floats('m', [3]), given('v', [3], [0.5, 1, 2])],
  }),
};

const kMatrices: Record<string, Case> = {
  'Gemm': one('Gemm', { transB: 1, alpha: { float: 0.5 }, beta: { float: 2 } }, {
    dims: [1, 20],
    constants: [floats('w', [7, 20]), floats('b', [7])],
  }),
  'Gemm transA': one('Gemm', { transA: 1 }, { dims: [20, 1], constants: [floats('w', [20, 7]), floats('b', [1, 7])] }),
  'Gemm with a bias of one number': one('Gemm', {}, { dims: [1, 20], constants: [floats('w', [20, 7]), floats('b', [1])] }),
  'Gemm with a bias of a scalar, alpha and beta': one('Gemm', { alpha: { float: -2 }, beta: { float: 0.25 } }, {
    dims: [1, 20],
    constants: [floats('w', [20, 7]), floats('b', [])],
  }),
  'Gemm with a bias of one by one': one('Gemm', { transB: 1 }, { dims: [1, 20], constants: [floats('w', [7, 20]), floats('b', [1, 1])] }),
  'Gemm without a bias': one('Gemm', { transB: 1 }, { dims: [1, 20], constants: [floats('w', [7, 20])] }),
  'Gemm of several rows, a bias each': one('Gemm', {}, { dims: [5, 20], constants: [floats('w', [20, 7]), floats('b', [5, 1])] }),
  'Gemm and a row taken off': {
    dims: [1, 20],
    constants: [floats('w', [20, 7]), floats('k', [7])],
    nodes: [node('Gemm', ['image', 'w'], ['g']), node('Sub', ['k', 'g'], ['y'])],
  },
  'MatMul of a vector': { dims: [20], constants: [floats('w', [20, 7])], nodes: [node('MatMul', ['image', 'w'], ['y'])] },
  'MatMul of stacks of matrices, broadcast': {
    dims: [1, 3, 8, 9],
    constants: [floats('w', [1, 9, 4])],
    nodes: [node('MatMul', ['image', 'w'], ['y'])],
  },
  'MatMul and Add': {
    dims: [1, 20],
    constants: [floats('w', [20, 7]), floats('b', [7])],
    nodes: [node('MatMul', ['image', 'w'], ['m']), node('Add', ['b', 'm'], ['y'])],
  },
  'MatMul on the last axis of a map': one('MatMul', {}, { constants: [floats('w', [9, 4])] }),
  'MatMul from the left': { dims: [20, 3], constants: [floats('w', [5, 20])], nodes: [node('MatMul', ['w', 'image'], ['y'])] },
  'MatMul of two values': {
    dims: [1, 3, 8, 8],
    nodes: [node('Transpose', ['image'], ['t'], { perm: [0, 1, 3, 2] }), node('MatMul', ['image', 't'], ['y'])],
  },
  'MatMul by a stack of matrices': one('MatMul', {}, { constants: [floats('w', [3, 9, 2])] }),
};

const binary = (op: string, dims: number[], more: Partial<Case> = {}): Case => one(op, {}, { constants: [floats('k', dims)], ...more });
const kArithmetic: Record<string, Case> = {
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

const kShapes: Record<string, Case> = {
  'Transpose': one('Transpose', { perm: [0, 2, 3, 1] }),
  'Transpose backwards': one('Transpose'),
  'Conv between Transposes (NHWC)': {
    dims: [1, 8, 9, 3],
    constants: [floats('w', [4, 3, 3, 3]), floats('b', [4])],
    nodes: [
      node('Transpose', ['image'], ['t'], { perm: [0, 3, 1, 2] }),
      node('Conv', ['t', 'w'], ['c']),
      node('Transpose', ['c'], ['u'], { perm: [0, 2, 3, 1] }),
      node('Add', ['u', 'b'], ['a']),
      node('Relu', ['a'], ['y']),
    ],
  },
  'Reshape': one('Reshape', {}, { constants: [ints('s', [0, -1, 12])] }),
  'Reshape with 0 and -1 and more axes': one('Reshape', {}, { constants: [ints('s', [0, 0, 2, -1, 3])] }),
  'Reshape with allowzero': one('Reshape', { allowzero: 1 }, { constants: [ints('s', [-1, 24])] }),
  'Flatten axis -1': one('Flatten', { axis: -1 }),
  'Flatten of a convolution': {
    dims: kMap,
    constants: [floats('w', [4, 3, 3, 3]), floats('d', [168, 5])],
    nodes: [node('Conv', ['image', 'w'], ['c']), node('Flatten', ['c'], ['f'], { axis: -3 }), node('MatMul', ['f', 'd'], ['y'])],
  },
  'Dropout with a ratio, its mask named': {
    dims: kMap,
    constants: [given('ratio', [], [0.5]), given('training', [], [0], kBool)],
    nodes: [node('Dropout', ['image', 'ratio', 'training'], ['d', 'mask']), node('Relu', ['d'], ['y'])],
  },
  'Dropout of old': { dims: kMap, opset: 9, nodes: [node('Dropout', ['image'], ['d', 'mask'], { ratio: { float: 0.4 } }), node('Relu', ['d'], ['y'])] },
  'Cast to whole numbers and back': {
    dims: kMap,
    scale: 200,
    nodes: [
      node('Abs', ['image'], ['a']),
      node('Cast', ['a'], ['b'], { to: kUint8 }),
      node('Cast', ['b'], ['y'], { to: kFloat }),
    ],
  },
  'Cast to truths and back': {
    dims: kMap,
    nodes: [
      node('Relu', ['image'], ['a']),
      node('Cast', ['a'], ['b'], { to: kBool }),
      node('Cast', ['b'], ['y'], { to: kFloat }),
    ],
  },
  'Split into equal parts': {
    dims: [1, 6, 8, 9],
    nodes: [node('Split', ['image'], ['a', 'b', 'c'], { axis: 1 }), node('Sub', ['c', 'a'], ['y'])],
  },
  'Split of version 18, the last part smaller': {
    dims: [1, 7, 8, 9],
    opset: 18,
    nodes: [node('Split', ['image'], ['a', 'b'], { axis: -3, num_outputs: 2 }), node('Concat', ['b', 'a'], ['y'], { axis: 1 })],
  },
  'channels shuffled': {
    dims: [1, 4, 8, 9],
    constants: [ints('apart', [0, 2, 2, 8, 9]), ints('together', [0, 4, 8, 9])],
    nodes: [
      node('Reshape', ['image', 'apart'], ['a']),
      node('Transpose', ['a'], ['t'], { perm: [0, 2, 1, 3, 4] }),
      node('Reshape', ['t', 'together'], ['y']),
    ],
  },
  'Squeeze (attribute)': one('Squeeze', { axes: [0, 2] }, { opset: 11, dims: [1, 3, 1, 9] }),
  'Squeeze (input)': one('Squeeze', {}, { dims: [1, 3, 1, 9], constants: [ints('axes', [2])] }),
  'Squeeze of all': one('Squeeze', {}, { dims: [1, 3, 1, 9] }),
  'Unsqueeze (attribute)': one('Unsqueeze', { axes: [1] }, { opset: 11, dims: [1, 8, 9] }),
  'Unsqueeze (input)': one('Unsqueeze', {}, { dims: [1, 8, 9], constants: [ints('axes', [-1, 0])] }),
  'Concat on channels after Convs': {
    dims: kMap,
    constants: [floats('a', [2, 3, 1, 1]), floats('b', [4, 3, 3, 3])],
    nodes: [
      node('Conv', ['image', 'a'], ['ca']),
      node('Conv', ['image', 'b'], ['cb'], { pads: [1, 1, 1, 1] }),
      node('Relu', ['cb'], ['rb']),
      node('Concat', ['ca', 'rb', 'image'], ['y'], { axis: 1 }),
    ],
  },
  'Concat on the last axis with a constant': one('Concat', { axis: -1 }, { constants: [floats('k', [1, 3, 8, 2])] }),
  'Split': {
    dims: [1, 6, 8, 9],
    constants: [ints('sizes', [2, 4])],
    nodes: [
      node('Split', ['image', 'sizes'], ['a', 'b'], { axis: 1 }),
      node('Concat', ['b', 'a'], ['y'], { axis: 1 }),
    ],
  },
  'Slice': one('Slice', {}, { constants: [ints('starts', [1, -7]), ints('ends', [3, 9223372036854775000]), ints('axes', [1, 3]), ints('steps', [1, 2])] }),
  'Slice backwards': one('Slice', {}, { constants: [ints('starts', [-1]), ints('ends', [-100]), ints('axes', [2]), ints('steps', [-2])] }),
  'Slice of old': one('Slice', { starts: [1], ends: [-1], axes: [2] }, { opset: 9 }),
  'Gather': one('Gather', { axis: 1 }, { constants: [ints('k', [2, 0, -1])] }),
  'Gather of one': one('Gather', { axis: 2 }, { constants: [given('k', [], [3], kInt64)] }),
  'Pad with a number': one('Pad', {}, { constants: [ints('pads', [0, 1, 1, 2, 0, 0, 2, 0]), given('v', [], [0.5])] }),
  'Pad edge': one('Pad', { mode: 'edge' }, { constants: [ints('pads', [0, 0, 2, 1, 0, 0, 1, 2])] }),
  'Pad reflect': one('Pad', { mode: 'reflect' }, { constants: [ints('pads', [0, 0, 2, 1, 0, 0, 1, 2])] }),
  'Pad that crops': one('Pad', {}, { constants: [ints('pads', [0, 0, -1, 1, 0, 0, 0, -2])] }),
  'Pad of old': one('Pad', { pads: [0, 0, 1, 1, 0, 0, 1, 1] }, { opset: 9 }),
  'Expand': one('Expand', {}, { dims: [1, 3, 1, 9], constants: [ints('s', [1, 8, 1])] }),
  'Tile': one('Tile', {}, { constants: [ints('s', [1, 2, 1, 3])] }),
  'Flatten axis 2': one('Flatten', { axis: 2 }),
  'a Shape, Gather, Concat chain as PyTorch writes it': {
    dims: [1, 3, 8, 9],
    constants: [given('zero', [], [0], kInt64), ints('axes', [0]), ints('rest', [-1])],
    nodes: [
      node('Shape', ['image'], ['s']),
      node('Gather', ['s', 'zero'], ['n'], { axis: 0 }),
      node('Unsqueeze', ['n', 'axes'], ['u']),
      node('Concat', ['u', 'rest'], ['c'], { axis: 0 }),
      node('Reshape', ['image', 'c'], ['y']),
    ],
  },
  'arithmetic on shapes': {
    dims: [1, 3, 8, 9],
    constants: [ints('two', [2]), ints('start', [2]), ints('end', [3]), ints('front', [1, 6])],
    nodes: [
      node('Shape', ['image'], ['s']),
      node('Slice', ['s', 'start', 'end'], ['h']),
      node('Div', ['h', 'two'], ['half']),
      node('Cast', ['half'], ['f'], { to: kFloat }),
      node('Floor', ['f'], ['g']),
      node('Cast', ['g'], ['i'], { to: kInt64 }),
      node('Concat', ['front', 'i', 'minus'], ['c'], { axis: 0 }),
      node('Reshape', ['image', 'c'], ['y']),
    ],
  },
  'ConstantOfShape': {
    dims: [1, 3, 8, 9],
    nodes: [
      node('Shape', ['image'], ['s']),
      node('ConstantOfShape', ['s'], ['k'], { value: given('v', [1], [0.25]) }),
      node('Add', ['image', 'k'], ['y']),
    ],
  },
};
kShapes['arithmetic on shapes'].constants?.push(ints('minus', [-1]));

const kScale = given('scale', [], [0.02]);
const kZero = given('zero', [], [117], kUint8);

/** A step of the quantised results below. ONNX Runtime adds up whole numbers and multiplies once, we dequantise first:
 *  what lies at the middle between two steps may be rounded to either. */
const kMapStep = 0.05;

const wholes = (count: number): number[] => Array.from({ length: count }, (_, i) => ((i * 37) % 251) - 125);
const kQdq = (type: number): Constant[] => [
  given('s', [], [0.02]),
  given('z', [], [type === kUint8 ? 117 : -11], type),
  given('y_s', [], [kMapStep]),
  given('y_z', [], [type === kUint8 ? 90 : 5], type),
];
/** The end of each: 'c' quantised and back. */
const kQdqEnd = [
  node('QuantizeLinear', ['c', 'y_s', 'y_z'], ['e']),
  node('DequantizeLinear', ['e', 'y_s', 'y_z'], ['y']),
];

/** A node that reads 'd' and writes 'c', between quantised maps. */
function quantised(under: Node): Case {
  return {
    dims: kMap,
    scale: 2,
    tolerance: kMapStep,
    constants: kQdq(kUint8),
    nodes: [
      node('QuantizeLinear', ['image', 's', 'z'], ['q']),
      node('DequantizeLinear', ['q', 's', 'z'], ['d']),
      under,
      ...kQdqEnd,
    ],
  };
}

interface QuantisedConv {
  type: number;
  group?: number;
  strides?: number[];
}

/** Conv 3x3 of eight channels as quantisers write it: weights and bias dequantised along the outputs. */
function quantisedConv({ type, group = 1, strides = [1, 1] }: QuantisedConv): Case {
  const scales = Array.from({ length: 8 }, (_, i) => 0.002 + 0.0005 * i);
  return {
    dims: [1, 8, 7, 6],
    scale: 2,
    tolerance: kMapStep,
    constants: [
      ...kQdq(type),
      given('w_q', [8, 8 / group, 3, 3], wholes((8 * 8 * 9) / group), kInt8),
      given('w_scale', [8], scales),
      given('b_q', [8], wholes(8).map((v) => v * 300), kInt32),
      given('b_scale', [8], scales.map((scale) => scale * 0.02)),
    ],
    nodes: [
      node('QuantizeLinear', ['image', 's', 'z'], ['q']),
      node('DequantizeLinear', ['q', 's', 'z'], ['d']),
      node('DequantizeLinear', ['w_q', 'w_scale'], ['w'], { axis: 0 }),
      node('DequantizeLinear', ['b_q', 'b_scale'], ['b'], { axis: 0 }),
      node('Conv', ['d', 'w', 'b'], ['r'], { pads: [1, 1, 1, 1], group, strides }),
      node('Relu', ['r'], ['c']),
      ...kQdqEnd,
    ],
  };
}

const kQuantised: Record<string, Case> = {
  'QuantizeLinear and back, uint8': {
    dims: kMap,
    scale: 4,
    constants: [kScale, kZero],
    nodes: [
      node('QuantizeLinear', ['image', 'scale', 'zero'], ['q']),
      node('DequantizeLinear', ['q', 'scale', 'zero'], ['y']),
    ],
  },
  'QuantizeLinear and back, int8, along channels': {
    dims: kMap,
    constants: [given('scale', [3], [0.01, 0.02, 0.005]), given('zero', [3], [3, -7, 0], kInt8)],
    nodes: [
      node('QuantizeLinear', ['image', 'scale', 'zero'], ['q'], { axis: 1 }),
      node('DequantizeLinear', ['q', 'scale', 'zero'], ['y'], { axis: 1 }),
    ],
  },
  'Conv with weights quantised along outputs': {
    dims: kMap,
    constants: [
      given('w', [2, 3, 1, 1], [1, -128, 127, 5, 6, -7], kInt8),
      given('scale', [2], [0.01, 0.03]),
      given('zero', [2], [0, 0], kInt8),
    ],
    nodes: [
      node('DequantizeLinear', ['w', 'scale', 'zero'], ['d'], { axis: 0 }),
      node('Conv', ['image', 'd'], ['y']),
    ],
  },
  'Conv with weights quantised to uint8, a zero point for all': {
    dims: kMap,
    constants: [
      given('w', [2, 3, 1, 1], [1, 255, 127, 0, 6, 130], kUint8),
      given('scale', [], [0.01]),
      given('zero', [], [120], kUint8),
    ],
    nodes: [node('DequantizeLinear', ['w', 'scale', 'zero'], ['d']), node('Conv', ['image', 'd'], ['y'])],
  },
  'Gemm with weights and bias quantised, without zero points': {
    dims: [1, 4],
    constants: [
      given('w', [4, 3], [1, -128, 127, 5, 6, -7, 90, 0, 3, 2, -1, 50], kInt8),
      given('scale', [3], [0.01, 0.03, 0.002]),
      given('b', [3], [100, -70000, 3], kInt32),
      given('b_scale', [1], [0.001]),
    ],
    nodes: [
      node('DequantizeLinear', ['w', 'scale'], ['d'], { axis: -1 }),
      node('DequantizeLinear', ['b', 'b_scale'], ['e'], { axis: 0 }),
      node('Gemm', ['image', 'd', 'e'], ['y']),
    ],
  },
  'QDQ: Conv, uint8, weights along outputs': quantisedConv({ type: kUint8 }),
  'QDQ: Conv, int8': quantisedConv({ type: kInt8 }),
  'QDQ: Conv, depthwise': quantisedConv({ type: kUint8, group: 8 }),
  'QDQ: Conv, in two groups, strided': quantisedConv({ type: kInt8, group: 2, strides: [2, 2] }),
  'QDQ: MaxPool of bytes': {
    dims: [1, 8, 8, 6],
    scale: 2,
    tolerance: kMapStep,
    constants: [...kQdq(kUint8), given('w_q', [4, 8, 3, 3], wholes(288), kInt8), given('w_scale', [], [0.003])],
    nodes: [
      node('QuantizeLinear', ['image', 's', 'z'], ['q']),
      node('MaxPool', ['q'], ['m'], { kernel_shape: [2, 2], strides: [2, 2] }),
      node('DequantizeLinear', ['m', 's', 'z'], ['d']),
      node('DequantizeLinear', ['w_q', 'w_scale'], ['w']),
      node('Conv', ['d', 'w'], ['c'], { pads: [1, 1, 1, 1] }),
      ...kQdqEnd,
    ],
  },
  'QDQ: Transpose and Reshape of bytes, Gemm': {
    dims: [1, 4, 5, 3],
    scale: 2,
    tolerance: kMapStep,
    constants: [
      ...kQdq(kInt8),
      ...[given('w_q', [60, 9], wholes(540), kInt8), given('w_scale', [9], wholes(9).map((v) => 0.002 + (v + 125) / 1e5))],
      ints('row', [0, -1]),
    ],
    nodes: [
      node('QuantizeLinear', ['image', 's', 'z'], ['q']),
      node('Transpose', ['q'], ['t'], { perm: [0, 2, 3, 1] }),
      node('Reshape', ['t', 'row'], ['r']),
      node('DequantizeLinear', ['r', 's', 'z'], ['d']),
      node('DequantizeLinear', ['w_q', 'w_scale'], ['w'], { axis: 1 }),
      node('MatMul', ['d', 'w'], ['c']),
      ...kQdqEnd,
    ],
  },
  'QDQ: Conv, uint8, weights uint8 with a zero point each': {
    dims: [1, 8, 7, 6],
    scale: 2,
    tolerance: kMapStep,
    constants: [
      ...kQdq(kUint8),
      given('w_q', [3, 8, 3, 3], wholes(216).map((v) => v + 125), kUint8),
      ...[given('w_scale', [3], [0.003, 0.002, 0.004]), given('w_zero', [3], [120, 128, 255], kUint8)],
    ],
    nodes: [
      node('QuantizeLinear', ['image', 's', 'z'], ['q']),
      node('DequantizeLinear', ['q', 's', 'z'], ['d']),
      node('DequantizeLinear', ['w_q', 'w_scale', 'w_zero'], ['w'], { axis: 0 }),
      node('Conv', ['d', 'w'], ['c'], { pads: [1, 1, 1, 1] }),
      ...kQdqEnd,
    ],
  },
  'QDQ: a residual': {
    dims: [1, 8, 7, 6],
    scale: 2,
    tolerance: kMapStep,
    constants: [...kQdq(kInt8), given('w_q', [8, 8, 3, 3], wholes(576), kInt8), given('w_scale', [], [0.003])],
    nodes: [
      node('QuantizeLinear', ['image', 's', 'z'], ['q']),
      node('DequantizeLinear', ['q', 's', 'z'], ['d']),
      node('DequantizeLinear', ['w_q', 'w_scale'], ['w']),
      node('Conv', ['d', 'w'], ['r'], { pads: [1, 1, 1, 1] }),
      node('Add', ['r', 'd'], ['a']),
      node('Relu', ['a'], ['c']),
      ...kQdqEnd,
    ],
  },
  'QDQ: MaxPool': quantised(node('MaxPool', ['d'], ['c'], { kernel_shape: [2, 2], strides: [2, 2] })),
  'QDQ: AveragePool': quantised(node('AveragePool', ['d'], ['c'], { kernel_shape: [2, 2], strides: [2, 2] })),
  'QDQ: GlobalAveragePool': quantised(node('GlobalAveragePool', ['d'], ['c'])),
  'QDQ: Add': quantised(node('Add', ['d', 'd'], ['c'])),
  'QDQ: Gemm': {
    dims: [1, 20],
    scale: 2,
    tolerance: kMapStep,
    constants: [
      ...kQdq(kUint8),
      given('w_q', [3, 20], wholes(60), kInt8),
      given('w_scale', [3], [0.004, 0.002, 0.006]),
    ],
    nodes: [
      node('QuantizeLinear', ['image', 's', 'z'], ['q']),
      node('DequantizeLinear', ['q', 's', 'z'], ['d']),
      node('DequantizeLinear', ['w_q', 'w_scale'], ['w'], { axis: 0 }),
      node('Gemm', ['d', 'w'], ['c'], { transB: 1 }),
      ...kQdqEnd,
    ],
  },
  'DynamicQuantizeLinear and MatMulInteger, weights of eight bits': {
    dims: [1, 20],
    scale: 3,
    constants: [given('w', [20, 3], wholes(60), kInt8)],
    nodes: [
      node('DynamicQuantizeLinear', ['image'], ['q', 'q_scale', 'q_zero']),
      node('MatMulInteger', ['q', 'w', 'q_zero'], ['i']),
      node('Cast', ['i'], ['f'], { to: kFloat }),
      node('Mul', ['f', 'q_scale'], ['y']),
    ],
  },
  'DynamicQuantizeLinear and ConvInteger': {
    dims: [1, 8, 6, 5],
    constants: [given('w', [4, 8, 3, 3], wholes(288), kInt8)],
    nodes: [
      node('DynamicQuantizeLinear', ['image'], ['q', 'q_scale', 'q_zero']),
      node('ConvInteger', ['q', 'w', 'q_zero'], ['i'], { pads: [1, 1, 1, 1] }),
      node('Cast', ['i'], ['f'], { to: kFloat }),
      node('Mul', ['f', 'q_scale'], ['y']),
    ],
  },
  'DynamicQuantizeLinear and MatMulInteger': {
    dims: [1, 20],
    constants: [
      given('w', [20, 3], Array.from({ length: 60 }, (_, i) => (i * 37) % 200), kUint8),
      given('w_zero', [], [100], kUint8),
      given('w_scale', [], [0.01]),
    ],
    nodes: [
      node('DynamicQuantizeLinear', ['image'], ['q', 'q_scale', 'q_zero']),
      node('MatMulInteger', ['q', 'w', 'q_zero', 'w_zero'], ['i']),
      node('Cast', ['i'], ['f'], { to: kFloat }),
      node('Mul', ['q_scale', 'w_scale'], ['s']),
      node('Mul', ['f', 's'], ['y']),
    ],
  },
  'ConvInteger': {
    dims: kMap,
    constants: [
      kScale,
      kZero,
      given('w', [2, 3, 3, 3], Array.from({ length: 54 }, (_, i) => (i * 37) % 251), kUint8),
      given('w_zero', [], [120], kUint8),
    ],
    nodes: [
      node('QuantizeLinear', ['image', 'scale', 'zero'], ['q']),
      node('ConvInteger', ['q', 'w', 'zero', 'w_zero'], ['i'], { pads: [1, 1, 1, 1] }),
      node('Cast', ['i'], ['y'], { to: kFloat }),
    ],
  },
  'QLinearConv': {
    dims: kMap,
    constants: [
      kScale,
      kZero,
      given('w', [2, 3, 1, 1], [1, -128, 127, 5, 6, -7], kInt8),
      given('w_scale', [2], [0.01, 0.03]),
      given('w_zero', [2], [0, 0], kInt8),
      given('y_scale', [], [0.05]),
      given('y_zero', [], [90], kUint8),
      given('b', [2], [500, -300], kInt32),
    ],
    nodes: [
      node('QuantizeLinear', ['image', 'scale', 'zero'], ['q']),
      node('QLinearConv', ['q', 'scale', 'zero', 'w', 'w_scale', 'w_zero', 'y_scale', 'y_zero', 'b'], ['c']),
      node('DequantizeLinear', ['c', 'y_scale', 'y_zero'], ['y']),
    ],
  },
  'QLinearMatMul': {
    dims: [1, 20],
    constants: [
      kScale,
      kZero,
      given('w', [20, 3], Array.from({ length: 60 }, (_, i) => (i * 37) % 200), kUint8),
      given('w_scale', [], [0.01]),
      given('w_zero', [], [100], kUint8),
      given('y_scale', [], [0.05]),
      given('y_zero', [], [90], kUint8),
    ],
    nodes: [
      node('QuantizeLinear', ['image', 'scale', 'zero'], ['q']),
      node('QLinearMatMul', ['q', 'scale', 'zero', 'w', 'w_scale', 'w_zero', 'y_scale', 'y_zero'], ['c']),
      node('DequantizeLinear', ['c', 'y_scale', 'y_zero'], ['y']),
    ],
  },
};

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
