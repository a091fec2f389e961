// Bundles the TypeScript tests of a folder into build/tests and runs them with node's own test runner:
// `node tests/run.mjs golden|parity|package|browser|firefox|webkit|screenshot [NAME]`, NAME being a part of the wanted files' names.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const kRoot = fileURLToPath(new URL('..', import.meta.url));

/** @type {Record<string, {folder: string, pattern: RegExp}>} */
const kSuites = {
  golden: { folder: 'tests/golden', pattern: /\.test\.ts$/ },
  parity: { folder: 'tests/parity', pattern: /\.test\.ts$/ },
  package: { folder: 'tests/package', pattern: /\.test\.ts$/ },
  browser: { folder: 'tests/browser', pattern: /^(?!firefox|webkit).*\.test\.ts$/ },
  firefox: { folder: 'tests/browser', pattern: /^firefox\.test\.ts$/ },
  webkit: { folder: 'tests/browser', pattern: /^webkit\.test\.ts$/ },
  screenshot: { folder: 'tests/browser', pattern: /^screenshots\.test\.ts$/ },
};

const suite = kSuites[process.argv[2]];
if (suite === undefined) {
  console.error(`usage: node tests/run.mjs ${Object.keys(kSuites).join('|')} [NAME]`);
  process.exit(2);
}
const names = readdirSync(path.join(kRoot, suite.folder)).filter(
  (name) => suite.pattern.test(name) && name.includes(process.argv[3] ?? ''),
);
const outdir = path.join(kRoot, 'build/tests', process.argv[2]);
rmSync(outdir, { recursive: true, force: true });
await build({
  absWorkingDir: kRoot,
  entryPoints: names.map((name) => path.join(suite.folder, name)),
  outdir,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: 'inline',
  logLevel: 'warning',
});
// The tests run in the root; a relative name of the data was meant where the command was given.
const start = process.env.INIT_CWD ?? process.cwd();
const data = process.env.INKLING_DATA;
const { status } = spawnSync(
  process.execPath,
  [
    '--experimental-wasm-relaxed-simd',
    '--enable-source-maps',
    '--test',
    '--test-concurrency=1', // two cores, and a browser on them
    '--test-reporter=spec',
    ...names.map((name) => path.join(outdir, name.replace(/\.ts$/, '.mjs'))),
  ],
  {
    cwd: kRoot,
    stdio: 'inherit',
    env: {
      ...process.env,
      INKLING_ROOT: kRoot,
      INKLING_DATA: data ? path.resolve(start, data) : '',
      INKLING_SCREENSHOT: process.argv[2] === 'screenshot' ? '1' : '',
    },
  },
);
process.exit(status ?? 1);
