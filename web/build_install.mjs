// The build's part in being installed and hosted: the manifest with its icons, the service worker, and the
// headers that hosts may send.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** @typedef {import('./build_languages.mjs').Bundle} Bundle */
/**
 * @typedef {object} Site
 * @property {(name: string, bytes: Buffer) => Promise<string>} hashed
 * @property {(name: string, bytes: Buffer) => Promise<string>} plain
 * @property {string[]} names hashed so far
 */

const kPaper = '#f3efe6'; // as the page's theme-color

/**
 * Writes the manifest and its icons; the touch icon's name, which the page itself names.
 * @param {Site} site @param {Record<string, string>} texts
 */
export async function buildManifest(site, texts) {
  /** @param {string} name */
  const icon = async (name) => {
    const bytes = await readFile(new URL(`icons/${name}.png`, import.meta.url));
    return site.hashed(`assets/${name}.png`, bytes);
  };
  const type = 'image/png';
  const manifest = {
    id: './',
    name: 'Inkling',
    short_name: 'Inkling',
    description: texts.description,
    lang: 'en',
    start_url: './',
    scope: './',
    display: 'standalone',
    background_color: kPaper,
    theme_color: kPaper,
    icons: [
      { src: await icon('icon-192'), sizes: '192x192', type },
      { src: await icon('icon-512'), sizes: '512x512', type },
      { src: await icon('maskable-512'), sizes: '512x512', type, purpose: 'maskable' },
    ],
  };
  await site.plain('manifest.webmanifest', Buffer.from(JSON.stringify(manifest)));
  return icon('touch-180');
}

/** The version's name: the page names every file that it consists of by content, directly or through others. */
export function versionOf(/** @type {string} */ html) {
  return createHash('sha256').update(html).digest('hex').slice(0, 10);
}

/**
 * Writes sw.js. `first`: what a first visit needs; everything else is kept once it has been used.
 * @param {Site} site @param {Bundle} bundle @param {string} version @param {string[]} first
 */
export async function buildServiceWorker(site, bundle, version, first) {
  const later = site.names.filter((name) => !first.includes(name) && !name.endsWith('.png'));
  const define = { INKLING_SITE: JSON.stringify({ version, first, later }) };
  await site.plain('sw.js', await bundle('web/src/service_worker.ts', { define }));
}
