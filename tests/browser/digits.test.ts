// Handwriting: every fixture is drawn with real mouse events, and the page must read it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fixtureDrawings } from './curves.ts';
import { seeded } from './random.ts';
import { Studio, type Visit } from './studio.ts';

let studio: Studio;
let visit: Visit;

before(async () => {
  studio = await Studio.open();
  visit = await studio.visit();
});

after(async () => {
  await visit?.page.close();
  await studio?.close();
});

for (const [i, { label, style, strokes }] of fixtureDrawings().entries()) {
  test(`a drawn ${label} is read: ${style}`, async () => {
    const random = seeded(i);
    const side = 0.4 + 0.4 * random();
    const placement = { x: random() * (1 - side), y: random() * (1 - side), side };
    await visit.draw(strokes, placement);
    const { digit, confidence } = await visit.reading();
    const said = await visit.text('#verdict');
    assert.equal(digit, label, `read as ${digit} (${said}, confidence ${confidence})`);
    await visit.clear();
    visit.assertClean();
  });
}
