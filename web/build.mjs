// Builds the finished site into build/site, ready to copy to any host: one script, one style sheet, the
// worker, the engine's modules, the model, and the views that are fetched when they are opened; each with a
// name that tells its content, each with its .br and .gz beside it. Then build/package: the same engine as a library for other people's pages.
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { buildLanguages, inLanguage, languageButtons, pageStrings } from './build_languages.mjs';
import { buildHeaders, buildManifest, buildServiceWorker, versionOf } from './build_install.mjs';
import { kLanguages } from './languages.mjs';
import { cardHtml, shippedModels } from './models.mjs';
import { buildPackage } from './package.mjs';

const kRoot = fileURLToPath(new URL('..', import.meta.url));
/** The model that the page begins with; the others of the folder are offered beside it. */
const kModel = process.env.INKLING_MODEL ?? 'models/compact.onnx';
const kModels = process.env.INKLING_MODELS ?? 'models';
/** A site that is built elsewhere comes without the package. */
const kSite = process.env.INKLING_SITE;
const kModelHelp = `Train one: ./run trainer, then
  build/inkling train --mnist DIR --out runs/compact
  build/inkling export runs/compact -o models/compact.onnx --fp16
or name another in INKLING_MODEL.`;
const kEngines = ['simd', 'relaxed', 'simd-full', 'relaxed-full'];

/** @type {import('esbuild').BuildOptions} */
const kOptions = {
  absWorkingDir: kRoot,
  bundle: true,
  minify: true,
  write: false,
  format: 'iife',
  target: ['chrome91', 'firefox90', 'safari16.4'], // the first with WebAssembly SIMD
  legalComments: 'none',
  logLevel: 'warning',
};

/** @param {string} entry @param {import('esbuild').BuildOptions} [more] */
async function bundle(entry, more = {}) {
  const result = await build({ ...kOptions, ...more, entryPoints: [entry] });
  return Buffer.from(
    /** @type {import('esbuild').OutputFile[]} */ (result.outputFiles)[0].contents,
  );
}

/** @param {string} file @param {string} remedy */
async function input(file, remedy) {
  const full = path.resolve(kRoot, file);
  if (existsSync(full)) return readFile(full);
  console.error(`site: ${file} is missing. ${remedy}`);
  process.exit(1);
}

/** Writes bytes as folder/name-HASH.ext and returns that path, relative to the site. */
class Site {
  /** @param {string} folder */
  constructor(folder) {
    this.folder = folder;
    /** @type {string[]} Those that tell their content. */
    this.names = [];
  }

  /** @param {string} name @param {Buffer} bytes */
  async hashed(name, bytes) {
    const { dir, name: stem, ext } = path.parse(name);
    const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 10);
    const unique = path.posix.join(dir, `${stem}-${hash}${ext}`);
    this.names.push(unique);
    return this.plain(unique, bytes);
  }

  /** @param {string} name @param {Buffer} bytes */
  async plain(name, bytes, compressed = true) {
    const file = path.join(this.folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    const brotli = { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } };
    await writeFile(file, bytes);
    if (!compressed) return name;
    await writeFile(`${file}.br`, brotliCompressSync(bytes, brotli)); // quality 11 is the default
    await writeFile(`${file}.gz`, gzipSync(bytes, { level: 9 }));
    return name;
  }
}

/** The source's address, where one is known; a link to nowhere is worse than none. */
async function sourceLink(/** @type {string} */ text) {
  const { GITHUB_SERVER_URL: host, GITHUB_REPOSITORY: name, INKLING_SOURCE_URL } = process.env;
  const { homepage } = JSON.parse(await readFile(path.join(kRoot, 'package.json'), 'utf8'));
  const url = INKLING_SOURCE_URL ?? (host && name ? `${host}/${name}` : homepage);
  return url ? ` <a href="${url}">${text}</a>` : '';
}

/** Each view's style sheet, and its script (a module of its own) in each language. @param {Site} site */
async function buildViews(site) {
  /** @type {Record<string, {scripts: Record<string, string>, style: string, worker?: string}>} */
  const views = {};
  for (const name of (await readdir(path.join(kRoot, 'web/views'))).sort()) {
    const style = await bundle(`web/views/${name}/view.css`);
    views[name] = { scripts: {}, style: await site.hashed(`assets/view-${name}.css`, style) };
    for (const { code } of kLanguages) {
      const options = { format: /** @type {const} */ ('esm'), define: kNoLibrary, plugins: [inLanguage(code)] };
      const script = await bundle(`web/views/${name}/view.ts`, options);
      views[name].scripts[code] = await site.hashed(`assets/view-${name}-${code}.js`, script);
    }
    const worker = `web/views/${name}/worker.ts`;
    if (!existsSync(path.join(kRoot, worker))) continue;
    views[name].worker = await site.hashed(`assets/view-${name}-worker.js`, await bundle(worker));
  }
  return views;
}

/** Only the library looks for files beside itself. */
const kNoLibrary = { 'import.meta.url': '""' };

