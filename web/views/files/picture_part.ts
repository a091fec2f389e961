// A picture of a digit: as it was given, as the network sees it, and what the network says.
import type { Classification, InklingError, Picture } from '../../../wasm/js/index.ts';
import { make } from '../../src/dom.ts';
import type { Sketches } from '../../src/sketches.ts';
import { wholePercentText } from '../../src/numbers.ts';
import type { PageContext } from '../../src/view.ts';
import { sheet, type Part } from './part.ts';
import { decoded } from './picture.ts';
import { Problem } from './problem.ts';
import { kPictures } from './strings.ts';
import { asShares } from './tally.ts';

/** Fails with a Problem. */
export async function picturePart(file: File, page: PageContext, sketches: Sketches): Promise<Part> {
  const picture = await decoded(file);
  const answer = await read(picture, file.name, page);
  const element = sheet(file.name, 'picture', () => {});
  const seen = sketches.pixels(answer.pixels, kPictures.seen);
  element.append(
    make('div', { class: 'row' }, shown(picture, file.name), arrow(), seen, arrow(), digitOf(answer)),
    make('p', { class: 'verdict' }, verdictOn(answer)),
  );
  return { element, close: () => sketches.forget(seen) };
}

async function read(picture: Picture, name: string, page: PageContext): Promise<Classification> {
  try {
    return await (await page.engine).classifyImage(picture);
  } catch (error) {
    const isBlank = (error as InklingError).code === 'empty-ink'; // the class is the page's own: this is another script
    throw isBlank ? new Problem('blank', name) : new Problem('failed', name, (error as Error).message);
  }
}

function shown({ data, width, height }: Picture, name: string): HTMLCanvasElement {
  const canvas = make('canvas', { width, height, class: 'given' });
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', kPictures.given(name));
  const image = new ImageData(new Uint8ClampedArray(data), width, height);
  canvas.getContext('2d')!.putImageData(image, 0, 0);
  return canvas;
}

function arrow(): HTMLElement {
  const mark = make('span', { class: 'arrow' }, '→');
  mark.setAttribute('aria-hidden', 'true');
  return mark;
}

function digitOf({ digit }: Classification): HTMLElement {
  const figure = make('span', { class: digit === null ? 'digit unsure' : 'digit' }, digit === null ? '?' : String(digit));
  figure.setAttribute('aria-hidden', 'true'); // the verdict says it
  return figure;
}

export function verdictOn({ digit, confidence, probabilities }: Classification): string {
  if (digit !== null) return kPictures.sure(digit, wholePercentText(confidence));
  const shares = asShares(probabilities);
  const [first, second] = [...shares.keys()].sort((a, b) => shares[b] - shares[a]);
  return kPictures.unsure(first, second);
}
