// One table of images on its way through the network: a worker reads it, an engine's workers classify it, the
// page counts. Stopped at any moment; nothing of it holds up the page.
import type { Inkling } from '../../../wasm/js/index.ts';
import { Problem } from './problem.ts';
import type { Batch, FromWorker, Order } from './table_protocol.ts';
import { Tally } from './tally.ts';

export class TableRun {
  readonly tally = new Tally();
  readonly #engine: Inkling;
  readonly #worker: Worker;
  readonly #progress: (count: number, share: number) => void;
  readonly finished: Promise<Tally | null>;
  #settle!: { resolve(tally: Tally | null): void; reject(error: unknown): void };
  /** Batches with the engine. */
  #pending = 0;
  #ended = false;
  #stopped = false;
  /** The tally takes the batches in the file's order, whichever is answered first. */
  #turn: Promise<void> = Promise.resolve();

  /** The engine is disposed of at the end. `finished` is null when it was stopped. */
  constructor(
    engine: Inkling,
    script: string,
    order: Order,
    progress: (count: number, share: number) => void,
  ) {
    this.#engine = engine;
    this.#progress = progress;
    this.finished = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    this.#worker = new Worker(script);
    this.#worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => this.#hear(data));
    this.#worker.addEventListener('error', (event) => {
      event.preventDefault();
      const reason = event.message || 'the part of this page that reads it did not arrive.';
      this.#fail(new Problem('failed', order.file.name, reason));
    });
    this.#name = order.file.name;
    this.#worker.postMessage(order);
  }

  readonly #name: string;

  stop(): void {
    this.#close();
    this.#settle.resolve(null);
  }

  #hear(message: FromWorker): void {
    if (this.#stopped) return;
    if (message === 'end') {
      this.#ended = true;
      this.#finish();
    } else if ('problem' in message) {
      this.#fail(new Problem(message.problem, ...(message.args as never)));
    } else if ('failure' in message) {
      this.#fail(new Problem('failed', this.#name, message.failure));
    } else {
      this.#classify(message);
    }
  }

  #classify(batch: Batch): void {
    ++this.#pending;
    const answer = this.#engine.classifyBatch(batch.pixels, batch.count);
    answer.catch(() => {}); // Heard below, in its turn.
    this.#turn = this.#turn.then(async () => {
      if (this.#stopped) return;
      try {
        const { digits, probabilities } = await answer;
        if (this.#stopped) return;
        this.tally.add(batch, digits, probabilities);
      } catch (error) {
        this.#fail(new Problem('failed', this.#name, (error as Error).message));
        return;
      }
      --this.#pending;
      this.#progress(this.tally.count, batch.share);
      this.#worker.postMessage('next');
      this.#finish();
    });
  }

  #finish(): void {
    if (!this.#ended || this.#pending > 0 || this.#stopped) return;
    this.#close();
    this.#settle.resolve(this.tally);
  }

  #fail(error: Problem): void {
    if (this.#stopped) return;
    this.#close();
    this.#settle.reject(error);
  }

  #close(): void {
    this.#stopped = true;
    this.#worker.terminate();
    void this.#engine.dispose();
  }
}
