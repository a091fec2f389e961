// Numbers as the page's language writes them.

const kThinSpace = '\u202f';

/** 28,000 */
export function grouped(count: number): string {
  return count.toLocaleString(document.documentElement.lang);
}

/** 3.25 */
export function decimal(value: number, decimals: number): string {
  const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  return value.toLocaleString(document.documentElement.lang, digits);
}

/** A file's size: 64 KB, 3.2 MB. */
export function fileSize(bytes: number): string {
  if (bytes < 1e6) return `${decimal(bytes / 1e3, bytes < 1e4 ? 1 : 0)}${kThinSpace}KB`;
  return `${decimal(bytes / 1e6, 1)}${kThinSpace}MB`;
}

export function percent(share: number, decimals = 0): string {
  return `${decimal(100 * share, decimals)}${kThinSpace}%`;
}

/** A share as a whole percent that never claims certainty: 99.7 % is not 100 %. */
export function wholePercent(share: number): number {
  const rounded = Math.round(100 * share);
  return rounded === 100 && share < 1 ? 99 : rounded;
}

/** The same as text. */
export function wholePercentText(share: number): string {
  return `${wholePercent(share)}${kThinSpace}%`;
}
