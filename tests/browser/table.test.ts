// Tables of images as the page reads them: CSV by the rules of the trainer's reader, IDX, gzipped or not, in whatever
// pieces they arrive; and what is said of a table that is wrong.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { CsvReader, type Sink } from '../../web/views/files/csv.ts';
import { IdxReader, idxLabels } from '../../web/views/files/idx.ts';
import { kindOf } from '../../web/views/files/kinds.ts';
import { sidesOf } from '../../web/views/files/picture.ts';
import { isProblem } from '../../web/views/files/problem.ts';
import { sentenceOf } from '../../web/views/files/say.ts';
import { Tally } from '../../web/views/files/tally.ts';
import { open, whole } from '../../web/views/files/unpack.ts';
import { dataFile } from './data.ts';
import { seeded } from './random.ts';
import * as table from './table_data.ts';

/** The language that numbers are written in. */
Object.assign(globalThis, { document: { documentElement: { lang: 'en' } } });

class Kept implements Sink {
  readonly images: Uint8Array[] = [];
  readonly labels: (number | null)[] = [];
  #room = new Uint8Array(784);

  room(): Uint8Array {
    return this.#room;
  }

  add(label: number | null): void {
    this.images.push(this.#room);
    this.labels.push(label);
    this.#room = new Uint8Array(784);
  }
}

type Reader = (sink: Sink) => { push(piece: Uint8Array): void; end(): void };
const asCsv: Reader = (sink) => new CsvReader('a.csv', sink);
const asIdx: Reader = (sink) => new IdxReader('a.idx', sink);

/** Reads it in pieces of so many bytes. */
function read(text: string | Buffer, reader: Reader = asCsv, piece = 1 << 20): Kept {
  const kept = new Kept();
  const made = reader(kept);
  const bytes = Buffer.from(text as string);
  for (let at = 0; at < bytes.length; at += piece) made.push(bytes.subarray(at, at + piece));
  made.end();
  return kept;
}

function said(error: unknown): string {
  if (!isProblem(error)) throw error;
  return sentenceOf(error);
}

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return said(error);
  }
  assert.fail('it was taken');
}

const kImages = [3, 1, 4].map((digit) => table.figure(digit));
const kLabels = [3, 1, 4];

test('a CSV with labels and one without are read, in pieces of any size', () => {
  for (const piece of [1 << 20, 997, 61]) {
    const labelled = read(table.csv(kImages, kLabels), asCsv, piece);
    assert.deepEqual(labelled.labels, kLabels);
    assert.deepEqual(labelled.images, kImages);
    const bare = read(table.csv(kImages), asCsv, piece);
    assert.deepEqual(bare.labels, [null, null, null]);
    assert.deepEqual(bare.images, kImages);
  }
});

test('CRLF, no last line end, empty lines, quotes, spaces, a byte order mark and no header change nothing', () => {
  const text = table.csv(kImages, kLabels);
  const forms = [
    text.replaceAll('\n', '\r\n'),
    text.trimEnd(),
    `\n\n${text.replaceAll('\n', '\n\n')}\n`,
    text.replaceAll(',254', ', "254" '),
    `\ufeff${text}`,
    text.slice(text.indexOf('\n') + 1),
    text.replace('label', ' "Label" '),
  ];
  for (const form of forms) {
    const kept = read(form);
    assert.deepEqual(kept.labels, kLabels, form.slice(0, 40));
    assert.deepEqual(kept.images, kImages, form.slice(0, 40));
  }
});

test('a wrong value is named with its row and its column', () => {
  const lines = table.csv(kImages, kLabels).split('\n');
  const cells = lines[2].split(',');
  const withCell = (i: number, cell: string) => [lines[0], lines[1], cells.with(i, cell).join(',')].join('\n');
  const cases: [string, RegExp][] = [
    [withCell(12, '256'), /^a\.csv: row 3, column 13 \(pixel11\): “256” is no value; a pixel is 0 to 255\.$/],
    [withCell(784, '-1'), /row 3, column 785 \(pixel783\): “-1” is no value/],
    [withCell(5, ''), /row 3, column 6 \(pixel4\): there is no value/],
    [withCell(5, '1.5'), /“1.5” is no value/],
    [withCell(0, '10'), /row 3, column 1 \(label\): “10” is no value; a label is 0 to 9\.$/],
    [withCell(0, 'seven'), /\(label\): “seven” is no value/],
    [withCell(7, '1\0'), /row 3, column 8: there is a zero byte; the file is damaged/],
    [withCell(7, 'x'.repeat(50)), /“x{20}…” is no value/],
  ];
  for (const [text, sentence] of cases) assert.match(refusal(() => read(text)), sentence);
});

