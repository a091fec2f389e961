// Writes small ONNX files for tests: the protobuf wire format, and of onnx.proto just the fields needed.

type Field = Uint8Array;

function varint(value: number): number[] {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return [...bytes, value];
}

function number(field: number, value: number): Field {
  return Uint8Array.from([...varint(field * 8), ...varint(value)]);
}

function bytes(field: number, content: Uint8Array): Field {
  return Uint8Array.from([...varint(field * 8 + 2), ...varint(content.length), ...content]);
}

function text(field: number, content: string): Field {
  return bytes(field, new TextEncoder().encode(content));
}

function message(field: number, ...fields: Field[]): Field {
  return bytes(field, Buffer.concat(fields));
}

const kFloat = 1; // TensorProto.DataType.FLOAT

/** ValueInfoProto; a string names an open extent. */
function value(field: number, name: string, shape: (number | string)[]): Field {
  const extents = shape.map((extent) =>
    message(1, typeof extent === 'number' ? number(1, extent) : text(2, extent)),
  );
  const tensor = message(1, number(1, kFloat), message(2, ...extents));
  return message(field, text(1, name), message(2, tensor));
}

/** A model of one node, from `image` to `probabilities`. */
export function oneNodeModel(operator: string, inputShape: (number | string)[]): Uint8Array {
  const node = message(
    1,
    text(1, 'image'),
    text(2, 'probabilities'),
    text(3, 'the_only_node'),
    text(4, operator),
  );
  const graph = message(
    7,
    node,
    text(2, 'broken'),
    value(11, 'image', inputShape),
    value(12, 'probabilities', ['N', 10]),
  );
  return Buffer.concat([number(1, 8), graph, message(8, text(1, ''), number(2, 17))]);
}
