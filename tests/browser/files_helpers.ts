// Files for a page under test: handed over as a person does, by choosing, by dropping and by pasting.
import { drawing } from './curves.ts';
import type { Visit } from './studio.ts';

export interface TestFile {
  name: string;
  content: string | Buffer | Uint8Array;
  type?: string;
}

type Sent = { name: string; type: string; base64: string }[];

function sent(files: TestFile[]): Sent {
  return files.map(({ name, content, type = '' }) => ({
    name,
    type,
    base64: Buffer.from(content as string).toString('base64'),
  }));
}

/** Opens a view by its button, unless it is open, and waits until it is filled. */
export async function openView({ page }: Visit, name: string): Promise<void> {
  const button = `#views [data-view=${name}]`;
  if ((await page.$eval(button, (node) => node.getAttribute('aria-expanded'))) !== 'true') await page.click(button);
  await page.waitForSelector('#view .body > *', { timeout: 30_000 });
}

/** As an event of the page: a drop or a paste with these files in it. */
export async function give({ page }: Visit, how: 'drop' | 'paste', files: TestFile[]): Promise<void> {
  await page.evaluate(
    (how, files) => {
      const data = new DataTransfer();
      for (const { name, type, base64 } of files) {
        const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
        data.items.add(new File([bytes], name, { type }));
      }
      const event =
        how === 'drop'
          ? new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })
          : new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true });
      document.body.dispatchEvent(event);
    },
    how,
    sent(files),
  );
}

/** Waits until an element has a text that fits, and gives it. */
export async function textOf({ page }: Visit, selector: string, pattern: RegExp, timeout = 60_000): Promise<string> {
  const found = await page.waitForFunction(
    (selector, source) => {
      const texts = [...document.querySelectorAll(selector)].map((element) => element.textContent!.trim());
      return texts.find((text) => new RegExp(source).test(text));
    },
    { timeout },
    selector,
    pattern.source,
  );
  return (await found.jsonValue()) as string;
}

/** A picture of a digit, made by the page itself: a drawing on a canvas, as PNG, JPEG or WebP. */
export async function pictureOf(
  { page }: Visit,
  label: string,
  { type = 'image/png', width = 400, height = 500, ink = '#203050', paper = '#e8e2d0' } = {},
): Promise<Buffer> {
  const base64 = await page.evaluate(
    async (strokes, type, width, height, ink, paper) => {
      const canvas = new OffscreenCanvas(width, height);
      const context = canvas.getContext('2d')!;
      context.fillStyle = paper;
      context.fillRect(0, 0, width, height);
      const points = strokes.flat();
      const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
      const extent = Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys));
      const scale = (0.6 * Math.min(width, height)) / extent;
      context.lineWidth = Math.min(width, height) / 14;
      context.lineCap = context.lineJoin = 'round';
      context.strokeStyle = ink;
      for (const stroke of strokes) {
        context.beginPath();
        for (const [x, y] of stroke) {
          context.lineTo((x - Math.min(...xs)) * scale + width * 0.25, (y - Math.min(...ys)) * scale + height * 0.2);
        }
        context.stroke();
      }
      const bytes = new Uint8Array(await (await canvas.convertToBlob({ type })).arrayBuffer());
      return btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), ''));
    },
    drawing(label),
    type,
    width,
    height,
    ink,
    paper,
  );
  return Buffer.from(base64, 'base64');
}

/** What is painted on a canvas: RGBA. */
export function paintedOn({ page }: Visit, selector: string): Promise<number[]> {
  return page.$eval(selector, (element) => {
    const { width, height } = element as HTMLCanvasElement;
    const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!;
    context.drawImage(element as HTMLCanvasElement, 0, 0); // reading the canvas itself would slow it
    return [...context.getImageData(0, 0, width, height).data];
  });
}