test('a row or a header of another width, and a file that is none of it, are named', () => {
  const text = table.csv(kImages, kLabels);
  const bare = table.csv(kImages);
  const cases: [string, RegExp][] = [
    [text.slice(0, -700), /row 4 has \d+ values; 785 are needed, a label and 784 pixels \(is the file cut short\?\)\.$/],
    [`${bare}1,2,3\n`, /row 5 has 3 values; 784 are needed\.$/],
    ['1,2,3\n', /row 1 has 3 values; 785 \(a label and 784 pixels\) or 784 \(pixels alone\) are needed/],
    ['id,name\n1,x\n', /is no CSV of 28 × 28 images: its first row begins with “id”/],
    ['<!doctype html>\n', /first row begins with “<!doctype html>”/],
    [bare.replace('pixel0,', 'id,pixel0,'), /the header’s first column is “id”; where there are 785 columns, that must be “label”/],
    [text.replace('pixel7,pixel8,', 'pixel8,pixel7,'), /the header’s column 9 is “pixel8”, which does not belong there/],
    [text.replace('pixel7,', ''), /the header has 784 columns; where pixel7 should be, at column 9, is “pixel8”/],
    [`label,${table.kHeader}\n`, /holds a header and no rows/],
    [' \n\n', /is empty/],
    [`${table.row(kImages[0])}\n${'7'.repeat(1 << 20)}`, /row 2 does not end/],
  ];
  for (const [file, sentence] of cases) assert.match(refusal(() => read(file)), sentence, file.slice(0, 60));
});

test('IDX is read in pieces of any size, and its counts must be true', () => {
  for (const piece of [1 << 20, 785, 7]) {
    assert.deepEqual(read(table.idxImages(kImages), asIdx, piece).images, kImages);
  }
  const bytes = table.idxImages(kImages);
  const cases: [Buffer, RegExp][] = [
    [bytes.subarray(0, -1), /says that it holds 3 entries, but its length disagrees/],
    [Buffer.concat([bytes, Buffer.from([0])]), /says that it holds 3 entries, but its length disagrees/],
    [bytes.subarray(0, 9), /its length disagrees/],
    [table.idxImages(kImages, [4294967295, 28, 28]), /says that it holds 4,294,967,295 entries/],
    [table.idxImages(kImages, [3, 32, 24]), /holds images of 24 × 32 pixels; 28 × 28 are needed/],
    [table.idxImages([]), /holds no images/],
  ];
  for (const [file, sentence] of cases) assert.match(refusal(() => read(file, asIdx)), sentence);
  assert.deepEqual([...idxLabels(table.idxLabels([5, 0]), 'l')], [5, 0]);
  assert.match(refusal(() => idxLabels(table.idxLabels([5, 10]), 'l')), /^l: label 1 is 10; a digit is 0 to 9\.$/);
  assert.match(refusal(() => idxLabels(table.idxLabels([5, 1], 3), 'l')), /says that it holds 3 entries/);
  const withLabels: Reader = (sink) => new IdxReader('a.idx', sink, Uint8Array.of(5, 0), 'l');
  assert.match(refusal(() => read(bytes, withLabels)), /^a\.idx holds 3 images, but l holds 2 labels/);
});

test('any change of a byte is taken as a table or refused in a sentence, never more', () => {
  const random = seeded(11);
  const files: [Buffer, Reader][] = [
    [Buffer.from(table.csv(kImages, kLabels)), asCsv],
    [table.idxImages(kImages), asIdx],
  ];
  for (const [file, reader] of files) {
    for (let i = 0; i < 300; ++i) {
      const changed = Buffer.from(file.subarray(0, Math.ceil(file.length * (0.3 + random()))));
      for (let j = 0; j < 3; ++j) changed[Math.floor(random() * Math.min(changed.length, 400 + 7000 * j))] = 256 * random();
      try {
        const { images } = read(changed, reader, 4096);
        assert.ok(images.length >= 1 && images.length <= 3);
      } catch (error) {
        assert.ok(said(error).endsWith('.'));
      }
    }
  }
});

test('a file is told by its first bytes, gzipped or not', async () => {
  const cases: [string, string | Buffer, string | RegExp][] = [
    ['a.csv', table.csv(kImages), 'csv'],
    ['a.csv.gz', table.gzipped(table.csv(kImages)), 'csv'],
    ['images', table.idxImages(kImages), 'images'],
    ['t10k-images-idx3-ubyte.gz', table.gzipped(table.idxImages(kImages)), 'images'],
    ['labels', table.idxLabels(kLabels), 'labels'],
    ['photo.csv', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), 'picture'],
    ['photo', Buffer.from('ffd8ffe000104a464946', 'hex'), 'picture'],
    ['photo', Buffer.from('524946460000000057454250', 'hex'), 'picture'],
    ['a.onnx', Buffer.from('garbage'), 'model'],
    ['a.bin', Buffer.from('0808120770', 'hex'), 'model'],
    ['nothing', '', /^nothing is empty\.$/],
    ['nothing.gz', table.gzipped(''), /^nothing\.gz is empty\.$/],
    ['digits.zip', Buffer.from('504b0304', 'hex'), /is a zip archive; unpack it/],
    ['a.pdf', '%PDF-1.7\n', /^a\.pdf \(PDF\) is neither a picture, an ONNX model, a CSV nor an IDX file\.$/],
    ['digits.csv', '%PDF-1.7\n', / \(PDF\) is neither /],
    ['a.xlsx', Buffer.from('504b0304', 'hex'), / \(Office\) is neither /],
    ['a.xls', Buffer.from('d0cf11e0a1b11ae1', 'hex'), /^a\.xls is neither /],
    ['train.csv', '\n<!DOCTYPE html><html>', / \(HTML\) is neither /],
    ['IMG_1.HEIC', Buffer.from('00000018667479706865696300000000', 'hex'), /^IMG_1\.HEIC is no picture that this browser can show; save it as PNG or JPEG\.$/],
    ['a.avif', Buffer.from('00000018667479706176696600000000', 'hex'), /save it as PNG or JPEG/],
    ['a.tif', Buffer.from('4d4d002a00000008', 'hex'), /save it as PNG or JPEG/],
    ['notes.txt', 'Dear digits,', 'csv'],
    ['a.gif', 'GIF89a', 'picture'],
    ['doubles', Buffer.from('00000e03', 'hex'), /is an IDX file, but neither of images/],
    ['mine.jsonl', '{"label":"7"}', /is a file of strokes; “Teach it” takes it in/],
    ['movie', Buffer.from('1a45dfa301000000', 'hex'), /is neither a picture, an ONNX model, a CSV nor an IDX file/],
    ['half.gz', table.gzipped(table.csv(kImages)).subarray(0, 12), /is a damaged or cut-off gzip file/],
  ];
  for (const [name, content, expected] of cases) {
    const file = new File([content as BlobPart], name);
    if (typeof expected === 'string') assert.equal(await kindOf(file), expected, name);
    else assert.match(await kindOf(file).then(() => 'it was taken', said), expected);
  }
});

