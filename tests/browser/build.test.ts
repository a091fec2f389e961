// The site's build, when something is missing, says what to run, and that is a command there is.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { kRoot } from './studio.ts';

test('a build without a model names the commands that make one', () => {
  const { status, stderr } = spawnSync(process.execPath, ['web/build.mjs'], {
    cwd: kRoot,
    encoding: 'utf8',
    env: { ...process.env, INKLING_MODEL: 'models/nowhere.onnx' },
  });
  assert.equal(status, 1);
  assert.match(stderr, /models\/nowhere\.onnx is missing/);
  const verbs = [...stderr.matchAll(/\.\/run (\w+)/g)].map(([, verb]) => verb);
  assert.deepEqual(verbs, ['trainer']);
  const run = readFileSync(path.join(kRoot, 'run'), 'utf8');
  for (const verb of verbs) assert.ok(run.includes(`verb_${verb}() {`), `./run has no ${verb}`);
  for (const part of ['inkling train ', 'inkling export ', '-o models/compact.onnx --fp16']) {
    assert.ok(stderr.includes(part), stderr);
  }
});
