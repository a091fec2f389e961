// Operators with a window (convolution, pooling) against the naive reference.
#include "operator_net.h"

namespace inkling {
namespace {

using namespace inkling::testing;

// --- convolution

struct ConvCase {
  const char* name;
  int in_c, out_c, kh, kw;
  ConvSpec spec;
  bool bias = true;
};

class OperatorsConv : public ::testing::TestWithParam<ConvCase> {};

TEST_P(OperatorsConv, EqualsTheReference) {
  const ConvCase& c = GetParam();
  const ConvSpec& s = c.spec;
  Numbers numbers(5);
  const int weight_count = c.out_c * (c.in_c / s.groups) * c.kh * c.kw;
  const auto weights = numbers.vector(static_cast<std::size_t>(weight_count), 0.4f);
  const auto bias =
      c.bias ? numbers.vector(static_cast<std::size_t>(c.out_c)) : std::vector<float>{};
  const Map shape =
      reference_conv({c.in_c, 28, 28, std::vector<float>(static_cast<std::size_t>(c.in_c) * 784)},
                     weights, bias, c.out_c, c.kh, c.kw, s);
  const Seen run = run_net(
      [&](ModelBuilder& model) {
        std::vector<std::string> inputs = {"x1", "w"};
        model.floats("w", {c.out_c, c.in_c / s.groups, c.kh, c.kw}, weights);
        if (c.bias) {
          model.floats("b", {c.out_c}, bias);
          inputs.push_back("b");
        }
        model.node(
            "Conv", inputs, {"y"},
            {attribute("group", s.groups), attribute("strides", Dims{s.stride_h, s.stride_w}),
             attribute("dilations", Dims{s.dilation_h, s.dilation_w}),
             attribute("pads", Dims{s.top, s.left, s.bottom, s.right})});
      },
      static_cast<int>(shape.v.size()), {.channels = c.in_c});
  expect_close(run.y.v, reference_conv(run.x, weights, bias, c.out_c, c.kh, c.kw, s).v);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, OperatorsConv,
    ::testing::Values(
        ConvCase{"Plain3x3", 3, 5, 3, 3, {.top = 1, .left = 1, .bottom = 1, .right = 1}},
        ConvCase{"NoPadding5x5", 2, 9, 5, 5, {}}, ConvCase{"NoBias", 4, 4, 3, 3, {}, false},
        ConvCase{"Pointwise", 6, 8, 1, 1, {}},
        ConvCase{"Wide1x7", 3, 4, 1, 7, {.left = 3, .right = 3}},
        ConvCase{"Strides2And3", 3, 4, 3, 3, {.stride_h = 2, .stride_w = 3}},
        ConvCase{"Dilations", 3, 4, 3, 3, {.dilation_h = 2, .dilation_w = 3}},
        ConvCase{"UnevenPadding", 2, 3, 3, 3, {.top = 2, .left = 0, .bottom = 1, .right = 3}},
        ConvCase{"TwoGroups", 4, 6, 3, 3, {.groups = 2}},
        ConvCase{"Depthwise3x3",
                 8,
                 8,
                 3,
                 3,
                 {.groups = 8, .top = 1, .left = 1, .bottom = 1, .right = 1}},
        ConvCase{"Depthwise5x5",
                 5,
                 5,
                 5,
                 5,
                 {.groups = 5, .stride_h = 2, .stride_w = 2, .top = 2, .left = 2}},
        ConvCase{"Depthwise7x7", 4, 4, 7, 7, {.groups = 4}},
        ConvCase{"DepthMultiplier", 3, 6, 3, 3, {.groups = 3}},
        ConvCase{"WholeImage", 2, 10, 28, 28, {}}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(Operators, AutoPadSamePutsTheOddPixelWhereItsNameSays) {
  Numbers numbers(6);
  const auto weights = numbers.vector(3 * 2 * 4 * 4);
  for (const bool upper : {true, false}) {
    const Seen run = run_net(
        [&](ModelBuilder& model) {
          model.floats("w", {2, 3, 4, 4}, weights)
              .node("Conv", {"x1", "w"}, {"y"},
                    {attribute("auto_pad", upper ? "SAME_UPPER" : "SAME_LOWER")});
        },
        2 * 784);
    const ConvSpec spec = upper ? ConvSpec{.top = 1, .left = 1, .bottom = 2, .right = 2}
                                : ConvSpec{.top = 2, .left = 2, .bottom = 1, .right = 1};
    expect_close(run.y.v, reference_conv(run.x, weights, {}, 2, 4, 4, spec).v);
  }
}

TEST(Operators, ConvThatFollowsTheImageIsFusedWithReluAndClip) {
  Numbers numbers(8);
  const auto weights = numbers.vector(4 * 9);
  const Seen run = run_net(
      [&](ModelBuilder& model) {
        model.floats("w", {4, 1, 3, 3}, weights)
            .floats("high", {}, {0.75f})
            .node("Conv", {"image", "w"}, {"c"})
            .node("Relu", {"c"}, {"r"})
            .node("Clip", {"r", "", "high"}, {"y"});
      },
      4 * 26 * 26, {.keep_x = false});
  const Map image{1, 28, 28, test_image()};
  const Map conv = reference_conv(image, weights, {}, 4, 3, 3, {});
  expect_close(run.y.v,
               reference_map(conv.v, [](double v) { return std::min(std::max(v, 0.0), 0.75); }));
  EXPECT_EQ(run.plan[0].op, "Conv 3x3 + Relu + Clip");
}

// --- pooling

struct PoolCase {
  const char* name;
  const char* op;
  PoolSpec spec;
  int ceil_mode = 0;
};

class OperatorsPool : public ::testing::TestWithParam<PoolCase> {};

TEST_P(OperatorsPool, EqualsTheReference) {
  const PoolCase& c = GetParam();
  PoolSpec s = c.spec;
  s.average = std::string(c.op) == "AveragePool";
  const Seen run = run_net(
      [&](ModelBuilder& model) {
        std::vector<std::string> attributes = {
            attribute("kernel_shape", Dims{s.kh, s.kw}),
            attribute("strides", Dims{s.stride_h, s.stride_w}),
            attribute("pads", Dims{s.top, s.left, s.bottom, s.right}),
            attribute("ceil_mode", c.ceil_mode),
            attribute("dilations", Dims{s.dilation, s.dilation})};
        if (s.average)
          attributes.push_back(attribute("count_include_pad", s.count_padding ? 1 : 0));
        model.node(c.op, {"x1"}, {"y"}, attributes);
      },
      3 * s.out_h * s.out_w);
  expect_close(run.y.v, reference_pool(run.x, s).v);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, OperatorsPool,
    ::testing::Values(
        PoolCase{"Max2x2", "MaxPool", {.stride_h = 2, .stride_w = 2, .out_h = 14, .out_w = 14}},
        PoolCase{"Max3x3Overlapping",
                 "MaxPool",
                 {.kh = 3, .kw = 3, .stride_h = 2, .stride_w = 2, .out_h = 13, .out_w = 13}},
        PoolCase{"Max3x3CeilMode",
                 "MaxPool",
                 {.kh = 3, .kw = 3, .stride_h = 2, .stride_w = 2, .out_h = 14, .out_w = 14},
                 1},
        PoolCase{"Max3x3Padded",
                 "MaxPool",
                 {.kh = 3,
                  .kw = 3,
                  .stride_h = 2,
                  .stride_w = 2,
                  .top = 1,
                  .left = 1,
                  .bottom = 1,
                  .right = 1,
                  .out_h = 14,
                  .out_w = 14}},
        PoolCase{"Max4x3",
                 "MaxPool",
                 {.kh = 4, .kw = 3, .stride_h = 1, .stride_w = 2, .out_h = 25, .out_w = 13}},
        PoolCase{"MaxDilated",
                 "MaxPool",
                 {.kh = 3,
                  .kw = 3,
                  .stride_h = 2,
                  .stride_w = 2,
                  .out_h = 12,
                  .out_w = 12,
                  .dilation = 2}},
        PoolCase{"MaxWithGaps", "MaxPool", {.stride_h = 3, .stride_w = 3, .out_h = 9, .out_w = 9}},
        PoolCase{"MaxOfOne",
                 "MaxPool",
                 {.kh = 1, .kw = 1, .stride_h = 2, .stride_w = 2, .out_h = 14, .out_w = 14}},
        PoolCase{
            "Average2x2", "AveragePool", {.stride_h = 2, .stride_w = 2, .out_h = 14, .out_w = 14}},
        PoolCase{"AveragePadded",
                 "AveragePool",
                 {.kh = 3,
                  .kw = 3,
                  .top = 1,
                  .left = 1,
                  .bottom = 1,
                  .right = 1,
                  .out_h = 28,
                  .out_w = 28}},
        PoolCase{"AverageCountingPadding",
                 "AveragePool",
                 {.kh = 3,
                  .kw = 3,
                  .top = 1,
                  .left = 1,
                  .bottom = 1,
                  .right = 1,
                  .out_h = 28,
                  .out_w = 28,
                  .count_padding = true}},
        PoolCase{"AverageCeilMode",
                 "AveragePool",
                 {.kh = 3, .kw = 3, .stride_h = 2, .stride_w = 2, .out_h = 14, .out_w = 14},
                 1}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(Operators, GlobalAveragePoolIsTheMeanOfEachChannel) {
  const Seen run =
      run_net([](ModelBuilder& model) { model.node("GlobalAveragePool", {"x1"}, {"y"}); }, 3);
  expect_close(
      run.y.v,
      reference_pool(run.x, {.kh = 28, .kw = 28, .out_h = 1, .out_w = 1, .average = true}).v);
}

}  // namespace
}  // namespace inkling
