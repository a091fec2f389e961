// Operators without a window (elementwise, batch norm, dense layers, shapes, softmax) against the
// naive reference.
#include "operator_net.h"

namespace inkling {
namespace {

using namespace inkling::testing;

// --- elementwise

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

// Where takes what it is told to: 0 times infinity would be NaN.
TEST(Operators, WhereTakesAnInfinityOrLeavesIt) {
  const Seen run = run_net(
      [](ModelBuilder& model) {
        model.initializer(tensor("odd", 9, {1, 3, 1, 1}, std::string("\1\0\1", 3)))
            .floats("infinity", {}, {INFINITY})
            .floats("two", {}, {2.0f})
            .node("Where", {"odd", "x1", "infinity"}, {"w"})
            .node("Min", {"w", "two"}, {"y"});
      },
      3 * 784);
  for (std::size_t i = 0; i < run.y.v.size(); ++i) {
    ASSERT_EQ(run.y.v[i], i / 784 == 1 ? 2.0f : std::min(run.x.v[i], 2.0f)) << "at " << i;
  }
}

// A constant is in memory once, however many images there are.
TEST(Operators, AConstantBesideABatchIsTheSameForEachImage) {
  const std::string file = build_net(
      [](ModelBuilder& model) {
        model
            .initializer(
                tensor("odd", 9, {1, 3, 1, 1}, std::string("\1\0\1", 3)))  // read by a Not, too
            .floats("half", {1, 3, 28, 28}, Numbers(9).vector(3 * 784))
            .node("Where", {"odd", "x1", "half"}, {"y"});
      },
      3 * 784);
  auto engine = Engine::load(bytes_of(file));
  ASSERT_TRUE(engine.ok()) << engine.status().message();
  constexpr std::size_t kImages = 5;
  std::vector<float> pixels, batch(kImages * kDigitCount);
  for (std::uint32_t i = 0; i < kImages; ++i) {
    const std::vector<float> image = test_image(i + 1);
    pixels.insert(pixels.end(), image.begin(), image.end());
  }
  ASSERT_TRUE(engine.value().classify_batch(pixels, batch).ok());
  for (std::size_t i = 0; i < kImages; ++i) {
    std::vector<float> one(kDigitCount);
    const auto image = std::span(pixels).subspan(i * kPixelCount, kPixelCount);
    ASSERT_TRUE(engine.value().classify_batch(image, one).ok());
    expect_close({batch.begin() + static_cast<std::ptrdiff_t>(i * kDigitCount),
                  batch.begin() + static_cast<std::ptrdiff_t>((i + 1) * kDigitCount)},
                 one);
  }
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
  EXPECT_EQ(run.plan[run.plan.size() - 3].op, "MatMul + Add");
}

// --- shapes

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
