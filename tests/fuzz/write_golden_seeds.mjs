// Writes every model of the golden suite into a folder: the fuzzer starts from each operator.
// `node tests/fuzz/write_golden_seeds.mjs FOLDER`
import { build } from 'esbuild';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const kHere = fileURLToPath(new URL('.', import.meta.url));
const folder = path.resolve(process.argv[2]);
mkdirSync(folder, { recursive: true });
const bundle = path.join(folder, '..', 'golden_models.mjs');
await build({
  entryPoints: [path.join(kHere, '../golden/models.ts')],
  outfile: bundle,
  bundle: true,
  platform: 'node',
  format: 'esm',
  logLevel: 'warning',
});
const { kCases, modelOf } = await import(pathToFileURL(bundle).href);
Object.entries(kCases).forEach(([, golden], i) =>
  writeFileSync(path.join(folder, `golden-${i}.onnx`), modelOf(golden)),
);
