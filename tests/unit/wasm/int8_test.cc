// Quantised models in XNNPACK's layers of eight bits. The judge is the same file with its weights
// written as floats: that one is computed in float32 throughout.
#include <gtest/gtest.h>

#include <cmath>

#include "operator_net.h"

namespace inkling {
namespace {

using namespace inkling::testing;

constexpr int kUint8 = 2, kInt8 = 3;
constexpr float kPixelScale = 1.0f / 255, kMapScale = 0.02f, kWeightScale = 0.004f;
constexpr int kZero = 3;  // of maps: not 0, so that padding must be filled with it

// In float32 sums are rounded, in whole numbers not: what lies at the middle between two steps may
// be rounded to either, and each layer after it carries that on.
constexpr float kSteps = 1.0f;

// What the nets below vary.
struct Options {
  bool float_weights = false;  // the judge
  int type = kUint8;           // of the maps
  int groups = 1;
  float damage = 0;  // makes a weight no whole number
};

std::vector<float> scales(int channels) {
  std::vector<float> values;
  for (int c = 0; c < channels; ++c) values.push_back(kWeightScale * (1.0f + 0.1f * float(c)));
  return values;
}

class QuantizedNet {
 public:
  explicit QuantizedNet(const Options& options) : options_(options) {
    model_.floats("pixel_scale", {}, {kPixelScale}).floats("map_scale", {}, {kMapScale});
    model_.initializer(tensor("pixel_zero", kUint8, {}, std::string(1, '\0')));
    model_.initializer(tensor("zero", options.type, {}, std::string(1, char(kZero))));
  }

  // `name`, whole numbers by `name`_scale, dequantised along axis 0.
  std::string weights(const std::string& name, const Dims& dims) {
    std::size_t count = 1;
    for (const auto dim : dims) count *= static_cast<std::size_t>(dim);
    const int channels = static_cast<int>(dims[0]);
    const std::vector<float> scale = scales(channels);
    std::vector<std::int8_t> whole;
    std::vector<float> exact;
    for (std::size_t i = 0; i < count; ++i) {
      whole.push_back(static_cast<std::int8_t>(numbers_.next(127.9f)));
      exact.push_back(whole.back() * scale[i / (count / scale.size())]);
    }
    exact[1] += options_.damage;
    if (options_.float_weights || options_.damage != 0) {
      model_.floats(name, dims, exact);
      return name;
    }
    model_.initializer(tensor(name + "_q", kInt8, dims, raw(whole)));
    model_.floats(name + "_scale", {channels}, scale);
    model_.node("DequantizeLinear", {name + "_q", name + "_scale"}, {name}, {attribute("axis", 0)});
    return name;
  }

  // `name` quantised and back: `name`_d.
  QuantizedNet& quantize(const std::string& name, const std::string& scale = "map_scale",
                         const std::string& zero = "zero") {
    model_.node("QuantizeLinear", {name, scale, zero}, {name + "_q"});
    model_.node("DequantizeLinear", {name + "_q", scale, zero}, {name + "_d"});
    return *this;
  }

  ModelBuilder& model() { return model_; }

