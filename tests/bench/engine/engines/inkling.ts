import type { Load } from './engine.ts';
import { loadVariant } from './inkling_module.ts';

const load: Load = (net, batch) => loadVariant('relaxed', net, batch);
export default load;
