// WebKit by WebKitWebDriver, which speaks the WebDriver protocol (JSON over HTTP), with its MiniBrowser on a
// screen of Xvfb. Its touch and pen arrive as a mouse, so only that is sent. There is no log to ask for: the
// console is hooked once a page is there.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Point } from './curves.ts';
import type { Hand, HandOptions, Pointer } from './hand.ts';

const kDriver = process.env.WEBKIT_DRIVER_PATH ?? '/usr/bin/WebKitWebDriver';
const kBrowsers = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map(
  (machine) => `/usr/lib/${machine}/webkit2gtk-4.1/MiniBrowser`,
);

/** Wide and high enough for the window that MiniBrowser opens, its bars included. */
const kScreen = '1280x960x24';
const kPatienceMs = 60_000;

/** The driver waits for a frame after each move: fewer make the same line, drawn with larger steps. */
const kEveryPoint = 5;

/** The keys that are no character, as WebDriver names them. */
const kKeys: Readonly<Record<string, string>> = {
  Tab: '\ue004', Enter: '\ue007', Shift: '\ue008', Control: '\ue009', Escape: '\ue00c',
  ArrowLeft: '\ue012', ArrowUp: '\ue013', ArrowRight: '\ue014', ArrowDown: '\ue015', Delete: '\ue017',
};

/** What WebDriver calls the parts of an element's reference. */
const kElement = 'element-6066-11e4-a52e-4f735466cecf';

class WebDriverHand implements Hand {
  readonly pointers: readonly Pointer[] = ['mouse'];
  readonly #session: string;
  readonly #end: () => Promise<void>;

  constructor(session: string, end: () => Promise<void>) {
    this.#session = session;
    this.#end = end;
  }

  async goto(url: string): Promise<void> {
    await this.#post('url', { url });
    await this.evaluate(`(() => {
      if (self.problems) return;
      self.problems = [];
      const original = console.error;
      console.error = (...parts) => { problems.push(parts.join(' ')); original(...parts); };
      addEventListener('error', ({ message }) => problems.push(message));
      addEventListener('unhandledrejection', ({ reason }) => problems.push(String(reason)));
    })()`);
  }

  evaluate<T>(expression: string): Promise<T> {
    // A promise is waited for by hand: not every version of the driver does.
    const script = `const done = arguments[0];
      Promise.resolve().then(() => (${expression})).then(
        (value) => done({ value }), (error) => done({ error: String(error) }));`;
    return this.#post<{ value: T; error?: string }>('execute/async', { script, args: [] }).then(
      (answer) => {
        assert.equal(answer.error, undefined);
        return answer.value;
      },
    );
  }

  async draw(strokes: readonly Point[][]): Promise<void> {
    const move = ([x, y]: Point) => ({ type: 'pointerMove', duration: 0, x: Math.round(x), y: Math.round(y) });
    for (const [start, ...rest] of strokes) {
      await this.#actions('pointer', [
        move(start),
        { type: 'pointerDown', button: 0 },
        ...rest.filter((_, i) => i % kEveryPoint === 0 || i + 1 === rest.length).map(move),
        { type: 'pointerUp', button: 0 },
      ]);
    }
  }

  async press(key: string, ...held: string[]): Promise<void> {
    const code = (name: string) => kKeys[name] ?? name;
    const down = [...held, key].map((name) => ({ type: 'keyDown', value: code(name) }));
    const up = [key, ...held].map((name) => ({ type: 'keyUp', value: code(name) }));
    await this.#actions('key', [...down, ...up]);
  }

  async click(selector: string): Promise<void> {
    const found = await this.#post<Record<string, string>>('element', {
      using: 'css selector',
      value: selector,
    });
    await this.#post(`element/${found[kElement]}/click`, {});
  }

  problems(): Promise<string[]> {
    return this.evaluate('self.problems?.splice(0) ?? []');
  }

  async close(): Promise<void> {
    await fetch(this.#session, { method: 'DELETE' }).catch(() => {});
    await this.#end();
  }

  async #actions(type: 'key' | 'pointer', actions: object[]): Promise<void> {
    const more = type === 'pointer' ? { parameters: { pointerType: 'mouse' } } : {};
    await this.#post('actions', { actions: [{ type, id: type, ...more, actions }] });
  }

  async #post<T>(command: string, body: object): Promise<T> {
    return post<T>(`${this.#session}/${command}`, body);
  }
}

async function post<T>(url: string, body: object): Promise<T> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
  const { value } = (await response.json()) as { value: T & { error?: string; message?: string } };
  assert.ok(response.ok, `${url}: ${value?.error}: ${value?.message}`);
  return value;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A screen that nobody sees; its name. */
async function openScreen(): Promise<{ display: string; server: ChildProcess }> {
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', kScreen, '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const number = await new Promise<string>((resolve, reject) => {
    server.stdio[3]!.once('data', (name: Buffer) => resolve(name.toString().trim()));
    server.once('error', reject);
    server.once('exit', (code) => reject(new Error(`Xvfb ended with ${code}`)));
  });
  return { display: `:${number}`, server };
}

export async function openWebKit({ dark }: HandOptions): Promise<Hand> {
  const binary = kBrowsers.find(existsSync);
  assert.ok(binary, 'there is no MiniBrowser: install webkit2gtk-driver');
  const home = mkdtempSync(path.join(tmpdir(), 'inkling-webkit-'));
  const { display, server } = await openScreen();
  const port = await freePort();
  const driver = spawn(kDriver, [`--port=${port}`, '--host=127.0.0.1'], {
    stdio: 'ignore',
    env: {
      ...process.env,
      DISPLAY: display,
      HOME: home,
      XDG_DATA_HOME: home,
      XDG_CACHE_HOME: home,
      XDG_CONFIG_HOME: home,
      GTK_THEME: dark ? 'Adwaita:dark' : 'Adwaita',
      GDK_BACKEND: 'x11',
      LIBGL_ALWAYS_SOFTWARE: '1',
      WEBKIT_DISABLE_DMABUF_RENDERER: '1', // there is no GPU to share buffers with
      NO_AT_BRIDGE: '1',
    },
  });
  const end = async () => {
    driver.kill();
    server.kill();
    await pause(200); // the browser's last files
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const root = `http://127.0.0.1:${port}/session`;
    await answering(`http://127.0.0.1:${port}/status`);
    const options = { binary, args: ['--automation'] };
    const capabilities = { alwaysMatch: { 'webkitgtk:browserOptions': options } };
    const { sessionId } = await post<{ sessionId: string }>(root, { capabilities });
    await post(`${root}/${sessionId}/timeouts`, { script: kPatienceMs, pageLoad: kPatienceMs });
    await post(`${root}/${sessionId}/window/maximize`, {}).catch(() => {}); // no window manager: as it is
    return new WebDriverHand(`${root}/${sessionId}`, end);
  } catch (error) {
    await end();
    throw error;
  }
}

async function answering(url: string): Promise<void> {
  const end = Date.now() + kPatienceMs;
  while (!(await fetch(url).then((response) => response.ok, () => false))) {
    assert.ok(Date.now() < end, 'WebKitWebDriver does not answer');
    await pause(100);
  }
}
