import * as ort from 'onnxruntime-web/wasm';
import { fetchBytes, type Load } from './engine.ts';

const load: Load = async (net, batch) => {
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = '/files/onnxruntime/';
  const session = await ort.InferenceSession.create(await fetchBytes(`/models/${net}.onnx`), {
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
};
export default load;
