// WebAssembly modules when memory has run out: a call is an error value, no trap, and the module works again once
// there is room. The core is compiled without exceptions, so that this is another path in it than in the full one.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const kRoot = process.env.INKLING_ROOT ?? process.cwd();
const kOutOfMemory = -6; // StatusCode::kOutOfMemory, negative

interface Exports {
  memory: WebAssembly.Memory;
  _initialize(): void;
  inkling_alloc(bytes: number): number;
  inkling_free(pointer: number): void;
  inkling_engine_load(onnx: number, size: number): number;
  inkling_last_error(): number;
}

for (const name of ['inkling', 'inkling-full']) {
  test(`${name}.wasm says that memory has run out, and goes on when there is some`, async () => {
    const bytes = readFileSync(path.join(kRoot, `build/wasm-simd/${name}.wasm`));
    const { instance } = await WebAssembly.instantiate(bytes, {});
    const module = instance.exports as unknown as Exports;
    module._initialize();
    const model = readFileSync(path.join(kRoot, 'models/compact.onnx'));
    const at = module.inkling_alloc(model.length);
    const blocks: number[] = [];
    for (let size = 1 << 27; size >= 256; size /= 2) {
      for (let block; (block = module.inkling_alloc(size)) !== 0; ) blocks.push(block);
    }
    new Uint8Array(module.memory.buffer, at, model.length).set(model);
    for (let i = 0; i < 3; ++i) {
      assert.equal(module.inkling_engine_load(at, model.length), kOutOfMemory);
      const text = Buffer.from(module.memory.buffer, module.inkling_last_error(), 64).toString();
      assert.match(text, /not enough memory/);
    }
    for (const block of blocks.slice(0, 2)) module.inkling_free(block);
    assert.ok(module.inkling_engine_load(at, model.length) > 0);
  });
}
