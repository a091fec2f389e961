// The service worker (sw.js): keeps the page working without a network after the first visit. Every file but
// the page itself has a name that tells its content, so a cached one is never stale; the page comes from the
// network while that answers, else from the cache of this worker's own version, whose files are all there.
// Whatever is not the site's own passes by untouched.

/** web/build.mjs puts it in: what a first visit needs, and all else that the version consists of. */
declare const INKLING_SITE: { version: string; first: string[]; later: string[] };

// What TypeScript knows of workers does not go with what it knows of pages; these are the few parts used.
interface Lasting extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching extends Lasting {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Told extends Lasting {
  readonly data: { used?: string[] };
}
interface Scope {
  readonly registration: ServiceWorkerRegistration;
  readonly clients: { claim(): Promise<void>; matchAll(options: object): Promise<Worker[]> };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate', listener: (event: Lasting) => void): void;
  addEventListener(type: 'fetch', listener: (event: Fetching) => void): void;
  addEventListener(type: 'message', listener: (event: Told) => void): void;
}
const worker = self as unknown as Scope;

/** A network that takes longer for the page gives way to the cache. */
const kPatienceMs = 2000;

/** The folder of the site; other sites of the same host may lie beside or below it. */
const folder = worker.registration.scope;
const prefix = `inkling ${folder} `;
const own = () => caches.open(prefix + INKLING_SITE.version);

const kHash = /-[0-9a-f]{10}(?=\.\w+$)/;
const stem = (url: string) => url.replace(kHash, '');

/** 'hashed': a file that never changes; 'named': a model or a page about one, which may; '': not ours. */
function kindOf(url: string): 'page' | 'hashed' | 'named' | '' {
  if (!url.startsWith(folder)) return '';
  const name = url.slice(folder.length).replace(/[?#].*/, '');
  if (name === '' || name === 'index.html') return 'page';
  if (/^(assets|models)\//.test(name) && kHash.test(name)) return 'hashed';
  return /\.onnx$|^how-[\w-]+\.html$/.test(name) ? 'named' : '';
}

/** Puts the file into this version's cache: from an older version's, where it is there, or the network. */
async function keep(url: string): Promise<void> {
  const cache = await own();
  if (await cache.match(url, { ignoreVary: true })) return;
  const response = (await caches.match(url, { ignoreVary: true })) ?? (await fetch(url));
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  await cache.put(url, response);
}

/** All or nothing: a host that is just being changed is asked again later. */
async function install(): Promise<void> {
  const at = (name: string) => new URL(name, folder).href;
  const { version, first, later } = INKLING_SITE;
  const used = new Set<string>();
  for (const name of await versions()) {
    for (const { url } of await (await caches.open(name)).keys()) used.add(stem(url));
  }
  const wanted = later.map(at).filter((url) => used.has(stem(url)));
  await Promise.all([...first.map(at), ...wanted].map(keep));
  const page = await fetch(folder, { cache: 'no-cache' });
  if (!page.ok || !(await page.clone().text()).includes(version)) throw new Error('another version');
  await (await own()).put(folder, page);
  await worker.skipWaiting(); // harmless: a page of the version before finds its files in that one's cache
}

/** The caches of this site, oldest first. */
async function versions(): Promise<string[]> {
  return (await caches.keys()).filter((name) => name.startsWith(prefix));
}

async function activate(): Promise<void> {
  const old = (await versions()).filter((name) => name !== prefix + INKLING_SITE.version);
  old.pop(); // the version before may still be open somewhere
  await Promise.all(old.map((name) => caches.delete(name)));
  await worker.clients.claim();
  const pages = await worker.clients.matchAll({ type: 'window' });
  for (const page of pages) page.postMessage({ version: INKLING_SITE.version });
}

async function page(request: Request): Promise<Response> {
  const fresh = fetch(request);
  const late = new Promise<null>((resolve) => setTimeout(resolve, kPatienceMs, null));
  const response = await Promise.race([fresh, late]).catch(() => null);
  if (response !== null && response.status < 500) return response;
  return (await (await own()).match(folder)) ?? fresh;
}

async function hashed(event: Fetching): Promise<Response> {
  return (await caches.match(event.request, { ignoreVary: true })) ?? fetched(event);
}

/** The network's, while there is one. */
async function named(event: Fetching): Promise<Response> {
  return fetched(event).catch(async (error) => {
    const known = await (await own()).match(event.request, { ignoreVary: true });
    if (known === undefined) throw error;
    return known;
  });
}

/** From the network, and kept for when there is none. */
async function fetched(event: Fetching): Promise<Response> {
  const response = await fetch(event.request);
  if (response.ok) {
    const copy = response.clone();
    const put = own().then((cache) => cache.put(event.request, copy));
    event.waitUntil(put.catch(() => {})); // no room: then not without a network
  }
  return response;
}

worker.addEventListener('install', (event) => event.waitUntil(install()));
worker.addEventListener('activate', (event) => event.waitUntil(activate()));
worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const kind = request.method === 'GET' ? kindOf(request.url) : '';
  if (kind === 'page' && request.mode === 'navigate') event.respondWith(page(request));
  if (kind === 'hashed') event.respondWith(hashed(event));
  if (kind === 'named') event.respondWith(named(event));
});
// What the first visit fetched before this worker was there.
worker.addEventListener('message', (event) => {
  const used = event.data.used?.filter((url) => ['hashed', 'named'].includes(kindOf(url))) ?? [];
  event.waitUntil(Promise.allSettled(used.map(keep)));
});
