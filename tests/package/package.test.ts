// The npm package as its users meet it: packed, unpacked into a project of their own, imported in Node,
// checked by TypeScript, bundled by esbuild and by Vite, and loaded by a bare <script type=module>, in the
// browser under a strict Content-Security-Policy.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { build } from 'esbuild';
import puppeteer, { type Browser } from 'puppeteer-core';
import { build as buildWithVite } from 'vite';
import { kFloat, raw, writeModel } from '../golden/onnx_writer.ts';

const kRoot = process.env.INKLING_ROOT ?? process.cwd();
const kWork = path.join(kRoot, 'build/tests/consumer');
const kPackage = path.join(kWork, 'node_modules/inkling');
const kPolicy =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'";
const kPatienceMs = 60_000;
const kTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};

/**
 * What a page does: its answers end up in its title. The second model wants the full module, the third a file.
 * `files` and `compact` are where the library's parts and its model lie.
 */
const kPage = `
try {
  const engine = await Inkling.load({ model: compact, workers: 2, files });
  const { digit } = await engine.classifyStrokes([[[10, 4], [52, 4], [30, 60]]]);
  await engine.dispose();
  const foreign = await Inkling.load({ model: './sine.onnx', files });
  const { probabilities } = await foreign.classifyBatch(new Float32Array(784).fill(0.5), 1);
  const refusal = await Inkling.load({ model: './beside.onnx', files }).catch((error) => error);
  const sideFiles = { 'weights.bin': './weights.bin' };
  const beside = await Inkling.load({ model: './beside.onnx', sideFiles, files });
  const { digits } = await beside.classifyBatch(new Float32Array(3 * 784).fill(0.5), 3);
  const named = refusal.code === 'unsupported-model' && refusal.message.includes("'weights.bin'");
  document.title = 'read ' + digit + ' and ' + (named ? probabilities.length + digits.length : refusal.message);
} catch (error) {
  document.title = 'failed: ' + error.message;
}`;

/** Everything beside the page's script. */
const kBeside = `const compact = './compact.onnx', files = {};${kPage}`;

/** What the test makes for the pages to load. */
const kMade = ['sine.onnx', 'beside.onnx', 'weights.bin'];

let server: Server;
let browser: Browser;
let address = '';

/** image -> Sin -> a dense layer: nothing that the core module runs. */
function sineModel(): Uint8Array {
  const weights = Array.from({ length: 7840 }, (_, i) => ((i * 7) % 11) / 100);
  return writeModel({
    opset: 17,
    input: { name: 'image', dims: [-1, 784] },
    output: 'out',
    nodes: [
      { op: 'Sin', inputs: ['image'], outputs: ['s'] },
      { op: 'MatMul', inputs: ['s', 'w'], outputs: ['out'] },
    ],
    constants: [{ name: 'w', type: kFloat, dims: [784, 10], values: weights }],
  });
}

/** image -> a dense layer whose weights lie in 'weights.bin'. */
function modelWithWeightsBeside(): { model: Uint8Array; weights: Uint8Array } {
  const values = Array.from({ length: 7840 }, (_, i) => ((i * 3) % 7) / 50);
  const weights = { name: 'w', type: kFloat, dims: [784, 10], values, file: 'weights.bin' };
  const model = writeModel({
    opset: 17,
    input: { name: 'image', dims: [-1, 784] },
    output: 'out',
    nodes: [{ op: 'MatMul', inputs: ['image', 'w'], outputs: ['out'] }],
    constants: [weights],
  });
  return { model, weights: raw(weights) };
}

