// The network quantised to eight bits; QuantizeLinear is the full module's.
import type { Load } from './engine.ts';
import { loadVariant } from './inkling_module.ts';

const load: Load = (net, batch) => loadVariant('relaxed-full', net, batch, '-int8.onnx');
export default load;
