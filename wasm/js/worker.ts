// The worker: owns one instance of the engine and answers one request at a time. After a trap it must not
// be used again; after any other failure it goes on.
import { EngineModule, isTrap } from './module.ts';
import type { CallName, Calls, Reply, Request } from './protocol.ts';
import { InklingError } from './types.ts';

let engine: EngineModule | null = null;

function loaded(): EngineModule {
  if (engine === null)
    throw new InklingError('internal', 'The worker was asked before it was loaded.');
  return engine;
}

const handlers: {
  [Name in CallName]: (
    ...args: Calls[Name]['args']
  ) => Calls[Name]['result'] | Promise<Calls[Name]['result']>;
} = {
  async load(module, ...model) {
    engine = await EngineModule.instantiate(module);
    return engine.load(...model);
  },
  classifyStrokes: (strokes) => loaded().classify(loaded().pixelsFromStrokes(strokes)),
  classifyImage: (picture) => loaded().classify(loaded().pixelsFromPicture(picture)),
  classifyPixels: (pixels) => loaded().classify(pixels),
  classifyBatch: (pixels, count) => loaded().classifyBatch(pixels, count),
  activations: (name) => loaded().activations(name),
  profile: (pixels, rounds) => loaded().profile(pixels, rounds),
};

async function answer({ id, call, args }: Request): Promise<Reply> {
  try {
    const handler = handlers[call] as (...args: unknown[]) => Calls[CallName]['result'];
    return { id, result: await handler(...args) };
  } catch (error) {
    if (error instanceof InklingError) {
      // What the core module had taken before memory ran out stays taken: it starts anew.
      const fatal = error.code === 'out-of-memory';
      return { id, error: { code: error.code, message: error.message }, fatal };
    }
    const fatal = isTrap(error);
    const reason = error instanceof Error ? error.message : String(error);
    const message = `${fatal ? 'The engine stopped' : `${call} failed`}: ${reason}.`;
    return { id, error: { code: fatal ? 'trap' : 'internal', message }, fatal };
  }
}

self.addEventListener('message', async (event: MessageEvent<Request>) => {
  self.postMessage(await answer(event.data));
});
