// Channels in whole blocks, for oneDNN.
#include "model/convolution.h"

#include <ATen/Functions.h>

namespace inkling {
namespace {

constexpr std::int64_t kBlock = 16;  // channels; of AVX-512. AVX2's is 8

std::int64_t missing(std::int64_t channels) { return (kBlock - channels % kBlock) % kBlock; }

}  // namespace

torch::Tensor convolution(const torch::Tensor& x, const torch::Tensor& weight,
                          const torch::Tensor& bias, std::int64_t padding) {
  const std::int64_t out = weight.size(0), in = weight.size(1);
  const bool is_plain = in == 1 && (x.scalar_type() == torch::kFloat32 || !x.requires_grad());
  const std::int64_t more_in = is_plain ? 0 : missing(in), more_out = missing(out);
  if (!x.is_cpu() || more_in + more_out == 0) return at::conv2d(x, weight, bias, 1, padding);
  const torch::Tensor wide_x = more_in == 0 ? x : at::constant_pad_nd(x, {0, 0, 0, 0, 0, more_in});
  const torch::Tensor wide_weight =
      at::constant_pad_nd(weight, {0, 0, 0, 0, 0, more_in, 0, more_out});
  const torch::Tensor wide_bias =
      bias.defined() ? at::constant_pad_nd(bias, {0, more_out}) : torch::Tensor();
  return at::conv2d(wide_x, wide_weight, wide_bias, 1, padding).narrow(1, 0, out).contiguous();
}

}  // namespace inkling
