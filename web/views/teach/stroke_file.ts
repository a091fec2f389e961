// The stroke file that `inkling train --strokes` reads (native/data/strokes.h), written and read: JSON Lines,
// one drawing a line, {"label":"7","writer":"w03","strokes":[[[x,y],...],...]}; x grows right, y grows
// down, any unit. A label that is missing, or no digit, means that the drawing is no digit.
import type { Stroke } from '../../../wasm/js/index.ts';
import type { kProblems } from './strings.ts';

export interface Drawing {
  /** 0..9, or null: not a digit. */
  label: number | null;
  /** Who drew it: the trainer holds back whole writers to measure itself by. */
  writer: string;
  strokes: readonly Stroke[];
}

type Problems = typeof kProblems;

/** What is wrong with a file, by name; strings.ts has the sentence. */
export class StrokeProblem<Name extends keyof Problems = keyof Problems> extends Error {
  readonly problem: Name;
  readonly args: Parameters<Problems[Name]>;

  constructor(problem: Name, ...args: Parameters<Problems[Name]>) {
    super(problem);
    this.problem = problem;
    this.args = args;
  }
}

export function isStrokeProblem(error: unknown): error is StrokeProblem {
  return error instanceof StrokeProblem;
}

export const kMostDrawings = 100_000;
const kMostPoints = 4096;
const kLongestWriter = 64;

export function written(drawings: readonly Drawing[]): string {
  return drawings
    .map(({ label, writer, strokes }) => {
      const what = label === null ? {} : { label: String(label) };
      return `${JSON.stringify({ ...what, writer, strokes })}\n`;
    })
    .join('');
}

/** Fails with a StrokeProblem that names the line. */
export function parsed(text: string, name: string): Drawing[] {
  const drawings: Drawing[] = [];
  text.split('\n').forEach((line, i) => {
    if (line.trim() === '') return;
    if (drawings.length === kMostDrawings) throw new StrokeProblem('tooMany', name, kMostDrawings);
    drawings.push(drawingOf(line, name, i + 1));
  });
  if (drawings.length === 0) throw new StrokeProblem('empty', name);
  return drawings;
}

function drawingOf(line: string, name: string, number: number): Drawing {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    throw new StrokeProblem('notDrawing', name, number);
  }
  const { label, writer = '', strokes } = (json ?? {}) as Record<string, unknown>;
  if (!isStrokes(strokes) || typeof writer !== 'string') {
    throw new StrokeProblem('notDrawing', name, number);
  }
  const points = strokes.reduce((sum, stroke) => sum + stroke.length, 0);
  if (points === 0) throw new StrokeProblem('noInk', name, number);
  if (points > kMostPoints) throw new StrokeProblem('tooLong', name, number);
  const kept = strokes.filter((stroke) => stroke.length > 0).map((stroke) => stroke.map(([x, y]) => [x, y] as const));
  return { label: labelOf(label), writer: writer.slice(0, kLongestWriter), strokes: kept };
}

function labelOf(label: unknown): number | null {
  return /^[0-9]$/.test(String(label)) ? Number(label) : null;
}

function isStrokes(strokes: unknown): strokes is Stroke[] {
  return Array.isArray(strokes) && strokes.every((stroke) => Array.isArray(stroke) && stroke.every(isPoint));
}

/** Within what a 32-bit float holds, of which the trainer's are made. */
function isPoint(point: unknown): boolean {
  if (!Array.isArray(point) || point.length < 2) return false;
  return [point[0], point[1]].every((value) => typeof value === 'number' && Math.abs(value) < 1e30);
}
