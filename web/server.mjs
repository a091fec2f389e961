// A small server for the finished site, for this machine only (web/serve.mjs is its command line). Serves
// the .br beside a file to whoever accepts it, and takes the next free port when one is taken.
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';

/** @type {Record<string, string>} */
const kTypes = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.onnx': 'application/octet-stream',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.png': 'image/png',
};

/** Files whose name tells their content never change. */
const kHashed = /-[0-9a-f]{10}\.\w+$/;

const kAccepted = [
  { encoding: 'br', ending: '.br' },
  { encoding: 'gzip', ending: '.gz' },
];

/**
 * The file that an address means, or null when there is none inside `root`.
 * @param {string} root @param {string} url
 */
async function locate(root, url) {
  try {
    const name = decodeURIComponent(new URL(url, 'http://localhost').pathname);
    const wanted = path.join(root, name.endsWith('/') ? `${name}index.html` : name);
    const file = await realpath(wanted); // links and dots resolved: it must still lie inside
    if (!file.startsWith(root + path.sep) || !(await stat(file)).isFile()) return null;
    return file;
  } catch {
    return null;
  }
}

/** @param {string} file @param {string} accepted */
async function smallest(file, accepted) {
  for (const { encoding, ending } of kAccepted) {
    if (!accepted.split(/[,;\s]+/).includes(encoding)) continue;
    const found = await stat(file + ending).catch(() => null);
    if (found?.isFile()) return { file: file + ending, size: found.size, encoding };
  }
  return { file, size: (await stat(file)).size, encoding: null };
}

/**
 * @param {string} root
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
async function answer(root, request, response) {
  response.setHeader('X-Content-Type-Options', 'nosniff');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { Allow: 'GET, HEAD' }).end();
    return;
  }
  const file = await locate(root, request.url ?? '/');
  if (file === null) {
    response.writeHead(404, { 'Content-Type': 'text/plain' }).end('There is no such file.\n');
    return;
  }
  const {
    file: body,
    size,
    encoding,
  } = await smallest(file, String(request.headers['accept-encoding'] ?? ''));
  response.setHeader('Content-Type', kTypes[path.extname(file)] ?? 'application/octet-stream');
  response.setHeader('Content-Length', size);
  response.setHeader('Vary', 'Accept-Encoding');
  response.setHeader(
    'Cache-Control',
    kHashed.test(file) ? 'max-age=31536000, immutable' : 'no-cache',
  );
  if (encoding !== null) response.setHeader('Content-Encoding', encoding);
  if (request.method === 'HEAD') response.end();
  else
    createReadStream(body)
      .on('error', () => response.destroy())
      .pipe(response);
}

/**
 * Serves `folder` on localhost. `port` 0 takes any free port; another that is taken gives way to the next.
 * @param {string} folder @param {number} port
 * @returns {Promise<{url: string, close: () => Promise<void>}>}
 */
export async function serve(folder, port) {
  const root = await realpath(folder);
  const server = createServer((request, response) => {
    answer(root, request, response).catch(() => response.destroy());
  });
  const listen = (/** @type {number} */ wanted) =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(wanted, '127.0.0.1', () => resolve(server.off('error', reject)));
    });
  for (let wanted = port; ; ++wanted) {
    try {
      await listen(wanted);
      break;
    } catch (error) {
      const taken = /** @type {NodeJS.ErrnoException} */ (error).code === 'EADDRINUSE';
      if (!taken || wanted >= port + 100) throw error;
    }
  }
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  const close = () =>
    new Promise((/** @type {(value: void) => void} */ resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://localhost:${address.port}/`, close };
}