/** Each model that ships, and its card as a page. @param {Site} site @param {string} icon */
async function buildModels(site, icon) {
  const css = await site.hashed('assets/how.css', await bundle('web/how.css'));
  const models = [];
  for (const { name, bytes, accuracy, card } of await shippedModels(kModel, kModels)) {
    const source = await site.hashed(`models/${name}.onnx`, bytes);
    const how = card === null ? undefined : `how-${name}.html`;
    models.push({ name, source, size: bytes.length, accuracy: accuracy ?? undefined, how });
    if (how === undefined) continue;
    const page = await filled('web/how.html', { name, icon, css, card: cardHtml(card ?? '') });
    await site.plain(how, Buffer.from(page));
  }
  return models;
}

const kBars = [...Array(10).keys()]
  .map((digit) => {
    const track =
      '<span class="track"><span class="fill"></span><span class="share"></span></span>';
    return `<li>${track}<span class="name">${digit}</span></li>`;
  })
  .join('\n');

const escaped = (/** @type {string} */ text) =>
  text.replace(/[&<"]/g, (character) => `&#${character.charCodeAt(0)};`);

/** A template with its {{holes}} filled. @param {string} file @param {Record<string, string>} holes */
async function filled(file, holes) {
  const template = await readFile(path.join(kRoot, file), 'utf8');
  return template.replace(/^\s+/gm, '').replace(/\{\{(\w+)\}\}/g, (_, hole) => {
    if (hole in holes) return holes[hole];
    console.error(`site: ${file} has a hole {{${hole}}} that nothing fills. Name it in page_strings.ts.`);
    process.exit(1);
  });
}

/** @param {string} folder @param {Parts} parts */
async function buildSite(folder, { engines }) {
  const site = new Site(folder);
  /** @type {Record<string, string>} */
  const files = {
    worker: await site.hashed('assets/worker.js', await bundle('wasm/js/worker.ts')),
  };
  for (const [name, bytes] of engines) {
    files[name] = await site.hashed(`assets/inkling-${name}.wasm`, bytes);
  }
  const views = await buildViews(site);
  const icon = await site.hashed('assets/icon.svg', await readFile(path.join(kRoot, 'web/icon.svg')));
  const models = await buildModels(site, icon);
  const define = { INKLING_FILES: JSON.stringify({ ...files, views, models }), ...kNoLibrary };
  const languages = JSON.stringify(await buildLanguages(site, bundle));
  const languageScript = await bundle('web/src/language.ts', { define: { INKLING_LANGUAGES: languages } });
  const texts = await pageStrings(bundle, 'en');
  /** @type {Record<string, string>} */
  const holes = {
    ...Object.fromEntries(Object.entries(texts).map(([hole, text]) => [hole, escaped(text)])),
    language_js: await site.hashed('assets/language.js', languageScript),
    js: await site.hashed('assets/main.js', await bundle('web/src/main.ts', { define })),
    css: await site.hashed('assets/style.css', await bundle('web/style.css')),
    icon,
    touch_icon: await buildManifest(site, texts),
    version: '{{version}}',
    source_link: await sourceLink(texts.source),
    language_buttons: languageButtons(),
    bar_items: kBars,
  };
  const html = await filled('web/index.html', holes);
  const version = versionOf(html);
  await site.plain('index.html', Buffer.from(html.replace('{{version}}', version)));
  const cards = models.flatMap(({ how }) => how ?? []);
  await buildHeaders(site, html, cards);
  const { js, css, language_js } = holes;
  const needed = [js, css, icon, language_js, files.worker, models[0].source];
  await buildServiceWorker(site, bundle, version, needed);
}

/** Builds beside the old one and swaps, so that a failed build leaves the old one whole. */
async function replace(
  /** @type {string} */ name,
  /** @type {(folder: string) => Promise<void>} */ make,
) {
  const target = path.join(kRoot, name);
  const fresh = `${target}.new`;
  await rm(fresh, { recursive: true, force: true });
  await make(fresh);
  await rm(target, { recursive: true, force: true });
  await rename(fresh, target);
}

/** @param {string} name of kEngines: its module as CMake leaves it */
async function engine(name) {
  const [variant, full = ''] = name.split(/(?=-)/);
  return input(`build/wasm-${variant}/inkling${full}.wasm`, 'Build it: ./run site');
}

/** @typedef {{model: Buffer, engines: [name: string, bytes: Buffer][]}} Parts */
/** @type {Parts} */
const parts = { model: await input(kModel, kModelHelp), engines: [] };
for (const name of kEngines) parts.engines.push([name, await engine(name)]);
await replace(kSite ?? 'build/site', (folder) => buildSite(folder, parts));
if (kSite !== undefined) process.exit();
await replace('build/package', (folder) => buildPackage(kRoot, folder, parts, bundle));
const names = await readdir(path.join(kRoot, 'build/site'), { recursive: true });
const wire = names.filter((name) => name.endsWith('.br'));
console.log(`site: build/site is ready (${wire.length} files); build/package is the library`);
