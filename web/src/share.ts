// What one can take away: a link that holds the drawing, or the drawing as a picture.
import type { Ink } from './history.ts';
import { decodeInk, encodeInk, rounded } from './ink_code.ts';
import { drawStroke, type Brush } from './nib.ts';

const kPictureSide = 1024; // pixels
const kPaper = '#ffffff';
const kInk = '#1b2233';
const kFragment = '#d=';

/** The page's address with the drawing in its fragment, which no server ever sees. */
export function linkTo(ink: Ink): string {
  return location.href.replace(/#.*/, '') + kFragment + encodeInk(ink);
}

/** The page anew, at this address with `change` made to it; the drawing comes back with it. */
export function reload(ink: Ink, change: (address: URL) => void = () => {}): void {
  const address = new URL(ink.length > 0 ? linkTo(ink) : location.href);
  change(address);
  history.replaceState(null, '', address);
  location.reload();
}

/** The drawing of an address; null when it holds none, or none that this page made. */
export function inkOfAddress(): Ink | null {
  if (!location.hash.startsWith(kFragment)) return null;
  const ink = decodeInk(location.hash.slice(kFragment.length));
  return ink && ink.map((stroke) => rounded(stroke));
}

/** What is on the pad is no longer what the address says. */
export function forgetAddress(): void {
  if (location.hash !== '') history.replaceState(null, '', location.pathname + location.search);
}

export async function copyLink(ink: Ink): Promise<boolean> {
  const link = linkTo(ink);
  history.replaceState(null, '', link);
  try {
    await navigator.clipboard.writeText(link);
    return true;
  } catch {
    return false; // not allowed here: the address bar has it
  }
}

export async function savePng(ink: Ink): Promise<void> {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = kPictureSide;
  const context = canvas.getContext('2d')!;
  context.fillStyle = kPaper;
  context.fillRect(0, 0, kPictureSide, kPictureSide);
  context.strokeStyle = kInk;
  context.lineCap = 'round';
  for (const stroke of ink) drawStroke(context, stroke, kPictureSide, 0, true);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  if (blob !== null) save(blob, 'digit.png');
}

export function saveSvg(ink: Ink): void {
  save(new Blob([svgOf(ink)], { type: 'image/svg+xml' }), 'digit.svg');
}

/** The pieces that the pad is drawn with, as lines of an SVG. */
export function svgOf(ink: Ink): string {
  const pieces: string[] = [];
  const number = (value: number) => String(Math.round(10 * value) / 10);
  let path = '';
  const brush: Brush = {
    lineWidth: 0,
    beginPath: () => (path = ''),
    moveTo: (x, y) => (path += `M${number(x)} ${number(y)}`),
    lineTo: (x, y) => (path += `L${number(x)} ${number(y)}`),
    stroke: () => pieces.push(`<path d="${path}" stroke-width="${number(brush.lineWidth)}"/>`),
  };
  const side = 280;
  for (const stroke of ink) drawStroke(brush, stroke, side, 0, true);
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${side} ${side}">`;
  const paper = `<rect width="${side}" height="${side}" fill="${kPaper}"/>`;
  const group = `<g fill="none" stroke="${kInk}" stroke-linecap="round">`;
  return `${head}${paper}${group}${pieces.join('')}</g></svg>\n`;
}

/** Gives a file to the visitor. */
export function save(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // a download may still be reading it
}
