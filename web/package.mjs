// Builds the npm package: the wrapper for browsers (with workers, and without) and for Node, its worker, the engine's modules, types,
// the shipped model and the README. `npm pack build/package` makes the archive of it.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import ts from 'typescript';

/** The sources whose types a caller sees; index.ts becomes inkling.d.ts, and so on. */
const kTyped = {
  index: 'inkling',
  direct: 'inkling-direct',
  node: 'inkling-node',
  in_thread: 'in_thread',
  types: 'types',
  detect: 'detect',
};

/** @param {string} root @param {string} name of a source in wasm/js */
async function declaration(root, name) {
  const fileName = path.join(root, 'wasm/js', `${name}.ts`);
  const { outputText } = ts.transpileDeclaration(await readFile(fileName, 'utf8'), {
    fileName,
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, strict: true, stripInternal: true },
  });
  return Buffer.from(outputText.replace(/(from '\.\/\w+)\.ts'/g, "$1.js'"));
}

/** @param {string} root */
async function manifest(root) {
  const { version, license, engines } = JSON.parse(
    await readFile(path.join(root, 'package.json'), 'utf8'),
  );
  const node = { types: './inkling-node.d.ts', default: './inkling-node.js' };
  const both = { types: './inkling.d.ts', default: './inkling.js' };
  const description = {
    name: 'inkling',
    version,
    description: 'Reads handwritten digits, and runs small ONNX image classifiers, in browsers and Node',
    license,
    type: 'module',
    engines,
    sideEffects: false,
    exports: {
      '.': { node, ...both },
      './browser': both,
      './direct': { node: { ...node, types: './inkling-direct.d.ts' }, types: './inkling-direct.d.ts', default: './inkling-direct.js' },
      './inkling-worker.js': './inkling-worker.js',
      './compact.onnx': './compact.onnx',
      './*.wasm': './*.wasm',
      './package.json': './package.json',
    },
  };
  return Buffer.from(`${JSON.stringify(description, null, 2)}\n`);
}

/**
 * @param {string} root @param {string} folder
 * @param {{model: Buffer, engines: [name: string, bytes: Buffer][]}} parts
 * @param {(entry: string, more?: import('esbuild').BuildOptions) => Promise<Buffer>} bundle
 */
export async function buildPackage(root, folder, { model, engines }, bundle) {
  await mkdir(folder, { recursive: true });
  /** @type {Record<string, Buffer>} */
  const files = {
    'package.json': await manifest(root),
    'inkling.js': await bundle('wasm/js/index.ts', { format: 'esm' }),
    'inkling-direct.js': await bundle('wasm/js/direct.ts', { format: 'esm' }),
    'inkling-node.js': await bundle('wasm/js/node.ts', {
      format: 'esm',
      platform: 'node',
      target: 'node20',
    }),
    'inkling-worker.js': await bundle('wasm/js/worker.ts'),
    ...Object.fromEntries(engines.map(([name, bytes]) => [`inkling-${name}.wasm`, bytes])),
    'compact.onnx': model,
    'README.md': await readFile(path.join(root, 'wasm/js/README.md')),
    LICENSE: await readFile(path.join(root, 'LICENSE')),
  };
  for (const [source, name] of Object.entries(kTyped)) {
    files[`${name}.d.ts`] = await declaration(root, source);
  }
  for (const [name, bytes] of Object.entries(files))
    await writeFile(path.join(folder, name), bytes);
}
