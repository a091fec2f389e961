// Batch norm whose statistics are those of the whole batch when several processes share it.
#pragma once

#include <torch/nn/modules/batchnorm.h>

#include "train/process_group.h"

namespace inkling {

// What `norm` does in training, x float32 [N,C,H,W] -> the same shape, with mean and variance over
// the rows of all processes, each of which may bring another N. The running statistics become the
// same everywhere. The gradient flows through the exchange (Ioffe and Szegedy 2015, section 3).
torch::Tensor sync_batch_norm(torch::nn::BatchNorm2dImpl& norm, const torch::Tensor& x,
                              ProcessGroup& group);

}  // namespace inkling
