// The workers behind one engine: a queue in front, one request with each worker at a time (of one
// batch's shares two, so that the next lies ready when one is done), and a new worker with the same module and
// model in the place of one that died.
import { Messenger } from './messenger.ts';
import type { CallName, Calls } from './protocol.ts';
import { InklingError, type Description } from './types.ts';

interface Slot {
  messenger: Messenger;
  /** Settles when the worker has loaded the model. */
  ready: Promise<Description>;
  /** How many requests are with it, and the batch that the last of them is a share of. */
  held: number;
  batch?: object;
}

interface Job {
  /** Only the worker that classified last will do. */
  sticky: boolean;
  /** The batch that it is a share of. */
  batch?: object;
  run(messenger: Messenger): Promise<unknown>;
  resolve(result: unknown): void;
  reject(error: InklingError): void;
}

export class Pool {
  readonly #script: string | URL;
  readonly #parts: Promise<Calls['load']['args']>;
  readonly #slots: Slot[];
  readonly #queue: Job[] = [];
  /** Of the classifications that succeeded, the one that started last: where, and its place in the row. */
  #last: { slot: Slot; turn: number };
  #turns = 0;
  #disposed = false;

  constructor(
    script: string | URL,
    parts: Promise<Calls['load']['args']>,
    workers: number,
  ) {
    this.#script = script;
    this.#parts = parts;
    this.#slots = Array.from({ length: workers }, () => ({ ...this.#launch(), held: 0 }));
    this.#last = { slot: this.#slots[0], turn: 0 };
  }

  get size(): number {
    return this.#slots.length;
  }

  /** The model's description once every worker has loaded it; rejects with the engine's own sentence. */
  async ready(): Promise<Description> {
    const [description] = await Promise.all(this.#slots.map((slot) => slot.ready));
    return description;
  }

  /**
   * `sticky`: the worker that classified last, of all calls before this one, must answer. `batch`: the same
   * object for each share of a batch.
   */
  call<Name extends CallName>(
    name: Name,
    args: Calls[Name]['args'],
    { sticky = false, batch }: { sticky?: boolean; batch?: object } = {},
  ): Promise<Calls[Name]['result']> {
    if (this.#disposed) return Promise.reject(disposed());
    return new Promise<unknown>((resolve, reject) => {
      const run = (messenger: Messenger) => messenger.request(name, args);
      this.#queue.push({ sticky, batch, run, resolve, reject });
      this.#pump();
    }) as Promise<Calls[Name]['result']>;
  }

  dispose(): void {
    this.#disposed = true;
    this.#queue.splice(0).forEach((job) => job.reject(disposed()));
    this.#slots.forEach((slot) => slot.messenger.terminate(disposed()));
  }

  /** Starts jobs in the order of their calls for as long as there is a worker for the next. */
  #pump(): void {
    while (this.#queue.length > 0) {
      const slot = this.#slotFor(this.#queue[0]);
      if (slot === undefined) return;
      void this.#run(this.#queue.shift()!, slot);
    }
  }

  #slotFor({ sticky, batch }: Job): Slot | undefined {
    // Only when all earlier calls are answered is it certain who classified last.
    if (sticky) return this.#slots.some(({ held }) => held) ? undefined : this.#last.slot;
    // What a worker holds fails with it: two shares of one batch do so anyway.
    return (
      this.#slots.find(({ held }) => !held) ??
      this.#slots.find((slot) => batch && slot.batch === batch && slot.held < 2)
    );
  }

  /** The pool's own books are settled before the caller hears: its next call may follow at once. */
  async #run(job: Job, slot: Slot): Promise<void> {
    ++slot.held;
    slot.batch = job.batch;
    const turn = ++this.#turns;
    try {
      if (slot.messenger.dead) Object.assign(slot, this.#launch());
      await slot.ready;
      const result = await job.run(slot.messenger);
      --slot.held;
      if (!job.sticky && turn > this.#last.turn) this.#last = { slot, turn };
      job.resolve(result);
    } catch (error) {
      --slot.held;
      job.reject(error as InklingError);
    }
    this.#pump();
  }

  #launch(): Pick<Slot, 'messenger' | 'ready'> {
    const messenger = new Messenger(this.#script);
    const ready = this.#parts.then((parts) => messenger.request('load', parts));
    // Reported by whoever awaits it. A worker without a model is of no use: the next call gets another.
    ready.catch((error) => messenger.terminate(error));
    return { messenger, ready };
  }
}

function disposed(): InklingError {
  return new InklingError('disposed', 'This engine was disposed of; load another.');
}
