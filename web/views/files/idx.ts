// Reads MNIST's IDX files from the pieces that they arrive in: a magic number and big-endian counts, then a
// byte a value. Each count is checked against what comes.
import { kPixels, type Sink } from './csv.ts';
import { Problem } from './problem.ts';

const kSide = 28;
const kImagesHeader = 16; // bytes
const kLabelsHeader = 8;

export const kImagesMagic = 0x00000803;
export const kLabelsMagic = 0x00000801;

function number(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at);
}

export class IdxReader {
  readonly #name: string;
  readonly #sink: Sink;
  readonly #labels: Uint8Array | null;
  readonly #labelsName: string;
  readonly #head = new Uint8Array(kImagesHeader);
  #headed = 0;
  /** How many images there are to be, as the header says; and how many have been read. */
  #count = 0;
  #images = 0;
  #room: Uint8Array | null = null;
  #filled = 0;

  /** labels: of another file, or null. */
  constructor(name: string, sink: Sink, labels: Uint8Array | null = null, labelsName = '') {
    this.#name = name;
    this.#sink = sink;
    this.#labels = labels;
    this.#labelsName = labelsName;
  }

  push(piece: Uint8Array): void {
    let at = 0;
    if (this.#headed < kImagesHeader) {
      at = Math.min(kImagesHeader - this.#headed, piece.length);
      this.#head.set(piece.subarray(0, at), this.#headed);
      this.#headed += at;
      if (this.#headed === kImagesHeader) this.#readHead();
    }
    while (at < piece.length) {
      if (this.#images === this.#count) this.#refuseLength();
      this.#room ??= this.#sink.room();
      const part = piece.subarray(at, at + kPixels - this.#filled);
      this.#room.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === kPixels) this.#finish();
    }
  }

  end(): void {
    if (this.#headed < kImagesHeader || this.#filled > 0 || this.#images < this.#count) {
      this.#refuseLength();
    }
  }

  #readHead(): void {
    const [count, height, width] = [4, 8, 12].map((at) => number(this.#head, at));
    if (width !== kSide || height !== kSide) throw new Problem('idxSides', this.#name, width, height);
    if (count === 0) throw new Problem('idxNone', this.#name);
    const others = this.#labels?.length ?? count;
    if (others !== count) throw new Problem('counts', this.#name, count, this.#labelsName, others);
    this.#count = count;
  }

  #finish(): void {
    this.#room = null;
    this.#filled = 0;
    this.#sink.add(this.#labels?.[this.#images] ?? null);
    ++this.#images;
  }

  #refuseLength(): never {
    throw new Problem('idxLength', this.#name, this.#count);
  }
}

/** The labels of a whole file. */
export function idxLabels(bytes: Uint8Array, name: string): Uint8Array {
  const count = bytes.length < kLabelsHeader ? -1 : number(bytes, 4);
  const labels = bytes.subarray(kLabelsHeader);
  if (count !== labels.length) throw new Problem('idxLength', name, Math.max(0, count));
  const wrong = labels.findIndex((label) => label > 9);
  if (wrong >= 0) throw new Problem('idxLabel', name, wrong, labels[wrong]);
  return labels;
}
