// `./run bench engine`: Inkling beside other engines in one page of headless Chromium, and natively; prints a
// table of medians and ratios, and where the time goes. Speed is compared by ratios of blocks that took turns.
import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import path from 'node:path';
import { Bed, type Sheet } from './browser.ts';
import { brotliSize, buildBundles, kBatches, kRoot, serveFiles, writeModels, type FileServer } from './files.ts';
import { compareNatively, type Comparison } from './native.ts';
import { kNets, makeNet, multiplyAdds, type NetName } from './nets.ts';
import type { bench } from './page.ts';
import { median, quantile, ratioOf, showRatio, table } from './statistics.ts';

/** Modules in engines/, and what they are called; ours is what the others are compared with. */
const kOurs = 'inkling';
const kEngines: Record<string, string> = {
  [kOurs]: 'Inkling, relaxed SIMD',
  inkling_simd: 'Inkling, plain SIMD',
  inkling_int8: 'Inkling, int8, relaxed SIMD',
  inkling_int8_simd: 'Inkling, int8, plain SIMD',
  inkling_worker: 'Inkling as a page uses it: in a worker',
  inkling_direct: 'Inkling as a page uses it: without a worker',
  litert: 'LiteRT.js',
  onnxruntime: 'ONNX Runtime Web',
  onnxruntime_int8: 'ONNX Runtime Web, int8',
  tfjs: 'TensorFlow.js, wasm',
  plain: 'loops in plain JavaScript',
};
/** Whose start is measured: for Inkling the package, as a page loads it. */
const kStarters = ['inkling_worker', 'inkling_direct', 'litert', 'onnxruntime', 'tfjs', 'plain'];
const kPackages: Record<string, string> = {
  litert: '@litertjs/core',
  onnxruntime: 'onnxruntime-web',
  onnxruntime_int8: 'onnxruntime-web',
  tfjs: '@tensorflow/tfjs-backend-wasm',
  'onnxruntime-node': 'onnxruntime-node',
};
/** Softmax of float32 sums in any order differ by less. */
const kSameAnswers = 1e-3;
/** The quantised networks' scales were not fitted to their maps: other numbers, near these. */
const kQuantized = /int8/;
const kNearAnswers = 0.2;
/** Loops in JavaScript are there for their start; sixty-four images would take as long as all the rest. */
const kTooSlow = 'plain';

const kProfiles = 9;

const names = Object.keys(kNets) as NetName[];
const rounds = Number(process.env.INKLING_BENCH_ROUNDS ?? 61); // fewer for a quick look

function say(text: string): void {
  console.error(`bench: ${text}`);
}

type Took = Record<string, number[]>;

interface Speed {
  took: Took; // microseconds of a call, by "engine net batch"
  difference: number; // between the engines' answers, at most
  peakMultiplyAdds: number;
}

async function measureSpeed(page: Sheet, bed: Bed): Promise<Speed> {
  const speed: Speed = { took: {}, difference: 0, peakMultiplyAdds: await page.call('loadPeaks') };
  for (const net of names) {
    for (const batch of kBatches) {
      say(`${net}, batch ${batch}`);
      const engines = Object.keys(kEngines).filter((name) => batch === 1 || name !== kTooSlow);
      const answers: number[][] = [];
      for (const engine of engines) answers.push(await page.call('load', engine, net, batch));
      for (const [i, answer] of answers.entries()) {
        const difference = Math.max(...answer.map((value, at) => Math.abs(value - answers[0][at])));
        const isQuantized = kQuantized.test(engines[i]);
        if (!(difference < (isQuantized ? kNearAnswers : kSameAnswers))) {
          throw new Error(`${engines[i]} gives other answers than ${engines[0]} for ${net}: ${difference}`);
        }
        if (!isQuantized) speed.difference = Math.max(speed.difference, difference);
      }
      await bed.prefer(); // the worker, too
      const tasks = engines.map((engine) => `${engine} ${net} ${batch}`);
      const peaks = batch === 1 ? ['peak madd', 'peak mul+add'] : [];
      const took = await page.call('alternate', [...tasks, ...peaks], rounds);
      for (const [name, values] of Object.entries(took)) {
        speed.took[name] = [...(speed.took[name] ?? []), ...values];
      }
    }
  }
  return speed;
}

