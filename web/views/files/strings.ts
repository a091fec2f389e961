// Every sentence of the view "Your files".
import { decimal, fileSize, grouped, percent } from '../../src/numbers.ts';

function plural(count: number, one: string, more: string): string {
  return `${grouped(count)} ${count === 1 ? one : more}`;
}

export const kText = {
  invitation: 'Drop a file here, paste a picture, or',
  choose: 'choose files',
  kinds:
    'A picture or photo of a digit (PNG, JPEG, WebP); an ONNX model of your own; Kaggle’s train.csv or test.csv, MNIST as CSV, or IDX files, gzipped or not. They stay on your machine.',
  results: 'What your files hold',
  working: (name: string) => `Reading ${name}…`,
  remove: (name: string) => `Take ${name} off this list`,
};

export const kPictures = {
  given: (name: string) => `The picture ${name}`,
  seen: 'What the network sees',
  sure: (digit: number, share: string) => `${digit}, ${share} sure`,
  unsure: (first: number, second: number) => `Not sure: ${first} or ${second}`,
};

export const kTables = {
  progress: (count: number) => `${plural(count, 'digit', 'digits')} read`,
  cancel: 'Stop',
  stopped: (name: string, count: number) =>
    `${name} was stopped after ${plural(count, 'digit', 'digits')}.`,
  done: (name: string, count: number, seconds: number) =>
    `${name}: ${plural(count, 'digit', 'digits')} read in ${decimal(seconds, 1)} s.`,
  right: (share: number, wrong: number) =>
    `${percent(share, 2)} right, ${grouped(wrong)} wrong.`,
  refused: (count: number, share: number) =>
    count === 0 ? 'Sure of all of them.' : `Not sure of ${grouped(count)} (${percent(share, 1)}).`,
  matrix: 'Across: what was read. Down: what it is.',
  cell: (count: number, truth: number, read: number) =>
    `${plural(count, 'is', 'are')} ${truth} and read as ${read}`,
  counts: 'How many of each digit were read',
  worst: 'The worst mistakes: what it is, and what was read',
  doubtful: 'The least sure',
  worstOne: (index: number, truth: number, read: number, share: string) =>
    `Image ${grouped(index)}: a ${truth}, read as ${read} (${share} sure)`,
  doubtfulOne: (index: number, read: number, share: string) =>
    `Image ${grouped(index)}: read as ${read} (${share} sure)`,
  save: 'Save submission.csv',
};

export const kModels = {
  reads: (name: string) => `The page now reads with ${name}.`,
  back: (name: string) => `Go back to ${name}`,
  isBack: (name: string) => `The page reads with ${name} again.`,
  facts: (size: number, macs: number, weights: number, microseconds: number) =>
    `${fileSize(size)}, ${grouped(macs)} multiply-adds and ${fileSize(weights)} of weights; ${decimal(microseconds / 1000, 3)} ms an image here.`,
  operators: (list: string) => `Operators: ${list}.`,
  range: 'It was trained on pixels from',
  ranges: {
    unit: '0 to 1',
    byte: '0 to 255',
    normalised: '−0.42 to 2.82 (mean and deviation of MNIST taken out)',
    inverted: '1 to 0 (dark ink on light paper)',
  },
  examples: (right: number, all: number) =>
    `${right} of this page’s ${all} example digits right.`,
  plan: 'Its plan, and what each step takes',
  columns: ['Step', 'Operator', 'Output', 'Multiply-adds', 'Weights', 'µs'],
};

