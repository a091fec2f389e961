// Forward: mean and variance of all processes' rows. Backward, with x' = (x - mean) / sigma:
//   dx = weight / sigma * (dy - mean(dy) - x' * mean(dy * x')), both means over all rows.
// The gradients of weight and bias stay this process's part: the loop sums them like all others.
#include "train/sync_batch_norm.h"

#include <torch/csrc/autograd/custom_function.h>
#include <torch/types.h>

namespace inkling {
namespace {

const std::vector<std::int64_t> kRows = {0, 2, 3};  // all but channels

torch::Tensor as_channels(const torch::Tensor& values) { return values.view({1, -1, 1, 1}); }

// Of all processes' rows: mean float64 [C], variance float64 [C] (biased), their count.
struct Statistics {
  torch::Tensor mean, variance;
  double count = 0;
};

// Sums of x and x*x would cancel in float32; in float64, made from each process's own mean and
// variance, they do not.
Statistics statistics(const torch::Tensor& x, ProcessGroup& group) {
  const std::int64_t channels = x.size(1);
  const double here = static_cast<double>(x.numel()) / static_cast<double>(channels);
  const auto [variance, mean] = torch::var_mean(x, kRows, /*correction=*/0);
  const torch::Tensor m = mean.to(torch::kFloat64), v = variance.to(torch::kFloat64);
  std::vector<torch::Tensor> sums{
      torch::cat({m * here, (v + m * m) * here, torch::full({1}, here, m.options())})};
  group.sum(sums);
  Statistics all;
  all.count = sums[0][2 * channels].item<double>();
  all.mean = sums[0].slice(0, 0, channels) / all.count;
  all.variance =
      (sums[0].slice(0, channels, 2 * channels) / all.count - all.mean * all.mean).clamp_min(0);
  return all;
}

void follow(torch::nn::BatchNorm2dImpl& norm, const Statistics& s) {
  const double momentum = norm.options.momentum().value_or(0.1);
  const double unbiased = s.count / std::max(1.0, s.count - 1);
  norm.running_mean.lerp_(s.mean.to(norm.running_mean.dtype()), momentum);
  norm.running_var.lerp_((s.variance * unbiased).to(norm.running_var.dtype()), momentum);
  norm.num_batches_tracked.add_(1);
}

class Normalise : public torch::autograd::Function<Normalise> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& weight, const torch::Tensor& bias,
                               torch::nn::BatchNorm2dImpl* norm, ProcessGroup* group) {
    const Statistics s = statistics(x, *group);
    follow(*norm, s);
    const torch::Tensor mean = s.mean.to(x.dtype());
    const torch::Tensor inverse = (s.variance + norm->options.eps()).rsqrt().to(x.dtype());
    context->save_for_backward({x, weight, mean, inverse});
    context->saved_data["count"] = s.count;
    context->saved_data["group"] = reinterpret_cast<std::int64_t>(group);
    const torch::Tensor scale = weight * inverse;
    return x * as_channels(scale) + as_channels(bias - mean * scale);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const torch::Tensor &x = saved[0], &weight = saved[1], &mean = saved[2], &inverse = saved[3];
    const torch::Tensor& dy = gradients[0];
    const torch::Tensor centred = (x - as_channels(mean)) * as_channels(inverse);
    const torch::Tensor d_bias = dy.sum(kRows);
    const torch::Tensor d_weight = (dy * centred).sum(kRows);
    std::vector<torch::Tensor> sums{d_bias.clone(), d_weight.clone()};
    auto* group = reinterpret_cast<ProcessGroup*>(context->saved_data["group"].toInt());
    group->sum(sums);
    const double count = context->saved_data["count"].toDouble();
    const torch::Tensor dx =
        as_channels(weight * inverse) *
        (dy - as_channels(sums[0] / count) - centred * as_channels(sums[1] / count));
    return {dx, d_weight, d_bias, torch::Tensor(), torch::Tensor()};
  }
};

}  // namespace

torch::Tensor sync_batch_norm(torch::nn::BatchNorm2dImpl& norm, const torch::Tensor& x,
                              ProcessGroup& group) {
  // Under autocast x may be bfloat16, too coarse for statistics.
  const bool coarse = x.element_size() < 4;
  const torch::Tensor y =
      Normalise::apply(coarse ? x.to(torch::kFloat32) : x, norm.weight, norm.bias, &norm, &group);
  return coarse ? y.to(x.scalar_type()) : y;
}

}  // namespace inkling
