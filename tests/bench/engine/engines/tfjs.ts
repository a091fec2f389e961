// TensorFlow.js: the network is built by its layers API from the weights in /models/NET.raw.
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { channelsLast, denseChannelsLast, fromRaw, kClasses, kKernel, kSide } from '../nets.ts';
import { fetchBytes, type Load } from './engine.ts';

/** [rows][columns] -> [columns][rows] */
function transposed(values: Float32Array, rows: number): Float32Array {
  return channelsLast(values, rows, values.length / rows);
}

const load: Load = async (name, batch) => {
  setThreadsCount(1);
  setWasmPaths('/files/tfjs/');
  await tf.setBackend('wasm');
  await tf.ready();
  const net = fromRaw(name, await fetchBytes(`/models/${name}.raw`));
  const model = sequential();
  const kernels: tf.Tensor[][] = [];
  net.convs.forEach(({ inputs, outputs, weights, bias, pooled }, i) => {
    const inputShape = i === 0 ? [kSide, kSide, 1] : undefined;
    model.add(
      layers.conv2d({ filters: outputs, kernelSize: kKernel, padding: 'same', activation: 'relu', inputShape }),
    );
    if (pooled) model.add(layers.maxPooling2d({ poolSize: 2 }));
    // [outputs][inputs][taps] -> [taps][inputs][outputs]
    const last = transposed(channelsLast(weights, inputs, kKernel ** 2), outputs);
    kernels.push([tf.tensor(last, [kKernel, kKernel, inputs, outputs]), tf.tensor(bias)]);
  });
  model.add(layers.flatten());
  model.add(layers.dense({ units: kClasses, activation: 'softmax' }));
  const dense = denseChannelsLast(net);
  const features = dense.length / kClasses;
  kernels.push([
    tf.tensor(transposed(dense, kClasses), [features, kClasses]),
    tf.tensor(net.denseBias),
  ]);
  model.setWeights(kernels.flat());
  return {
    run: (pixels) =>
      tf.tidy(() => {
        const image = tf.tensor(pixels, [batch, kSide, kSide, 1]);
        return (model.predict(image, { batchSize: batch }) as tf.Tensor).dataSync<'float32'>().slice();
      }),
  };
};
export default load;
