// Reads CSV of 28x28 images from the pieces that a file arrives in, by the rules of the trainer's reader
// (native/data/csv.cc): Kaggle's train.csv and test.csv, MNIST as CSV with or without a header, CRLF,
// empty lines, quoted and padded values. Rows as programs write them are read byte by byte; any other
// row is read again with care, and is either understood or named with its row and column.
import { Problem } from './problem.ts';

export const kPixels = 784;

/** Where images go. */
export interface Sink {
  /** The next image's pixels [784], 0..255, to be filled. */
  room(): Uint8Array;
  /** They are filled; label 0..9, or null where there are none. */
  add(label: number | null): void;
}

/** Bytes; ten a value. A row that is longer belongs to some other file. */
const kLongestRow = 8192;

const kComma = 44;
const kZero = 48;
const kReturn = 13;
const kNewline = 10;

export class CsvReader {
  readonly #name: string;
  readonly #sink: Sink;
  /** What has arrived of a row that has not ended. */
  #rest: Uint8Array = new Uint8Array(0);
  /** The last row begun, as a spreadsheet counts: the header is row 1. */
  #row = 0;
  #images = 0;
  /** null before the first row. */
  #labelled: boolean | null = null;
  #started = false;

  constructor(name: string, sink: Sink) {
    this.#name = name;
    this.#sink = sink;
  }

