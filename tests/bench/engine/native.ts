// The native engine beside onnxruntime-node, one thread each: bench_engine is a process that is asked in turn.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { kOut, kRoot } from './files.ts';
import { images, type NetName } from './nets.ts';

/** A block is so long that starting it does not show. */
const kBlockUs = 2000;

interface Native {
  /** Microseconds of one call. */
  time(calls: number): Promise<number>;
  answers: number[];
  close(): void;
}

export interface Comparison {
  ours: number[];
  /** The same engine with the system's XNNPACK. */
  packaged: number[];
  theirs: number[];
  difference: number;
  /** The plan with its profile, as the engine prints it. */
  profile: string;
}

/** preset: of the build, CMakePresets.json says which. */
async function ourEngine(preset: string, model: string, batch: number): Promise<Native & { profile: string }> {
  const program = path.join(kRoot, 'build', preset, 'tests/bench/bench_engine');
  const child = spawn(program, [model], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${program} ended`);
    return value as string;
  };
  let profile = '';
  for (let line = await next(); line !== ''; line = await next()) profile += `${line}\n`;
  const ask = async (calls: number) => {
    child.stdin.write(`${batch} ${calls}\n`);
    return (await next()).split(' ').map(Number);
  };
  const [, ...answers] = await ask(1);
  return { profile, answers, time: async (calls) => (await ask(calls))[0], close: () => child.stdin.end() };
}

async function theirEngine(model: string, batch: number): Promise<Native> {
  const require = createRequire(path.join(kRoot, 'tests/bench/package.json'));
  const ort = require('onnxruntime-node') as typeof import('onnxruntime-node');
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const pixels = images(batch);
  const run = async () => {
    const image = new ort.Tensor('float32', pixels, [batch, 1, 28, 28]);
    const results = await session.run({ [session.inputNames[0]]: image });
    return results[session.outputNames[0]].data as Float32Array;
  };
  const answers = [...(await run())].slice(0, 10);
  const time = async (calls: number) => {
    const start = process.hrtime.bigint();
    for (let i = 0; i < calls; ++i) await run();
    return Number(process.hrtime.bigint() - start) / 1000 / calls;
  };
  return { answers, time, close: () => void session.release() };
}

async function callsOfABlock({ time }: Native): Promise<number> {
  let quickest = Infinity;
  for (let i = 0; i < 20; ++i) quickest = Math.min(quickest, await time(1));
  return Math.max(1, Math.ceil(kBlockUs / quickest));
}

export async function compareNatively(net: NetName, batch: number, rounds: number): Promise<Comparison> {
  const model = path.join(kOut, 'models', `${net}.onnx`);
  const we = await ourEngine('bench', model, batch);
  const all: Native[] = [we, await ourEngine('dev', model, batch), await theirEngine(model, batch)];
  const calls = [];
  for (const engine of all) calls.push(await callsOfABlock(engine));
  const took: number[][] = all.map(() => []);
  for (let round = 0; round < rounds; ++round) {
    for (let i = 0; i < all.length; ++i) took[i].push(await all[i].time(calls[i]));
  }
  const differences = all.flatMap(({ answers }) => answers.map((value, i) => Math.abs(value - we.answers[i])));
  all.forEach((engine) => engine.close());
  const [ours, packaged, theirs] = took;
  return { ours, packaged, theirs, difference: Math.max(...differences), profile: we.profile };
}
