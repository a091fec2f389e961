// Without a network: after one visit the page works with the server gone; a new version is offered, never
// forced, and never mixed with the old one; what is not the site's own is left alone.
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { drawing } from './curves.ts';
import { kRoot, kSite, Studio, type Visit } from './studio.ts';

/** A host with the site in a folder of a folder, and somebody else's page beside it. */
const kHost = path.join(kRoot, 'build/tests/host');
const kFolder = 'deep/er/';
const kCopy = path.join(kHost, kFolder);

/** What a browser writes to the console when no server answers. */
const kNoServer = /ERR_CONNECTION|ERR_FAILED|Failed to fetch|script resource/;

let studio: Studio;

before(async () => {
  rmSync(kHost, { recursive: true, force: true });
  mkdirSync(path.join(kHost, 'assets'), { recursive: true });
  cpSync(kSite, kCopy, { recursive: true });
  const shipped = readdirSync(path.join(kCopy, 'models')).find((name) => name.endsWith('.onnx'))!;
  cpSync(path.join(kCopy, 'models', shipped), path.join(kCopy, 'models/mine.onnx'));
  writeFileSync(path.join(kHost, 'index.html'), '<title>Beside</title><p>Somebody else’s page');
  writeFileSync(path.join(kHost, 'assets/theirs-0123456789.css'), 'p { color: red }');
  studio = await Studio.open(kHost);
});

after(() => studio?.close());

const versionIn = (file: string) => /data-version="?(\w+)/.exec(readFileSync(file, 'utf8'))![1];

/** Another version of the site, as far as a browser can tell; only in `files`, where they are named. */
function publish(version: string, files = ['index.html', 'sw.js']): void {
  const old = versionIn(path.join(kSite, 'index.html'));
  for (const name of files) {
    const file = path.join(kCopy, name);
    const text = readFileSync(path.join(kSite, name), 'utf8').replaceAll(old, version);
    writeFileSync(file, text);
    for (const ending of ['.br', '.gz']) rmSync(file + ending, { force: true });
  }
}

/** Opens the site with its service worker, and waits until that has all the page used. */
async function open(query = ''): Promise<Visit> {
  const options = { serviceWorker: true, expected: kNoServer };
  const visit = await studio.watch(studio.url + kFolder + query, options);
  await visit.waitForState('ready');
  return visit;
}

/** Waits until this is among the cached files. */
async function cached(visit: Visit, pattern: string): Promise<void> {
  await visit.page.waitForFunction(
    async (wanted: string) => {
      for (const name of await caches.keys())
        for (const { url } of await (await caches.open(name)).keys())
          if (new RegExp(wanted).test(url)) return true;
      return false;
    },
    { timeout: 20_000 },
    pattern,
  );
}

async function leave(visit: Visit): Promise<void> {
  await visit.page.close();
  visit.assertClean();
}

async function reads(visit: Visit, label: string): Promise<void> {
  await visit.draw(drawing(label));
  assert.equal((await visit.reading()).digit, label);
}

test('after one visit the page works without a server, in any folder', async () => {
  const visit = await open();
  await cached(visit, 'inkling-relaxed-');
  await studio.without(async () => {
    for (const query of ['', '?lang=en', 'index.html']) {
      await visit.page.goto(studio.url + kFolder + query);
      await visit.waitForState('ready');
      await reads(visit, '5');
    }
  });
  await leave(visit);
});

test('a language, a view and a model that were used are there too; others say that they are not', async () => {
  const visit = await open('?lang=de&model=models/mine.onnx');
  await visit.page.click('[data-view=inside]');
  await visit.page.waitForSelector('#view .body :not(p)');
  for (const used of ['language-de-', 'view-inside-de-', 'view-inside-\\w+\\.css', 'mine\\.onnx'])
    await cached(visit, used);
  await studio.without(async () => {
    await visit.page.reload();
    await visit.waitForState('ready');
    assert.equal(await visit.text('html', 'lang'), 'de');
    await visit.page.click('[data-view=inside]');
    await visit.page.waitForSelector('#view .body :not(p)');
    await visit.page.goto(`${studio.url}${kFolder}?model=models/never.onnx`);
    await visit.waitForState('failed');
    assert.equal(await visit.text('#failure', 'data-code'), 'fetch-failed');
  });
  await leave(visit);
});

