// Labels, and what is wrong with a file of strokes, in the page's words.
import type { StrokeProblem } from './stroke_file.ts';
import { kProblems, kText } from './strings.ts';

export function nameOf(label: number | null): string {
  return label === null ? kText.none : String(label);
}

export function sentenceOf({ problem, args }: StrokeProblem): string {
  return (kProblems[problem] as (...args: unknown[]) => string)(...args);
}
