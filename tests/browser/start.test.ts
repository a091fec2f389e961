// How the page starts for someone who has never been there, on a slow machine behind a slow line: what it
// fetches, when an answer is possible, and that nothing moves meanwhile. Times are printed, not asserted.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { drawing } from './curves.ts';
import { Studio } from './studio.ts';

/** The processor four times slower; 10 Mbit/s each way, 40 ms until an answer begins. */
const kSlowdown = 4;
const kBytesPerSecond = 10e6 / 8;
const kLatencyMs = 40;

/** What comes over the wire until an answer is possible: the budget of sizes.test.ts, a language, and headers. */
const kWireBudget = 136 * 1024;

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
}

for (const language of ['en', 'de']) {
  test(`a cold start on a slow machine and line, in ${language}`, async () => {
    const visit = await studio.watch('about:blank');
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
    await visit.page.evaluateOnNewDocument(() => {
      const start = { painted: 0, ready: 0, shift: 0 };
      Object.assign(window, { start });
      const watch = (type: string, seen: (entry: PerformanceEntry) => void) =>
        new PerformanceObserver((list) => list.getEntries().forEach(seen)).observe({ type, buffered: true });
      watch('paint', ({ startTime }) => (start.painted = startTime));
      watch('layout-shift', (entry) => (start.shift += (entry as unknown as { value: number }).value));
      new MutationObserver(() => {
        if (document.documentElement.dataset.state === 'ready') start.ready ||= performance.now();
      }).observe(document, { subtree: true, attributeFilter: ['data-state'] });
    });
    await visit.page.goto(`${studio.url}?lang=${language}`);
    await visit.waitForState('ready');
    const bytes = wire;
    const { painted, ready, shift } = (await visit.page.evaluate('start')) as Start;
    await visit.draw(drawing('3'));
    assert.equal((await visit.reading()).digit, '3');
    console.log(
      `cold start (${language}): ${(bytes / 1024).toFixed(1)} KB over the wire, first paint after ` +
        `${painted.toFixed(0)} ms, first answer possible after ${ready.toFixed(0)} ms, shift ${shift.toFixed(4)}`,
    );
    assert.ok(bytes > 50 * 1024 && bytes <= kWireBudget, `${bytes} bytes came over the wire`);
    assert.ok(shift < kNoShift, `the layout shifts by ${shift}`);
    await visit.page.close();
    visit.assertClean();
  });
}
