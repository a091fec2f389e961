// How a page gets at what an engine is made of: files beside this one, or where the caller says.
import { check } from './checks.ts';
import { InklingError, type Source } from './types.ts';

export function beside(name: string): URL {
  return new URL(name, import.meta.url);
}

function lost(what: string, why: string): InklingError {
  return new InklingError('fetch-failed', `${what} could not be fetched: ${why}.`);
}

async function fetched(url: string | URL, what: string): Promise<Response> {
  const response = await fetch(url).catch(() => null);
  if (response?.ok) return response;
  throw lost(what, response === null ? `no answer for ${url}` : `${url} answers ${response.status}`);
}

export async function compile(url: string | URL): Promise<WebAssembly.Module> {
  const response = await fetched(url, 'The engine');
  try {
    // A host that names another type than application/wasm is no reason to fail.
    const streams = response.headers.get('Content-Type') === 'application/wasm';
    if (streams) return await WebAssembly.compileStreaming(response);
    return await WebAssembly.compile(await response.arrayBuffer());
  } catch (error) {
    throw lost('The engine', (error as Error).message);
  }
}

export async function bytesOfEach(
  sideFiles: Record<string, Source>,
): Promise<Record<string, Uint8Array>> {
  const entries = Object.entries(sideFiles).map(
    async ([name, file]) => [name, await bytesOf(file, `The side file '${name}'`)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

export async function bytesOf(model: Source, what: string): Promise<Uint8Array> {
  if (model instanceof Uint8Array) return model;
  if (model instanceof ArrayBuffer) return new Uint8Array(model);
  const isAddress = typeof model === 'string' || model instanceof URL;
  check(isAddress, `load: ${what} is neither an address nor the bytes of a file.`);
  const response = await fetched(model, what);
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch {
    throw lost(what, `${model} broke off`);
  }
}
