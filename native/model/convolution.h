// A convolution that is right on every processor.
#pragma once

#include <torch/types.h>

namespace inkling {

// float32 or bfloat16: x [N,C,H,W], weight [out,C,k,k], bias [out] or undefined -> [N,out,H',W'];
// stride 1, zeros of `padding` pixels around.
//
// On a CPU the channels are filled up with zeros to whole blocks of 16. oneDNN does so by itself,
// but 3.7.2 (Debian 13's) then copies no more than the first pixels of the last, partly filled
// block on some processors (seen on an EPYC with AVX-512, with 40 and with 24 channels): outputs
// and gradients are wrong, in part by what lay in memory before. Whole blocks it copies well. A
// single input channel is not blocked; but in bfloat16 its gradient is wrong likewise, so that one
// is filled up, too, where its gradient is wanted.
torch::Tensor convolution(const torch::Tensor& x, const torch::Tensor& weight,
                          const torch::Tensor& bias, std::int64_t padding);

}  // namespace inkling