interface Start {
  milliseconds: number[];
  bytes: number; // all files but the model, with brotli
}

/** Each in a new page with empty caches, in turns; which files it asks for is how large it is. */
async function measureStarts(bed: Bed, server: FileServer, most: number): Promise<Record<string, Start>> {
  const starts: Record<string, Start> = {};
  for (const engine of kStarters) starts[engine] = { milliseconds: [], bytes: 0 };
  for (let round = 0; round < Math.min(rounds, most); ++round) {
    say(`first answers, round ${round + 1}`);
    for (const [i] of kStarters.entries()) {
      const engine = kStarters[(round + i) % kStarters.length];
      const page = await bed.page(server.url);
      server.sent.clear();
      starts[engine].milliseconds.push(await page.call('firstAnswer', engine, 'net16'));
      await page.close();
      const files = [...server.sent].filter((file) => !file.includes('/models/') && !file.endsWith('/page.js'));
      starts[engine].bytes = files.reduce((sum, file) => sum + brotliSize(file), 0);
    }
  }
  return starts;
}

/** From bytes in memory, each in a new page. */
async function measureFromBytes(bed: Bed, server: FileServer): Promise<Took> {
  const took: Took = { [kOurs]: [], onnxruntime: [] };
  for (let round = 0; round < Math.min(rounds, 15); ++round) {
    for (const engine of Object.keys(took)) {
      const page = await bed.page(server.url);
      took[engine].push(await page.call('fromBytes', engine, 'net16'));
      await page.close();
    }
  }
  return took;
}

const kPool = { one: 'inkling_worker1 net32 64', two: 'inkling_worker2 net32 64', litert: 'litert2 net32 64' };

async function measurePool(page: Sheet, bed: Bed): Promise<Took> {
  say('two workers');
  for (const workers of [1, 2]) await page.call('load', 'inkling_worker', 'net32', 64, workers);
  await page.call('load', 'litert', 'net32', 64, 2);
  await bed.prefer();
  return page.call('alternate', Object.values(kPool), rounds);
}

function version(name: string): string {
  if (kPackages[name] === undefined) return '';
  const file = path.join(kRoot, 'tests/bench/node_modules', kPackages[name], 'package.json');
  return ` ${(JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version}`;
}

function cell(took: Took, engine: string, net: NetName, batch: number): string {
  const [theirs, ours] = [took[`${engine} ${net} ${batch}`], took[`${kOurs} ${net} ${batch}`]];
  if (theirs === undefined) return '';
  const time = `${((median(theirs) / batch / 1000)).toFixed(3)} ms`;
  return engine === kOurs ? time : `${time}, ${showRatio(ratioOf(theirs, ours))}`;
}

function firstCell(starts: Record<string, Start>, engine: string): string {
  if (starts[engine] === undefined) return '';
  const { milliseconds } = starts[engine];
  const time = `${median(milliseconds).toFixed(0)} ms`;
  const ours = starts.inkling_worker.milliseconds;
  return engine === 'inkling_worker' ? time : `${time}, ${showRatio(ratioOf(milliseconds, ours))}`;
}

/** Milliseconds that a first answer comes later than that of loops in plain JavaScript, the median of the rounds. */
function behindPlain(starts: Record<string, Start>, engine: string): string {
  const plain = starts.plain.milliseconds;
  const behind = starts[engine].milliseconds.map((each, round) => each - plain[round]);
  return `${median(behind).toFixed(0)} ms (${quantile(behind, 0.1).toFixed(0)} to ${quantile(behind, 0.9).toFixed(0)})`;
}

