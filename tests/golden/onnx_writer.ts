// Writes small ONNX files for the golden tests: just enough of protobuf, field numbers as in onnx.proto.

export type Attribute = number | string | number[] | { float: number } | Tensor;

/** A constant; `type` is a TensorProto.DataType. */
export interface Tensor {
  name: string;
  type: number;
  dims: number[];
  values: number[];
  /** The file beside the model that holds the values, from its start; they are not written then. */
  file?: string;
}

export interface Node {
  op: string;
  inputs: string[];
  outputs: string[];
  attributes?: Record<string, Attribute>;
  domain?: string;
}

export interface ModelSpec {
  opset: number;
  /** A dimension of -1 is written as the name "N". */
  input: { name: string; dims: number[]; type?: number };
  output: string;
  nodes: Node[];
  constants?: Tensor[];
}

export const kFloat = 1;
export const kUint8 = 2;
export const kInt8 = 3;
export const kInt32 = 6;
export const kInt64 = 7;
export const kBool = 9;

function varint(value: number | bigint): number[] {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}

const number = (field: number, value: number): number[] => [...varint(field << 3), ...varint(value)];
const bytes = (field: number, content: ArrayLike<number>): number[] => [
  ...varint((field << 3) | 2),
  ...varint(content.length),
  ...Array.from(content),
];
const text = (field: number, value: string): number[] => bytes(field, new TextEncoder().encode(value));
const float = (field: number, value: number): number[] => [
  ...varint((field << 3) | 5),
  ...new Uint8Array(new Float32Array([value]).buffer),
];

/** The values' bytes, as a model or a file beside it holds them. */
export function raw({ type, values }: Tensor): Uint8Array {
  if (type === kFloat) return new Uint8Array(new Float32Array(values).buffer);
  if (type === kInt32) return new Uint8Array(new Int32Array(values).buffer);
  if (type === kInt64) return new Uint8Array(new BigInt64Array(values.map(BigInt)).buffer);
  return new Uint8Array(values.map((value) => value & 255));
}

// StringStringEntryProto in external_data, and data_location EXTERNAL.
function external(file: string): number[] {
  return [...bytes(13, [...text(1, 'location'), ...text(2, file)]), ...number(14, 1)];
}

function tensor(constant: Tensor): number[] {
  return [
    ...constant.dims.flatMap((dim) => number(1, dim)),
    ...number(2, constant.type),
    ...text(8, constant.name),
    ...(constant.file === undefined ? bytes(9, raw(constant)) : external(constant.file)),
  ];
}

// AttributeProto; `type` (field 20) is what official readers want to see.
function attribute(name: string, value: Attribute): number[] {
  const head = text(1, name);
  if (typeof value === 'number') return [...head, ...number(3, value), ...number(20, 2)];
  if (typeof value === 'string') return [...head, ...text(4, value), ...number(20, 3)];
  if (Array.isArray(value)) {
    return [...head, ...value.flatMap((v) => number(8, v)), ...number(20, 7)];
  }
  if ('float' in value) return [...head, ...float(2, value.float), ...number(20, 1)];
  return [...head, ...bytes(5, tensor(value)), ...number(20, 4)];
}

function node({ op, inputs, outputs, attributes = {}, domain }: Node): number[] {
  return [
    ...inputs.flatMap((name) => text(1, name)),
    ...outputs.flatMap((name) => text(2, name)),
    ...text(3, `node_${outputs[0]}`),
    ...text(4, op),
    ...Object.entries(attributes).flatMap(([name, value]) => bytes(5, attribute(name, value))),
    ...(domain === undefined ? [] : text(7, domain)),
  ];
}

function valueInfo(name: string, dims: number[] | null, type = kFloat): number[] {
  const shape = (dims ?? []).flatMap((dim) => bytes(1, dim === -1 ? text(2, 'N') : number(1, dim)));
  const tensorType = [...number(1, type), ...(dims === null ? [] : bytes(2, shape))];
  return [...text(1, name), ...bytes(2, bytes(1, tensorType))];
}

export function writeModel(spec: ModelSpec): Uint8Array {
  const graph = [
    ...spec.nodes.flatMap((n) => bytes(1, node(n))),
    ...text(2, 'graph'),
    ...(spec.constants ?? []).flatMap((constant) => bytes(5, tensor(constant))),
    ...bytes(11, valueInfo(spec.input.name, spec.input.dims, spec.input.type)),
    ...bytes(12, valueInfo(spec.output, null)),
  ];
  return Uint8Array.from([
    ...number(1, 8),
    ...bytes(7, graph),
    ...bytes(8, [...text(1, ''), ...number(2, spec.opset)]),
  ]);
}
