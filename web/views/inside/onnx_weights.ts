// Reads from an ONNX file what the engine keeps to itself: each node's inputs and attributes, and the weights
// as floats. A protobuf reader of the few fields that are needed; a file that it cannot follow gives no
// weights, and the view then shows less. Field numbers: onnx.proto (ModelProto, GraphProto, NodeProto,
// AttributeProto, TensorProto).

export interface Node {
  name: string;
  op: string;
  inputs: string[];
  outputs: string[];
  /** Those that hold whole numbers: kernel_shape, pads, strides, dilations, group. */
  ints: Record<string, number[]>;
}

export interface Tensor {
  shape: number[];
  values: Float32Array;
}

export interface Graph {
  nodes: Node[];
  /** By name; of float32, float16 and eight-bit weights, a Cast or DequantizeLinear before the node looked through. */
  weights: Map<string, Tensor>;
}

type Field = { number: number; value: number; bytes: Uint8Array };

const kText = new TextDecoder();
const kNoBytes = new Uint8Array(0);
const kFloat = 1;
const kUint8 = 2;
const kInt8 = 3;
const kHalf = 10;

export function readGraph(onnx: Uint8Array): Graph {
  const graph: Graph = { nodes: [], weights: new Map() };
  for (const model of fieldsOf(onnx)) {
    if (model.number !== 7) continue; // ModelProto.graph
    for (const { number, bytes } of fieldsOf(model.bytes)) {
      if (number === 1) graph.nodes.push(nodeOf(bytes));
      if (number === 5) readWeights(bytes, graph.weights);
    }
  }
  for (const { op, inputs, outputs, ints } of graph.nodes) {
    const tensor = graph.weights.get(inputs[0]);
    if (tensor === undefined) continue;
    if (op === 'Cast') graph.weights.set(outputs[0], tensor);
    if (op !== 'DequantizeLinear') continue;
    const [scales, zeros] = [graph.weights.get(inputs[1]), graph.weights.get(inputs[2] ?? '')];
    if (scales === undefined) continue;
    graph.weights.set(outputs[0], dequantized(tensor, scales, zeros, ints.axis?.[0] ?? 1));
  }
  return graph;
}

/** (value - zero) * scale, with one of each for all, or one for each place along the axis. */
function dequantized(tensor: Tensor, scales: Tensor, zeros: Tensor | undefined, axis: number): Tensor {
  const inner = tensor.shape.slice(axis + 1).reduce((size, extent) => size * extent, 1);
  const count = scales.values.length;
  const values = tensor.values.map((value, i) => {
    const place = Math.floor(i / inner) % count;
    return (value - (zeros?.values[place] ?? 0)) * scales.values[place];
  });
  return { shape: tensor.shape, values };
}

function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      if (at >= bytes.length) throw new RangeError('The model file ends too early.');
      const byte = bytes[at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const [number, type] = [Math.floor(tag / 8), tag % 8];
    const value = type === 0 ? varint() : 0;
    const length = type === 2 ? varint() : type === 5 ? 4 : type === 1 ? 8 : 0;
    if (at + length > bytes.length) throw new RangeError('The model file ends too early.');
    yield { number, value, bytes: length === 0 ? kNoBytes : bytes.subarray(at, at + length) };
    at += length;
  }
}

/** Repeated whole numbers: one a field, or packed in one. */
function wholesOf({ value, bytes }: Field): number[] {
  if (bytes.length === 0) return [value];
  const numbers: number[] = [];
  let number = 0;
  let scale = 1;
  for (const byte of bytes) {
    number += (byte & 127) * scale;
    scale *= 128;
    if (byte >= 128) continue;
    numbers.push(number);
    [number, scale] = [0, 1];
  }
  return numbers;
}

function nodeOf(bytes: Uint8Array): Node {
  const node: Node = { name: '', op: '', inputs: [], outputs: [], ints: {} };
  for (const { number, bytes: field } of fieldsOf(bytes)) {
    if (number === 1) node.inputs.push(kText.decode(field));
    if (number === 2) node.outputs.push(kText.decode(field));
    if (number === 3) node.name = kText.decode(field);
    if (number === 4) node.op = kText.decode(field);
    if (number === 5) readAttribute(field, node.ints);
  }
  return node;
}

function readAttribute(bytes: Uint8Array, ints: Node['ints']): void {
  const fields = [...fieldsOf(bytes)];
  const name = kText.decode(fields.find(({ number }) => number === 1)?.bytes ?? kNoBytes);
  ints[name] = fields.filter(({ number }) => number === 3 || number === 8).flatMap(wholesOf);
}

function readWeights(bytes: Uint8Array, weights: Graph['weights']): void {
  const shape: number[] = [];
  let [name, type] = ['', 0];
  let raw: Uint8Array = kNoBytes;
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) shape.push(...wholesOf(field));
    if (field.number === 2) type = field.value;
    if (field.number === 8) name = kText.decode(field.bytes);
    if (field.number === 4 || field.number === 9) raw = field.bytes; // float_data packed, or raw_data
  }
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const readers: Record<number, [size: number, read: (at: number) => number]> = {
    [kFloat]: [4, (at) => view.getFloat32(at, true)],
    [kHalf]: [2, (at) => halfOf(view.getUint16(at, true))],
    [kInt8]: [1, (at) => view.getInt8(at)],
    [kUint8]: [1, (at) => view.getUint8(at)],
  };
  if (!(type in readers)) return;
  const [size, read] = readers[type];
  const length = Math.floor(raw.length / size);
  const values = Float32Array.from({ length }, (_, i) => read(size * i));
  weights.set(name, { shape, values });
}

/** IEEE 754 binary16. */
function halfOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}
