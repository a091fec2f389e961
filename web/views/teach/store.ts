// Where a visitor's drawings are kept: in IndexedDB, on the visitor's own machine; where the browser refuses
// that (a private window, a full disk), in memory until the page is closed.
import type { Drawing } from './stroke_file.ts';

export type Kept = Drawing & { readonly id: number };

/** How the writer of this browser's drawings is called. */
const kOwn = 'page-';

const kDatabase = 'inkling';
const kStore = 'drawings';

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Some browsers answer a private window's request with an error, some throw, and some do not answer. */
const kPatienceMs = 3000;

async function database(): Promise<IDBDatabase | null> {
  try {
    const request = indexedDB.open(kDatabase, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(kStore, { keyPath: 'id' });
    const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), kPatienceMs));
    const opened = await Promise.race([done(request), late]);
    if (opened !== null) opened.onversionchange = () => opened.close();
    return opened;
  } catch {
    return null;
  }
}

export class Store {
  #database: IDBDatabase | null = null;
  /** Oldest first. */
  #drawings: Kept[] = [];
  #writer: string | undefined;
  #lastId = 0;

  private constructor() {}

  static async open(): Promise<Store> {
    const store = new Store();
    store.#database = await database();
    if (store.#database !== null) await store.#read(store.#database);
    return store;
  }

  /** Whether what is kept outlives the page. */
  get lasts(): boolean {
    return this.#database !== null;
  }

  get drawings(): readonly Kept[] {
    return this.#drawings;
  }

  /** Who draws here: one name for all drawings of this browser, that says nothing else. */
  get writer(): string {
    const known = this.#drawings.find(({ writer }) => writer.startsWith(kOwn))?.writer;
    this.#writer ??= known ?? `${kOwn}${crypto.getRandomValues(new Uint32Array(1))[0].toString(36)}`;
    return this.#writer;
  }

  async add(drawings: readonly Drawing[]): Promise<Kept[]> {
    const kept = drawings.map((drawing) => ({ ...drawing, id: this.#newId() }));
    await this.restore(kept);
    return kept;
  }

  /** What was removed comes back to where it was. */
  async restore(kept: readonly Kept[]): Promise<void> {
    this.#drawings = [...this.#drawings, ...kept].sort((a, b) => a.id - b.id);
    await this.#change((store) => kept.forEach((drawing) => store.put(drawing)));
  }

  async remove(kept: readonly Kept[]): Promise<void> {
    const ids = new Set(kept.map(({ id }) => id));
    this.#drawings = this.#drawings.filter(({ id }) => !ids.has(id));
    await this.#change((store) => ids.forEach((id) => store.delete(id)));
  }

  close(): void {
    this.#database?.close();
  }

  async #read(opened: IDBDatabase): Promise<void> {
    try {
      const store = opened.transaction(kStore).objectStore(kStore);
      this.#drawings = (await done(store.getAll())) as Kept[];
      this.#lastId = this.#drawings.at(-1)?.id ?? 0;
    } catch {
      this.#database = null;
    }
  }

  /** Later than all before, and no other's: two windows may add at a time. */
  #newId(): number {
    const chance = Math.floor(1000 * Math.random());
    return (this.#lastId = Math.max(this.#lastId + 1, 1000 * Date.now() + chance));
  }

  /** A change that the disk refuses leaves the drawings in memory; `lasts` says so. */
  async #change(change: (store: IDBObjectStore) => void): Promise<void> {
    if (this.#database === null) return;
    try {
      const transaction = this.#database.transaction(kStore, 'readwrite');
      const finished = new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error);
      });
      change(transaction.objectStore(kStore));
      await finished;
    } catch {
      this.#database = null;
    }
  }
}
