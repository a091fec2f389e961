// Every operator against the naive reference. The one under test sits in the middle of a small net:
// image -> Conv 1x1 -> x -> [under test] -> y -> Flatten -> MatMul -> Softmax; x and y are read as
// activations.
#include <gtest/gtest.h>

#include <functional>

#include "inkling/engine.h"
#include "onnx_builder.h"
#include "reference.h"

namespace inkling {
namespace {

using namespace inkling::testing;

// Sums of up to a few hundred float products, in another order than the reference's: 1e-5 of their
// size.
constexpr float kTolerance = 2e-5f;

void expect_close(const std::vector<float>& actual, const std::vector<float>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    ASSERT_NEAR(actual[i], expected[i], kTolerance * std::max(1.0f, std::abs(expected[i])))
        << "at " << i;
  }
}

std::vector<float> test_image(std::uint32_t seed = 3) {
  Numbers numbers(seed);
  std::vector<float> pixels = numbers.vector(kPixelCount);
  for (float& p : pixels) p = std::max(p, 0.0f);  // half of it background
  return pixels;
}

Map as_map(const Activation& a) {
  Map map{static_cast<int>(a.shape[1]), 1, 1, a.values};
  if (a.shape.size() == 4) {
    map.h = static_cast<int>(a.shape[2]);
    map.w = static_cast<int>(a.shape[3]);
  }
  return map;
}

struct Seen {
  Map x, y;
  std::vector<float> logits, probabilities;
  std::vector<PlanStep> plan;
};

using UnderTest = std::function<void(ModelBuilder&)>;

// y_elements: of y, for one image. `keep_x`: x is read once more, so that nothing can be fused into
// its layer. flat: x is [N, channels * 784] instead of [N, channels, 28, 28].
struct NetOptions {
  int channels = 3;
  bool keep_x = true;
  bool flat = false;
  int opset = 17;
};

std::string build_net(const UnderTest& under_test, int y_elements, const NetOptions& options = {}) {
  Numbers numbers(11);
  ModelBuilder model;
  model.opset(options.opset);
  const auto channels = static_cast<std::size_t>(options.channels);
  model.floats("w_in", {options.channels, 1, 1, 1}, numbers.vector(channels));
  model.floats("b_in", {options.channels}, numbers.vector(channels, 0.2f));
  model.node("Conv", {"image", "w_in", "b_in"}, {options.flat ? "x4" : "x"});
  if (options.flat) model.node("Flatten", {"x4"}, {"x"});
  if (options.keep_x) {
    // Adds 0 * x: reads x without changing anything but the count of its readers.
    model.floats("zero", {}, {0.0f})
        .node("Mul", {"x", "zero"}, {"x0"})
        .node("Add", {"x", "x0"}, {"x1"});
  }
  under_test(model);
  model.floats("w_out", {y_elements, 10},
               numbers.vector(static_cast<std::size_t>(y_elements) * 10, 0.05f));
  model.node("Flatten", {"y"}, {"y_flat"});
  model.node("MatMul", {"y_flat", "w_out"}, {"logits"});
  model.node("Softmax", {"logits"}, {"probabilities"});
  return model.build();
}

Seen run_net(const UnderTest& under_test, int y_elements, const NetOptions& options = {}) {
  const std::string file = build_net(under_test, y_elements, options);
  auto engine = Engine::load(bytes_of(file));
  EXPECT_TRUE(engine.ok()) << engine.status().message();
  if (!engine.ok()) return {};
  const auto result = engine.value().classify(test_image());
  EXPECT_TRUE(result.ok()) << result.status().message();
  if (!result.ok()) return {};
  Seen run;
  run.plan = engine.value().plan();
  run.probabilities.assign(result.value().probabilities.begin(),
                           result.value().probabilities.end());
  run.logits = engine.value().activations("logits").value().values;
  if (const auto x = engine.value().activations("x"); x.ok()) run.x = as_map(x.value());
  if (const auto y = engine.value().activations("y"); y.ok()) run.y = as_map(y.value());
  return run;
}

// --- convolution
// ----------------------------------------------------------------------------------

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
// --------------------------------------------------------------------------------------

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

// --- elementwise
// ----------------------------------------------------------------------------------

struct UnaryCase {
  const char* name;
  const char* op;
  std::vector<std::string> attributes;
  double (*reference)(double);
};

class OperatorsUnary : public ::testing::TestWithParam<UnaryCase> {};

TEST_P(OperatorsUnary, EqualsTheReference) {
  const UnaryCase& c = GetParam();
  const Seen run = run_net(
      [&](ModelBuilder& model) {
        // A reader besides, so that it is a step of its own and not a fused clamp.
        model.node(c.op, {"x1"}, {"y"}, c.attributes);
      },
      3 * 784);
  expect_close(run.y.v, reference_map(run.x.v, c.reference));
}

INSTANTIATE_TEST_SUITE_P(
    All, OperatorsUnary,
    ::testing::Values(
        UnaryCase{"Relu", "Relu", {}, [](double x) { return std::max(x, 0.0); }},
        UnaryCase{"LeakyRelu",
                  "LeakyRelu",
                  {attribute("alpha", 0.2f)},
                  [](double x) { return x < 0 ? 0.2 * x : x; }},
        UnaryCase{
            "LeakyReluDefault", "LeakyRelu", {}, [](double x) { return x < 0 ? 0.01 * x : x; }},
        UnaryCase{"Sigmoid", "Sigmoid", {}, [](double x) { return 1 / (1 + std::exp(-x)); }},
        UnaryCase{"HardSwish",
                  "HardSwish",
                  {},
                  [](double x) { return x * std::min(std::max(x / 6 + 0.5, 0.0), 1.0); }},
        UnaryCase{"HardSigmoid",
                  "HardSigmoid",
                  {attribute("alpha", 0.5f), attribute("beta", 0.25f)},
                  [](double x) { return std::min(std::max(0.5 * x + 0.25, 0.0), 1.0); }}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(Operators, ClipOfOldOpsetsTakesItsRangeFromAttributes) {
  const Seen run = run_net(
      [](ModelBuilder& model) {
        model.node("Clip", {"x1"}, {"y"}, {attribute("min", -0.25f), attribute("max", 0.5f)});
      },
      3 * 784, {.opset = 10});
  expect_close(run.y.v,
               reference_map(run.x.v, [](double x) { return std::min(std::max(x, -0.25), 0.5); }));
}

TEST(Operators, ReluAfterReshapeIsAStepOfItsOwn) {
  const Seen run = run_net(
      [](ModelBuilder& model) { model.node("Flatten", {"x1"}, {"f"}).node("Relu", {"f"}, {"y"}); },
      3 * 784);
  expect_close(run.y.v, reference_map(run.x.v, [](double x) { return std::max(x, 0.0); }));
}

struct BinaryCase {
  const char* name;
  const char* op;
  Dims constant_dims;
  bool constant_first = false;
};

class OperatorsBinary : public ::testing::TestWithParam<BinaryCase> {};

TEST_P(OperatorsBinary, BroadcastsAConstantAsOnnxSays) {
  const BinaryCase& c = GetParam();
  std::size_t count = 1;
  for (const auto d : c.constant_dims) count *= static_cast<std::size_t>(d);
  Numbers numbers(9);
  std::vector<float> constant = numbers.vector(count);
  for (float& v : constant) v += v < 0 ? -0.5f : 0.5f;  // may divide
  const Seen run = run_net(
      [&](ModelBuilder& model) {
        model.floats("k", c.constant_dims, constant);
        model.node(c.op,
                   c.constant_first ? std::vector<std::string>{"k", "x1"}
                                    : std::vector<std::string>{"x1", "k"},
                   {"y"});
      },
      3 * 784);
  int dims[3] = {1, 1, 1};  // C, H, W of the constant
  for (std::size_t i = 0; i < c.constant_dims.size(); ++i) {
    const std::size_t place = 3 + i - c.constant_dims.size();
    if (place < 3)
      dims[place] = static_cast<int>(c.constant_dims[i]);  // a leading N of 1 falls out
  }
  std::vector<float> expected;
  for (int ci = 0; ci < 3; ++ci) {
    for (int y = 0; y < 28; ++y) {
      for (int x = 0; x < 28; ++x) {
        const int at = ((dims[0] == 1 ? 0 : ci) * dims[1] + (dims[1] == 1 ? 0 : y)) * dims[2] +
                       (dims[2] == 1 ? 0 : x);
        double a = run.x.at(ci, y, x), b = constant[static_cast<std::size_t>(at)];
        if (c.constant_first) std::swap(a, b);
        const std::string op = c.op;
        expected.push_back(static_cast<float>(op == "Add"   ? a + b
                                              : op == "Sub" ? a - b
                                              : op == "Mul" ? a * b
                                                            : a / b));
      }
    }
  }
  expect_close(run.y.v, expected);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, OperatorsBinary,
    ::testing::Values(BinaryCase{"AddScalar", "Add", {}},
                      BinaryCase{"AddChannels", "Add", {3, 1, 1}},
                      BinaryCase{"SubChannelsWithN", "Sub", {1, 3, 1, 1}},
                      BinaryCase{"MulRow", "Mul", {28}}, BinaryCase{"MulColumn", "Mul", {28, 1}},
                      BinaryCase{"MulAll", "Mul", {3, 28, 28}},
                      BinaryCase{"DivPlane", "Div", {1, 28, 28}},
                      BinaryCase{"ConstantMinusValue", "Sub", {3, 1, 28}, true},
                      BinaryCase{"AddOneElement", "Add", {1, 1, 1, 1}}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(Operators, AddOfTwoValuesIsAResidual) {
  const Seen run = run_net(
      [](ModelBuilder& model) {
        Numbers numbers(4);
        model.floats("w", {3, 3, 3, 3}, numbers.vector(81))
            .node("Conv", {"x1", "w"}, {"c"}, {attribute("pads", Dims{1, 1, 1, 1})})
            .node("Add", {"c", "x"}, {"s"})
            .node("Relu", {"s"}, {"y"});
      },
      3 * 784);
  Numbers numbers(4);
  const ConvSpec same{.top = 1, .left = 1, .bottom = 1, .right = 1};
  Map expected = reference_conv(run.x, numbers.vector(81), {}, 3, 3, 3, same);
  for (std::size_t i = 0; i < expected.v.size(); ++i)
    expected.v[i] = std::max(0.0f, expected.v[i] + run.x.v[i]);
  expect_close(run.y.v, expected.v);
}

TEST(Operators, MulByAValuePerChannelIsSqueezeAndExcite) {
  const Seen run = run_net(
      [](ModelBuilder& model) {
        model.node("GlobalAveragePool", {"x1"}, {"g"})
            .node("Sigmoid", {"g"}, {"s"})
            .node("Mul", {"s", "x"}, {"y"});
      },
      3 * 784);
  std::vector<float> expected;
  for (int c = 0; c < 3; ++c) {
    double mean = 0;
    for (int i = 0; i < 784; ++i) mean += run.x.v[static_cast<std::size_t>(c * 784 + i)] / 784.0;
    for (int i = 0; i < 784; ++i) {
      expected.push_back(static_cast<float>(run.x.v[static_cast<std::size_t>(c * 784 + i)] /
                                            (1 + std::exp(-mean))));
    }
  }
  expect_close(run.y.v, expected);
}

// --- batch normalization
// --------------------------------------------------------------------------

void add_batch_norm(ModelBuilder& model, const std::string& in, const std::string& out) {
  model.floats("scale", {3}, {0.5f, -2.0f, 1.5f})
      .floats("shift", {3}, {0.1f, 0.2f, -0.3f})
      .floats("mean", {3}, {0.4f, -0.1f, 0.2f})
      .floats("variance", {3}, {0.25f, 1.0f, 4.0f})
      .node("BatchNormalization", {in, "scale", "shift", "mean", "variance"}, {out},
            {attribute("epsilon", 0.01f)});
}

std::vector<float> reference_batch_norm(const Map& in) {
  const double scale[] = {0.5, -2.0, 1.5}, shift[] = {0.1, 0.2, -0.3}, mean[] = {0.4, -0.1, 0.2},
               variance[] = {0.25, 1.0, 4.0};
  std::vector<float> out;
  for (int c = 0; c < in.c; ++c) {
    for (int i = 0; i < in.h * in.w; ++i) {
      const double x = in.v[static_cast<std::size_t>(c * in.h * in.w + i)];
      out.push_back(
          static_cast<float>(scale[c] * (x - mean[c]) / std::sqrt(variance[c] + 0.01) + shift[c]));
    }
  }
  return out;
}

TEST(Operators, BatchNormalizationAloneScalesEachChannel) {
  const Seen run = run_net([](ModelBuilder& model) { add_batch_norm(model, "x1", "y"); }, 3 * 784);
  expect_close(run.y.v, reference_batch_norm(run.x));
}

TEST(Operators, BatchNormalizationAfterConvIsFoldedIntoIt) {
  Numbers numbers(2);
  const auto weights = numbers.vector(27);
  const Seen run = run_net(
      [&](ModelBuilder& model) {
        model.floats("w", {3, 1, 3, 3}, weights).node("Conv", {"image", "w"}, {"c"});
        add_batch_norm(model, "c", "n");
        model.node("Relu", {"n"}, {"y"});
      },
      3 * 26 * 26, {.keep_x = false});
  const Map image{1, 28, 28, test_image()};
  const Map conv = reference_conv(image, weights, {}, 3, 3, 3, {});
  expect_close(run.y.v, reference_map(reference_batch_norm(conv),
                                      [](double v) { return std::max(v, 0.0); }));
  EXPECT_EQ(run.plan[0].op, "Conv 3x3 + BatchNormalization + Relu");
}

// --- fully connected
// ------------------------------------------------------------------------------

std::vector<float> reference_gemm(const std::vector<float>& x, const std::vector<float>& matrix,
                                  bool transposed, double alpha, double beta,
                                  const std::vector<float>& bias) {
  const std::size_t m = matrix.size() / x.size();
  std::vector<float> out;
  for (std::size_t j = 0; j < m; ++j) {
    double sum = 0;
    for (std::size_t k = 0; k < x.size(); ++k) {
      sum += static_cast<double>(x[k]) * matrix[transposed ? j * x.size() + k : k * m + j];
    }
    out.push_back(static_cast<float>(alpha * sum +
                                     (bias.empty() ? 0 : beta * bias[bias.size() == 1 ? 0 : j])));
  }
  return out;
}

TEST(Operators, GemmKnowsTransBAlphaAndBeta) {
  Numbers numbers(12);
  const auto matrix = numbers.vector(784 * 7, 0.2f);
  const auto bias = numbers.vector(7);
  for (const bool transposed : {false, true}) {
    const Seen run = run_net(
        [&](ModelBuilder& model) {
          model.floats("w", transposed ? Dims{7, 784} : Dims{784, 7}, matrix)
              .floats("b", {1, 7}, bias);
          model.node("Gemm", {"x1", "w", "b"}, {"y"},
                     {attribute("transB", transposed ? 1 : 0), attribute("alpha", 0.5f),
                      attribute("beta", 2.0f)});
        },
        7, {.channels = 1, .flat = true});
    expect_close(run.y.v, reference_gemm(run.x.v, matrix, transposed, 0.5, 2.0, bias));
  }
}

TEST(Operators, MatMulWithAddIsOneFullyConnectedStep) {
  Numbers numbers(13);
  const auto matrix = numbers.vector(784 * 5, 0.2f);
  const auto bias = numbers.vector(5);
  const Seen run = run_net(
      [&](ModelBuilder& model) {
        model.floats("w", {784, 5}, matrix).floats("b", {5}, bias);
        model.node("MatMul", {"x1", "w"}, {"m"}).node("Add", {"b", "m"}, {"y"});
      },
      5, {.channels = 1, .flat = true});
  expect_close(run.y.v, reference_gemm(run.x.v, matrix, false, 1, 1, bias));
  EXPECT_EQ(run.plan[run.plan.size() - 4].op, "MatMul + Add");
}

// --- shapes
// ---------------------------------------------------------------------------------------

TEST(Operators, FlattenKeepsOnnxOrder) {
  const Seen run =
      run_net([](ModelBuilder& model) { model.node("Flatten", {"x1"}, {"y"}); }, 3 * 784);
  EXPECT_EQ(run.y.v, run.x.v);  // both NCHW: nothing may have moved
}

TEST(Operators, ReshapeKeepsOnnxOrderBetweenMaps) {
  const Seen run = run_net(
      [](ModelBuilder& model) {
        model.initializer(int_tensor("s1", {-1, 12, 14, 14}))
            .initializer(int_tensor("s2", {0, 2, -1, 49}));
        model.node("Reshape", {"x1", "s1"}, {"a"}).node("Reshape", {"a", "s2"}, {"y"});
      },
      3 * 784);
  EXPECT_EQ(run.y.v, run.x.v);
  EXPECT_EQ(run.y.c, 2);
  EXPECT_EQ(run.y.h, 24);
}

TEST(Operators, ReshapeOfAFlatValueMakesChannels) {
  Numbers numbers(14);
  const auto weights = numbers.vector(4 * 3);
  const Seen run = run_net(
      [&](ModelBuilder& model) {
        model.initializer(int_tensor("s", {1, 3, 28, 28})).floats("w", {4, 3, 1, 1}, weights);
        model.node("Reshape", {"x1", "s"}, {"a"}).node("Conv", {"a", "w"}, {"y"});
      },
      4 * 784, {.flat = true});
  const Map maps{3, 28, 28, run.x.v};
  expect_close(run.y.v, reference_conv(maps, weights, {}, 4, 1, 1, {}).v);
}

// --- softmax
// --------------------------------------------------------------------------------------

TEST(Operators, SoftmaxOfTheOutputAddsUpToOne) {
  const Seen run =
      run_net([](ModelBuilder& model) { model.node("Identity", {"x1"}, {"y"}); }, 3 * 784);
  expect_close(run.probabilities, reference_softmax(run.logits));
}

TEST(Operators, SoftmaxOverChannelsOrOverEverythingDependsOnTheOpset) {
  const UnderTest softmax = [](ModelBuilder& model) {
    model.node("Softmax", {"x1"}, {"y"}, {attribute("axis", 1)});
  };
  const Seen all = run_net(softmax, 3 * 784, {.opset = 11});
  expect_close(all.y.v, reference_softmax(all.x.v));
  const Seen channels = run_net(softmax, 3 * 784, {.opset = 13});
  for (std::size_t i : {std::size_t{0}, std::size_t{400}, std::size_t{783}}) {
    const auto& x = channels.x.v;
    const auto& y = channels.y.v;
    expect_close({y[i], y[784 + i], y[1568 + i]},
                 reference_softmax({x[i], x[784 + i], x[1568 + i]}));
  }
}

}  // namespace
}  // namespace inkling
