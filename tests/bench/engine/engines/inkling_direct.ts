// Inkling as a page uses it that wants no worker: the library on the page's own thread.
import { Inkling } from '../../../../wasm/js/direct.ts';
import { kFiles, readerOf } from './inkling_module.ts';
import type { Load } from './engine.ts';

const load: Load = async (net, batch) =>
  readerOf(await Inkling.load({ model: `/models/${net}.onnx`, files: kFiles }), batch);
export default load;