/** What is wrong with a file, and how to mend it: one sentence each. */
export const kProblems = {
  folder: (name: string) => `${name} is a folder; drop the files that are in it.`,
  unreadable: (name: string) => `${name} cannot be read: it was moved, or reading it is not allowed.`,
  empty: (name: string) => `${name} is empty.`,
  zip: (name: string) => `${name} is a zip archive; unpack it and drop what is in it.`,
  strokes: (name: string) => `${name} is a file of strokes; “Teach it” takes it in.`,
  unknown: (name: string, kind = '') =>
    `${name}${kind && ` (${kind})`} is neither a picture, an ONNX model, a CSV nor an IDX file.`,
  noGzip: (name: string) => `${name} is gzipped, which this browser cannot unpack; unpack it first.`,
  badGzip: (name: string) => `${name} is a damaged or cut-off gzip file; fetch it again.`,
  failed: (name: string, reason: string) => `${name} could not be read: ${reason}`,

  hugePicture: (name: string, width: number, height: number) =>
    `${name} is ${width} × ${height} pixels large; 64 million pixels are the most, so make it smaller.`,
  hugeFile: (name: string, most: number) =>
    `${name} holds more than ${fileSize(most)}, which are the most that is taken here.`,
  badPicture: (name: string) =>
    `${name} is no picture that this browser can show; save it as PNG or JPEG.`,
  blank: (name: string) => `${name} is blank: there is no ink on it.`,
  tooMany: (count: number, most: number) =>
    `${grouped(count)} files at once; ${most} are the most.`,

  refused: (name: string, reason: string) => `${name} cannot be used: ${reason}`,
  input: (name: string, shape: string) =>
    `${name} cannot be used: its input is ${shape}, not one picture of 28 × 28.`,
  output: (name: string, count: number) =>
    `${name} cannot be used: it gives ${count} numbers, not one for each of the ten digits.`,

  notCsv: (name: string, first: string) =>
    `${name} is no CSV of 28 × 28 images: its first row begins with ${first}; it should be label,pixel0,…,pixel783 or pixel0,…,pixel783, or numbers.`,
  columns: (name: string, count: number) =>
    `${name}: the header has ${count} columns; it should be label,pixel0,…,pixel783 or pixel0,…,pixel783.`,
  missingColumn: (name: string, count: number, pixel: string, column: number, found: string) =>
    `${name}: the header has ${count} columns; where ${pixel} should be, at column ${column}, is ${found || 'nothing'}; it should be label,pixel0,…,pixel783 or pixel0,…,pixel783.`,
  notLabel: (name: string, first: string) =>
    `${name}: the header’s first column is ${first}; where there are 785 columns, that must be “label”.`,
  order: (name: string, column: number, found: string) =>
    `${name}: the header’s column ${column} is ${found}, which does not belong there: pixels must come row by row, from pixel0 to pixel783.`,
  headerOnly: (name: string) => `${name} holds a header and no rows.`,
  firstRow: (name: string, row: number, count: number) =>
    `${name}: row ${row} has ${count} values; 785 (a label and 784 pixels) or 784 (pixels alone) are needed.`,
  width: (name: string, row: number, count: number, needed: number, last: boolean) =>
    `${name}: row ${row} has ${count} values; ${needed === 785 ? '785 are needed, a label and 784 pixels' : '784 are needed'}${last ? ' (is the file cut short?)' : ''}.`,
  longRow: (name: string, row: number) =>
    `${name}: row ${row} does not end; is it a CSV of 28 × 28 images?`,
  zeroByte: (name: string, row: number, column: number) =>
    `${name}: row ${row}, column ${column}: there is a zero byte; the file is damaged.`,
  label: (name: string, row: number, column: number, found: string) =>
    `${name}: row ${row}, column ${column} (label): ${found ? `${found} is no value` : 'there is no value'}; a label is 0 to 9.`,
  pixel: (name: string, row: number, column: number, pixel: number, found: string) =>
    `${name}: row ${row}, column ${column} (pixel${pixel}): ${found ? `${found} is no value` : 'there is no value'}; a pixel is 0 to 255.`,

  otherIdx: (name: string) =>
    `${name} is an IDX file, but neither of images (it would begin with 00 00 08 03) nor of labels (00 00 08 01).`,
  idxSides: (name: string, width: number, height: number) =>
    `${name} holds images of ${width} × ${height} pixels; 28 × 28 are needed.`,
  idxLength: (name: string, count: number) =>
    `${name} says that it holds ${grouped(count)} entries, but its length disagrees; fetch it again.`,
  idxNone: (name: string) => `${name} holds no images.`,
  idxLabel: (name: string, index: number, label: number) =>
    `${name}: label ${grouped(index)} is ${label}; a digit is 0 to 9.`,
  labelsAlone: (name: string) =>
    `${name} holds labels alone; drop it together with the file of its images.`,
  labelsForOne: () =>
    'One file of IDX labels goes with one file of IDX images; drop those two by themselves.',
  counts: (images: string, count: number, labels: string, others: number) =>
    `${images} holds ${grouped(count)} images, but ${labels} holds ${grouped(others)} labels; they do not belong together.`,
};
