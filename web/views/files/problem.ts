// What is wrong with somebody's file: a name and its arguments, so that a worker can send it and the
// page say it in its own words (strings.ts).
import type { kProblems } from './strings.ts';

type Problems = typeof kProblems;
export type ProblemName = keyof Problems;

export class Problem<Name extends ProblemName = ProblemName> extends Error {
  readonly problem: Name;
  readonly args: Parameters<Problems[Name]>;

  constructor(problem: Name, ...args: Parameters<Problems[Name]>) {
    super(problem);
    this.problem = problem;
    this.args = args;
  }
}

export function isProblem(error: unknown): error is Problem {
  return error instanceof Problem;
}
