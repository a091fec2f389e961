// What a visitor downloads, over a connection that speaks brotli: each part's size is printed, and the
// whole has a budget.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { kSite } from './studio.ts';

/** Page, the larger of the two core modules, and the model; in bytes of 1024 to the KB. */
const kBudget = 149 * 1024;

/** What the page itself may take of it. */
const kPageBudget = 25 * 1024;

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

function total(some: Part[]): number {
  return some.reduce((sum, { brotli }) => sum + brotli, 0);
}

test('page, engine and model together are within the budget', () => {
  const all = parts();
  const modules = all.filter(({ name }) => name.endsWith('.wasm'));
  const engines = modules.filter(({ name }) => !name.includes('-full-')); // those come only when needed
  const model = all.filter(({ name }) => name.endsWith('.onnx'));
  const page = all.filter((part) => !modules.includes(part) && !model.includes(part));
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
  assert.ok(total(page) <= kPageBudget, `the page is over ${kb(kPageBudget)}`);
  assert.ok(whole <= kBudget, `the whole is over ${kb(kBudget)}`);
});
