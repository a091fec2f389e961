// Where the site's own files are. web/build.mjs puts the hashed names in; all are relative to the page,
// so that the site works in any folder of any host.
import type { Engine } from '../../wasm/js/index.ts';
import { PageFailure } from './state.ts';
import { kReasons } from './strings.ts';

declare const INKLING_FILES: Record<Engine | 'worker' | 'model', string> & {
  /** By the names of the folders in web/views. */
  views: Record<string, { scripts: Record<string, string>; style: string }>;
};

function at(path: string): string {
  return new URL(path, document.baseURI).href;
}

export const kEngineFiles = {
  simd: at(INKLING_FILES.simd),
  relaxed: at(INKLING_FILES.relaxed),
  'simd-full': at(INKLING_FILES['simd-full']),
  'relaxed-full': at(INKLING_FILES['relaxed-full']),
  worker: at(INKLING_FILES.worker),
};

/** A view's script, in the page's language, and its style sheet. */
export function viewFiles(name: string): { script: string; style: string } {
  const { scripts, style } = INKLING_FILES.views[name];
  return { script: at(scripts[document.documentElement.lang]), style: at(style) };
}

/** A file of this site: names of letters, digits, dot, dash and underscore, joined by slashes. */
const kModelName = /^(?:\w[\w.-]*\/)*\w[\w.-]*\.onnx$/;

/** The shipped model, or the one that the address names with `?model=`. */
export function modelAddress(query: string): string {
  const name = new URLSearchParams(query).get('model');
  if (name === null) return at(INKLING_FILES.model);
  if (!kModelName.test(name)) {
    throw new PageFailure('bad-model-name', () => kReasons.badModelName(name));
  }
  return at(name);
}