/** Serves a folder with the policy on everything: a worker's own comes with its script. */
async function serve(folder: string): Promise<void> {
  server = createServer((request, response) => {
    const name = path.join(folder, path.normalize(new URL(request.url!, 'http://x').pathname));
    response.setHeader('Content-Security-Policy', kPolicy);
    try {
      const bytes = readFileSync(name);
      response.setHeader('Content-Type', kTypes[path.extname(name)] ?? 'application/octet-stream');
      response.end(bytes);
    } catch {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

before(async () => {
  rmSync(kWork, { recursive: true, force: true });
  mkdirSync(kPackage, { recursive: true });
  const packing = ['pack', path.join(kRoot, 'build/package'), '--pack-destination', kWork, '--silent'];
  execFileSync('npm', packing, { stdio: 'pipe' });
  const archive = readdirSync(kWork).find((name) => name.endsWith('.tgz'));
  assert.ok(archive, 'npm pack made no archive');
  execFileSync('tar', ['-xzf', path.join(kWork, archive), '-C', kPackage, '--strip-components=1']);
  writeFileSync(path.join(kWork, 'package.json'), '{ "type": "module" }');
  writeFileSync(path.join(kWork, 'sine.onnx'), sineModel());
  const { model, weights } = modelWithWeightsBeside();
  writeFileSync(path.join(kWork, 'beside.onnx'), model);
  writeFileSync(path.join(kWork, 'weights.bin'), weights);
  await serve(kWork);
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  browser = await puppeteer.launch({
    executablePath: process.env.CHROME_PATH ?? '/usr/bin/chromium',
    userDataDir: mkdtempSync(path.join(tmpdir(), 'inkling-package-')),
    args: ['--disable-gpu', '--no-first-run', '--disable-background-networking', ...asRoot],
    protocolTimeout: kPatienceMs,
  });
});

after(async () => {
  await browser?.close();
  server?.close();
});

/** What a page of this folder says in its title, and that its console is silent. */
async function titleOf(folder: string): Promise<string> {
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(`${address}/${folder}/index.html`);
  await page.waitForFunction('document.title !== ""', { timeout: kPatienceMs });
  const title = await page.title();
  await page.close();
  assert.deepEqual(complaints, []);
  return title;
}

const kHtml = '<!doctype html><meta charset="utf-8"><script type="module" src="main.js"></script>';

test('the archive holds what the manifest names', () => {
  const { exports } = JSON.parse(readFileSync(path.join(kPackage, 'package.json'), 'utf8'));
  const files = readdirSync(kPackage);
  const named = JSON.stringify(exports).match(/\.\/[\w.-]+\.(?:json|js|d\.ts|onnx)(?=")/g) ?? [];
  assert.ok(named.length >= 6);
  for (const name of named) assert.ok(files.includes(name.slice(2)), `${name} is missing`);
  assert.equal(files.filter((name) => name.endsWith('.wasm')).length, 4);
  assert.ok(files.includes('README.md') && files.includes('LICENSE'));
});

test('Node imports it: strokes, pixels, the full module, side files, errors', () => {
  writeFileSync(
    path.join(kWork, 'main.mjs'),
    `import assert from 'node:assert/strict';
     import { readFile } from 'node:fs/promises';
     import { Inkling, InklingError } from 'inkling';
     const engine = await Inkling.load({ model: new URL(import.meta.resolve('inkling/compact.onnx')) });
     const { digit, confidence, pixels } = await engine.classifyStrokes([[[10, 4], [52, 4], [30, 60]]]);
     assert.equal(digit, 7);
     assert.ok(confidence > 0.5);
     assert.equal((await engine.classifyPixels(pixels)).digit, 7);
     const picture = { width: 28, height: 28, data: new Uint8ClampedArray(28 * 28 * 4).fill(255) };
     await assert.rejects(engine.classifyImage(picture), { code: 'empty-ink' });
     await assert.rejects(engine.classifyPixels(new Float32Array(784).fill(NaN)), { code: 'invalid-argument' });
     await assert.rejects(engine.classifyPixels(new Float32Array(784).fill(Infinity)), { code: 'invalid-argument' });
     assert.ok((await engine.plan()).length > 3);
     await engine.dispose();
     await assert.rejects(engine.classifyPixels(pixels), { code: 'disposed' });
     const sine = await Inkling.load({ model: await readFile('sine.onnx') });
     const { probabilities } = await sine.classifyBatch(new Float32Array(2 * 784), 2);
     assert.equal(probabilities.length, 20);
     const missing = await Inkling.load({ model: 'beside.onnx' }).catch((error) => error);
     assert.equal(missing.code, 'unsupported-model');
     assert.match(missing.message, /'weights.bin'/);
     const sideFiles = { 'weights.bin': 'weights.bin' };
     const beside = await Inkling.load({ model: 'beside.onnx', sideFiles });
     assert.equal((await beside.classifyBatch(new Float32Array(784), 1)).digits.length, 1);
     const lost = { 'weights.bin': 'nowhere.bin' };
     await assert.rejects(Inkling.load({ model: 'beside.onnx', sideFiles: lost }), { code: 'fetch-failed', message: /side file 'weights.bin'/ });
     await assert.rejects(Inkling.load({ model: 'package.json' }), InklingError);
     await assert.rejects(Inkling.load({ model: 'nowhere.onnx' }), { code: 'fetch-failed' });
     console.log('fine');`,
  );
  const options = { cwd: kWork, encoding: 'utf8' } as const;
  assert.equal(execFileSync(process.execPath, ['main.mjs'], options), 'fine\n');
});

test('an engine that was stopped on the calling thread is replaced by the next call', () => {
  writeFileSync(
    path.join(kWork, 'stopped.mjs'),
    `import assert from 'node:assert/strict';
     import { Inkling } from 'inkling';
     const { instantiate } = WebAssembly;
     let instances = 0, traps = 0, refusals = 0, loadTraps = 0;
     WebAssembly.instantiate = async (...given) => {
       if (refusals-- > 0) throw new RangeError('no memory');
       refusals = 0;
       const { exports } = await instantiate(...given);
       ++instances;
       const trapping = (name, due) => (...args) => {
         if (due()) throw new WebAssembly.RuntimeError('unreachable');
         return exports[name](...args);
       };
       return { exports: {
         ...exports,
         inkling_engine_classify: trapping('inkling_engine_classify', () => traps-- > 0),
         inkling_engine_load: trapping('inkling_engine_load', () => loadTraps-- > 0),
       } };
     };
     const model = new URL(import.meta.resolve('inkling/compact.onnx'));
     const engine = await Inkling.load({ model });
     const { pixels } = await engine.classifyStrokes([[[10, 4], [52, 4], [30, 60]]]);
     const read = () => engine.classifyPixels(pixels).then(({ digit }) => digit, ({ code }) => code);
     traps = 1;
     assert.equal(await read(), 'trap');
     refusals = 1;
     assert.equal(await read(), 'out-of-memory');
     assert.equal(await read(), 7);
     assert.equal(instances, 2);
     traps = 2; // the second is met by the first of two calls that wait for another instance
     assert.equal(await read(), 'trap');
     assert.deepEqual(await Promise.all([read(), read()]), ['trap', 7]);
     assert.equal(instances, 4);
     traps = 1;
     assert.equal(await read(), 'trap');
     const waiting = read();
     await engine.dispose();
     assert.equal(await waiting, 'disposed');
     loadTraps = 1;
     await assert.rejects(Inkling.load({ model }), { code: 'trap' });
     console.log('fine');`,
  );
  assert.equal(execFileSync(process.execPath, ['stopped.mjs'], { cwd: kWork, encoding: 'utf8' }), 'fine\n');
});

test('TypeScript knows its types, for a bundler and for Node', () => {
  const source = `import { Inkling, InklingError, type Classification } from 'inkling';
    import { Inkling as Direct } from 'inkling/direct';
    import type { Engine } from 'inkling/direct';
    export const module: Engine = 'simd';
    // @ts-expect-error: engines come of load() alone
    new Direct();
    export const direct: Promise<Direct> = Direct.load({ model: new URL('https://example.org/m.onnx'), range: [0, 255] });
    export async function read(model: string): Promise<number | null> {
      const engine = await Inkling.load({ model, sideFiles: { 'weights.bin': new Uint8Array(4) } });
      const answer: Classification = await engine.classifyStrokes([[[0, 0], [1, 1]]]);
      // @ts-expect-error: an answer has no such property
      answer.letter;
      if (!(answer instanceof InklingError)) await engine.dispose();
      return answer.digit;
    }`;
  writeFileSync(path.join(kWork, 'consumer.ts'), source);
  const tsc = path.join(kRoot, 'node_modules/typescript/bin/tsc');
  for (const [module, resolution] of [
    ['esnext', 'bundler'],
    ['nodenext', 'nodenext'],
  ]) {
    const compilerOptions = {
      ...{ noEmit: true, strict: true, target: 'es2022', lib: ['es2023', 'dom'], types: [] },
      ...{ module, moduleResolution: resolution },
    };
    const project = JSON.stringify({ compilerOptions, files: ['consumer.ts'] });
    writeFileSync(path.join(kWork, 'tsconfig.json'), project);
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', '.'], { cwd: kWork, encoding: 'utf8' });
    assert.equal(status, 0, stdout);
  }
});

test('a bare module script loads it under a strict policy', async () => {
  const folder = path.join(kWork, 'bare');
  cpSync(kPackage, path.join(folder, 'inkling'), { recursive: true });
  cpSync(path.join(kPackage, 'compact.onnx'), path.join(folder, 'compact.onnx'));
  for (const name of kMade) cpSync(path.join(kWork, name), path.join(folder, name));
  writeFileSync(path.join(folder, 'index.html'), kHtml);
  writeFileSync(path.join(folder, 'main.js'), `import { Inkling } from './inkling/inkling.js';${kBeside}`);
  assert.equal(await titleOf('bare'), 'read 7 and 13');
});

test('without a worker: a bare module script and a bundle, the same answers', async () => {
  const bare = path.join(kWork, 'bare-direct');
  const bundled = path.join(kWork, 'bundled-direct');
  for (const folder of [bare, bundled]) {
    for (const name of kMade) cpSync(path.join(kWork, name), path.join(folder, name));
    cpSync(path.join(kPackage, 'compact.onnx'), path.join(folder, 'compact.onnx'));
    writeFileSync(path.join(folder, 'index.html'), kHtml);
  }
  for (const name of readdirSync(kPackage)) {
    if (name.endsWith('.wasm')) cpSync(path.join(kPackage, name), path.join(bundled, name));
    const isWanted = name.endsWith('.wasm') || name === 'inkling-direct.js'; // and no worker
    if (isWanted) cpSync(path.join(kPackage, name), path.join(bare, 'inkling', name));
  }
  writeFileSync(path.join(bare, 'main.js'), `import { Inkling } from './inkling/inkling-direct.js';${kBeside}`);
  await build({
    stdin: { contents: `import { Inkling } from 'inkling/direct';${kBeside}`, resolveDir: kWork },
    outfile: path.join(bundled, 'main.js'),
    bundle: true,
    format: 'esm',
    logLevel: 'silent',
  });
  assert.equal(await titleOf('bare-direct'), 'read 7 and 13');
  assert.equal(await titleOf('bundled-direct'), 'read 7 and 13');
});

test('esbuild bundles it; worker and modules lie beside the bundle', async () => {
  const folder = path.join(kWork, 'bundled');
  mkdirSync(folder);
  await build({
    stdin: { contents: `import { Inkling } from 'inkling';${kBeside}`, resolveDir: kWork },
    outfile: path.join(folder, 'main.js'),
    bundle: true,
    format: 'esm',
    logLevel: 'silent',
  });
  for (const name of readdirSync(kPackage)) {
    if (/\.wasm$|\.onnx$|-worker\.js$/.test(name)) cpSync(path.join(kPackage, name), path.join(folder, name));
  }
  for (const name of kMade) cpSync(path.join(kWork, name), path.join(folder, name));
  writeFileSync(path.join(folder, 'index.html'), kHtml);
  assert.equal(await titleOf('bundled'), 'read 7 and 13');
});

test('Vite builds it; worker, modules and model are assets of the site', async () => {
  const root = path.join(kWork, 'vite');
  mkdirSync(path.join(root, 'public'), { recursive: true });
  const engines = ['simd', 'relaxed', 'simd-full', 'relaxed-full'];
  const imports = engines.map((name, i) => `import engine${i} from 'inkling/inkling-${name}.wasm?url';`);
  const files = engines.map((name, i) => `'${name}': engine${i}`);
  const main = `import { Inkling } from 'inkling';
    import worker from 'inkling/inkling-worker.js?url';
    import compact from 'inkling/compact.onnx?url';
    ${imports.join('\n')}
    const files = { worker, ${files.join(', ')} };${kPage}`;
  writeFileSync(path.join(root, 'main.js'), main);
  writeFileSync(path.join(root, 'index.html'), kHtml.replace('"main.js"', '"./main.js"'));
  for (const name of kMade) cpSync(path.join(kWork, name), path.join(root, 'public', name));
  const outDir = path.join(kWork, 'vite-site');
  // Small assets stay files: the policy allows no data: addresses.
  const options = { outDir, target: 'es2022', assetsInlineLimit: 0 };
  await buildWithVite({ root, base: './', configFile: false, logLevel: 'error', build: options });
  assert.equal(readdirSync(path.join(outDir, 'assets')).filter((name) => name.endsWith('.wasm')).length, 4);
  assert.equal(await titleOf('vite-site'), 'read 7 and 13');
});
