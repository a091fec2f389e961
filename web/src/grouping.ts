// Which strokes belong to one digit: a number is written as digits beside each other. Strokes of one digit
// touch, nearly touch or lie above each other; strokes of two digits keep a distance. Grouped anew from all
// strokes at every change, so that a later stroke joins what it belongs to (the second of a 4, 5 or 7).
//
// The constants were chosen on the drawings of pendigits' training part, alone and composed to numbers
// (tests/browser/grouping.test.ts prints the rates): 5 of 7,494 single digits are split, and of numbers
// whose digits are 0.15 to 0.5 of their height apart 98 % to 100 % are grouped right.
import type { Point, Stroke } from '../../wasm/js/index.ts';

/** In shares of all ink's height: strokes with less paper between them are of one digit. */
const kNear = 0.12;

/** Strokes that lie above each other by this share of the narrower one's width are of one digit. */
const kAbove = 0.35;

/** In shares of all ink's height: ink that stands apart and is smaller than this is a speck, no digit. */
const kSpeck = 0.12;

/** A digit of less than this share of the highest one's height may be a part of its neighbour: a 5's bar. */
const kLow = 0.5;

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** The digits of a drawing, from left to right; each as the indices of its strokes, in their order. */
export function groupStrokes(strokes: readonly Stroke[]): number[][] {
  const inked = [...strokes.keys()].filter((i) => strokes[i].length > 0);
  const boxes = strokes.map(boxOf);
  const whole = unite(inked.map((i) => boxes[i]));
  const height = whole.bottom - whole.top;
  const leader = strokes.map((_, i) => i);
  const leaderOf = (i: number): number => (leader[i] === i ? i : leaderOf(leader[i]));
  for (const i of inked) {
    for (const j of inked) {
      if (j >= i || leaderOf(i) === leaderOf(j)) continue;
      const joined =
        areStacked(boxes[i], boxes[j]) || areNear(strokes[i], strokes[j], boxes[i], boxes[j], kNear * height);
      if (joined) leader[leaderOf(i)] = leaderOf(j);
    }
  }
  const groups = new Map<number, number[]>();
  for (const i of inked) groups.set(leaderOf(i), [...(groups.get(leaderOf(i)) ?? []), i]);
  const placed = [...groups.values()].map((group) => ({ group, box: unite(group.map((i) => boxes[i])) }));
  const digits = placed.filter(({ box }) => groups.size === 1 || sizeOf(box) >= kSpeck * height);
  if (digits.length === 0) return inked.length === 0 ? [] : [inked]; // specks alone are one thing
  return digits
    .sort((a, b) => a.box.left - b.box.left)
    .map(({ group }) => group);
}

/**
 * Of digits as groupStrokes gives them: the lowest, if it is so low that it may be none, and its neighbour.
 * Whoever can read asks whether both read better as one: of the 5 split digits above 2 do, and of 1200 pairs
 * of digits 2.
 */
export function doubtfulPair(boxes: readonly Box[]): [low: number, neighbour: number] | null {
  if (boxes.length < 2) return null;
  const heights = boxes.map(({ top, bottom }) => bottom - top);
  const low = heights.indexOf(Math.min(...heights));
  if (heights[low] >= kLow * Math.max(...heights)) return null;
  const gap = (left: number) => (boxes[left + 1]?.left ?? Infinity) - (boxes[left]?.right ?? -Infinity);
  return [low, gap(low - 1) < gap(low) ? low - 1 : low + 1];
}

export function boxOf(points: Stroke): Box {
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const [x, y] of points) {
    box.left = Math.min(box.left, x);
    box.top = Math.min(box.top, y);
    box.right = Math.max(box.right, x);
    box.bottom = Math.max(box.bottom, y);
  }
  return box;
}

function unite(boxes: readonly Box[]): Box {
  return boxOf(boxes.flatMap(({ left, top, right, bottom }): Point[] => [[left, top], [right, bottom]]));
}

function sizeOf({ left, top, right, bottom }: Box): number {
  return Math.max(right - left, bottom - top);
}

function areStacked(a: Box, b: Box): boolean {
  const shared = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  return shared >= 0 && shared >= kAbove * Math.min(a.right - a.left, b.right - b.left);
}

function areNear(a: Stroke, b: Stroke, boxA: Box, boxB: Box, reach: number): boolean {
  const apart = (box: Box, other: Box) => box.left - other.right > reach || box.top - other.bottom > reach;
  if (apart(boxA, boxB) || apart(boxB, boxA)) return false;
  return a.some(([x, y]) => b.some(([u, v]) => Math.hypot(x - u, y - v) <= reach));
}
