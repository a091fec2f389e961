// What moves numbers and computes shapes.
import { kBool, kFloat, kInt64, kUint8 } from '../onnx_writer.ts';
import { floats, given, ints, kMap, node, one, type Case } from './case.ts';

export const kShapes: Record<string, Case> = {
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
