// The build's part in languages: whatever imports a `strings.ts` (or page_strings.ts) gets the file of the
// wanted language in its place, so that no program and no view knows of more than one.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { kLanguages, kTranslations } from './languages.mjs';

/** @typedef {(entry: string, more?: import('esbuild').BuildOptions) => Promise<Buffer>} Bundle */

/** @param {string} code @returns {import('esbuild').Plugin} */
export function inLanguage(code) {
  return {
    name: `in ${code}`,
    setup(build) {
      build.onResolve({ filter: /strings\.ts$/ }, ({ path: name, resolveDir, kind }) => {
        if (code === 'en' || kind === 'entry-point') return undefined;
        const file = path.join(resolveDir, name);
        const translated = file.replace(/\.ts$/, `.${code}.ts`);
        if (existsSync(translated)) return { path: translated };
        console.warn(`site: ${path.relative('.', translated)} is missing; its sentences stay English`);
        return { path: file };
      });
    },
  };
}

/**
 * What stands in index.html, by hole.
 * @param {Bundle} bundle @param {string} code @returns {Promise<Record<string, string>>}
 */
export async function pageStrings(bundle, code) {
  const name = code === 'en' ? 'page_strings.ts' : `page_strings.${code}.ts`;
  const module = await bundle(`web/src/${name}`, { format: 'esm', charset: 'utf8' });
  return (await import(`data:text/javascript;base64,${module.toString('base64')}`)).kPage;
}

/**
 * A script for each language but English; what the page's first script needs to know of them.
 * @param {{hashed: (name: string, bytes: Buffer) => Promise<string>}} site @param {Bundle} bundle
 * @returns {Promise<[code: string, direction: string, file: string][]>}
 */
export async function buildLanguages(site, bundle) {
  const english = await pageStrings(bundle, 'en');
  return Promise.all(
    kTranslations.map(async ({ code, direction }) => {
      const other = await pageStrings(bundle, code);
      const pairs = Object.keys(english).map((hole) => [english[hole], other[hole]]);
      const script = await bundle('web/src/translation.ts', {
        plugins: [inLanguage(code)],
        define: { INKLING_PAGE: JSON.stringify(Object.fromEntries(pairs)) },
        charset: 'utf8',
      });
      return [code, direction, await site.hashed(`assets/language-${code}.js`, script)];
    }),
  );
}

/** The footer's buttons, but for the language that is spoken. */
export function languageButtons() {
  return kLanguages
    .map(({ code, name }) => {
      const hidden = code === 'en' ? ' hidden' : '';
      return `<button type="button" lang="${code}"${hidden}>${name}</button>`;
    })
    .join(' ');
}
