// The workers behind one engine: a queue in front, one request with each worker at a time, and a new
// worker with the same module and model in the place of one that died.
import { Messenger } from './messenger.ts';
import type { CallName, Calls } from './protocol.ts';
import { InklingError, type Description } from './types.ts';

interface Slot {
  messenger: Messenger;
  /** Settles when the worker has loaded the model. */
  ready: Promise<Description>;
  busy: boolean;
}

interface Job {
  /** Only this slot will do; null when any does. */
  slot: Slot | null;
  run(slot: Slot): Promise<void>;
  reject(error: InklingError): void;
}

export class Pool {
  readonly #start: () => Worker;
  readonly #module: WebAssembly.Module;
  readonly #model: Uint8Array;
  readonly #slots: Slot[];
  readonly #queue: Job[] = [];
  #last: Slot;
  #disposed = false;

  constructor(start: () => Worker, module: WebAssembly.Module, model: Uint8Array, workers: number) {
    this.#start = start;
    this.#module = module;
    this.#model = model;
    this.#slots = Array.from({ length: workers }, () => ({ ...this.#launch(), busy: false }));
    this.#last = this.#slots[0];
  }

  get size(): number {
    return this.#slots.length;
  }

  /** The model's description once every worker has loaded it; rejects with the engine's own sentence. */
  async ready(): Promise<Description> {
    const [description] = await Promise.all(this.#slots.map((slot) => slot.ready));
    return description;
  }

  /** `sticky`: the worker that classified last must answer. */
  call<Name extends CallName>(
    name: Name,
    args: Calls[Name]['args'],
    { sticky = false } = {},
  ): Promise<Calls[Name]['result']> {
    if (this.#disposed) return Promise.reject(disposed());
    return new Promise((resolve, reject) => {
      const run = async (slot: Slot) => {
        try {
          await slot.ready;
          resolve(await slot.messenger.request(name, args));
        } catch (error) {
          reject(error);
        }
      };
      this.#queue.push({ slot: sticky ? this.#last : null, run, reject });
      this.#pump();
    });
  }

  dispose(): void {
    this.#disposed = true;
    this.#queue.splice(0).forEach((job) => job.reject(disposed()));
    this.#slots.forEach((slot) => slot.messenger.terminate(disposed()));
  }

  #pump(): void {
    for (const slot of this.#slots) {
      if (slot.busy) continue;
      const next = this.#queue.findIndex((job) => job.slot === null || job.slot === slot);
      if (next < 0) continue;
      const [job] = this.#queue.splice(next, 1);
      slot.busy = true;
      void job.run(slot).then(() => {
        slot.busy = false;
        if (job.slot === null) this.#last = slot;
        if (slot.messenger.dead && !this.#disposed) Object.assign(slot, this.#launch());
        this.#pump();
      });
    }
  }

  #launch(): Pick<Slot, 'messenger' | 'ready'> {
    const messenger = new Messenger(this.#start());
    const ready = messenger.request('load', [this.#module, this.#model]);
    ready.catch(() => {}); // Reported by whoever awaits it.
    return { messenger, ready };
  }
}

function disposed(): InklingError {
  return new InklingError('disposed', 'This engine was disposed of; load another.');
}
