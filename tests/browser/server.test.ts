// The little server: right types, brotli to whoever takes it, nothing from outside its folder, and
// another port when one is taken.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { serve } from '../../web/server.mjs';

let folder: string;
let server: Awaited<ReturnType<typeof serve>>;

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'inkling-server-'));
  const site = path.join(folder, 'site');
  mkdirSync(path.join(site, 'assets'), { recursive: true });
  writeFileSync(path.join(site, 'index.html'), '<p>home');
  writeFileSync(path.join(site, 'index.html.br'), brotliCompressSync('<p>home'));
  writeFileSync(path.join(site, 'assets/a-0123456789.wasm'), '\0asm');
  writeFileSync(path.join(folder, 'secret.txt'), 'secret');
  symlinkSync(path.join(folder, 'secret.txt'), path.join(site, 'link.txt'));
  server = await serve(site, 0);
});

after(async () => {
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A request whose path goes out as it is written (fetch would tidy the dots away). */
function ask(
  target: string,
  options: object = {},
): Promise<{ response: IncomingMessage; body: Buffer }> {
  const { port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, path: target, ...options },
      async (response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk as Buffer);
        resolve({ response, body: Buffer.concat(chunks) });
      },
    );
    asked.on('error', reject).end();
  });
}

test('a folder is its index.html', async () => {
  const { response, body } = await ask('/?model=x');
  assert.equal(response.statusCode, 200);
  assert.equal(response.headers['content-type'], 'text/html; charset=utf-8');
  assert.equal(response.headers['content-encoding'], undefined);
  assert.equal(body.toString(), '<p>home');
});

test('whoever accepts brotli gets brotli', async () => {
  const { response, body } = await ask('/', {
    headers: { 'Accept-Encoding': 'gzip, deflate, br' },
  });
  assert.equal(response.headers['content-encoding'], 'br');
  assert.equal(response.headers['content-type'], 'text/html; charset=utf-8');
  assert.equal(brotliDecompressSync(body).toString(), '<p>home');
});

test('a module has its type, and a hashed name is kept for good', async () => {
  const { response } = await ask('/assets/a-0123456789.wasm');
  assert.equal(response.headers['content-type'], 'application/wasm');
  assert.match(response.headers['cache-control'] ?? '', /immutable/);
});

for (const target of [
  '/../secret.txt',
  '/%2e%2e/secret.txt',
  '/..%2fsecret.txt',
  '/assets/../../secret.txt',
  '/link.txt',
  '/%00',
  '/%',
  '/nothing',
  '/assets',
]) {
  test(`${target} is not found`, async () => {
    const { response, body } = await ask(target);
    assert.equal(response.statusCode, 404);
    assert.ok(!body.includes('secret'));
  });
}

test('only reading is allowed', async () => {
  assert.equal((await ask('/', { method: 'POST' })).response.statusCode, 405);
  const { response, body } = await ask('/', { method: 'HEAD' });
  assert.equal(response.statusCode, 200);
  assert.equal(body.length, 0);
});

test('a taken port gives way to the next', async () => {
  const taken = Number(new URL(server.url).port);
  const other = await serve(path.join(folder, 'site'), taken);
  assert.ok(Number(new URL(other.url).port) > taken);
  await other.close();
});
