// How one point of a feature map comes about, in words and numbers: patch times pattern, the parts, the sum.
import { make, paint } from './paint.ts';
import { kMaps } from './strings.ts';
import type { Place } from './maps.ts';
import type { Share, WindowSum } from './window_sum.ts';

/** So many maps before are shown with their patch; the rest is one line. */
const kShown = 2;

/** A window wider than this has no room for its numbers. */
const kWidest = 3;

/** A third of the strength: ink's own numbers on it have a contrast of 4.5 at least, in light and in dark. */
const kPale = 3;

export function decimal(value: number, digits = 2): string {
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  const rounded = Math.round(value * 10 ** digits) / 10 ** digits || 0; // never -0
  return rounded.toLocaleString(document.documentElement.lang, options).replace(/^-/, '\u2212');
}

/** `window` is null where only the value is known. */
export function showDetail(
  element: HTMLElement, [map, row, column]: Place, value: number, window: WindowSum | null, isOnlyMap: boolean,
): void {
  const where = isOnlyMap ? kMaps.pixel(row + 1, column + 1) : kMaps.point(map + 1, row + 1, column + 1);
  const lines: HTMLElement[] = [make('p', 'where', where)];
  if (window === null) {
    lines.push(make('p', '', kMaps.value(decimal(value))));
  } else if (window.shares[0].kernel === null) {
    lines.push(grids(window.shares[0], window), line(kMaps.strongest, value, 'total'));
  } else {
    lines.push(...sumLines(window), line(window.sum < 0 && value === 0 ? kMaps.result : kMaps.plainResult, value, 'total'));
  }
  element.replaceChildren(...lines);
}

function sumLines(window: WindowSum): HTMLElement[] {
  const { shares, bias, sum } = window;
  const single = shares.length === 1;
  const lines: HTMLElement[] = shares.slice(0, kShown).map((share) =>
    make('div', 'part', grids(share, window), line(single ? kMaps.sum : kMaps.from(share.map + 1), share.sum)),
  );
  const rest = shares.slice(kShown);
  if (rest.length > 0) {
    lines.push(line(kMaps.others(rest.length), rest.reduce((total, share) => total + share.sum, 0)));
  }
  return [...lines, line(kMaps.bias, bias), line(kMaps.sum, sum, 'sum')];
}

function line(name: string, value: number, className = ''): HTMLElement {
  return make('p', `line ${className}`, make('span', '', name), make('span', 'value', decimal(value)));
}

function grids({ patch, kernel }: Share, { height, width }: WindowSum): HTMLElement {
  const size = [height, width] as const;
  const parts: (HTMLElement | string)[] = [grid(kMaps.patch, patch, size)];
  if (kernel !== null) parts.push('×', grid(kMaps.kernel, kernel, size));
  return make('div', 'grids', ...parts);
}

function grid(name: string, values: Float32Array, [height, width]: readonly [number, number]): HTMLElement {
  const canvas = make('canvas');
  const known = values.map((value) => (Number.isNaN(value) ? 0 : value));
  const full = known.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
  paint(canvas, known, [height, width], kPale * full);
  const numbers = make('div', 'cells');
  numbers.style.gridTemplateColumns = `repeat(${width}, 1fr)`;
  if (width <= kWidest) {
    for (const value of values) numbers.append(make('span', '', Number.isNaN(value) ? '·' : decimal(value, 1)));
  }
  return make('figure', 'window', make('div', 'square', canvas, numbers), make('figcaption', '', name));
}