  push(piece: Uint8Array): void {
    const bytes = this.#joined(piece);
    let at = 0;
    for (;;) {
      const end = bytes.indexOf(kNewline, at);
      if (end < 0) break;
      this.#line(bytes, at, end, false);
      at = end + 1;
    }
    this.#rest = bytes.slice(at);
    if (this.#rest.length > kLongestRow) throw new Problem('longRow', this.#name, this.#row + 1);
  }

  /** The file has ended. */
  end(): void {
    if (this.#rest.length > 0) this.#line(this.#rest, 0, this.#rest.length, true);
    if (this.#labelled === null) throw new Problem('empty', this.#name);
    if (this.#images === 0) throw new Problem('headerOnly', this.#name);
  }

  #joined(piece: Uint8Array): Uint8Array {
    if (!this.#started && piece[0] === 0xef) piece = piece.subarray(3); // a byte order mark
    this.#started = true;
    if (this.#rest.length === 0) return piece;
    const bytes = new Uint8Array(this.#rest.length + piece.length);
    bytes.set(this.#rest);
    bytes.set(piece, this.#rest.length);
    return bytes;
  }

  #line(bytes: Uint8Array, start: number, end: number, isLast: boolean): void {
    ++this.#row;
    if (end > start && bytes[end - 1] === kReturn) --end;
    if (end - start > kLongestRow) throw new Problem('longRow', this.#name, this.#row);
    if (this.#labelled !== null && this.#readFast(bytes, start, end)) return;
    // Byte for byte: what is not ASCII is no number, and need not be understood.
    const cells = latin1(bytes.subarray(start, end)).split(',');
    if (cells.length === 1 && cells[0].trim() === '') return;
    if (this.#labelled === null && this.#readFirst(cells)) return;
    this.#readCarefully(cells, isLast);
  }

  /** A row of bare numbers and commas; false, with nothing done, for any other. */
  #readFast(bytes: Uint8Array, start: number, end: number): boolean {
    const room = this.#sink.room();
    let at = start;
    let label: number | null = null;
    if (this.#labelled) {
      label = bytes[at] - kZero;
      if (!(label >= 0 && label <= 9) || bytes[at + 1] !== kComma) return false;
      at += 2;
    }
    for (let i = 0; i < kPixels; ++i) {
      let value = 0;
      const first = at;
      for (; at < end; ++at) {
        const digit = bytes[at] - kZero;
        if (digit < 0 || digit > 9) break;
        value = 10 * value + digit;
      }
      if (at === first || at > first + 3 || value > 255) return false;
      if (i < kPixels - 1 ? bytes[at++] !== kComma : at !== end) return false;
      room[i] = value;
    }
    this.#add(label);
    return true;
  }

  #add(label: number | null): void {
    ++this.#images;
    this.#sink.add(label);
  }

  /** Finds out whether there are labels; true when the row is a header, and so is done with. */
  #readFirst(cells: string[]): boolean {
    const first = bare(cells[0]);
    if (/^[0-9]/.test(first)) {
      if (cells.length !== kPixels && cells.length !== kPixels + 1) {
        throw new Problem('firstRow', this.#name, this.#row, cells.length);
      }
      this.#labelled = cells.length === kPixels + 1;
      return false;
    }
    this.#labelled = ['label', 'class', 'digit'].includes(first.toLowerCase());
    if (cells.length === this.#columns) this.#requireOrder(cells);
    else if (cells.length === kPixels + 1) throw new Problem('notLabel', this.#name, quoted(first));
    else this.#refuseHeader(cells);
    return true;
  }

  get #columns(): number {
    return kPixels + (this.#labelled ? 1 : 0);
  }

  /** Columns named by their pixel ("pixel12" from 0 or 1, "3x14" from 1x1) must be in order. */
  #requireOrder(cells: string[]): void {
    const first = this.#labelled ? 1 : 0;
    const base = pixelOf(bare(cells[first]));
    for (let i = 0; i < kPixels; ++i) {
      const name = bare(cells[first + i]);
      if (name.includes('\0')) throw new Problem('zeroByte', this.#name, this.#row, first + i + 1);
      const pixel = pixelOf(name);
      if (pixel === null || ((base === 0 || base === 1) && pixel === base + i)) continue;
      throw new Problem('order', this.#name, first + i + 1, quoted(name));
    }
  }

  #refuseHeader(cells: string[]): never {
    if (cells.length < kPixels / 2) throw new Problem('notCsv', this.#name, quoted(bare(cells[0])));
    const first = this.#labelled ? 1 : 0;
    for (let i = 0; i < kPixels && bare(cells[first]).startsWith('pixel'); ++i) {
      const column = first + i;
      const found = column < cells.length ? bare(cells[column]) : null;
      if (found === `pixel${i}`) continue;
      const said = found === null ? '' : quoted(found);
      throw new Problem('missingColumn', this.#name, cells.length, `pixel${i}`, column + 1, said);
    }
    throw new Problem('columns', this.#name, cells.length);
  }

  #readCarefully(cells: string[], isLast: boolean): void {
    const needed = this.#columns;
    if (cells.length !== needed) {
      throw new Problem('width', this.#name, this.#row, cells.length, needed, isLast);
    }
    const label = this.#labelled ? this.#value(cells, 0) : null;
    const room = this.#sink.room();
    const first = this.#labelled ? 1 : 0;
    for (let i = 0; i < kPixels; ++i) room[i] = this.#value(cells, first + i);
    this.#add(label);
  }

  #value(cells: string[], cell: number): number {
    const text = bare(cells[cell]);
    const isLabel = this.#labelled === true && cell === 0;
    const value = numberOf(text);
    if (value !== null && value <= (isLabel ? 9 : 255)) return value;
    const where = [this.#name, this.#row, cell + 1] as const;
    if (cells[cell].includes('\0')) throw new Problem('zeroByte', ...where);
    const found = text === '' ? '' : quoted(text);
    if (isLabel) throw new Problem('label', ...where, found);
    throw new Problem('pixel', ...where, cell - (this.#labelled ? 1 : 0), found);
  }
}

/** Spaces around a value and simple quotes mean nothing: `"7"` is 7. */
function bare(cell: string): string {
  const text = cell.trim();
  const isQuoted = text.length >= 2 && text.startsWith('"') && text.endsWith('"');
  return isQuoted ? text.slice(1, -1).trim() : text;
}

/** 0..999; null when the text is no such number. */
function numberOf(text: string): number | null {
  return /^[0-9]{1,3}$/.test(text) ? Number(text) : null;
}

/** Which pixel a column's name says; null for other names. */
function pixelOf(name: string): number | null {
  if (name.startsWith('pixel')) return numberOf(name.slice('pixel'.length));
  const [, row, column] = /^([0-9]{1,2})x([0-9]{1,2})$/.exec(name)?.map(Number) ?? [];
  const inside = row >= 1 && row <= 28 && column >= 1 && column <= 28;
  return inside ? (row - 1) * 28 + column - 1 : null;
}

/** Part of a file, fit for a sentence. */
export function quoted(text: string): string {
  const shown = text.slice(0, 20).replace(/[^ -~]/g, '?');
  return `“${shown}${text.length > 20 ? '…' : ''}”`;
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
