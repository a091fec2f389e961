// A stand-in for inkling.wasm that loads anything, answers pixels with probabilities of 0, and traps when
// it is given strokes: the one thing the real module never does when asked.

const kI32 = 0x7f;

const kDescription = '{"threshold":0,"input":[1,1,28,28],"classes":10,"metadata":{},"plan":[]}\0';

/** Name, number of parameters, and the body before its `end`; all are i32 -> i32. */
const kFunctions: [name: string, parameters: number, body: number[]][] = [
  ['inkling_last_error', 0, [0x41, 0x00]], // i32.const 0
  ['inkling_alloc', 1, [0x41, 0x80, 0x20]], // i32.const 4096
  ['inkling_engine_load', 2, [0x41, 0x01]],
  ['inkling_engine_classify', 4, [0x41, 0x00]],
  ['inkling_engine_describe', 1, [0x41, 0x08]], // where the data lies
  ['inkling_engine_activations', 4, [0x41, 0x00]],
  ['inkling_pixels_from_strokes', 4, [0x00]], // unreachable
  ['inkling_pixels_from_bitmap', 4, [0x41, 0x00]],
];

/** The same for functions without a result. */
const kProcedures: [name: string, parameters: number][] = [
  ['_initialize', 0],
  ['inkling_free', 1],
  ['inkling_engine_free', 1],
];

function leb(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(value >> 7)];
}

function vector(items: number[][]): number[] {
  return [...leb(items.length), ...items.flat()];
}

function section(id: number, content: number[]): number[] {
  return [id, ...leb(content.length), ...content];
}

function name(text: string): number[] {
  return [...leb(text.length), ...Buffer.from(text)];
}

export function trappingModule(): Uint8Array {
  const all = [
    ...kFunctions.map(([title, parameters, body]) => ({
      title,
      parameters,
      body,
      results: [kI32],
    })),
    ...kProcedures.map(([title, parameters]) => ({ title, parameters, body: [], results: [] })),
  ];
  const types = all.map(({ parameters, results }) => [
    0x60,
    ...vector(Array.from({ length: parameters }, () => [kI32])),
    ...vector(results.map((result) => [result])),
  ]);
  const bodies = all.map(({ body }) => [...leb(body.length + 2), 0x00, ...body, 0x0b]);
  const exports = all.map(({ title }, i) => [...name(title), 0x00, ...leb(i)]);
  const data = [0x00, 0x41, 0x08, 0x0b, ...name(kDescription)]; // at address 8
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, vector(types)),
    ...section(3, vector(all.map((_, i) => leb(i)))),
    ...section(5, vector([[0x00, 0x01]])), // memory: one page of 64 KiB
    ...section(7, vector([...exports, [...name('memory'), 0x02, 0x00]])),
    ...section(10, vector(bodies)),
    ...section(11, vector([data])),
  ]);
}