function speedTable({ took }: Speed, starts: Record<string, Start>, slow: Record<string, Start>): string {
  const columns = names.flatMap((net) => kBatches.map((batch) => ({ net, batch })));
  const head = ['engine', 'JS + wasm, brotli', 'first answer', 'first answer, 10 Mbit/s'];
  const rows = Object.entries(kEngines).map(([engine, title]) => {
    const size = starts[engine] ? `${(starts[engine].bytes / 1024).toFixed(1)} KB` : '';
    const firsts = [starts, slow].map((all) => firstCell(all, engine));
    const cells = columns.map(({ net, batch }) => cell(took, engine, net, batch));
    return [`${title}${version(engine)}`, size, ...firsts, ...cells];
  });
  const heads = columns.map(({ net, batch }) => (batch === 1 ? `${net}, one image` : `${net}, an image of ${batch}`));
  return table([[...head, ...heads], ...rows]);
}

function nativeTable(found: [NetName, number, Comparison][]): string {
  const rows = found.map(([net, batch, { ours, packaged, theirs, difference }]) => {
    if (!(difference < kSameAnswers)) throw new Error(`native answers differ for ${net}: ${difference}`);
    const per = (values: number[]) => `${(median(values) / batch / 1000).toFixed(3)} ms`;
    const beside = (values: number[]) => `${per(values)}, ${showRatio(ratioOf(values, ours))}`;
    return [`${net}, batch ${batch}`, per(ours), beside(packaged), beside(theirs)];
  });
  const title = `onnxruntime-node${version('onnxruntime-node')}`;
  return table([['native, an image', 'Inkling', "Inkling, Debian's XNNPACK", title], ...rows]);
}

/** Multiply-adds a second, in thousands of millions. */
const giga = (multiplyAdds: number, microseconds: number) => multiplyAdds / microseconds / 1000;

type Profile = Awaited<ReturnType<typeof bench.profile>>;

/** The quickest of several: what other programs do can only make a loop slower. */
async function peakLines(page: Sheet, { took, peakMultiplyAdds }: Speed): Promise<string[]> {
  const { convs } = multiplyAdds(makeNet('net32'));
  const sum = (steps: Profile) => steps.reduce((total, { microseconds }) => total + microseconds, 0);
  const lines = [];
  for (const [engine, kernel] of Object.entries({ inkling: 'peak madd', inkling_simd: 'peak mul+add' })) {
    const loops: number[] = [];
    const profiles: Profile[] = [];
    for (let i = 0; i < kProfiles; ++i) {
      loops.push(...(await page.call('alternate', [kernel], 10))[kernel]);
      profiles.push(await page.call('profile', engine, 'net32', 1));
    }
    const quickest = profiles.reduce((best, steps) => (sum(steps) < sum(best) ? steps : best));
    const peak = giga(peakMultiplyAdds, Math.min(...loops));
    const reached = giga(convs, sum(quickest.filter(({ op }) => op.startsWith('Conv'))));
    lines.push(
      `${kEngines[engine]}: net32's convolutions do ${reached.toFixed(1)} thousand million multiply-adds a second, ` +
        `${((100 * reached) / peak).toFixed(0)} % of the ${peak.toFixed(1)} of a loop that needs no memory ` +
        `(${kernel.slice('peak '.length)}; the quickest of ${kProfiles} profiles).`,
    );
    if (engine === kOurs) lines.push(whereTimeGoes(quickest, quantile(took[`${kOurs} net32 1`], 0.1)));
  }
  return lines;
}

function whereTimeGoes(steps: Profile, whole: number): string {
  const sum = steps.reduce((total, { microseconds }) => total + microseconds, 0);
  const rest = Math.max(0, whole - sum);
  const share = (part: number) => `${((100 * part) / (sum + rest)).toFixed(1)} %`;
  const parts = steps.map(({ op, shape, microseconds }) => `${op} ${shape.slice(1).join('x')} ${share(microseconds)}`);
  return (
    `Where the time goes, net32, one image, ${(sum + rest).toFixed(0)} us: ${parts.join(', ')}; ` +
    `copies, checks, calls and what a step finds outside the nearest cache ${share(rest)}.`
  );
}

