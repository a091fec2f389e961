// What the page and the worker that reads a table of images say to each other.
import type { ProblemName } from './problem.ts';

export interface Order {
  kind: 'csv' | 'images';
  file: File;
  /** IDX labels for IDX images. */
  labels: File | null;
}

/** To the worker: an order to begin with, then a word for each batch that has been dealt with. */
export type ToWorker = Order | 'next';

export interface Batch {
  count: number;
  /** [count*784], 0..255. */
  bytes: Uint8Array;
  /** The same, ink = 1. */
  pixels: Float32Array;
  /** [count], or null where the file has none. */
  labels: Uint8Array | null;
  /** How much of the file has been read: 0..1. */
  share: number;
}

export type FromWorker =
  | Batch
  | { problem: ProblemName; args: unknown[] }
  | { failure: string }
  | 'end';

/** Batches that wait or are being classified at a time: enough that no worker ever waits for the reader. */
export const kAhead = 4;
