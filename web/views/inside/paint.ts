// Numbers as pictures: ink for what is above nothing, the accent for what is below, the paper for nothing.

type Colour = [red: number, green: number, blue: number];

export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name, className = '', ...content: (string | Node)[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  if (className !== '') element.className = className;
  element.append(...content);
  return element;
}

/** values [height * width], drawn a point a number; `full` is drawn as full ink. */
export function paint(
  canvas: HTMLCanvasElement, values: Float32Array, [height, width]: readonly [number, number], full: number,
): void {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const { ink, accent } = colours();
  const image = new ImageData(width, height);
  values.forEach((value, i) => {
    const strength = full > 0 ? Math.min(1, Math.abs(value) / full) : 0;
    image.data.set([...(value < 0 ? accent : ink), 255 * strength], 4 * i);
  });
  canvas.getContext('2d')!.putImageData(image, 0, 0);
}

/** A probability that falls less than this everywhere colours nothing. */
const kLeastFall = 0.002;

/** The picture in pale ink, and over it, in the accent, how much each point matters (0..1). */
export function paintEvidence(canvas: HTMLCanvasElement, pixels: Float32Array, falls: Float32Array): void {
  const side = Math.sqrt(pixels.length);
  canvas.width = canvas.height = side;
  const { ink, accent } = colours();
  const most = Math.max(kLeastFall, ...falls);
  const image = new ImageData(side, side);
  pixels.forEach((pixel, i) => {
    const share = falls[i] / most;
    const colour = ink.map((value, part) => value + (accent[part] - value) * share);
    image.data.set([...colour, 255 * Math.min(1, pixel * (0.25 + 0.75 * share) + 0.35 * share)], 4 * i);
  });
  canvas.getContext('2d')!.putImageData(image, 0, 0);
}

let probe: CanvasRenderingContext2D | null = null;

/** The page's own, as they are now: light, dark, or the reader's forced ones. */
function colours(): { ink: Colour; accent: Colour } {
  probe ??= make('canvas').getContext('2d')!;
  const style = getComputedStyle(document.documentElement);
  const forced = matchMedia('(forced-colors: active)').matches;
  return {
    ink: rgbOf(forced ? 'CanvasText' : style.getPropertyValue('--ink')),
    accent: rgbOf(forced ? 'Highlight' : style.getPropertyValue('--accent')),
  };
}

function rgbOf(colour: string): Colour {
  probe!.fillStyle = colour.trim();
  const digits = parseInt(String(probe!.fillStyle).slice(1), 16);
  return [digits >> 16, (digits >> 8) & 255, digits & 255];
}
