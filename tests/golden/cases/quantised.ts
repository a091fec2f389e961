// Whole numbers: QDQ, QLinear operators, and inputs that are quantised while running.
import { kFloat, kInt32, kInt8, kUint8, type Node } from '../onnx_writer.ts';
import { given, ints, kMap, node, type Case, type Constant } from './case.ts';

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

export const kQuantised: Record<string, Case> = {
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
