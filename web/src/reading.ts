// What the page makes of the ink: the digits of a drawing, from left to right, each with its answer.
import type { Classification } from '../../wasm/js/index.ts';
import type { Box } from './grouping.ts';

export interface DigitReading {
  answer: Classification;
  /** Of the digit's ink, in pad sides. */
  box: Box;
}

export interface Reading {
  /** At least one. */
  digits: DigitReading[];
  /** Which of them was written at last: the bars and the small picture are about it. */
  newest: number;
}

/** The digits as they are read, `?` for one that is not clear. */
export function textOf({ digits }: Reading): string {
  return digits.map(({ answer }) => answer.digit ?? '?').join('');
}

/** Of the whole: that each digit is right. */
export function confidenceOf({ digits }: Reading): number {
  return digits.reduce((product, { answer }) => product * answer.confidence, 1);
}

/**
 * The two most probable digits must have this much of the probability together to be named; else the drawing is
 * like no digit. Of pendigits' training drawings that the shipped model answers with `?`, 97 % are above it and the
 * digit is one of the two; of scribbles (drawings laid over each other, random lines) so answered, 24 % are.
 */
const kPairShare = 0.85;

/** Why an answer is `?`: the two digits that it may be, or null when it is like none. */
export function candidates(probabilities: Float32Array): [first: number, second: number] | null {
  const [first, second] = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
  return probabilities[first] + probabilities[second] >= kPairShare ? [first, second] : null;
}
