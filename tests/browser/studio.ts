// A headless browser with the finished site in it, and a hand that draws. Every page is watched: an
// error on its console, an exception or a request to another origin fails the test that opened it.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import puppeteer, { type Browser, type KeyInput, type Page, type Viewport } from 'puppeteer-core';
import { serve } from '../../web/server.mjs';
import { fitted, type Placement, type Point } from './curves.ts';

export const kRoot = process.env.INKLING_ROOT ?? process.cwd();
export const kSite = path.join(kRoot, 'build/site');

const kArguments = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--force-color-profile=srgb',
  '--hide-scrollbars',
];

/** Generous: two slow, shared cores. */
const kPatienceMs = 30_000;

export interface VisitOptions {
  query?: string;
  viewport?: Viewport;
  dark?: boolean;
  reducedMotion?: boolean;
  javaScript?: boolean;
  /** Let the service worker answer (it outlives the visit); without it each visit meets the server. */
  serviceWorker?: boolean;
  /** Run in the page before its own scripts. */
  prepare?: () => void;
  /** Console lines that belong to the test (a 404 that it provokes). */
  expected?: RegExp;
  /** The state to wait for. */
  state?: 'ready' | 'failed';
}

export interface Reading {
  digit: string;
  confidence: number;
}

interface Server {
  url: string;
  close(): Promise<void>;
}

export class Studio {
  readonly #browser: Browser;
  readonly #site: string;
  #server: Server;
  readonly #profile: string;

  private constructor(browser: Browser, site: string, server: Server, profile: string) {
    this.#browser = browser;
    this.#site = site;
    this.#server = server;
    this.#profile = profile;
  }

  static async open(site = kSite): Promise<Studio> {
    assert.ok(existsSync(path.join(site, 'index.html')), 'build/site is missing: npm run site');
    const server = await serve(site, 0);
    const profile = mkdtempSync(path.join(tmpdir(), 'inkling-browser-'));
    const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    const browser = await puppeteer.launch({
      executablePath: process.env.CHROME_PATH ?? '/usr/bin/chromium',
      userDataDir: profile,
      args: [...kArguments, ...asRoot],
      protocolTimeout: 4 * kPatienceMs,
    });
    return new Studio(browser, site, server, profile);
  }

  get url(): string {
    return this.#server.url;
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.#server.close();
    rmSync(this.#profile, { recursive: true, force: true });
  }

  /** While this is under way no server answers. */
  async without(test: () => Promise<void>): Promise<void> {
    const port = Number(new URL(this.url).port);
    await this.#server.close();
    try {
      await test();
    } finally {
      this.#server = await serve(this.#site, port);
      assert.equal(new URL(this.url).port, String(port), 'the port is taken');
    }
  }

  /** Opens an address of the site (or any other), watched, without waiting for anything of Inkling's. */
  async watch(address: string, options: VisitOptions = {}): Promise<Visit> {
    const page = await this.#browser.newPage();
    const { protocol, host } = new URL(address);
    const origin = protocol === 'about:' ? this.url : `${protocol}//${host}`;
    const visit = new Visit(page, origin, options.expected);
    await page.setViewport(options.viewport ?? { width: 1280, height: 800 });
    await page.emulateMediaFeatures([
      { name: 'prefers-color-scheme', value: options.dark ? 'dark' : 'light' },
      { name: 'prefers-reduced-motion', value: options.reducedMotion ? 'reduce' : 'no-preference' },
    ]);
    await page.setJavaScriptEnabled(options.javaScript ?? true);
    await page.setBypassServiceWorker(!options.serviceWorker);
    if (options.prepare) await page.evaluateOnNewDocument(options.prepare);
    await page.goto(address, { timeout: kPatienceMs });
    return visit;
  }

  /** Opens the page and waits until it is ready (or failed). */
  async visit(options: VisitOptions = {}): Promise<Visit> {
    const visit = await this.watch(this.url + (options.query ?? ''), options);
    await visit.waitForState(options.state ?? 'ready');
    return visit;
  }

  /** Visits, tests and leaves; leaving checks that the page behaved. */
  async during(options: VisitOptions, test: (visit: Visit) => Promise<void>): Promise<void> {
    const visit = await this.visit(options);
    try {
      await test(visit);
    } finally {
      await visit.page.close();
    }
    visit.assertClean();
  }
}

export class Visit {
  readonly page: Page;
  readonly problems: string[] = [];

