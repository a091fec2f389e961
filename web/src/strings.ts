// Every sentence the page's program says, in English: one object a subject, nothing else is exported.
// strings.de.ts holds the same in German; what stands in index.html itself is in page_strings.ts.
import type { ErrorCode } from '../../wasm/js/index.ts';
import { percent, wholePercent, wholePercentText } from './numbers.ts';

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

export const kReasons = {
  openedAsFile: 'A browser lets no page from the disk load WebAssembly or a model.',
  badModelName: (name: string) => `“${name}” is not a name like models/mine.onnx.`,
};

/** How sure the answer is; `text` is the number as it is read, `?` for a digit that is not clear. */
export const kVerdicts = {
  empty: 'Waiting for ink',
  sure: (_text: string, confidence: number) => `${wholePercentText(confidence)} sure`,
  unsure: (first: number, second: number) => `${first} or ${second}, perhaps`,
  unlike: 'Like no digit I know',
  partly: (_text: string, unclear: number) =>
    unclear === 1 ? 'One is not clear' : `${unclear} are not clear`,
};

/** The same for screen readers. */
export const kAnnouncements = {
  empty: 'The pad is empty',
  sure: (text: string, confidence: number) => `${text}, ${wholePercent(confidence)} percent sure`,
  unsure: (first: number, second: number) => `Not sure: ${first} or ${second}`,
  unlike: 'Not sure: it is like no digit',
  partly: (text: string, unclear: number) =>
    `${text.replaceAll('?', ' unclear ')}: ${unclear === 1 ? 'one digit is' : `${unclear} digits are`} not clear`,
};

export const kPadLabel = {
  empty: 'Drawing pad, empty. Draw a digit, or several beside each other, with mouse, finger or pen; or move the pen with the arrow keys, and lower and lift it with Space.',
  inked: (strokes: number) => `Drawing pad, ${strokes} ${strokes === 1 ? 'stroke' : 'strokes'}`,
};

export const kPenStates = { down: 'Pen down', up: 'Pen up' };

export const kShared = {
  copied: 'The link is copied.',
  inAddressBar: 'The link is in the address bar.',
  unreadable: 'The address holds no drawing that can be read.',
};

export const kExample = {
  replaced: (digit: number) => `Your drawing made room for an example ${digit}; Undo brings it back.`,
};

export const kViews = {
  fetching: 'Fetching…',
  failed: 'This part of the page did not arrive. Check your connection, then close it and open it again.',
};

export const kFooter = {
  accuracy: (share: number) => `It reads ${percent(share, 2)} of MNIST’s test digits correctly.`,
  /** Of a file that this site does not ship. */
  claim: (share: number) => `Its file says: ${percent(share, 2)} of MNIST’s test digits read correctly.`,
};

/** The line at the foot of the page about the network that reads. */
export const kNetwork = {
  refused: (name: string, reason: string) => `${name} cannot be used: ${reason}`,
};
