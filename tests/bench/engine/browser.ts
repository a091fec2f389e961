// Headless Chromium with the benchmark's page in it.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { getPriority, setPriority, tmpdir } from 'node:os';
import path from 'node:path';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import type { bench as Bench } from './page.ts';

declare const bench: typeof Bench;
type Calls = typeof Bench;

const kPatienceMs = 600_000;

export class Bed {
  readonly #browser: Browser;
  readonly #profile: string;

  private constructor(browser: Browser, profile: string) {
    this.#browser = browser;
    this.#profile = profile;
  }

  static async open(): Promise<Bed> {
    const profile = mkdtempSync(path.join(tmpdir(), 'inkling-bench-'));
    const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    const browser = await puppeteer.launch({
      executablePath: process.env.CHROME_PATH ?? '/usr/bin/chromium',
      userDataDir: profile,
      args: ['--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', ...asRoot],
      protocolTimeout: kPatienceMs,
    });
    return new Bed(browser, profile);
  }

  version(): Promise<string> {
    return this.#browser.version();
  }

  /** A page with nothing in its caches. */
  async page(url: string): Promise<Sheet> {
    const context = await this.#browser.createBrowserContext();
    const page = await context.newPage();
    await page.goto(url);
    await page.waitForFunction('globalThis.bench !== undefined');
    await this.prefer();
    return new Sheet(page, () => context.close());
  }

  /** Chromium gives its pages the usual priority. Where this program has a higher one (sudo nice -n -10), so have
   * they, with all the threads that they have by now. */
  async prefer(): Promise<void> {
    const session = await this.#browser.target().createCDPSession();
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    await session.detach();
    for (const { id, type } of processInfo) {
      if (type !== 'renderer') continue;
      try {
        for (const thread of readdirSync(`/proc/${id}/task`)) setPriority(Number(thread), getPriority());
      } catch {
        return; // Not ours to say, or not Linux.
      }
    }
  }

  async close(): Promise<void> {
    await this.#browser.close();
    rmSync(this.#profile, { recursive: true, force: true });
  }
}

export class Sheet {
  readonly #page: Page;
  readonly close: () => Promise<void>;

  constructor(page: Page, close: () => Promise<void>) {
    this.#page = page;
    this.close = close;
  }

  call<Name extends keyof Calls>(
    name: Name,
    ...args: Parameters<Calls[Name]>
  ): Promise<Awaited<ReturnType<Calls[Name]>>> {
    const ask = (call: string, given: unknown[]) =>
      (bench[call as Name] as (...all: unknown[]) => unknown)(...given);
    return this.#page.evaluate(ask, name as string, args as unknown[]) as Promise<Awaited<ReturnType<Calls[Name]>>>;
  }
}
