// What a visitor downloads, over a connection that speaks brotli: each part's size is printed, and the
// whole has a budget.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { brotliSize, components } from '../../cmake/module_sizes.mjs';
import { kRoot, kSite } from './studio.ts';

/** Page, the larger of the two core modules, and the model; in bytes of 1024 to the KB. */
const kBudget = 103 * 1024;

/** The larger of the two core modules, and of the two full ones. */
const kCoreBudget = 41 * 1024;
const kFullBudget = 87.5 * 1024;

/** What a page of someone else's loads of the wrapper: the library and its worker. */
const kWrapperBudget = 4.7 * 1024;

/** The same without a worker. */
const kDirectBudget = 4 * 1024;

/** Another language, which only its readers fetch. */
const kLanguageBudget = 4 * 1024;

/** What the page itself may take of it. */
const kPageBudget = 25 * 1024;

/** Each view's script, style and worker: they are fetched when they are opened. */
const kViewBudget = 12 * 1024;

interface Part {
  name: string;
  raw: number;
  brotli: number;
}

function parts(): Part[] {
  const names = readdirSync(kSite, { recursive: true }).map(String);
  return names
    .filter((name) => name.endsWith('.br'))
    .map((name) => name.slice(0, -'.br'.length))
    .map((name) => {
      const size = (file: string) => readFileSync(path.join(kSite, file)).length;
      return { name, raw: size(name), brotli: size(`${name}.br`) };
    });
}

function isView(name: string): boolean {
  return path.basename(name).startsWith('view-');
}

/** The views' files by the view's name. */
function grouped(some: Part[]): Map<string, Part[]> {
  const views = new Map<string, Part[]>();
  for (const part of some.filter(({ name }) => isView(name))) {
    const view = /view-(\w+)-/.exec(part.name)![1];
    views.set(view, [...(views.get(view) ?? []), part]);
  }
  return views;
}

test('each view is within its budget', () => {
  const views = grouped(parts());
  assert.ok(views.size > 0);
  for (const [name, files] of views) {
    console.log(`view ${name}: ${files.map(({ name, brotli }) => `${path.extname(name)} ${brotli}`).join(' + ')}`);
    const ofOneReader = files.filter(({ name }) => !/-(?!en)[a-z]{2}-\w+\.js$/.test(name));
    assert.equal(ofOneReader.length, ofOneReader.some((file) => file.name.includes('-worker-')) ? 3 : 2);
    assert.ok(total(ofOneReader) <= kViewBudget, `the view ${name} is over its budget`);
  }
});

function total(some: Part[]): number {
  return some.reduce((sum, { brotli }) => sum + brotli, 0);
}

test('the wrapper is within its budget', () => {
  const [library, worker, direct] = ['inkling.js', 'inkling-worker.js', 'inkling-direct.js'].map((name) => {
    const size = brotliSize(readFileSync(path.join(kRoot, 'build/package', name)));
    console.log(`${name}: brotli ${size}`);
    return size;
  });
  assert.ok(library + worker <= kWrapperBudget);
  assert.ok(direct <= kDirectBudget);
});

test("the core module's code by component", () => {
  const none = 'XNNPACK operators'; // the core calls the kernels itself
  const file = path.join(kRoot, 'build/wasm-simd/inkling.wasm');
  const parts = components(readFileSync(file), readFileSync(`${file}.symbols`, 'utf8'));
  for (const { name, raw, brotli } of parts) {
    console.log(`${name.padEnd(20)} ${String(raw).padStart(7)} bytes, brotli ${String(brotli).padStart(6)}`);
    // Otherwise its pattern fits no name any more.
    assert.equal(raw > 0, name !== none, `${raw} bytes are found of ${name}`);
  }
});

test('page, engine and model together are within the budget', () => {
  const all = parts().filter(({ name }) => !isView(name));
  const modules = all.filter(({ name }) => name.endsWith('.wasm'));
  const engines = modules.filter(({ name }) => !name.includes('-full-')); // those come only when needed
  const models = all.filter(({ name }) => name.endsWith('.onnx'));
  const model = models.filter(({ name }) => name.startsWith('models/compact-')); // others come when chosen
  const cards = all.filter(({ name }) => /(^|\/)how-/.test(name));
  const languages = all.filter(({ name }) => /language-\w\w-/.test(name));
  const others = all.filter(({ name }) => name === 'sw.js' || name.endsWith('.png')); // after the first answer
  const apart = [...modules, ...models, ...languages, ...cards, ...others];
  const page = all.filter((part) => !apart.includes(part));
  assert.equal(modules.length, 4);
  assert.equal(engines.length, 2);
  assert.equal(model.length, 1);
  for (const { name, raw, brotli } of all.sort((a, b) => a.name.localeCompare(b.name))) {
    console.log(
      `${name.padEnd(40)} ${String(raw).padStart(7)} bytes, brotli ${String(brotli).padStart(6)}`,
    );
  }
  const engine = Math.max(...engines.map(({ brotli }) => brotli));
  const whole = total(page) + engine + total(model);
  const kb = (bytes: number) => `${(bytes / 1024).toFixed(1)} KB`;
  console.log(
    `page ${kb(total(page))} + engine ${kb(engine)} + model ${kb(total(model))} = ${kb(whole)} brotli`,
  );
  for (const { name, brotli } of languages) {
    assert.ok(brotli <= kLanguageBudget, `${name} is over ${kb(kLanguageBudget)}`);
  }
  const fullEngine = Math.max(...modules.filter((m) => !engines.includes(m)).map((m) => m.brotli));
  assert.ok(engine <= kCoreBudget, `the core module is over ${kb(kCoreBudget)}`);
  assert.ok(fullEngine <= kFullBudget, `the full module is over ${kb(kFullBudget)}`);
  assert.ok(total(page) <= kPageBudget, `the page is over ${kb(kPageBudget)}`);
  assert.ok(whole <= kBudget, `the whole is over ${kb(kBudget)}`);
});
