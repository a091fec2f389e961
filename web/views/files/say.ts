// What is wrong with a file, in the page's words.
import { isProblem, Problem } from './problem.ts';
import { kProblems } from './strings.ts';

/** name: the file's, for what is no problem of its own. */
export function sentenceOf(error: unknown, name = ''): string {
  const { problem, args } = isProblem(error) ? error : new Problem('failed', name, String(error));
  return (kProblems[problem] as (...args: unknown[]) => string)(...args);
}
