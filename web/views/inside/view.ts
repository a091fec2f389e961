// "Look inside": what the network does to a drawing, step by step, and how long each step takes.
import type { ProfiledStep } from '../../../wasm/js/index.ts';
import type { PageContext, View } from '../../src/view.ts';
import { kInside } from './strings.ts';

const kPixels = 28 * 28;

export async function open(host: HTMLElement, page: PageContext): Promise<View> {
  const engine = await page.anotherEngine();
  const heading = document.createElement('h3');
  heading.textContent = kInside.steps;
  const list = document.createElement('ol');
  list.className = 'times';
  host.append(heading, list);
  show(list, await engine.profile(new Float32Array(kPixels)));
  return {
    close() {
      void engine.dispose();
    },
  };
}

function show(list: HTMLElement, steps: readonly ProfiledStep[]): void {
  const longest = Math.max(...steps.map(({ microseconds }) => microseconds));
  list.append(
    ...steps.map(({ name, op, microseconds }) => {
      const item = document.createElement('li');
      const parts = { name, op, bar: '', time: kInside.microseconds(microseconds) };
      for (const [part, text] of Object.entries(parts)) {
        const span = document.createElement('span');
        span.className = part;
        span.textContent = text;
        item.append(span);
      }
      item.style.setProperty('--share', (microseconds / longest).toFixed(4));
      return item;
    }),
  );
}
