// A worker as a function that returns promises. It answers its requests in their order; a reply that
// nobody waits for any more is dropped by its id. When the worker dies, the requests that it held are
// rejected, and `dead` tells the owner to put another in its place.
import type { CallName, Calls, Reply, Request } from './protocol.ts';
import { InklingError } from './types.ts';

interface Pending {
  resolve(result: never): void;
  reject(error: InklingError): void;
}

export class Messenger {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #death: InklingError | null = null;
  /** Until the first answer an `error` means that the script is not there, or not allowed, or broken. */
  #answered = false;

  constructor(script: string | URL) {
    const worker = started(script);
    this.#worker = worker;
    worker.onmessage = (event: MessageEvent<Reply>) => this.#receive(event.data);
    const onError = (event: Event): void => {
      event.preventDefault();
      const reason = (event as ErrorEvent).message || 'no reason is given';
      this.terminate(
        this.#answered
          ? new InklingError('trap', `The engine's worker stopped: ${reason}.`)
          : notStarted(script, reason),
      );
    };
    worker.onerror = onError;
    worker.onmessageerror = onError;
  }

  get dead(): boolean {
    return this.#death !== null;
  }

  /** The worker's answer. */
  request<Name extends CallName>(
    call: Name,
    args: Calls[Name]['args'],
  ): Promise<Calls[Name]['result']> {
    return new Promise((resolve, reject) => {
      if (this.#death !== null) throw this.#death;
      const request: Request = { id: this.#nextId++, call, args };
      this.#pending.set(request.id, { resolve, reject });
      try {
        this.#worker.postMessage(request);
      } catch (error) {
        this.#pending.delete(request.id); // The arguments hold something that cannot be sent.
        reject(new InklingError('invalid-argument', `${call}: ${(error as Error).message}`));
      }
    });
  }

  /** Ends the worker; what it was to do is rejected with `reason`. */
  terminate(reason: InklingError): void {
    this.#death ??= reason;
    this.#worker.terminate();
    this.#pending.forEach(({ reject }) => reject(reason));
    this.#pending.clear();
  }

  #receive(reply: Reply): void {
    this.#answered = true;
    const pending = this.#pending.get(reply.id);
    if (pending === undefined) return;
    this.#pending.delete(reply.id);
    if ('result' in reply) return pending.resolve(reply.result as never);
    const error = new InklingError(reply.error.code, reply.error.message);
    if (reply.fatal) this.terminate(error);
    pending.reject(error);
  }
}

function started(script: string | URL): Worker {
  try {
    return new Worker(script);
  } catch (error) {
    throw notStarted(script, (error as Error).message); // Another origin's script, for one.
  }
}

function notStarted(script: string | URL, reason: string): InklingError {
  const message = `The engine's worker could not be started from ${script}: ${reason}.`;
  return new InklingError('fetch-failed', message);
}
