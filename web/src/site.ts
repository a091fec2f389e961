// Where the site's own files are. web/build.mjs puts the hashed names in; all are relative to the page,
// so that the site works in any folder of any host.
import type { Engine } from '../../wasm/js/index.ts';
import { PageFailure } from './state.ts';
import { kReasons } from './strings.ts';
import type { Model } from './view.ts';

interface ViewFiles {
  /** By language. */
  scripts: Record<string, string>;
  style: string;
  /** Of a view with a worker of its own. */
  worker?: string;
}

declare const INKLING_FILES: Record<Engine | 'worker', string> & {
  /** By the names of the folders in web/views. */
  views: Record<string, ViewFiles>;
  /** The first is the one that the page begins with. */
  models: (Model & { source: string })[];
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
export function viewFiles(name: string): { script: string; style: string; worker?: string } {
  const { scripts, style, worker } = INKLING_FILES.views[name];
  return { script: at(scripts[document.documentElement.lang]), style: at(style), worker: worker && at(worker) };
}

export function shippedModels(): Model[] {
  return INKLING_FILES.models.map(({ source, ...model }) => ({ ...model, source: at(source) }));
}

/** A file of this site: names of letters, digits, dot, dash and underscore, joined by slashes. */
const kModelName = /^(?:\w[\w.-]*\/)*\w[\w.-]*\.onnx$/;

/** The shipped model, or the one that the address names with `?model=`. */
export function firstModel(query: string): Model {
  const name = new URLSearchParams(query).get('model');
  if (name === null) return shippedModels()[0];
  if (!kModelName.test(name)) {
    throw new PageFailure('bad-model-name', () => kReasons.badModelName(name));
  }
  return { name, source: at(name) };
}
