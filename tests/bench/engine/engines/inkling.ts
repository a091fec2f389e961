import { EngineModule } from '../../../../wasm/js/module.ts';
import { fetchBytes, type Load, type Prepare } from './engine.ts';
import { loadVariant } from './inkling_module.ts';

const load: Load = (net, batch) => loadVariant('relaxed', net, batch);
export default load;

export const prepare: Prepare = async (net) => {
  const wasm = await fetchBytes('/files/inkling/inkling-relaxed.wasm');
  const model = await fetchBytes(`/models/${net}.onnx`);
  return async () => {
    const module = await EngineModule.instantiate(await WebAssembly.compile(wasm));
    module.load(model);
    return { run: (pixels) => module.classifyBatch(pixels, 1).probabilities };
  };
};
