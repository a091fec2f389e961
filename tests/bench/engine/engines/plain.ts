// Loops in plain JavaScript: no engine starts sooner, and none is slower. The floor of a first answer.
import { fromRaw, kClasses, kKernel, kSide, type Conv } from '../nets.ts';
import { fetchBytes, type Load } from './engine.ts';

/** [inputs][side][side] -> [outputs][side][side], padded with zeros, then Relu. */
function convolve(image: Float32Array, side: number, { inputs, outputs, weights, bias }: Conv): Float32Array {
  const wide = side + 2;
  const padded = new Float32Array(inputs * wide * wide);
  for (let c = 0; c < inputs; ++c) {
    for (let y = 0; y < side; ++y) {
      const row = image.subarray((c * side + y) * side, (c * side + y + 1) * side);
      padded.set(row, (c * wide + y + 1) * wide + 1);
    }
  }
  const result = new Float32Array(outputs * side * side);
  let kernel = 0;
  for (let o = 0; o < outputs; ++o) {
    const map = result.subarray(o * side * side, (o + 1) * side * side).fill(bias[o]);
    for (let c = 0; c < inputs; ++c) {
      for (let ky = 0; ky < kKernel; ++ky) {
        for (let kx = 0; kx < kKernel; ++kx, ++kernel) {
          const weight = weights[kernel];
          for (let y = 0; y < side; ++y) {
            const from = (c * wide + y + ky) * wide + kx;
            for (let x = 0; x < side; ++x) map[y * side + x] += weight * padded[from + x];
          }
        }
      }
    }
  }
  return result.map((value) => Math.max(value, 0));
}

/** The greatest of each 2x2. */
function pool(maps: Float32Array, side: number): Float32Array {
  const half = side / 2;
  return new Float32Array(maps.length / 4).map((_, i) => {
    const at = 2 * side * Math.floor(i / half) + 2 * (i % half);
    return Math.max(maps[at], maps[at + 1], maps[at + side], maps[at + side + 1]);
  });
}

function softmax(logits: Float32Array): Float32Array {
  const top = Math.max(...logits);
  const powers = logits.map((value) => Math.exp(value - top));
  const sum = powers.reduce((total, value) => total + value, 0);
  return powers.map((value) => value / sum);
}

const load: Load = async (name, batch) => {
  const { convs, dense, denseBias } = fromRaw(name, await fetchBytes(`/models/${name}.raw`));
  const features = dense.length / kClasses;
  const read = (pixels: Float32Array): Float32Array => {
    let side = kSide;
    let maps = pixels;
    for (const conv of convs) {
      maps = convolve(maps, side, conv);
      if (conv.pooled) maps = pool(maps, side);
      if (conv.pooled) side /= 2;
    }
    const logits = denseBias.map((bias, digit) => {
      const weights = dense.subarray(digit * features, (digit + 1) * features);
      return weights.reduce((sum, weight, i) => sum + weight * maps[i], bias);
    });
    return softmax(logits);
  };
  return {
    run(pixels) {
      const answers = new Float32Array(batch * kClasses);
      const size = kSide ** 2;
      for (let i = 0; i < batch; ++i) {
        answers.set(read(pixels.subarray(i * size, (i + 1) * size)), i * kClasses);
      }
      return answers;
    },
  };
};
export default load;