test('a gzipped file that ends too early, and one that unpacks to too much, are refused', async () => {
  const packed = table.gzipped(table.csv(kImages));
  const cut = await open(new Blob([packed.subarray(0, -20)]), 'a.gz');
  const all = async () => {
    while ((await cut.next()) !== null);
    return 'it was taken';
  };
  assert.match(await all().catch(said), /a\.gz is a damaged or cut-off gzip file/);
  const bomb = new Blob([table.gzipped(Buffer.alloc(5e6))]);
  assert.match(await whole(bomb, 'b.gz', 1e6).then(() => 'taken', said), /^b\.gz holds more than 1\.0\sMB/);
});

test('the sides of a PNG, a JPEG, a GIF and a WebP are read from their heads', () => {
  const view = (hex: string) => new DataView(Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex')).buffer);
  assert.deepEqual(sidesOf(view('89504e47 0d0a1a0a 0000000d 49484452 00007530 00000064')), [30000, 100]);
  assert.deepEqual(sidesOf(view('ffd8 ffe0 0004 0000 ffc4 0003 00 ffc2 0011 08 0140 00f0')), [240, 320]);
  assert.deepEqual(sidesOf(view('474946383961 4001 f000')), [320, 240]);
  assert.deepEqual(sidesOf(view('52494646 00000000 57454250 56503858 0a000000 00000000 3f0100 ef0000')), [320, 240]);
  assert.deepEqual(sidesOf(view('52494646 00000000 57454250 5650384c 00000000 2f 3fc13b00')), [320, 240]);
  for (const broken of ['', '89504e47', 'ffd8ff', 'ffd8 ffe0 0000 ffff', '52494646']) {
    assert.equal(sidesOf(view(broken)), null);
  }
});

test('what is counted: right, unsure, confusion, the worst, and a submission', () => {
  const tally = new Tally();
  const probabilities = new Float32Array(30);
  probabilities.set([0.1, 0.9], 0); // a 1, right
  probabilities.set([0, 0, 0.6, 0.4], 10); // a 3, read as 2
  probabilities[29] = 1; // a 0, surely read as 9
  const pixels = new Float32Array(3 * 784).fill(0.5);
  const batch = { count: 3, bytes: new Uint8Array(0), pixels, labels: Uint8Array.of(1, 3, 0), share: 1 };
  tally.add(batch, Int8Array.of(1, -1, 9), probabilities);
  assert.deepEqual([tally.count, tally.right, tally.unsure], [3, 1, 1]);
  assert.deepEqual([tally.confusion[11], tally.confusion[32], tally.confusion[9]], [1, 1, 1]);
  assert.deepEqual(tally.worst.map(({ index, truth, read }) => [index, truth, read]), [[3, 0, 9], [2, 3, 2]]);
  assert.equal(tally.submission(), 'ImageId,Label\n1,1\n2,2\n3,9\n');
  for (let i = 0; i < 3000; ++i) tally.add({ ...batch, labels: null }, Int8Array.of(1, -1, 9), probabilities);
  assert.equal(tally.count, 9003);
  assert.equal(tally.worst.length, 24);
  assert.ok(tally.submission().endsWith('\n9003,9\n'));
});

const mnist = dataFile('mnist/t10k-images-idx3-ubyte.gz');

test("MNIST's own test images are read", { skip: mnist.skip }, () => {
  const { images } = read(gunzipSync(readFileSync(mnist.path)), asIdx, 65536);
  assert.equal(images.length, 10_000);
  const again = read(images.slice(0, 200).map((image) => table.row(image)).join('\n'));
  assert.deepEqual(again.images, images.slice(0, 200));
});
