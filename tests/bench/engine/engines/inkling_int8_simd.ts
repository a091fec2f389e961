import type { Load } from './engine.ts';
import { loadVariant } from './inkling_module.ts';

const load: Load = (net, batch) => loadVariant('simd-full', net, batch, '-int8.onnx');
export default load;
