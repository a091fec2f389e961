// Numbers as the page's language writes them.

const kThinSpace = '\u202f';

export function percent(share: number, decimals = 0): string {
  const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  return `${(100 * share).toLocaleString(document.documentElement.lang, digits)}${kThinSpace}%`;
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
