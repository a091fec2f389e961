// Data that is not there is a reason to skip a test, and the reason names it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { dataFile } from './data.ts';
import { kRoot } from './studio.ts';

/** With mnist/images.gz in it, and no pen. */
const kPartly = path.join(kRoot, 'build/tests/partly-data');

test('a data file that is there is found, by a relative name too', () => {
  rmSync(kPartly, { recursive: true, force: true });
  mkdirSync(path.join(kPartly, 'mnist'), { recursive: true });
  const file = path.join(kPartly, 'mnist/images.gz');
  writeFileSync(file, '');
  const relative = path.relative(process.cwd(), kPartly);
  for (const folder of [kPartly, relative]) {
    assert.deepEqual(dataFile('mnist/images.gz', folder), { path: file, skip: false });
  }
});

test('a data file that is not there, or no data at all, is a reason to skip', () => {
  const { skip } = dataFile('pen/drawings.gz', kPartly);
  assert.equal(skip, `${path.join(kPartly, 'pen/drawings.gz')} is not there`);
  const reason = 'INKLING_DATA names no folder with pen/drawings.gz';
  assert.equal(dataFile('pen/drawings.gz', '').skip, reason);
});

test('a suite without its file skips the test by name, with a relative INKLING_DATA too', () => {
  // The bundle that tests/run.mjs has made of the replay test, started in a folder beside the data.
  const { status, stdout } = spawnSync(
    process.execPath,
    ['--test-reporter=tap', path.join(kRoot, 'build/tests/browser/replay.test.mjs')],
    {
      cwd: path.dirname(kPartly),
      encoding: 'utf8',
      env: { ...process.env, NODE_TEST_CONTEXT: '', INKLING_DATA: path.basename(kPartly) },
    },
  );
  assert.equal(status, 0, stdout);
  const missing = path.join(kPartly, 'pen/pendigits-test.jsonl.gz');
  assert.ok(stdout.includes(`as the engine reads them # SKIP ${missing} is not there`), stdout);
});
