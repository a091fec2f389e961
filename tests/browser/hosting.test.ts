// What hosts are told to send agrees with what the page says of itself, and the page runs under it.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { drawing } from './curves.ts';
import { kRoot, kSite, Studio } from './studio.ts';

const kFramed = "; frame-ancestors 'none'"; // which a page cannot say of itself

let studio: Studio;

before(async () => {
  studio = await Studio.open();
});

after(() => studio?.close());

const inPage = /Content-Security-Policy" content="([^"]+)"/.exec(
  readFileSync(path.join(kSite, 'index.html'), 'utf8'),
)![1];

/** Header -> value, a rule's lines in the way Netlify and Cloudflare read them. */
function rules(): Map<string, Map<string, string>> {
  const found = new Map<string, Map<string, string>>();
  let headers = new Map<string, string>();
  for (const line of readFileSync(path.join(kSite, '_headers'), 'utf8').trimEnd().split('\n')) {
    if (!line.startsWith(' ')) found.set(line, (headers = new Map()));
    else {
      const [, name, value] = /^ {2}([\w-]+): (.+)$/.exec(line)!;
      headers.set(name, value);
    }
  }
  return found;
}

test("the policy of _headers and of nginx's sample is the page's", () => {
  assert.equal(rules().get('/*')!.get('Content-Security-Policy'), inPage + kFramed);
  const nginx = readFileSync(path.join(kRoot, 'docs/hosting.md'), 'utf8');
  assert.ok(nginx.includes(`set $policy "${inPage}${kFramed}";`), 'docs/hosting.md has another policy');
});

test('the policy lets in nothing but the site itself', () => {
  assert.match(inPage, /^default-src 'none'; /);
  for (const source of inPage.replace(/[\w-]+-(?:src|uri|action)/g, '').matchAll(/[^\s;]+/g)) {
    assert.ok(["'self'", "'none'", "'wasm-unsafe-eval'"].includes(source[0]), source[0]);
  }
});

test('hashed files are kept for good, pages and the service worker are asked for again', () => {
  assert.equal(rules().get('/*')!.get('Cache-Control'), undefined, 'it would be sent twice');
  const pages = readdirSync(kSite).filter((name) => name.endsWith('.html')); // index and the cards
  for (const file of ['', 'sw.js', ...pages]) {
    assert.equal(rules().get(`/${file}`)?.get('Cache-Control'), 'no-cache', file);
  }
  const models = readdirSync(path.join(kSite, 'models')).filter((name) => name.endsWith('.onnx'));
  for (const files of ['assets/*', ...models.map((name) => `models/${name}`)]) {
    assert.match(rules().get(`/${files}`)?.get('Cache-Control') ?? '', /max-age=31536000, immutable/, files);
  }
});

test('the page runs under the headers as a host sends them', async () => {
  const visit = await studio.watch('about:blank');
  await visit.page.setRequestInterception(true);
  const headers = Object.fromEntries(rules().get('/*')!);
  visit.page.on('request', async (request) => {
    const response = await fetch(request.url());
    const contentType = response.headers.get('content-type') ?? '';
    await request.respond({ contentType, headers, body: Buffer.from(await response.arrayBuffer()) });
  });
  await visit.page.goto(studio.url);
  await visit.waitForState('ready');
  await visit.draw(drawing('6'));
  assert.equal((await visit.reading()).digit, '6');
  await visit.page.close();
  visit.assertClean();
});
