// The build's part in being installed and hosted: the manifest with its icons, the service worker, and the
// headers that hosts may send.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** @typedef {import('./build_languages.mjs').Bundle} Bundle */

/** How long a file may be kept unasked: its name tells its content, or it does not. */
const kForGood = 'public, max-age=31536000, immutable';
const kAskAgain = 'no-cache';

/**
 * @typedef {object} Site
 * @property {(name: string, bytes: Buffer) => Promise<string>} hashed
 * @property {(name: string, bytes: Buffer, compressed?: boolean) => Promise<string>} plain
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

/**
 * What a host should send, for those that read it from a file (Netlify, Cloudflare Pages). The policy is the
 * page's own, and the two things that a page cannot say of itself. `cards`: the pages that the models' cards became.
 * @param {Site} site @param {string} html @param {string[]} cards
 */
export async function buildHeaders(site, html, cards) {
  const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html)?.[1];
  if (policy === undefined) throw new Error('index.html has no Content-Security-Policy');
  const again = `Cache-Control: ${kAskAgain}`;
  const forGood = `Cache-Control: ${kForGood}`;
  /** @param {string[]} names @param {string} header */
  const each = (names, header) => Object.fromEntries(names.map((name) => [`/${encodeURI(name)}`, [header]]));
  const models = site.names.filter((name) => name.startsWith('models/')); // without those that a host adds
  // A header that two rules name would be sent with both values, so only one names each.
  const rules = {
    '/*': [
      `Content-Security-Policy: ${policy}; frame-ancestors 'none'`,
      'X-Content-Type-Options: nosniff',
      'Referrer-Policy: no-referrer',
    ],
    '/': [again],
    '/index.html': [again],
    '/sw.js': [again],
    ...each(cards, again),
    '/assets/*': [forGood],
    ...each(models, forGood),
    '/assets/*.wasm': ['Content-Type: application/wasm'],
    '/manifest.webmanifest': [again, 'Content-Type: application/manifest+json'],
  };
  const lines = Object.entries(rules).flatMap(([path, headers]) => [path, ...headers.map((h) => `  ${h}`)]);
  await site.plain('_headers', Buffer.from(`${lines.join('\n')}\n`), false);
}
