// What this browser's WebAssembly can do. A module that holds one instruction the browser does not know
// is refused whole, so the question is put with the smallest module that holds one.

const kHeader = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** A module with one function [] -> [v128] and the given body (its length included, `end` last). */
function vectorModule(body: number[]): Uint8Array<ArrayBuffer> {
  const code = [body.length + 1, 0x00, ...body]; // 0x00: no locals
  return new Uint8Array([
    ...kHeader,
    ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b], // types: one, [] -> [v128]
    ...[0x03, 0x02, 0x01, 0x00], // functions: one, of type 0
    ...[0x0a, code.length + 1, 0x01, ...code], // code: one body
  ]);
}

const kSplat = [0x41, 0x01, 0xfd, 0x0f]; // i32.const 1, i8x16.splat

const kSimdModule = vectorModule([...kSplat, 0xfd, 0x62, 0x0b]); // i8x16.popcnt
const kRelaxedModule = vectorModule([...kSplat, ...kSplat, 0xfd, 0x80, 0x02, 0x0b]); // relaxed_swizzle

export type Variant = 'simd' | 'relaxed';

/** The engine's modules. A `-full` one is fetched when the smaller one refuses a model as unsupported. */
export type Engine = Variant | `${Variant}-full`;

/** The fastest of the two modules that this browser runs; null when it runs neither. */
export function detectVariant(): Variant | null {
  if (typeof WebAssembly !== 'object' || !WebAssembly.validate(kSimdModule)) return null;
  return WebAssembly.validate(kRelaxedModule) ? 'relaxed' : 'simd';
}
