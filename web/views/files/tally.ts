// What is counted while a table of images is read: the digits, how many are right, the confusion matrix, and the
// few images that are worth a look. Its memory does not grow with the images' own.
import { kPixels } from './csv.ts';
import type { Batch } from './table_protocol.ts';

const kDigits = 10;
/** Images kept for a look. */
const kWorst = 24;

export interface Worst {
  /** Counted from 1, as a submission does. */
  index: number;
  /** [784], ink = 1. */
  pixels: Float32Array;
  truth: number | null;
  read: number;
  /** That of what was read. */
  confidence: number;
  /** That of the truth, where it is known, else of what was read: the less, the worse. */
  belief: number;
}

export class Tally {
  /** The most probable digit of each image; the first `count` are filled. */
  #read = new Uint8Array(1024);
  count = 0;
  unsure = 0;
  right = 0;
  labelled = false;
  /** [truth*10 + read]; without labels, [read] in the first row. */
  readonly confusion = new Uint32Array(kDigits * kDigits);
  /** Worst first. */
  readonly worst: Worst[] = [];

  /** digits [count]: -1 where the model is not sure; probabilities [count*10]. */
  add({ count, pixels, labels }: Batch, digits: Int8Array, probabilities: Float32Array): void {
    this.labelled = labels !== null;
    this.#reserve(this.count + count);
    for (let i = 0; i < count; ++i) {
      const shares = asShares(probabilities.subarray(i * kDigits, (i + 1) * kDigits));
      const read = shares.indexOf(Math.max(...shares));
      const truth = labels?.[i] ?? null;
      this.#read[this.count++] = read;
      if (digits[i] < 0) ++this.unsure;
      if (read === truth) ++this.right;
      ++this.confusion[(truth ?? 0) * kDigits + read];
      if (read === truth) continue;
      const belief = shares[truth ?? read];
      this.#consider(belief, () => ({
        index: this.count,
        pixels: pixels.slice(i * kPixels, (i + 1) * kPixels),
        ...{ truth, read, confidence: shares[read], belief },
      }));
    }
  }

  /** Kaggle's form of an answer. */
  submission(): string {
    const rows = Array.from(this.#read.subarray(0, this.count), (digit, i) => `${i + 1},${digit}\n`);
    return `ImageId,Label\n${rows.join('')}`;
  }

  #reserve(count: number): void {
    if (count <= this.#read.length) return;
    const larger = new Uint8Array(2 * count);
    larger.set(this.#read);
    this.#read = larger;
  }

  #consider(belief: number, make: () => Worst): void {
    const { worst } = this;
    if (worst.length === kWorst && belief >= worst[kWorst - 1].belief) return;
    const place = worst.findIndex((other) => belief < other.belief);
    worst.splice(place < 0 ? worst.length : place, 0, make());
    worst.length = Math.min(worst.length, kWorst);
  }
}

/** Probabilities as they are; of logits (their sum is not 1, or some are negative) the softmax. */
export function asShares(row: Float32Array): Float32Array {
  const sum = row.reduce((total, value) => total + value, 0);
  if (Math.abs(sum - 1) < 1e-3 && row.every((value) => value >= -1e-3)) return row;
  const most = Math.max(...row);
  const powers = row.map((value) => Math.exp(value - most));
  const all = powers.reduce((total, value) => total + value, 0);
  return powers.map((power) => power / all);
}