test('a new version is shown at the next visit at once, and offered to whoever has the old one open', async () => {
  const visit = await open();
  const old = await visit.text('html', 'data-version');
  await reads(visit, '7');
  publish('aaaaaaaaaa');
  await visit.page.evaluate(async () => (await navigator.serviceWorker.ready).update());
  await visit.page.waitForSelector('#update:not([hidden])', { timeout: 60_000 });
  assert.equal(await visit.text('html', 'data-version'), old, 'nothing was forced');
  assert.equal((await visit.reading()).digit, '7');
  await Promise.all([visit.page.waitForNavigation(), visit.page.click('#reload')]);
  await visit.waitForState('ready');
  assert.equal(await visit.text('html', 'data-version'), 'aaaaaaaaaa');
  assert.equal((await visit.reading()).digit, '7', 'the drawing came along');
  assert.equal(await visit.page.$('#update:not([hidden])'), null);
  const next = await open();
  assert.equal(await next.text('html', 'data-version'), 'aaaaaaaaaa');
  await leave(next);
  await leave(visit);
});

test('a host that is just being changed leaves the old version whole', async () => {
  const visit = await open();
  const known = await visit.text('html', 'data-version');
  publish('bbbbbbbbbb', ['sw.js']); // its page has not arrived yet
  const states = await visit.page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    const found = new Promise((resolve) => {
      registration.addEventListener('updatefound', () => {
        const worker = registration.installing!;
        worker.addEventListener('statechange', () => resolve(worker.state));
      });
    });
    await registration.update();
    return found;
  });
  assert.equal(states, 'redundant');
  await studio.without(async () => {
    await visit.page.reload();
    await visit.waitForState('ready');
    assert.equal(await visit.text('html', 'data-version'), known);
    await reads(visit, '2');
  });
  await leave(visit);
});

test('a page that the server changes is never an old one from the cache', async () => {
  const visit = await open();
  for (const version of ['cccccccccc', 'dddddddddd']) {
    publish(version);
    await visit.page.goto(studio.url + kFolder);
    assert.equal(await visit.text('html', 'data-version'), version);
  }
  await leave(visit);
});

test('no more than two versions are kept', async () => {
  const visit = await open();
  for (const version of ['e111111111', 'e222222222', 'e333333333']) {
    publish(version);
    await visit.page.evaluate(async () => (await navigator.serviceWorker.ready).update());
    await visit.page.waitForFunction(
      async (wanted: string) => {
        const names = await caches.keys();
        return names.length <= 2 && names.some((name) => name.endsWith(wanted));
      },
      { timeout: 20_000 },
      version,
    );
  }
  await leave(visit);
});

test('pages beside the site are left alone', async () => {
  const visit = await studio.watch(studio.url, { serviceWorker: true, expected: kNoServer });
  assert.equal(await visit.page.title(), 'Beside');
  const controlled = await visit.page.evaluate(() => navigator.serviceWorker.controller !== null);
  assert.equal(controlled, false);
  await visit.page.goto(`${studio.url}${kFolder}nothing-here.txt`);
  assert.match(await visit.text('body'), /no such file/);
  visit.problems.length = 0; // the browser's note of a 404
  await leave(visit);
});

test('it can be installed: the manifest names icons that are what it says', () => {
  const manifest = JSON.parse(readFileSync(path.join(kSite, 'manifest.webmanifest'), 'utf8'));
  for (const key of ['name', 'short_name', 'start_url', 'scope', 'display', 'id']) assert.ok(manifest[key]);
  for (const { src, sizes } of manifest.icons) {
    const png = readFileSync(path.join(kSite, src));
    assert.equal(`${png.readUInt32BE(16)}x${png.readUInt32BE(20)}`, sizes, src); // of the header chunk
  }
  assert.ok(manifest.icons.some(({ purpose }: { purpose?: string }) => purpose === 'maskable'));
  const page = readFileSync(path.join(kSite, 'index.html'), 'utf8');
  for (const [, name] of page.matchAll(/(?:href|src)="([^"#:]+)"/g)) {
    assert.ok(existsSync(path.join(kSite, name)), `${name} is not in the site`);
  }
});
