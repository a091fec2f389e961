// What the page is served: a bundle for each engine, the models, and the engines' own files, over localhost, as it
// is or as slowly as a line of a phone. The server keeps a list of what was asked for, which is how the size of an
// engine's download is known.
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, constants } from 'node:zlib';
import { kNets, makeNet, toOnnx, toQuantizedOnnx, toRaw, type NetName } from './nets.ts';
import { toTflite } from './tflite_writer.ts';

export const kRoot = process.env.INKLING_ROOT ?? process.cwd();
export const kOut = path.join(kRoot, 'build/bench-engine');
export const kBatches = [1, 64];
const kPeers = path.join(kRoot, 'tests/bench/node_modules');

/** Where an address lies; the engines' files as their packages have them. */
const kFolders: Record<string, string> = {
  '/engines/': path.join(kOut, 'engines'),
  '/models/': path.join(kOut, 'models'),
  '/files/inkling/': path.join(kRoot, 'build/package'),
  '/files/onnxruntime/': path.join(kPeers, 'onnxruntime-web/dist'),
  '/files/litert/': path.join(kPeers, '@litertjs/core/wasm'),
  '/files/tfjs/': path.join(kPeers, '@tensorflow/tfjs-backend-wasm/dist'),
};
const kTypes: Record<string, string> = {
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

export async function buildBundles(engines: string[]): Promise<void> {
  const sources = path.join(kRoot, 'tests/bench/engine');
  await build({
    entryPoints: [...engines.map((name) => path.join(sources, `engines/${name}.ts`)), path.join(sources, 'page.ts')],
    outdir: path.join(kOut, 'engines'),
    entryNames: '[name]',
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'chrome120',
    platform: 'browser',
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'error',
  });
}

export function writeModels(): void {
  mkdirSync(path.join(kOut, 'models'), { recursive: true });
  for (const name of Object.keys(kNets) as NetName[]) {
    const net = makeNet(name);
    const write = (ending: string, bytes: Uint8Array) =>
      writeFileSync(path.join(kOut, 'models', `${name}${ending}`), bytes);
    write('.onnx', toOnnx(net));
    write('-int8.onnx', toQuantizedOnnx(net));
    write('.raw', toRaw(net));
    for (const batch of kBatches) write(`-${batch}.tflite`, toTflite(net, batch));
  }
}

function locate(address: string): string | null {
  const prefix = Object.keys(kFolders).find((start) => address.startsWith(start));
  if (prefix === undefined) return null;
  const file = path.join(kFolders[prefix], path.posix.normalize(`/${address.slice(prefix.length)}`));
  return existsSync(file) && statSync(file).isFile() ? file : null;
}

export interface FileServer {
  url: string;
  /** The files sent since it was last emptied. */
  sent: Set<string>;
  close(): void;
}

/** A line of 10 Mbit/s that all answers share; each begins 40 ms after it was asked for. */
class SlowLine {
  static readonly #bytesPerMs = 1250;
  static readonly #latencyMs = 40;
  static readonly #packet = 4096;
  #freeAt = 0;

  async send(bytes: Buffer, response: ServerResponse): Promise<void> {
    await sleep(SlowLine.#latencyMs);
    for (let at = 0; at < bytes.length; at += SlowLine.#packet) {
      const packet = bytes.subarray(at, at + SlowLine.#packet);
      this.#freeAt = Math.max(performance.now(), this.#freeAt) + packet.length / SlowLine.#bytesPerMs;
      await sleep(this.#freeAt - performance.now());
      response.write(packet);
    }
    response.end();
  }
}

/** With the headers that give a page threads. `slow`: over a slow line, compressed by brotli. */
export function serveFiles({ slow = false } = {}): Promise<FileServer> {
  const sent = new Set<string>();
  const line = new SlowLine();
  const server: Server = createServer((request, response) => {
    const address = new URL(request.url ?? '/', 'http://localhost').pathname;
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    if (address === '/') {
      response.setHeader('Content-Type', 'text/html');
      response.end('<!doctype html><title>bench</title><script type="module" src="/engines/page.js"></script>');
      return;
    }
    const file = locate(address);
    if (file === null) {
      response.writeHead(404).end();
      return;
    }
    sent.add(file);
    response.setHeader('Content-Type', kTypes[path.extname(file)] ?? 'application/octet-stream');
    if (!slow) {
      response.end(readFileSync(file));
      return;
    }
    response.setHeader('Content-Encoding', 'br');
    void line.send(brotli(file), response);
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      resolve({ url: `http://127.0.0.1:${port}/`, sent, close: () => server.close() });
    });
  });
}

/** A file with brotli's best quality; kept by content, since it takes ten seconds for the largest. */
function brotli(file: string): Buffer {
  const bytes = readFileSync(file);
  const known = path.join(kOut, 'brotli', createHash('sha256').update(bytes).digest('hex'));
  if (existsSync(known)) return readFileSync(known);
  const params = { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  const compressed = brotliCompressSync(bytes, { params });
  mkdirSync(path.dirname(known), { recursive: true });
  writeFileSync(known, compressed);
  return compressed;
}

export function brotliSize(file: string): number {
  return brotli(file).length;
}
