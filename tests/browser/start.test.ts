// How the page starts for someone who has never been there, on a slow machine behind a slow line: what it
// fetches, when an answer is possible, and that nothing moves meanwhile. Times are printed, not asserted.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { drawing } from './curves.ts';
import { Studio } from './studio.ts';

/** The processor four times slower; 10 Mbit/s each way, 40 ms until an answer begins. */
const kSlowdown = 4;
const kBytesPerSecond = 10e6 / 8;
const kLatencyMs = 40;

/** What comes over the wire until an answer is possible: the budget of sizes.test.ts, a language, and headers. */
const kWireBudget = 136 * 1024;

/** How long the second piece of a page is behind: enough to paint the first, on two busy cores. */
const kPieceMs = 1000;

/** A shift that nobody sees: rounding. */
const kNoShift = 0.001;

let studio: Studio;

before(async () => {
  studio = await Studio.open();
});

after(() => studio?.close());

interface Start {
  painted: number;
  ready: number;
  shift: number;
  /** What moved, from where to where, and in which state of the page. */
  moved: string[];
}

/** Runs in the page before its own scripts: watches how it starts. */
function watchStart(): void {
  const start = { painted: 0, ready: 0, shift: 0, moved: [] as string[] };
  Object.assign(window, { start });
  const watch = (type: string, seen: (entry: PerformanceEntry) => void) =>
    new PerformanceObserver((list) => list.getEntries().forEach(seen)).observe({ type, buffered: true });
  watch('paint', ({ startTime }) => (start.painted = startTime));
  interface Shift extends PerformanceEntry {
    value: number;
    sources: { node: Node | null; previousRect: DOMRect; currentRect: DOMRect }[];
  }
  watch('layout-shift', (entry) => {
    const { value, sources, startTime } = entry as Shift;
    start.shift += value;
    const when = `${document.documentElement.dataset.state} at ${startTime.toFixed(0)} ms`;
    for (const { node, previousRect, currentRect } of sources) {
      const [from, to] = [previousRect, currentRect].map(({ x, y, width, height }) => String([x, y, width, height]));
      const element = node instanceof Element ? node : node?.parentElement;
      const name = `${element?.nodeName}#${element?.id}.${element?.getAttribute('class')}`;
      start.moved.push(`${name} [${from}] -> [${to}] (${value.toFixed(5)}, ${when})`);
    }
  });
  new MutationObserver(() => {
    if (document.documentElement.dataset.state === 'ready') start.ready ||= performance.now();
  }).observe(document, { subtree: true, attributeFilter: ['data-state'] });
}

function assertNothingMoved({ shift, moved }: Start): void {
  assert.ok(shift < kNoShift, `the layout shifts by ${shift}:\n${moved.join('\n')}`);
}

for (const language of ['en', 'de']) {
  test(`a cold start on a slow machine and line, in ${language}`, async () => {
    const visit = await studio.watch('about:blank', { prepare: watchStart });
    const session = await visit.page.createCDPSession();
    await session.send('Network.enable');
    await session.send('Network.setCacheDisabled', { cacheDisabled: true });
    await session.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: kLatencyMs,
      downloadThroughput: kBytesPerSecond,
      uploadThroughput: kBytesPerSecond,
    });
    await session.send('Emulation.setCPUThrottlingRate', { rate: kSlowdown });
    let wire = 0;
    session.on('Network.loadingFinished', ({ encodedDataLength }) => void (wire += encodedDataLength));
    await visit.page.goto(`${studio.url}?lang=${language}`);
    await visit.waitForState('ready');
    const bytes = wire;
    const start = (await visit.page.evaluate('start')) as Start;
    const { painted, ready, shift } = start;
    await visit.draw(drawing('3'));
    assert.equal((await visit.reading()).digit, '3');
    console.log(
      `cold start (${language}): ${(bytes / 1024).toFixed(1)} KB over the wire, first paint after ` +
        `${painted.toFixed(0)} ms, first answer possible after ${ready.toFixed(0)} ms, shift ${shift.toFixed(4)}`,
    );
    assert.ok(bytes > 50 * 1024 && bytes <= kWireBudget, `${bytes} bytes came over the wire`);
    assertNothingMoved(start);
    await visit.page.close();
    visit.assertClean();
  });
}

/** The site, its page coming in two pieces, the second from `cut` on, long after what is needed to paint the first. */
async function serveInPieces(cut: string): Promise<{ url: string; close(): void }> {
  let sendRest = () => {};
  const server = createServer(async (request, response) => {
    const answer = await fetch(new URL(request.url!, studio.url));
    const bytes = Buffer.from(await answer.arrayBuffer());
    response.setHeader('Content-Type', answer.headers.get('Content-Type')!);
    if (request.url === '/') {
      const at = bytes.indexOf(cut);
      assert.ok(at > 0, `the page has no ${cut}`);
      response.write(bytes.subarray(0, at));
      sendRest = () => void response.end(bytes.subarray(at));
    } else {
      response.end(bytes);
      if (request.url!.includes('style')) setTimeout(() => sendRest(), kPieceMs);
    }
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://localhost:${port}/`, close };
}

for (const cut of ['<section class="reading"', '<ol id="bars"', '<footer']) {
  test(`nothing moves when the page arrives in two pieces, the second from ${cut} on`, async () => {
    const pieces = await serveInPieces(cut);
    try {
      const visit = await studio.watch(pieces.url, { prepare: watchStart });
      await visit.waitForState('ready');
      assertNothingMoved((await visit.page.evaluate('start')) as Start);
      await visit.page.close();
      visit.assertClean();
    } finally {
      pieces.close();
    }
  });
}
