// The page: every engine in one, asked in turn. Called from outside (main.ts) through `bench`.
import type { EngineModule } from '../../../wasm/js/module.ts';
import type { ProfiledStep } from '../../../wasm/js/types.ts';
import type { Answers, Load, Prepare } from './engines/engine.ts';
import { images, type NetName } from './nets.ts';
import { peakKernel } from './peak.ts';

type Task = () => unknown;

/** A block of calls is timed as one: two hundred ticks of the clock of an isolated page, and short beside the
 * slices of time in which a busy machine runs other programs: most blocks are undisturbed, and the median is. */
const kBlockMs = 1;

const tasks = new Map<string, { run: Task; calls: number }>();
const loaded = new Map<string, Answers>();

async function time(run: Task, calls: number): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < calls; ++i) {
    const result = run();
    if (result instanceof Promise) await result;
  }
  return performance.now() - start;
}

async function add(name: string, run: Task): Promise<void> {
  let calls = 1;
  for (;; calls *= 2) {
    let quickest = Infinity; // of several: one may have been disturbed, or compiled on the way
    for (let i = 0; i < 5; ++i) quickest = Math.min(quickest, await time(run, calls));
    if (quickest >= kBlockMs) break;
  }
  tasks.set(name, { run, calls });
}

/** Loads an engine for a network and a batch; returns its answers. `load` names what the module exports. */
async function load(engine: string, net: NetName, batch: number, more?: number): Promise<number[]> {
  const module = (await import(`/engines/${engine}.js`)) as Record<string, Load>;
  const exported = module[more === undefined ? 'default' : engine === 'litert' ? 'loadThreads' : 'loadWorkers'];
  const answers = await (exported as (...args: unknown[]) => Promise<Answers>)(net, batch, more);
  const name = `${engine}${more ?? ''} ${net} ${batch}`;
  const pixels = images(batch);
  const first = [...(await answers.run(pixels))];
  loaded.set(name, answers);
  await add(name, () => answers.run(pixels));
  return first;
}

async function loadPeaks(): Promise<number> {
  const [relaxed, plain] = [await peakKernel(true), await peakKernel(false)];
  await add('peak madd', relaxed.run);
  await add('peak mul+add', plain.run);
  return relaxed.multiplyAdds;
}

/** Microseconds of a call of each task, round by round; tasks take turns, and another starts each round. */
async function alternate(names: string[], rounds: number): Promise<Record<string, number[]>> {
  const took: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; ++round) {
    for (let i = 0; i < names.length; ++i) {
      const name = names[(round + i) % names.length];
      const { run, calls } = tasks.get(name)!;
      took[name].push(((await time(run, calls)) / calls) * 1000);
    }
  }
  return took;
}

function profile(engine: string, net: NetName, batch: number): ProfiledStep[] {
  const { module } = loaded.get(`${engine} ${net} ${batch}`) as Answers & { module: EngineModule };
  return module.profile(images(batch), 15);
}

/** Milliseconds from nothing loaded to the first answer. */
async function firstAnswer(engine: string, net: NetName): Promise<number> {
  const start = performance.now();
  const { default: load } = (await import(`/engines/${engine}.js`)) as { default: Load };
  const answers = await load(net, 1);
  await answers.run(images(1));
  return performance.now() - start;
}

/** Milliseconds from the bytes of engine and model in memory to the first answer; the engine's JavaScript is ready. */
async function fromBytes(engine: string, net: NetName): Promise<number> {
  const { prepare } = (await import(`/engines/${engine}.js`)) as { prepare: Prepare };
  const begin = await prepare(net);
  const pixels = images(1);
  const start = performance.now();
  const answers = await begin();
  await answers.run(pixels);
  return performance.now() - start;
}

export const bench = { load, loadPeaks, alternate, profile, firstAnswer, fromBytes };
Object.assign(globalThis, { bench });
