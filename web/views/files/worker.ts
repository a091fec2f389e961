// Reads a table of images in a worker of its own, from the file as it lies on the disk, and hands it over in
// batches: never more of it is in memory than a few of those, however large the file is.
import { CsvReader, kPixels, type Sink } from './csv.ts';
import { IdxReader, idxLabels } from './idx.ts';
import { isProblem } from './problem.ts';
import { kAhead, type Batch, type FromWorker, type Order, type ToWorker } from './table_protocol.ts';
import { open, whole } from './unpack.ts';

/** Images: shared among eight workers, enough for each that a message is worth its while. */
const kBatch = 512;
/** A label is a byte. */
const kMostLabels = 64e6;

class Batches implements Sink {
  #bytes = new Uint8Array(kBatch * kPixels);
  #labels = new Uint8Array(kBatch);
  #labelled = false;
  #count = 0;
  #full: Omit<Batch, 'share'>[] = [];

  room(): Uint8Array {
    return this.#bytes.subarray(this.#count * kPixels, (this.#count + 1) * kPixels);
  }

  add(label: number | null): void {
    this.#labelled = label !== null;
    this.#labels[this.#count] = label ?? 0;
    if (++this.#count === kBatch) this.flush();
  }

  flush(): void {
    const count = this.#count;
    if (count === 0) return;
    const bytes = this.#bytes.slice(0, count * kPixels);
    const labels = this.#labelled ? this.#labels.slice(0, count) : null;
    this.#full.push({ count, bytes, labels, pixels: asInk(bytes) });
    this.#count = 0;
  }

  /** Those that are full. */
  take(): Omit<Batch, 'share'>[] {
    return this.#full.splice(0);
  }
}

/** A plain loop: Float32Array.from with a function takes five to ten times as long, in Chromium and in Firefox. */
function asInk(bytes: Uint8Array): Float32Array {
  const pixels = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; ++i) pixels[i] = bytes[i] / 255;
  return pixels;
}

let allowed = kAhead;
let allow = (): void => {};

/** Waits until the page has dealt with enough of what it was sent. */
async function permission(): Promise<void> {
  while (allowed === 0) await new Promise<void>((resolve) => (allow = resolve));
  --allowed;
}

function say(message: FromWorker, transfer: Transferable[] = []): void {
  (self as unknown as Worker).postMessage(message, transfer);
}

async function send(batches: Omit<Batch, 'share'>[], share: number): Promise<void> {
  for (const batch of batches) {
    await permission();
    say({ ...batch, share }, [batch.bytes.buffer, batch.pixels.buffer]);
  }
}

async function read({ kind, file, labels }: Order): Promise<void> {
  const batches = new Batches();
  const known = labels && idxLabels(await whole(labels, labels.name, kMostLabels), labels.name);
  const reader =
    kind === 'csv'
      ? new CsvReader(file.name, batches)
      : new IdxReader(file.name, batches, known, labels?.name);
  const bytes = await open(file, file.name);
  for (let piece = await bytes.next(); piece !== null; piece = await bytes.next()) {
    reader.push(piece);
    await send(batches.take(), bytes.share);
  }
  reader.end();
  batches.flush();
  await send(batches.take(), 1);
}

async function obey(order: Order): Promise<void> {
  try {
    await read(order);
    say('end');
  } catch (error) {
    if (isProblem(error)) say({ problem: error.problem, args: error.args });
    else say({ failure: String(error) });
  }
}

self.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  if (data !== 'next') return void obey(data);
  ++allowed;
  allow();
});
