// node check_wasm_module.mjs MODULE.wasm inkling_c.h
// Fails when the module imports anything or lacks a function of the header; prints its size, by component too.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { brotliSize, components } from './module_sizes.mjs';

const [wasmPath, headerPath] = process.argv.slice(2);
const name = path.basename(wasmPath);
const bytes = readFileSync(wasmPath);
const module = new WebAssembly.Module(bytes);

const imports = WebAssembly.Module.imports(module).map((i) => `${i.module}.${i.name}`);
const exports = new Set(WebAssembly.Module.exports(module).map((e) => e.name));
const declared = [...readFileSync(headerPath, 'utf8').matchAll(/\b(inkling_\w+)\(/g)].map((m) => m[1]);
const wanted = new Set(['memory', '_initialize', ...declared]);
const missing = [...wanted].filter((name) => !exports.has(name));

if (imports.length > 0) console.error(`${name} must import nothing, and imports ${imports.join(', ')}`);
if (missing.length > 0) console.error(`${name} does not export ${missing.join(', ')}`);
console.log(`${name}: ${bytes.length} bytes, ${brotliSize(bytes)} with brotli -q 11`);
const symbols = readFileSync(`${wasmPath}.symbols`, 'utf8');
for (const part of components(bytes, symbols)) {
  console.log(`  ${part.name.padEnd(20)} ${String(part.raw).padStart(7)} bytes, brotli ${String(part.brotli).padStart(6)}`);
}
process.exitCode = imports.length + missing.length > 0 ? 1 : 0;
