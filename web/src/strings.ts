// Every sentence the page says, in one place.
import type { ErrorCode } from '../../wasm/js/index.ts';

export type FailureCode = ErrorCode | 'opened-as-file' | 'bad-model-name';

export interface Failure {
  title: string;
  remedy: string;
}

const kModelFailure: Failure = {
  title: 'This model file cannot be used.',
  remedy:
    'Put a complete ONNX file in its place (input 1 × 28 × 28, output 10), or leave “?model=” out of the address.',
};

const kBugFailure: Failure = {
  title: 'The engine stopped.',
  remedy:
    'Reload the page. If it happens again, please report it together with the sentence above.',
};

/** What went wrong (a title), and what to do about it. The reason itself comes with the error. */
export const kFailures: Record<FailureCode, Failure> = {
  'unsupported-browser': {
    title: 'This browser cannot run the network.',
    remedy: 'Please update it: every major browser has had WebAssembly SIMD since 2023.',
  },
  'fetch-failed': {
    title: 'Something did not arrive.',
    remedy:
      'Check your connection and reload the page. If it stays so, the file is missing on its host.',
  },
  'opened-as-file': {
    title: 'This page was opened as a file.',
    remedy: 'Run “./run demo” and open the address it prints, or copy this folder to any web host.',
  },
  'bad-model-name': {
    title: 'The address names no model of this site.',
    remedy:
      'Leave “?model=” out, or let it name an .onnx file of this site, such as models/mine.onnx.',
  },
  'out-of-memory': {
    title: 'There is not enough memory.',
    remedy: 'Close other tabs and reload the page, or use a smaller model.',
  },
  'malformed-model': kModelFailure,
  'unsupported-model': kModelFailure,
  'limit-exceeded': kModelFailure,
  'invalid-argument': kBugFailure,
  'empty-ink': kBugFailure,
  internal: kBugFailure,
  trap: kBugFailure,
  disposed: kBugFailure,
};

export const kOpenedAsFile = 'A browser lets no page from the disk load WebAssembly or a model.';

export function badModelName(name: string): string {
  return `“${name}” is not a name like models/mine.onnx.`;
}

const kThinSpace = '\u202f';

export function percent(share: number, decimals = 0): string {
  return `${(100 * share).toFixed(decimals)}${kThinSpace}%`;
}

/** A share as a whole percent that never claims certainty: 99.7 % is not 100 %. */
export function wholePercent(share: number): number {
  const rounded = Math.round(100 * share);
  return rounded === 100 && share < 1 ? 99 : rounded;
}

export const kVerdicts = {
  loading: 'Fetching the network…',
  empty: 'Waiting for ink',
  sure: (confidence: number) => `${wholePercent(confidence)}${kThinSpace}% sure`,
  unsure: (first: number, second: number) => `${first} or ${second}, perhaps`,
};

export const kAnnouncements = {
  sure: (digit: number, confidence: number) => `${digit}, ${wholePercent(confidence)} percent sure`,
  unsure: (first: number, second: number) => `Not sure: ${first} or ${second}`,
  cleared: 'The pad is empty',
};

export const kPadLabel = {
  empty: 'Drawing pad, empty. Draw a digit with mouse, finger or pen; or move the pen with the arrow keys, and lower and lift it with Space.',
  inked: (strokes: number) => `Drawing pad, ${strokes} ${strokes === 1 ? 'stroke' : 'strokes'}`,
};

export const kPenStates = { down: 'Pen down', up: 'Pen up' };

export const kShared = {
  copied: 'The link is copied.',
  inAddressBar: 'The link is in the address bar.',
  unreadable: 'The address holds no drawing that can be read.',
};

export const kViews = {
  fetching: 'Fetching…',
  failed: 'This part of the page did not arrive. Check your connection, then close it and open it again.',
};

export function accuracyNote(share: number): string {
  return `It reads ${percent(share, 2)} of MNIST’s test digits correctly.`;
}
