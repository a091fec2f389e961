// The models that the site offers: one is a quiet line with its size, accuracy and card; of more than one the visitor
// chooses, and each is fetched when it is chosen.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, unlinkSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { cardHtml, metadataOf } from '../../web/models.mjs';
import { drawing } from './curves.ts';
import { kRoot, Studio, type Visit } from './studio.ts';

/** Sites of compact alone, and of compact and a copy of it with another name. */
const kOne = 'build/tests/one-model';
const kTwo = 'build/tests/two-models';

/** What the page says of compact's size and accuracy, whichever weights ship under that name. */
const kFile = readFileSync(path.join(kRoot, 'models/compact.onnx'));
const kSize = `${Math.round(kFile.length / 1000)}\u202fKB`;
const kAccuracy = `${(100 * Number(metadataOf(kFile).mnist_test_accuracy)).toFixed(2)}\u202f%`;

let one: Studio;
let two: Studio;

/** Builds a site that offers compact, with its card, and copies of it under other names. */
function buildSite(site: string, copies: string[]): void {
  const folder = path.join(kRoot, `${site}-files`);
  for (const place of [folder, path.join(kRoot, site)]) rmSync(place, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const file of ['compact.onnx', 'compact.md']) cpSync(path.join(kRoot, 'models', file), path.join(folder, file));
  for (const name of copies) cpSync(path.join(kRoot, 'models/compact.onnx'), path.join(folder, `${name}.onnx`));
  const { status, stderr } = spawnSync(process.execPath, ['web/build.mjs'], {
    cwd: kRoot,
    encoding: 'utf8',
    env: { ...process.env, INKLING_SITE: site, INKLING_MODEL: `${site}-files/compact.onnx`, INKLING_MODELS: `${site}-files` },
  });
  assert.equal(status, 0, stderr);
}

before(async () => {
  buildSite(kOne, []);
  buildSite(kTwo, ['twin']);
  one = await Studio.open(path.join(kRoot, kOne));
  two = await Studio.open(path.join(kRoot, kTwo));
});

after(async () => {
  await one?.close();
  await two?.close();
});

const options = (visit: Visit) =>
  visit.page.$$eval('#network option', (all) => all.map((option) => option.textContent!));

test("a model file's own words are read without an engine", () => {
  const metadata = metadataOf(kFile);
  assert.equal(metadata.preset, 'compact');
  assert.ok(Number(metadata.mnist_test_accuracy) > 0.99);
  assert.throws(() => metadataOf(Buffer.from([0x80])), /ends within a number/);
});

test('a card becomes a page in which nothing but its words is obeyed', () => {
  const html = cardHtml('# A <b>title</b>\n\n| | |\n| --- | --- |\n| a | `b` |\n\n[doc](docs/x.md) [site](https://e.org/?a&b) ![i](x.png)\n\n<script>alert(1)</script>\n');
  assert.match(html, /A &lt;b>title&lt;\/b>/);
  assert.match(html, /<td>a<\/td><td><code>b<\/code><\/td>/);
  assert.ok(!html.includes('<thead>') && !html.includes('<script') && !html.includes('<img'), html);
  assert.equal(cardHtml('99.5 % of it'), '<p>99.5&nbsp;% of it</p>\n');
  assert.match(html, /doc <a href="https:\/\/e\.org\/\?a&amp;b">site<\/a> i/);
});

test('one model is a quiet line: its name, size and accuracy, and its card', () =>
  one.during({}, async (visit) => {
    assert.equal(
      await visit.page.$eval('#network', (line) => (line as HTMLElement).innerText),
      `The network: compact, ${kSize}. It reads ${kAccuracy} of MNIST’s test digits correctly. How it was trained`,
    );
    assert.equal(await visit.page.$eval('#network select', (select) => (select as HTMLElement).hidden), true);
    await Promise.all([visit.page.waitForNavigation(), visit.page.click('#network a')]);
    assert.equal(await visit.page.title(), 'How compact was trained');
    assert.match(await visit.text('main'), /inkling train --mnist data\/mnist/);
    assert.ok((await visit.page.$$('table')).length >= 2);
    for (const width of [320, 1280]) {
      await visit.page.setViewport({ width, height: 800 });
      assert.equal(await visit.page.evaluate('document.documentElement.scrollWidth'), width);
    }
    const cut = await visit.page.$$eval('.wide', (all) => all.filter((box) => box.scrollWidth > box.clientWidth).length);
    assert.equal(cut, 0, 'at 1280 pixels there is room for each table');
    assert.equal(await visit.page.$eval('main h1 + *', (first) => first.tagName), 'P', 'it begins in plain words');
    await Promise.all([visit.page.waitForNavigation(), visit.page.click('footer a')]);
    await visit.waitForState('ready');
  }));

test('of two models the other is fetched when it is chosen, and reads from then on', () =>
  two.during({}, async (visit) => {
    const fetched: string[] = [];
    visit.page.on('request', (request) => void fetched.push(request.url()));
    assert.deepEqual(await options(visit), [`compact, ${kSize}, ${kAccuracy}`, `twin, ${kSize}, ${kAccuracy}`]);
    await visit.draw(drawing('4'));
    assert.equal((await visit.reading()).digit, '4');
    assert.ok(!fetched.some((url) => url.includes('twin')), 'nothing of it is fetched before');
    await visit.page.focus('#network select');
    await visit.press('ArrowDown');
    await visit.page.waitForFunction("document.querySelector('#network a').hidden", { timeout: 30_000 }); // it has no card
    assert.equal(fetched.filter((url) => /models\/twin-\w+\.onnx$/.test(url)).length, 1);
    assert.equal((await visit.reading()).digit, '4');
    await visit.clear();
    await visit.draw(drawing('2'));
    assert.equal((await visit.reading()).digit, '2');
    await visit.page.select('#network select', 'compact');
    await visit.page.waitForFunction("!document.querySelector('#network a').hidden", { timeout: 30_000 });
    assert.equal(await visit.text('#network a', 'href'), 'how-compact.html');
    assert.equal((await visit.reading()).digit, '2');
  }));

test('a chosen model that does not arrive leaves the page as it was, and says so', () =>
  two.during({ expected: /404/ }, async (visit) => {
    const models = path.join(kRoot, kTwo, 'models');
    for (const name of readdirSync(models).filter((name) => name.startsWith('twin'))) unlinkSync(path.join(models, name));
    await visit.page.setCacheEnabled(false);
    await visit.page.select('#network select', 'twin');
    await visit.page.waitForFunction("document.querySelector('#note').textContent !== ''", { timeout: 30_000 });
    assert.match(await visit.text('#note'), /^twin cannot be used: The model could not be fetched/);
    assert.equal(await visit.page.$eval('#network select', (select) => (select as HTMLSelectElement).value), 'compact');
    await visit.draw(drawing('3'));
    assert.equal((await visit.reading()).digit, '3');
  }));
