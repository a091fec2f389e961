// The worker: owns one instance of the engine and answers one request at a time. After a trap it must not
// be used again; after any other failure it goes on.
import { EngineModule, isTrap } from './module.ts';
import type { CallName, Calls, Reply, Request } from './protocol.ts';
import { InklingError, type ErrorCode } from './types.ts';

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
    const { message } = error as Error;
    if (error instanceof InklingError) {
      // What the core module had taken before memory ran out stays taken: it starts anew.
      const fatal = error.code === 'out-of-memory';
      return { id, error: { code: error.code, message }, fatal };
    }
    const fatal = isTrap(error);
    const [code, what]: [ErrorCode, string] = fatal ? ['trap', 'The engine stopped'] : ['internal', `${call} failed`];
    return { id, error: { code, message: `${what}: ${message}.` }, fatal };
  }
}

self.onmessage = async (event: MessageEvent<Request>) => self.postMessage(await answer(event.data));
