// Eight bits instead of thirty-two: kernels as int8 with a scale for each output channel, and,
// where asked for, activations as uint8 with a scale for each tensor. What is written is ONNX's
// standard form (QuantizeLinear and DequantizeLinear), which every runtime computes, some of them
// in integers.
#pragma once

#include <torch/types.h>

#include <functional>
#include <string>
#include <vector>

#include "export/fold.h"
#include "train/batches.h"

namespace inkling {

// Gives each kernel its scales (those that lose least, by squares, of the weights) and rounds it to
// what int8 holds.
void quantize_weights(std::vector<FoldedLayer>& layers);

// Gives the outputs of ReLUs, pools and averages their scales (those that lose least, by squares,
// of what `pixels`, float32 [N,1,28,28], make there). The input's is 1/255, which loses nothing.
void calibrate_activations(std::vector<FoldedLayer>& layers, const torch::Tensor& pixels);

struct TuneOptions {
  std::int64_t epochs = 3;
  double learning_rate = 2e-4;  // at its peak; it falls to 0 by a cosine
};

// Quantisation-aware training (Jacob et al., "Quantization and Training of Neural Networks for
// Efficient Integer-Arithmetic-Only Inference", 2018): trains the rounded network to answer as the
// one that was not (`teacher`, the same layers before they were quantised), gradients passing
// through the rounding. After each epoch `score`, of layers rounded as they will be written, says
// how good they are: the best epoch's, or the layers as they were, are kept. On the CPU. Returns
// the epoch that was kept, 0 for none.
std::int64_t tune_quantized(
    std::vector<FoldedLayer>& layers, const std::vector<FoldedLayer>& teacher, Batches& batches,
    const TuneOptions& options,
    const std::function<double(const std::vector<FoldedLayer>&, std::int64_t epoch)>& score);

}  // namespace inkling
