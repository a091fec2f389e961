// Bundles the benchmark's TypeScript and runs it: `node tests/bench/engine/run.mjs [--quick]`.
import { build } from 'esbuild';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const outfile = path.join(root, 'build/bench-engine/main.mjs');
await build({
  absWorkingDir: root,
  entryPoints: ['tests/bench/engine/main.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  external: ['esbuild', 'puppeteer-core'],
  logLevel: 'warning',
});
process.env.INKLING_ROOT = root;
await import(outfile);
