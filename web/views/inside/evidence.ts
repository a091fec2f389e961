// Where the evidence lies: a small patch of the picture is blanked in each place, and the network is asked
// again. The more the answer's probability falls, the more that place speaks for it.
import type { Classification, Inkling } from '../../../wasm/js/index.ts';

const kSide = 28;

/** Wider than a line (2.5 pixels), narrower than a digit's parts. */
const kPatch = 5;
const kStep = 2;

export interface Evidence {
  /** [28*28], 0..1: how far the probability falls when what is there is blanked. */
  falls: Float32Array;
  /** The place that matters most: its upper left corner, and what is read without it. */
  most: { x: number; y: number; side: number; digit: number; probability: number };
  digit: number;
  probability: number;
}

export async function evidenceOf(engine: Inkling, { pixels, probabilities }: Classification): Promise<Evidence> {
  const digit = indexOfMost(probabilities);
  const places = inkedPlaces(pixels);
  const pictures = new Float32Array(places.length * pixels.length);
  places.forEach(([x, y], i) => {
    const picture = pictures.subarray(i * pixels.length, (i + 1) * pixels.length);
    picture.set(pixels);
    forPatch(x, y, (pixel) => (picture[pixel] = 0));
  });
  const { probabilities: rows } = await engine.classifyBatch(pictures, places.length);
  const classes = probabilities.length;
  const rowOf = (i: number) => rows.subarray(i * classes, (i + 1) * classes);
  const falls = new Float32Array(pixels.length);
  const counts = new Float32Array(pixels.length);
  let most = 0;
  places.forEach(([x, y], i) => {
    if (rowOf(i)[digit] < rowOf(most)[digit]) most = i;
    forPatch(x, y, (pixel) => {
      falls[pixel] += Math.max(0, probabilities[digit] - rowOf(i)[digit]);
      ++counts[pixel];
    });
  });
  const [x, y] = places[most];
  const without = indexOfMost(rowOf(most));
  return {
    falls: falls.map((sum, i) => (counts[i] > 0 ? sum / counts[i] : 0)),
    most: { x, y, side: kPatch, digit: without, probability: rowOf(most)[without] },
    digit,
    probability: probabilities[digit],
  };
}

/** At least one: blank paper has nowhere that matters, and is then asked about once. */
function inkedPlaces(pixels: Float32Array): [x: number, y: number][] {
  const places: [number, number][] = [];
  for (let y = 1 - kPatch; y < kSide; y += kStep) {
    for (let x = 1 - kPatch; x < kSide; x += kStep) {
      let ink = 0;
      forPatch(x, y, (pixel) => (ink += pixels[pixel]));
      if (ink > 0) places.push([x, y]);
    }
  }
  return places.length > 0 ? places : [[0, 0]];
}

function forPatch(x: number, y: number, use: (pixel: number) => void): void {
  for (let row = Math.max(0, y); row < Math.min(kSide, y + kPatch); ++row) {
    for (let column = Math.max(0, x); column < Math.min(kSide, x + kPatch); ++column) {
      use(row * kSide + column);
    }
  }
}

export function indexOfMost(values: Float32Array): number {
  return values.reduce((best, value, i) => (value > values[best] ? i : best), 0);
}
