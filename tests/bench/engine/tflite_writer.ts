// Writes a network as a TFLite file, for LiteRT.js: its schema's tables by the official flatbuffers library, the
// field numbers as in TensorFlow's schema.fbs. The batch is fixed, since XNNPACK's delegate wants to know it.
import { Builder } from 'flatbuffers';
import { channelsLast, denseChannelsLast, kClasses, kKernel, kSide, type Net } from './nets.ts';

type Offset = number;
/** A field of a table: how it is written, or an offset to what was. */
type Field = { offset: Offset } | { int8: number } | { int32: number } | { float: number };

const kFileIdentifier = 'TFL3';
const kConv2d = 3, kFullyConnected = 9, kMaxPool2d = 17, kReshape = 22, kSoftmax = 25; // BuiltinOperator
const kOperators = [kConv2d, kFullyConnected, kMaxPool2d, kReshape, kSoftmax];
// BuiltinOptions
const kConvOptions = 1, kPoolOptions = 5, kFullyConnectedOptions = 8, kSoftmaxOptions = 9, kReshapeOptions = 17;
const kRelu = 1; // ActivationFunctionType
const kSame = 0, kValid = 1; // Padding
const kFloat32 = 0; // TensorType

class Writer {
  readonly builder = new Builder(1 << 20);
  readonly #buffers: Offset[] = [this.table({})]; // by convention the first is empty
  readonly #tensors: Offset[] = [];
  readonly #operators: Offset[] = [];

  /** fields: by their numbers; those not named have their defaults. */
  table(fields: Record<number, Field>): Offset {
    const { builder } = this;
    builder.startObject(12);
    for (const [key, field] of Object.entries(fields)) {
      const at = Number(key);
      // No value equals the "default" given, so that each is written.
      if ('offset' in field) builder.addFieldOffset(at, field.offset, 0);
      else if ('int8' in field) builder.addFieldInt8(at, field.int8, -1);
      else if ('int32' in field) builder.addFieldInt32(at, field.int32, -1);
      else builder.addFieldFloat32(at, field.float, NaN);
    }
    return builder.endObject();
  }

  offsets(items: Offset[]): Field {
    this.builder.startVector(4, items.length, 4);
    for (const item of items.toReversed()) this.builder.addOffset(item);
    return { offset: this.builder.endVector() };
  }

  ints(items: number[]): Field {
    this.builder.startVector(4, items.length, 4);
    for (const item of items.toReversed()) this.builder.addInt32(item);
    return { offset: this.builder.endVector() };
  }

  text(content: string): Field {
    return { offset: this.builder.createString(content) };
  }

  /** Returns its number; without values it is one that is computed. */
  tensor(name: string, shape: number[], values?: Float32Array): number {
    let buffer = 0;
    if (values !== undefined) {
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      this.builder.startVector(1, bytes.length, 16); // the schema wants them aligned so
      for (const byte of bytes.toReversed()) this.builder.addInt8(byte);
      buffer = this.#buffers.push(this.table({ 0: { offset: this.builder.endVector() } })) - 1;
    }
    const fields = { 0: this.ints(shape), 1: { int8: kFloat32 }, 2: { int32: buffer }, 3: this.text(name) };
    return this.#tensors.push(this.table(fields)) - 1;
  }

  operator(code: number, inputs: number[], output: number, options?: [type: number, table: Offset]): number {
    const fields: Record<number, Field> = {
      0: { int32: kOperators.indexOf(code) },
      1: this.ints(inputs),
      2: this.ints([output]),
    };
    if (options !== undefined) {
      fields[3] = { int8: options[0] };
      fields[4] = { offset: options[1] };
    }
    this.#operators.push(this.table(fields));
    return output;
  }

  finish(input: number, output: number): Uint8Array {
    const codes = kOperators.map((code) =>
      this.table({ 0: { int8: code }, 2: { int32: 1 }, 3: { int32: code } }),
    );
    const graph = this.table({
      0: this.offsets(this.#tensors),
      1: this.ints([input]),
      2: this.ints([output]),
      3: this.offsets(this.#operators),
      4: this.text('main'),
    });
    const model = this.table({
      0: { int32: 3 }, // the schema's version
      1: this.offsets(codes),
      2: this.offsets([graph]),
      3: this.text('benchmark'),
      4: this.offsets(this.#buffers),
    });
    this.builder.finish(model, kFileIdentifier);
    return this.builder.asUint8Array().slice();
  }
}

export function toTflite(net: Net, batch: number): Uint8Array {
  const writer = new Writer();
  const input = writer.tensor('image', [batch, kSide, kSide, 1]);
  let last = input;
  let side = kSide;
  net.convs.forEach(({ inputs, outputs, weights, bias, pooled }, i) => {
    const kernel = channelsLast(weights, inputs, kKernel ** 2);
    const operands = [
      last,
      writer.tensor(`kernel${i}`, [outputs, kKernel, kKernel, inputs], kernel),
      writer.tensor(`bias${i}`, [outputs], bias),
    ];
    const options = { 0: { int8: kSame }, 1: { int32: 1 }, 2: { int32: 1 }, 3: { int8: kRelu }, 4: { int32: 1 }, 5: { int32: 1 } };
    const map = writer.tensor(`conv${i}`, [batch, side, side, outputs]);
    last = writer.operator(kConv2d, operands, map, [kConvOptions, writer.table(options)]);
    if (!pooled) return;
    side /= 2;
    const two = { int32: 2 };
    const window = { 0: { int8: kValid }, 1: two, 2: two, 3: two, 4: two, 5: { int8: 0 } };
    const smaller = writer.tensor(`pool${i}`, [batch, side, side, outputs]);
    last = writer.operator(kMaxPool2d, [last], smaller, [kPoolOptions, writer.table(window)]);
  });
  const features = net.dense.length / kClasses;
  const flat = writer.tensor('flat', [batch, features]);
  const reshape = writer.table({ 0: writer.ints([batch, features]) });
  last = writer.operator(kReshape, [last], flat, [kReshapeOptions, reshape]);
  const weights = writer.tensor('dense', [kClasses, features], denseChannelsLast(net));
  const bias = writer.tensor('dense_bias', [kClasses], net.denseBias);
  const logits = writer.tensor('logits', [batch, kClasses]);
  const dense = writer.table({ 0: { int8: 0 } });
  last = writer.operator(kFullyConnected, [last, weights, bias], logits, [kFullyConnectedOptions, dense]);
  const probabilities = writer.tensor('probabilities', [batch, kClasses]);
  const softmax = writer.table({ 0: { float: 1 } });
  last = writer.operator(kSoftmax, [last], probabilities, [kSoftmaxOptions, softmax]);
  return writer.finish(input, last);
}
