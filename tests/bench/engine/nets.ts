// The two networks that are measured: convolutions 3x3 with Relu, twice two of them and a max pooling, then a
// dense layer. Weights are random by seed, and the same numbers go to every engine, each in its own format.
import { kFloat, kInt64, kInt8, kUint8, writeModel, type Node, type Tensor } from '../../golden/onnx_writer.ts';

export interface Conv {
  inputs: number;
  outputs: number;
  /** [outputs][inputs][3][3] */
  weights: Float32Array;
  bias: Float32Array;
  /** A max pooling 2x2 follows. */
  pooled: boolean;
}

export interface Net {
  convs: Conv[];
  /** [10][channels][7][7], of the last map in ONNX's order */
  dense: Float32Array;
  denseBias: Float32Array;
  channels: number;
}

export const kKernel = 3;
export const kSide = 28;
export const kClasses = 10;
const kLastSide = 7; // after two poolings

/** Numbers evenly from -1 to 1: a linear congruence of 32 bits, the same everywhere. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/** Random ink, the same for every engine: [batch][28][28]. */
export function images(batch: number): Float32Array {
  const next = randomNumbers(7);
  return Float32Array.from({ length: batch * kSide ** 2 }, () => Math.max(0, next()));
}

export const kNets = { net16: 16, net32: 32 } as const;
export type NetName = keyof typeof kNets;

/** `width` channels in the first two convolutions, twice as many in the others. */
function convShapes(width: number): Pick<Conv, 'inputs' | 'outputs' | 'pooled'>[] {
  return [
    { inputs: 1, outputs: width, pooled: false },
    { inputs: width, outputs: width, pooled: true },
    { inputs: width, outputs: 2 * width, pooled: false },
    { inputs: 2 * width, outputs: 2 * width, pooled: true },
  ];
}

export function makeNet(name: NetName): Net {
  const width = kNets[name];
  const next = randomNumbers(width);
  // Scaled so that activations keep their size from layer to layer.
  const numbers = (count: number, fanIn: number) =>
    Float32Array.from({ length: count }, () => next() * Math.sqrt(6 / fanIn));
  const convs = convShapes(width).map((shape) => {
    const fanIn = shape.inputs * kKernel ** 2;
    return {
      ...shape,
      weights: numbers(shape.outputs * fanIn, fanIn),
      bias: numbers(shape.outputs, 100),
    };
  });
  const channels = 2 * width;
  const fanIn = channels * kLastSide ** 2;
  // A tenth: answers that are neither even nor certain tell engines apart.
  const dense = numbers(kClasses * fanIn, fanIn).map((weight) => weight / 10);
  return { convs, dense, denseBias: numbers(kClasses, 100), channels };
}

/** Multiply-adds of one image: of the convolutions, and of everything. */
export function multiplyAdds(net: Net): { convs: number; all: number } {
  let side = kSide;
  let convs = 0;
  for (const { weights, pooled } of net.convs) {
    convs += weights.length * side ** 2;
    if (pooled) side /= 2;
  }
  return { convs, all: convs + net.dense.length };
}

/** Every number of a network, in a fixed order: the file of the engines that have no format of their own. */
export function toRaw(net: Net): Uint8Array {
  const arrays = [...net.convs.flatMap(({ weights, bias }) => [weights, bias]), net.dense, net.denseBias];
  return new Uint8Array(Float32Array.from(arrays.flatMap((values) => Array.from(values))).buffer);
}

export function fromRaw(name: NetName, raw: Uint8Array): Net {
  const values = new Float32Array(raw.buffer);
  let at = 0;
  const take = (count: number) => values.subarray(at, (at += count));
  const width = kNets[name];
  const convs = convShapes(width).map((shape) => {
    const weights = take(shape.outputs * shape.inputs * kKernel ** 2);
    return { ...shape, weights, bias: take(shape.outputs) };
  });
  const channels = 2 * width;
  const dense = take(kClasses * channels * kLastSide ** 2);
  return { convs, dense, denseBias: take(kClasses), channels };
}

