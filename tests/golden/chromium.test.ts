// The golden cases once more, by the modules with relaxed SIMD in Chromium, whose instructions those are. What
// operators.test.ts has compared with ONNX Runtime is the judge: the full module with plain SIMD, in Node.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { build } from 'esbuild';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { EngineModule } from '../../wasm/js/module.ts';
import { kCases, type Case } from './cases.ts';
import { modelOf, randoms } from './models.ts';

/** Relative to the greater of 1 and the value: relaxed SIMD multiplies and adds with one rounding instead of two. */
const kRelaxedTolerance = 2e-5;

const kRoot = process.env.INKLING_ROOT ?? process.cwd();
const kChromium = process.env.CHROME_PATH ?? '/usr/bin/chromium';
const kPatienceMs = 60_000;
const profile = mkdtempSync(path.join(tmpdir(), 'inkling-golden-'));

type Answer = number[] | string;
interface Asked {
  model: string; // base64
  pixels: number[];
}

let judge: EngineModule;
let browser: Browser;
let page: Page;

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const wasm = (variant: string, name: string): Buffer =>
  readFileSync(path.join(kRoot, `build/wasm-${variant}`, `${name}.wasm`));

/** In the page: what a module answers for each model; a refusal's code, where it is one. */
const kPageScript = `
import { EngineModule } from './wasm/js/module.ts';
const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
globalThis.ask = async (wasm, all) => {
  const engine = await EngineModule.instantiate(await WebAssembly.compile(bytes(wasm)));
  return all.map(({ model, pixels }) => {
    try {
      engine.load(bytes(model));
      return [...engine.classifyBatch(Float32Array.from(pixels), 1).probabilities];
    } catch (error) {
      return error.code ?? String(error);
    }
  });
};`;

function asked(golden: Case): Asked {
  const size = golden.dims.reduce((count, dim) => count * Math.abs(dim), 1);
  const pixels = randoms(size, 3).map((value) => value * (golden.scale ?? 1));
  return { model: base64(modelOf(golden)), pixels };
}

function ask(name: string, all: Asked[]): Promise<Answer[]> {
  const call = (module: string, models: Asked[]) =>
    (globalThis as unknown as { ask(wasm: string, all: Asked[]): Promise<Answer[]> }).ask(module, models);
  return page.evaluate(call, base64(wasm('relaxed', name)), all);
}

before(async () => {
  assert.ok(existsSync(kChromium), `${kChromium} is not there: apt-get install chromium, or name one in CHROME_PATH.`);
  judge = await EngineModule.instantiate(await WebAssembly.compile(new Uint8Array(wasm('simd', 'inkling-full'))));
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  browser = await puppeteer.launch({
    executablePath: kChromium,
    userDataDir: profile,
    args: ['--disable-gpu', '--no-first-run', '--disable-background-networking', ...asRoot],
    protocolTimeout: kPatienceMs,
  });
  page = await browser.newPage();
  const stdin = { contents: kPageScript, resolveDir: kRoot };
  const bundled = await build({ stdin, bundle: true, write: false, format: 'iife', target: 'chrome120' });
  await page.addScriptTag({ content: bundled.outputFiles[0].text });
});

after(async () => {
  await browser?.close();
  rmSync(profile, { recursive: true, force: true });
});

const names = Object.keys(kCases);

test('the full module with relaxed SIMD agrees in Chromium', async () => {
  const all = names.map((name) => asked(kCases[name]));
  const answers = await ask('inkling-full', all);
  names.forEach((name, i) => {
    const answer = answers[i];
    assert.ok(Array.isArray(answer), `${name}: ${String(answer)}`);
    judge.load(Buffer.from(all[i].model, 'base64'));
    const expected = judge.classifyBatch(Float32Array.from(all[i].pixels), 1).probabilities;
    assert.equal(answer.length, expected.length, name);
    const { tolerance = 0 } = kCases[name];
    expected.forEach((value, at) => {
      const allowed = tolerance * (1 + kRelaxedTolerance) + kRelaxedTolerance * Math.max(1, Math.abs(value));
      assert.ok(Math.abs(answer[at] - value) <= allowed, `${name}, at ${at}: ${answer[at]} is not ${value}`);
    });
  });
});

test('the core module with relaxed SIMD gives what the full one gives, or leaves the model to it', async () => {
  const all = names.map((name) => asked(kCases[name]));
  const [core, full] = [await ask('inkling', all), await ask('inkling-full', all)];
  names.forEach((name, i) => {
    if (core[i] !== 'unsupported-model') assert.deepEqual(core[i], full[i], name);
  });
  assert.ok(core.filter(Array.isArray).length > names.length / 4);
});
