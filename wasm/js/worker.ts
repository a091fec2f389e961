// The worker: owns one instance of the engine and answers one request at a time. After a fatal failure its
// owner ends it; after any other it goes on.
import { EngineModule, isFatal, toInklingError } from './module.ts';
import type { CallName, Calls, Reply, Request } from './protocol.ts';

let engine: EngineModule; // asked for nothing before it is loaded

const handlers: {
  [Name in CallName]: (
    ...args: Calls[Name]['args']
  ) => Calls[Name]['result'] | Promise<Calls[Name]['result']>;
} = {
  async load(module, ...model) {
    engine = await EngineModule.instantiate(module);
    return engine.load(...model);
  },
  classifyStrokes: (strokes) => engine.classify(engine.pixelsFromStrokes(strokes)),
  classifyImage: (picture) => engine.classify(engine.pixelsFromPicture(picture)),
  classifyPixels: (pixels) => engine.classify(pixels),
  classifyBatch: (...batch) => engine.classifyBatch(...batch),
  activations: (name) => engine.activations(name),
  profile: (...profile) => engine.profile(...profile),
};

async function answer({ id, call, args }: Request): Promise<Reply> {
  try {
    const handler = handlers[call] as (...args: unknown[]) => Calls[CallName]['result'];
    return { id, result: await handler(...args) };
  } catch (error) {
    const { code, message } = toInklingError(error, call);
    return { id, error: { code, message }, fatal: isFatal(code) };
  }
}

self.onmessage = async (event: MessageEvent<Request>) => self.postMessage(await answer(event.data));