export function toOnnx(net: Net): Uint8Array {
  const nodes: Node[] = [];
  const constants: Tensor[] = [];
  const constant = (name: string, dims: number[], values: ArrayLike<number>) => {
    constants.push({ name, type: kFloat, dims, values: Array.from(values) });
    return name;
  };
  let last = 'image';
  const add = (op: string, inputs: string[], attributes: Node['attributes'] = {}) => {
    const output = `${op.toLowerCase()}${nodes.length}`;
    nodes.push({ op, inputs: [last, ...inputs], outputs: [output], attributes });
    last = output;
  };
  net.convs.forEach(({ inputs, outputs, weights, bias, pooled }, i) => {
    const kernel = constant(`kernel${i}`, [outputs, inputs, kKernel, kKernel], weights);
    add('Conv', [kernel, constant(`bias${i}`, [outputs], bias)], { pads: [1, 1, 1, 1] });
    add('Relu', []);
    if (pooled) add('MaxPool', [], { kernel_shape: [2, 2], strides: [2, 2] });
  });
  constants.push({ name: 'flat', type: kInt64, dims: [2], values: [-1, net.dense.length / kClasses] });
  add('Reshape', ['flat']);
  const weights = constant('dense', [kClasses, net.dense.length / kClasses], net.dense);
  add('Gemm', [weights, constant('dense_bias', [kClasses], net.denseBias)], { transB: 1 });
  add('Softmax', [], { axis: 1 });
  const input = { name: 'image', dims: [-1, 1, kSide, kSide] };
  return writeModel({ opset: 17, input, output: last, nodes, constants });
}

/** Of every map's uint8 numbers, from 0 to 8; of the image's, from 0 to 1. No accuracy is asked of these nets. */
const kMapScale = 8 / 255;
const kImageScale = 1 / 255;

/** The net as quantisers write it: maps of uint8 with one scale, weights of int8 with one for each output, each
 *  behind its own QuantizeLinear and DequantizeLinear. */
export function toQuantizedOnnx(net: Net): Uint8Array {
  const constants: Tensor[] = [
    { name: 'image_scale', type: kFloat, dims: [], values: [kImageScale] },
    { name: 'map_scale', type: kFloat, dims: [], values: [kMapScale] },
    { name: 'zero', type: kUint8, dims: [], values: [0] },
    { name: 'flat', type: kInt64, dims: [2], values: [-1, net.dense.length / kClasses] },
  ];
  const nodes: Node[] = [];
  let last = 'image';
  const add = (op: string, inputs: string[], attributes: Node['attributes'] = {}) => {
    const output = `${op.toLowerCase()}${nodes.length}`;
    nodes.push({ op, inputs: [last, ...inputs], outputs: [output], attributes });
    last = output;
  };
  const quantize = (scale: string) => {
    add('QuantizeLinear', [scale, 'zero']);
    add('DequantizeLinear', [scale, 'zero']);
  };
  const weights = (name: string, dims: number[], values: Float32Array): string => {
    const row = values.length / dims[0];
    const scales = Array.from({ length: dims[0] }, (_, i) =>
      Math.fround(values.subarray(i * row, (i + 1) * row).reduce((most, v) => Math.max(most, Math.abs(v)), 0) / 127),
    );
    const whole = Array.from(values, (v, i) => Math.round(v / scales[Math.floor(i / row)]));
    constants.push({ name: `${name}_q`, type: kInt8, dims, values: whole });
    constants.push({ name: `${name}_scale`, type: kFloat, dims: [dims[0]], values: scales });
    nodes.push({ op: 'DequantizeLinear', inputs: [`${name}_q`, `${name}_scale`], outputs: [name], attributes: { axis: 0 } });
    return name;
  };
  const bias = (name: string, values: Float32Array): string => {
    constants.push({ name, type: kFloat, dims: [values.length], values: Array.from(values) });
    return name;
  };
  quantize('image_scale');
  net.convs.forEach((conv, i) => {
    const kernel = weights(`kernel${i}`, [conv.outputs, conv.inputs, kKernel, kKernel], conv.weights);
    add('Conv', [kernel, bias(`bias${i}`, conv.bias)], { pads: [1, 1, 1, 1] });
    add('Relu', []);
    quantize('map_scale');
    if (!conv.pooled) return;
    add('MaxPool', [], { kernel_shape: [2, 2], strides: [2, 2] });
    quantize('map_scale');
  });
  add('Reshape', ['flat']);
  const dense = weights('dense', [kClasses, net.dense.length / kClasses], net.dense);
  add('Gemm', [dense, bias('dense_bias', net.denseBias)], { transB: 1 });
  add('Softmax', [], { axis: 1 });
  const input = { name: 'image', dims: [-1, 1, kSide, kSide] };
  return writeModel({ opset: 17, input, output: last, nodes, constants });
}

/** [outer][channels][pixels] -> [outer][pixels][channels] */
export function channelsLast(values: Float32Array, channels: number, pixels: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let at = 0; at < values.length; ++at) {
    const pixel = at % pixels;
    const channel = Math.floor(at / pixels) % channels;
    const outer = Math.floor(at / pixels / channels);
    result[(outer * pixels + pixel) * channels + channel] = values[at];
  }
  return result;
}

/** The dense weights for maps that have their channels innermost: [10][7][7][channels]. */
export function denseChannelsLast(net: Net): Float32Array {
  return channelsLast(net.dense, net.channels, kLastSide ** 2);
}