function disturbance(took: Took, loadBefore: number): string {
  const peak = took['peak madd'];
  const swing = 100 * (quantile(peak, 0.9) / quantile(peak, 0.1) - 1);
  const load = Math.max(loadBefore, loadavg()[0]);
  const verdict = load > 1.5 || swing > 10 ? 'disturbed by other programs: trust the ratios, not the times' : 'quiet';
  return (
    `The machine was ${verdict} (load ${loadBefore.toFixed(1)} before; the loop that measures the peak varied by ` +
    `${swing.toFixed(0)} %). In brackets: the tenth and ninetieth percentile of ${rounds} rounds' own ratios.`
  );
}

async function main(): Promise<void> {
  const load = loadavg()[0];
  say('bundling');
  await buildBundles(Object.keys(kEngines));
  writeModels();
  const server = await serveFiles();
  const slowServer = await serveFiles({ slow: true });
  const bed = await Bed.open();
  try {
    const starts = await measureStarts(bed, server, 15);
    const slowStarts = await measureStarts(bed, slowServer, 9);
    const bytes = await measureFromBytes(bed, server);
    const page = await bed.page(server.url);
    const speed = await measureSpeed(page, bed);
    const lines = await peakLines(page, speed);
    await page.close();
    const poolPage = await bed.page(server.url);
    const pool = await measurePool(poolPage, bed);
    const browser = await bed.version();
    const native: [NetName, number, Comparison][] = [];
    for (const net of names) {
      for (const batch of kBatches) {
        say(`natively: ${net}, batch ${batch}`);
        native.push([net, batch, await compareNatively(net, batch, rounds)]);
      }
    }
    const macs = names.map((net) => `${net} ${(multiplyAdds(makeNet(net)).all / 1e6).toFixed(2)} million`);
    console.log(`${browser}, ${cpus().length} x ${cpus()[0].model.trim()}; one thread each, one page, in turns, copies included.`);
    console.log(`float32, but for the rows that say int8; multiply-adds of an image: ${macs.join(', ')}. All answers of float32 equal within ${speed.difference.toExponential(0)}.`);
    console.log(disturbance(speed.took, load));
    console.log(`\n${speedTable(speed, starts, slowStarts)}\n`);
    for (const line of lines) console.log(line);
    for (const net of names) {
      const ratios = kBatches.map((batch) => {
        const took = (engine: string) => speed.took[`${engine} ${net} ${batch}`];
        return `${showRatio(ratioOf(took(kOurs), took('inkling_int8')))} with ${batch === 1 ? 'one image' : `${batch} images`}`;
      });
      console.log(`int8 beside float32, ${net}: ${ratios.join(', ')} (times as fast, relaxed SIMD).`);
    }
    console.log(
      `From the bytes of engine and model in memory to the first answer: ${median(bytes[kOurs]).toFixed(1)} ms, ` +
        `ONNX Runtime Web ${median(bytes.onnxruntime).toFixed(1)} ms, ${showRatio(ratioOf(bytes.onnxruntime, bytes[kOurs]))}.`,
    );
    for (const [where, all] of Object.entries({ 'localhost': starts, '10 Mbit/s': slowStarts })) {
      console.log(
        `First answer (${where}) after that of loops in plain JavaScript: without a worker ` +
          `${behindPlain(all, 'inkling_direct')}, with one ${behindPlain(all, 'inkling_worker')}.`,
      );
    }
    const two = ratioOf(pool[kPool.one], pool[kPool.two]);
    const litert = ratioOf(pool[kPool.litert], pool[kPool.two]);
    const ms = (name: string) => `${(median(pool[name]) / 1000).toFixed(1)} ms`;
    console.log(
      `Two workers, net32, 64 images: ${ms(kPool.two)}, one: ${ms(kPool.one)}, ${showRatio(two)}; ` +
        `LiteRT.js with two threads: ${ms(kPool.litert)}, ${showRatio(litert)}.`,
    );
    console.log(`\n${nativeTable(native)}\n\n${native[names.length][2].profile}`);
  } finally {
    await bed.close();
    server.close();
    slowServer.close();
  }
}

await main();
process.exit(0); // onnxruntime-node keeps threads
