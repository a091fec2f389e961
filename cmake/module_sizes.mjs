// What a WebAssembly module's bytes are: code by component, and data. Names come from the symbol map that the
// linker leaves beside the module. Each component is compressed by itself, so that their sum is more than the
// module, and a function that the linker has inlined counts as its caller.
import { brotliCompressSync, constants } from 'node:zlib';

/** @param {Uint8Array} bytes with brotli -q 11 */
export function brotliSize(bytes) {
  return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
}

const kCodeSection = 10;
const kDataSection = 11;

/** @type {[component: string, pattern: RegExp][]} the first that fits a function's name is its component */
const kComponents = [
  ['XNNPACK kernels', /_ukernel_/],
  ['XNNPACK operators', /^(xnn_|pthreadpool_|compute_|create_|reshape_|setup_|init_|pack_|copy_bias)/],
  ['graph', /GraphBuilder|build_graph|lower_/],
  ['reader', /inkling::onnx|read_onnx|read_model|read_value_info/],
  ['planner and loops', /inkling::Plan|run_kernel|inkling::.*(run_|Rows)/],
  ['ink', /pixels_from|draw_segment|otsu|quantile|centre_of_mass|Plane|Bounds/],
  ['engine and binding', /inkling/],
  ['C++ and C runtime', /(?:)/],
];

/**
 * @param {Buffer} module
 * @param {string} symbols lines of "index:name"
 * @returns {{name: string, raw: number, brotli: number}[]}
 */
export function components(module, symbols) {
  const names = new Map(symbols.split('\n').map((line) => [parseInt(line), line.slice(line.indexOf(':') + 1)]));
  let at = 8; // past magic and version
  const leb = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = module[at++];
      value |= (byte & 127) << shift;
      if (byte < 128) return value >>> 0;
    }
  };
  /** @type {Map<string, Buffer[]>} */
  const parts = new Map([...kComponents.map(([name]) => name), 'data'].map((name) => [name, []]));
  while (at < module.length) {
    const id = module[at++];
    const size = leb();
    const end = at + size;
    if (id === kDataSection) parts.get('data')?.push(module.subarray(at, end));
    if (id === kCodeSection) {
      const count = leb();
      for (let i = 0; i < count; ++i) {
        const length = leb();
        const name = names.get(i) ?? ''; // nothing is imported: functions are counted from 0
        const [component] = kComponents.find(([, pattern]) => pattern.test(name)) ?? [''];
        parts.get(component)?.push(module.subarray(at, at + length));
        at += length;
      }
    }
    at = end;
  }
  return [...parts].map(([name, chunks]) => {
    const all = Buffer.concat(chunks);
    return { name, raw: all.length, brotli: brotliSize(all) };
  });
}
