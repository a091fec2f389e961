// The machine's multiply-add peak for 128-bit vectors, as WebAssembly can reach it: a loop over twelve sums that
// need nothing from memory, x = x * a + b. Assembled by hand; once with relaxed_madd, once with mul and add.

/** More than two units of latency four keep busy, and with the operands fewer than the sixteen registers. */
const kSums = 12;
const kLanes = 4;

const kV128 = 0x7b;
const kI32 = 0x7f;
const kMul = [0xfd, 0xe6, 0x01]; // f32x4.mul
const kAdd = [0xfd, 0xe4, 0x01]; // f32x4.add
const kMadd = [0xfd, 0x85, 0x02]; // f32x4.relaxed_madd

function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}
const section = (id: number, content: number[]) => [id, ...unsigned(content.length), ...content];
const splat = (value: number) => [0x43, ...new Uint8Array(new Float32Array([value]).buffer), 0xfd, 0x13];

/** A module whose `run(n)` does n * 12 multiply-adds of four numbers each and returns one of the sums. */
function assemble(relaxed: boolean): Uint8Array<ArrayBuffer> {
  const n = 0, a = 1, b = 2, sums = 3; // locals
  const get = (local: number) => [0x20, local];
  const set = (local: number) => [0x21, local];
  const multiplyAdd = (local: number) =>
    relaxed
      ? [...get(local), ...get(a), ...get(b), ...kMadd, ...set(local)]
      : [...get(local), ...get(a), ...kMul, ...get(b), ...kAdd, ...set(local)];
  const all = Array.from({ length: kSums }, (_, i) => sums + i);
  const body = [
    ...[1, kSums + 2, kV128], // locals: a, b and the sums
    ...[...splat(0.999), ...set(a), ...splat(0.001), ...set(b)],
    ...all.flatMap((local) => [...splat(local), ...set(local)]),
    ...[0x03, 0x40], // loop
    ...all.flatMap(multiplyAdd),
    ...[...get(n), 0x41, 1, 0x6b, 0x22, n, 0x0d, 0], // br_if while --n
    0x0b,
    ...get(sums),
    ...all.slice(1).flatMap((local) => [...get(local), ...kAdd]),
    ...[0xfd, 0x1f, 0, 0x0b], // f32x4.extract_lane 0, end
  ];
  return new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [1, 0x60, 1, kI32, 1, 0x7d]), // [i32] -> [f32]
    ...section(3, [1, 0]),
    ...section(7, [1, 3, ...new TextEncoder().encode('run'), 0, 0]),
    ...section(10, [1, ...unsigned(body.length), ...body]),
  ]);
}

export interface Kernel {
  run(): void;
  multiplyAdds: number;
}

/** One call takes some milliseconds. */
export async function peakKernel(relaxed: boolean): Promise<Kernel> {
  const { instance } = await WebAssembly.instantiate(assemble(relaxed));
  const run = instance.exports.run as (n: number) => number;
  const loops = 1_000_000;
  return { run: () => void run(loops), multiplyAdds: loops * kSums * kLanes };
}
