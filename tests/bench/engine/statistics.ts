// Medians, ratios and their spread, and tables of them.

export function quantile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

export const median = (values: number[]): number => quantile(values, 0.5);

export interface Ratio {
  ratio: number;
  /** The tenth and the ninetieth percentile of the rounds' own ratios. */
  low: number;
  high: number;
}

/** How many times longer `theirs` took; a round's two blocks ran one soon after the other. */
export function ratioOf(theirs: number[], ours: number[]): Ratio {
  const rounds = theirs.map((value, i) => value / ours[i]);
  return {
    ratio: median(theirs) / median(ours),
    low: quantile(rounds, 0.1),
    high: quantile(rounds, 0.9),
  };
}

export function showRatio({ ratio, low, high }: Ratio): string {
  return `${ratio.toFixed(2)}x (${low.toFixed(2)}-${high.toFixed(2)})`;
}

/** The first row heads the columns; a column of numbers stands to the right. */
export function table(rows: string[][]): string {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  const isNumber = rows[0].map((_, i) => rows.slice(1).every((row) => /^$|^[-\d]/.test(row[i])));
  const line = (row: string[]) =>
    `| ${row.map((cell, i) => (isNumber[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join(' | ')} |`;
  const rule = `| ${widths.map((width, i) => (isNumber[i] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width))).join(' | ')} |`;
  return [line(rows[0]), rule, ...rows.slice(1).map(line)].join('\n');
}
