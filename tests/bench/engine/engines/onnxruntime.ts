import * as ort from 'onnxruntime-web/wasm';
import type { NetName } from '../nets.ts';
import { fetchBytes, type Answers, type Load, type Prepare } from './engine.ts';

async function start(model: Uint8Array, batch: number): Promise<Answers> {
  const session = await ort.InferenceSession.create(model, {
    executionProviders: ['wasm'],
    graphOptimizationLevel: 'all',
  });
  const [input] = session.inputNames;
  const [output] = session.outputNames;
  return {
    async run(pixels) {
      const image = new ort.Tensor('float32', pixels, [batch, 1, 28, 28]);
      const results = await session.run({ [input]: image });
      return (results[output].data as Float32Array).slice();
    },
  };
}

const modelOf = (net: NetName, ending = '.onnx') => fetchBytes(`/models/${net}${ending}`);

/** ending: of the model's file, after the net's name. */
export const loadOf = (ending?: string): Load => async (net, batch) => {
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = '/files/onnxruntime/';
  return start(await modelOf(net, ending), batch);
};
export default loadOf();

export const prepare: Prepare = async (net) => {
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = '/files/onnxruntime/'; // still asked for its JavaScript
  ort.env.wasm.wasmBinary = (await fetchBytes('/files/onnxruntime/ort-wasm-simd-threaded.wasm')).buffer;
  const model = await modelOf(net);
  return () => start(model, 1);
};