  constructor(page: Page, origin: string, expected?: RegExp) {
    this.page = page;
    page.on('console', (message) => {
      const text = message.text();
      if (message.type() !== 'error' && message.type() !== 'warn') return;
      if (!expected?.test(text)) this.problems.push(`console: ${text}`);
    });
    page.on('pageerror', (error) => this.problems.push(`exception: ${String(error)}`));
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(origin) && !/^(data|blob):/.test(url)) {
        this.problems.push(`request to another origin: ${url}`);
      }
    });
  }

  assertClean(): void {
    assert.deepEqual(this.problems, []);
  }

  async waitForState(state: string): Promise<void> {
    const settled = "['ready','failed'].includes(document.documentElement.dataset.state)";
    await this.page.waitForFunction(settled, { timeout: kPatienceMs });
    assert.equal(await this.text('html', 'data-state'), state, await this.text('#failure'));
  }

  /** An element's text, or an attribute of it. */
  text(selector: string, attribute?: string): Promise<string> {
    return this.page.$eval(
      selector,
      (element, name) => (name ? element.getAttribute(name) : element.textContent) ?? '',
      attribute,
    );
  }

  /** Waits until the newest ink has been read. */
  async reading(): Promise<Reading> {
    const settled = "document.querySelector('#digit').getAttribute('aria-busy') === 'false'";
    await this.page.waitForFunction(settled, { timeout: kPatienceMs });
    const confidence = Number(await this.text('#digit', 'data-confidence'));
    return { digit: await this.text('#digit'), confidence };
  }

  /** Presses a key while others are held. */
  async press(key: KeyInput, ...held: KeyInput[]): Promise<void> {
    for (const modifier of held) await this.page.keyboard.down(modifier);
    await this.page.keyboard.press(key);
    for (const modifier of held) await this.page.keyboard.up(modifier);
  }

  async clear(): Promise<void> {
    await this.page.click('#clear');
    assert.deepEqual(await this.reading(), { digit: '', confidence: 0 });
  }

  async padBox(): Promise<{ x: number; y: number; width: number; height: number }> {
    const pad = await this.page.$('#pad');
    assert.ok(pad, '#pad is not on the page');
    // As somebody does who wants to draw: an open view may have come up over it.
    await pad.evaluate((element) => element.getBoundingClientRect().top < 0 && element.scrollIntoView({ behavior: 'instant' }));
    const box = (await pad.boundingBox())!;
    return box;
  }

  /** The strokes in page pixels, their box fitted into the placement. */
  async placed(strokes: readonly Point[][], placement?: Placement): Promise<Point[][]> {
    return fitted(strokes, await this.padBox(), placement);
  }

  /** Draws with the mouse. Moves inside a stroke are not awaited one by one: far quicker, none is lost. */
  async draw(strokes: readonly Point[][], placement?: Placement): Promise<void> {
    const { mouse } = this.page;
    for (const stroke of await this.placed(strokes, placement)) {
      await mouse.move(...stroke[0]);
      await mouse.down();
      await Promise.all(stroke.slice(1).map(([x, y]) => mouse.move(x, y)));
      await mouse.up();
    }
  }

  /** How many pixels of the pad carry ink. */
  inkedPixels(): Promise<number> {
    return this.page.$eval('#pad', (pad) => {
      const { width, height } = pad as HTMLCanvasElement;
      const context = new OffscreenCanvas(width, height).getContext('2d')!;
      context.drawImage(pad as HTMLCanvasElement, 0, 0); // reading the pad itself would slow it
      const { data } = context.getImageData(0, 0, width, height);
      return data.filter((value, i) => i % 4 === 3 && value > 127).length;
    });
  }
}
