// Convolutions with channels that fill no whole block of oneDNN's, against LibTorch without oneDNN.
#include "model/convolution.h"

#include <ATen/Context.h>
#include <gtest/gtest.h>
#include <torch/utils.h>

#include <array>

namespace inkling {
namespace {

// Of the largest value; sums of up to 360 products in another order, or of 2,352 for a kernel.
constexpr double kMaxDifference = 1e-5;
constexpr double kMaxDifferenceOfBFloat16 = 2e-2;  // eight bits a number

struct Shape {
  std::int64_t n, in, out, side;
};

// What it gives, and the gradients of input, kernels and bias.
using Results = std::array<torch::Tensor, 4>;

// LibTorch without oneDNN, as long as it lives.
class WithoutOneDnn {
 public:
  WithoutOneDnn() { at::globalContext().setUserEnabledMkldnn(false); }
  ~WithoutOneDnn() { at::globalContext().setUserEnabledMkldnn(true); }
};

template <typename Fn>
Results run(const std::array<torch::Tensor, 3>& given, const torch::Tensor& wanted, Fn convolve,
            torch::ScalarType type = torch::kFloat32) {
  std::array<torch::Tensor, 3> leaves;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    leaves[i] = given[i].clone().requires_grad_();
  }
  const torch::Tensor y =
      convolve(leaves[0].to(type), leaves[1].to(type), leaves[2].to(type)).to(torch::kFloat32);
  (y * wanted).sum().backward();
  return {y.detach(), leaves[0].grad(), leaves[1].grad(), leaves[2].grad()};
}

class Convolution : public testing::TestWithParam<Shape> {};

TEST_P(Convolution, AndItsGradientsAreThoseOfLibTorchWithoutOneDnn) {
  const Shape& s = GetParam();
  torch::manual_seed(1);
  const std::array<torch::Tensor, 3> given = {torch::rand({s.n, s.in, s.side, s.side}),
                                              torch::randn({s.out, s.in, 3, 3}),
                                              torch::randn({s.out})};
  const torch::Tensor wanted = torch::randn({s.n, s.out, s.side, s.side});
  const auto convolve = [](const auto& x, const auto& w, const auto& b) {
    return convolution(x, w, b, 1);
  };
  const Results ours = run(given, wanted, convolve);
  const Results coarse = run(given, wanted, convolve, torch::kBFloat16);
  const WithoutOneDnn plain;
  const Results expected = run(given, wanted, [](const auto& x, const auto& w, const auto& b) {
    return torch::conv2d(x, w, b, 1, 1);
  });
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const double largest = expected[i].abs().max().item<double>();
    EXPECT_LE((ours[i] - expected[i]).abs().max().item<double>(), kMaxDifference * largest) << i;
    EXPECT_LE((coarse[i] - expected[i]).abs().max().item<double>(),
              kMaxDifferenceOfBFloat16 * largest)
        << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Channels, Convolution,
                         testing::Values(Shape{8, 40, 40, 7}, Shape{8, 24, 24, 28},
                                         Shape{8, 32, 40, 7}, Shape{8, 1, 24, 28},
                                         Shape{8, 1, 16, 28}, Shape{8, 3, 5, 7},
                                         Shape{8, 17, 31, 7}, Shape{8, 16, 16, 14}));

}  // namespace
}  // namespace inkling
