// A person at any browser: what the scenarios that all browsers run (everywhere.ts) need of one, and that
// for the browsers which puppeteer drives (Chromium, Firefox). webdriver.ts has it for WebKit.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import puppeteer, { type Browser, type KeyInput, type Page } from 'puppeteer-core';
import type { Point } from './curves.ts';

export type Pointer = 'mouse' | 'touch' | 'pen';

export interface Hand {
  /** What this browser's driver can send. */
  readonly pointers: readonly Pointer[];
  goto(url: string): Promise<void>;
  /** The value of an expression in the page. */
  evaluate<T>(expression: string): Promise<T>;
  /** Strokes in CSS pixels of the window. */
  draw(strokes: readonly Point[][], pointer: Pointer): Promise<void>;
  /** Presses a key (as KeyboardEvent.key) while others are held. */
  press(key: string, ...held: string[]): Promise<void>;
  click(selector: string): Promise<void>;
  /** Console errors and exceptions so far. */
  problems(): Promise<string[]>;
  close(): Promise<void>;
}

export interface HandOptions {
  dark: boolean;
}

class PuppeteerHand implements Hand {
  readonly pointers: readonly Pointer[];
  readonly #browser: Browser;
  readonly #page: Page;
  readonly #profile: string;
  readonly #problems: string[] = [];

  constructor(browser: Browser, page: Page, profile: string, pointers: readonly Pointer[]) {
    this.#browser = browser;
    this.#page = page;
    this.#profile = profile;
    this.pointers = pointers;
    page.on('console', (message) => {
      if (['error', 'warn'].includes(message.type())) this.#problems.push(message.text());
    });
    page.on('pageerror', (error) => this.#problems.push(String(error)));
  }

  async goto(url: string): Promise<void> {
    await this.#page.goto(url);
  }

  evaluate<T>(expression: string): Promise<T> {
    return this.#page.evaluate(expression) as Promise<T>;
  }

  async draw(strokes: readonly Point[][], pointer: Pointer): Promise<void> {
    if (pointer === 'mouse') return this.#drawWithMouse(strokes);
    if (pointer === 'pen') return this.#drawWithPen(strokes);
    const { touchscreen } = this.#page;
    for (const stroke of strokes) {
      await touchscreen.touchStart(...stroke[0]);
      for (const [x, y] of stroke.slice(1)) await touchscreen.touchMove(x, y);
      await touchscreen.touchEnd();
    }
  }

  async #drawWithMouse(strokes: readonly Point[][]): Promise<void> {
    const { mouse } = this.#page;
    for (const stroke of strokes) {
      await mouse.move(...stroke[0]);
      await mouse.down();
      await Promise.all(stroke.slice(1).map(([x, y]) => mouse.move(x, y)));
      await mouse.up();
    }
  }

  async #drawWithPen(strokes: readonly Point[][]): Promise<void> {
    const session = await this.#page.createCDPSession();
    const send = (type: 'mousePressed' | 'mouseMoved' | 'mouseReleased', [x, y]: Point) =>
      session.send('Input.dispatchMouseEvent', {
        ...{ type, x, y, force: 0.5, button: 'left', clickCount: 1, pointerType: 'pen' },
        buttons: type === 'mouseReleased' ? 0 : 1,
      });
    for (const stroke of strokes) {
      await send('mousePressed', stroke[0]);
      await Promise.all(stroke.slice(1).map((point) => send('mouseMoved', point)));
      await send('mouseReleased', stroke[stroke.length - 1]);
    }
  }

  async press(key: string, ...held: string[]): Promise<void> {
    const { keyboard } = this.#page;
    for (const modifier of held) await keyboard.down(modifier as KeyInput);
    await keyboard.press(key as KeyInput);
    for (const modifier of held) await keyboard.up(modifier as KeyInput);
  }

  click(selector: string): Promise<void> {
    return this.#page.click(selector);
  }

  problems(): Promise<string[]> {
    return Promise.resolve(this.#problems.splice(0));
  }

  async close(): Promise<void> {
    await this.#browser.close();
    rmSync(this.#profile, { recursive: true, force: true });
  }
}

const kWindow = { width: 1280, height: 800 };

function profileFolder(): string {
  return mkdtempSync(path.join(tmpdir(), 'inkling-hand-'));
}

export async function openChromium({ dark }: HandOptions): Promise<Hand> {
  const profile = profileFolder();
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const browser = await puppeteer.launch({
    executablePath: process.env.CHROME_PATH ?? '/usr/bin/chromium',
    userDataDir: profile,
    defaultViewport: kWindow,
    args: ['--disable-gpu', '--no-first-run', '--disable-background-networking', ...asRoot],
  });
  const page = await browser.newPage();
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }]);
  return new PuppeteerHand(browser, page, profile, ['mouse', 'touch', 'pen']);
}

/** puppeteer speaks WebDriver BiDi with Firefox: no driver beside it, no download. */
export async function openFirefox({ dark }: HandOptions): Promise<Hand> {
  const profile = profileFolder();
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: process.env.FIREFOX_PATH ?? '/usr/bin/firefox-esr',
    userDataDir: profile,
    defaultViewport: kWindow,
    extraPrefsFirefox: { 'layout.css.prefers-color-scheme.content-override': dark ? 0 : 1 },
    timeout: 300_000,
    protocolTimeout: 300_000, // it starts slowly where cores are few
  });
  return new PuppeteerHand(browser, await browser.newPage(), profile, ['mouse', 'touch']);
}