 private:
  Options options_;
  Numbers numbers_{5};
  ModelBuilder model_;
};

// Conv of one channel (which stays float), Conv 3x3, MaxPool, Conv 1x1 stride 2, Gemm.
std::string convolutions(const Options& options) {
  QuantizedNet net(options);
  const Dims pads{1, 1, 1, 1};
  net.quantize("image", "pixel_scale", "pixel_zero");
  net.model().node("Conv", {"image_d", net.weights("w1", {8, 1, 3, 3})}, {"c1"},
                   {attribute("pads", pads)});
  net.model().node("Relu", {"c1"}, {"r1"});
  net.quantize("r1");
  net.model()
      .floats("b2", {8}, Numbers(8).vector(8, 0.5f))
      .node("Conv", {"r1_d", net.weights("w2", {8, 8 / options.groups, 3, 3}), "b2"}, {"c2"},
            {attribute("pads", pads), attribute("group", options.groups)})
      .node("Relu", {"c2"}, {"r2"});
  net.quantize("r2");
  net.model().node("MaxPool", {"r2_d"}, {"p"},
                   {attribute("kernel_shape", Dims{3, 3}), attribute("strides", Dims{2, 2}),
                    attribute("pads", pads)});
  net.quantize("p");
  net.model().node("Conv", {"p_d", net.weights("w3", {6, 8, 1, 1})}, {"c3"},
                   {attribute("strides", Dims{2, 2})});
  net.quantize("c3");
  net.model().node("Flatten", {"c3_d"}, {"f"});
  net.model().node("Gemm", {"f", net.weights("w4", {10, 294})}, {"logits"},
                   {attribute("transB", 1)});
  net.model().node("Softmax", {"logits"}, {"probabilities"});
  return net.model().build();
}

Engine load(const std::string& file) {
  auto engine = Engine::load(bytes_of(file));
  EXPECT_TRUE(engine.ok()) << engine.status().message();
  return std::move(engine).value();
}

std::vector<std::string> plan_of(const Engine& engine) {
  std::vector<std::string> ops;
  for (const PlanStep& step : engine.plan()) ops.push_back(step.op);
  return ops;
}

std::size_t count_int8(const Engine& engine) {
  const auto ops = plan_of(engine);
  return static_cast<std::size_t>(std::count_if(
      ops.begin(), ops.end(), [](const std::string& op) { return op.starts_with("int8 "); }));
}

void expect_within_steps(Engine& ours, Engine& judge, const std::string& name, float step) {
  const auto a = ours.activations(name), b = judge.activations(name);
  ASSERT_TRUE(a.ok() && b.ok()) << name << ": " << a.status().message() << b.status().message();
  ASSERT_EQ(a.value().values.size(), b.value().values.size());
  for (std::size_t i = 0; i < a.value().values.size(); ++i) {
    ASSERT_NEAR(a.value().values[i], b.value().values[i], step * 1.001f) << name << " at " << i;
  }
}

TEST(Int8, AQuantizedNetIsComputedInEightBits) {
  for (const int type : {kUint8, kInt8}) {
    for (const int groups : {1, 8}) {
      Engine ours = load(convolutions({.type = type, .groups = groups}));
      Engine judge = load(convolutions({.float_weights = true, .type = type, .groups = groups}));
      EXPECT_EQ(count_int8(judge), 0u);
      EXPECT_EQ(count_int8(ours), groups == 1 ? 3u : 2u);  // depthwise stays float32
      ASSERT_TRUE(ours.classify(test_image()).ok());
      ASSERT_TRUE(judge.classify(test_image()).ok());
      expect_within_steps(ours, judge, "r1_q", 0);
      expect_within_steps(ours, judge, "r2_q", kSteps);
      expect_within_steps(ours, judge, "p_q", kSteps);
    }
  }
}

TEST(Int8, BytesAreReadAsTheNumbersThatTheyStandFor) {
  Engine ours = load(convolutions({}));
  ASSERT_TRUE(ours.classify(test_image()).ok());
  const std::vector<float> values = ours.activations("p_q").value().values;
  for (const float v : values) {
    ASSERT_EQ(v, std::rint(v));
    ASSERT_TRUE(v >= kZero && v <= 255) << v;  // behind a Relu
  }
}

TEST(Int8, ABatchGivesWhatItsImagesGiveOneByOne) {
  Engine engine = load(convolutions({}));
  for (const std::size_t count : {std::size_t{5}, std::size_t{2}, std::size_t{70}}) {
    std::vector<float> pixels, batch(count * kDigitCount);
    for (std::size_t i = 0; i < count; ++i) {
      const auto image = test_image(static_cast<std::uint32_t>(i) + 1);
      pixels.insert(pixels.end(), image.begin(), image.end());
    }
    ASSERT_TRUE(engine.classify_batch(pixels, batch).ok());
    for (std::size_t i = 0; i < count; ++i) {
      const auto one = engine.classify(std::span(pixels).subspan(i * kPixelCount, kPixelCount));
      ASSERT_TRUE(one.ok());
      for (std::size_t d = 0; d < kDigitCount; ++d) {
        ASSERT_NEAR(batch[i * kDigitCount + d], one.value().probabilities[d], 1e-6f) << i;
      }
    }
  }
}

// The accumulator's extremes: all weights -128, all inputs 255 (127 as stored), then 0 (-128). Two
// products of eight bits do not fit sixteen, and a kernel that adds them there would show it.
TEST(Int8, TheLargestProductsAreSummedExactly) {
  for (const float pixel : {1.0f, 0.0f}) {
    ModelBuilder model;
    const std::vector<std::int8_t> lowest(784 * 10, -128);
    model.floats("s", {}, {kPixelScale})
        .floats("one", {}, {1.0f})
        .initializer(tensor("z", kUint8, {}, std::string(1, '\0')))
        .initializer(tensor("w_q", kInt8, {784, 10}, raw(lowest)))
        .node("Flatten", {"image"}, {"f"})
        .node("QuantizeLinear", {"f", "s", "z"}, {"q"})
        .node("DequantizeLinear", {"q", "s", "z"}, {"d"})
        .node("DequantizeLinear", {"w_q", "one"}, {"w"})
        .node("MatMul", {"d", "w"}, {"logits"})
        .node("Identity", {"logits"}, {"probabilities"});
    Engine engine = load(model.build());
    EXPECT_EQ(count_int8(engine), 1u);
    std::vector<float> logits(10);
    ASSERT_TRUE(engine.classify_batch(std::vector<float>(784, pixel), logits).ok());
    for (const float v : logits) EXPECT_NEAR(v, -128.0f * 784 * pixel, 0.1f);
  }
}

TEST(Int8, WeightsThatAreNotWholeNumbersStayFloat) {
  Engine engine = load(convolutions({.damage = 0.001f}));
  EXPECT_EQ(count_int8(engine), 0u);
}

// A row of poolings as long as a file can hold does not take the stack.
TEST(Int8, AThousandPoolingsOfBytesAreARow) {
  QuantizedNet net({});
  std::string last = "image";
  net.quantize(last);
  for (int i = 0; i < 1200; ++i) {
    const std::string name = "p" + std::to_string(i);
    net.model().node("MaxPool", {last + "_d"}, {name}, {attribute("kernel_shape", Dims{1, 1})});
    net.quantize(name);
    last = name;
  }
  net.model().node("Flatten", {last + "_d"}, {"f"});
  net.model().node("Gemm", {"f", net.weights("w", {10, 784})}, {"probabilities"},
                   {attribute("transB", 1)});
  const Engine engine = load(net.model().build());
  EXPECT_EQ(count_int8(engine), 1u);
  EXPECT_EQ(engine.plan().size(), 1202u);  // a Quantize, the poolings, the dense layer
}

// x - zero, by whole weights, times both scales: each image has a scale of its own.
std::string dynamic_net(std::uint8_t weight_zero) {
  Numbers numbers(6);
  std::vector<std::uint8_t> weights;
  for (int i = 0; i < 7840; ++i) {
    weights.push_back(static_cast<std::uint8_t>(128.0f + numbers.next(27.9f)));
  }
  ModelBuilder model;
  model.initializer(tensor("w", kUint8, {784, 10}, raw(weights)))
      .initializer(tensor("w_zero", kUint8, {}, std::string(1, static_cast<char>(weight_zero))))
      .floats("w_scale", {}, {0.01f})
      .floats("offset", {}, {-0.3f})
      .node("Flatten", {"image"}, {"f"})
      .node("Add", {"f", "offset"}, {"x"})
      .node("DynamicQuantizeLinear", {"x"}, {"q", "q_scale", "q_zero"})
      .node("MatMulInteger", {"q", "w", "q_zero", "w_zero"}, {"i"})
      .node("Cast", {"i"}, {"c"}, {attribute("to", kFloatType)})
      .node("Mul", {"q_scale", "w_scale"}, {"s"})
      .node("Mul", {"c", "s"}, {"logits"})
      .node("Softmax", {"logits"}, {"probabilities"});
  return model.build();
}

TEST(Int8, InputsQuantizedWhileRunningAreComputedInEightBits) {
  Engine ours = load(dynamic_net(128));
  EXPECT_EQ(count_int8(ours), 1u);
  std::vector<float> pixels, batch(3 * kDigitCount);
  for (std::uint32_t i = 0; i < 3; ++i) {
    for (const float p : test_image(i + 1)) pixels.push_back(p * (1.0f + static_cast<float>(i)));
  }
  ASSERT_TRUE(ours.classify_batch(pixels, batch).ok());
  // The last image's, by hand.
  const auto q = ours.activations("q").value().values;
  const float zero = ours.activations("q_zero").value().values[0];
  const auto sums = ours.activations("i").value().values;
  Numbers numbers(6);
  std::vector<float> expected(10);
  for (std::size_t i = 0; i < 7840; ++i) {
    const float w = static_cast<float>(static_cast<int>(128.0f + numbers.next(27.9f)) - 128);
    expected[i % 10] += (q[i / 10] - zero) * w;
  }
  EXPECT_EQ(sums, expected);  // whole numbers below 2^24
  for (std::size_t i = 0; i < 3; ++i) {
    const auto one = ours.classify(std::span(pixels).subspan(i * kPixelCount, kPixelCount));
    ASSERT_TRUE(one.ok());
    EXPECT_NEAR(batch[i * kDigitCount], one.value().probabilities[0], 1e-6f);
  }
}

}  // namespace
}  // namespace inkling
