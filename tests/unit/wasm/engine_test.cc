// The engine as its users see it: classify, batches, activations, the plan, the threshold, and
// errors as values.
#include "inkling/engine.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <set>

#include "onnx_builder.h"

namespace inkling {
namespace {

using namespace inkling::testing;

// The same arithmetic in a batch of another size may be summed in another order.
constexpr float kBatchTolerance = 1e-6f;

Engine load(const ModelBuilder& model, const Limits& limits = {}) {
  const std::string file = model.build();
  auto engine = Engine::load(bytes_of(file), limits);
  if (!engine.ok()) throw std::runtime_error(engine.status().message());
  return std::move(engine).value();
}

std::vector<float> images(std::size_t count) {
  Numbers numbers(21);
  std::vector<float> pixels = numbers.vector(count * kPixelCount);
  for (float& p : pixels) p = std::max(p, 0.0f);
  return pixels;
}

TEST(Engine, GivesTheMostProbableDigitAndItsProbability) {
  Engine engine = load(small_model());
  const auto result = engine.classify(images(1));
  ASSERT_TRUE(result.ok()) << result.status().message();
  const auto& p = result.value().probabilities;
  EXPECT_NEAR(std::accumulate(p.begin(), p.end(), 0.0), 1.0, 1e-5);
  EXPECT_EQ(result.value().digit, std::max_element(p.begin(), p.end()) - p.begin());
  EXPECT_EQ(result.value().confidence, p[static_cast<std::size_t>(result.value().digit)]);
}

TEST(Engine, ABatchGivesWhatItsImagesGiveOneByOne) {
  Engine engine = load(small_model());
  for (const std::size_t count :
       {std::size_t{2}, std::size_t{64}, std::size_t{150}, std::size_t{3}}) {
    const std::vector<float> pixels = images(count);
    std::vector<float> batch(count * kDigitCount);
    ASSERT_TRUE(engine.classify_batch(pixels, batch).ok());
    for (std::size_t i = 0; i < count; ++i) {
      const auto one = engine.classify(std::span(pixels).subspan(i * kPixelCount, kPixelCount));
      ASSERT_TRUE(one.ok());
      for (std::size_t d = 0; d < kDigitCount; ++d) {
        ASSERT_NEAR(batch[i * kDigitCount + d], one.value().probabilities[d], kBatchTolerance)
            << i << " " << d;
      }
    }
  }
}

TEST(Engine, ABatchRunsInPiecesThatFitTheLimits) {
  Engine free = load(small_model());
  const std::vector<float> pixels = images(15);
  std::vector<float> a(150), b(150);
  ASSERT_TRUE(free.classify_batch(pixels, b).ok());
  // 300000 bytes are enough for a few images.
  for (const Limits& limits :
       {Limits{.batch = 2}, Limits{.batch = 7}, Limits{.total_bytes = 300000}}) {
    Engine engine = load(small_model(), limits);
    ASSERT_TRUE(engine.classify_batch(pixels, a).ok());
    for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], kBatchTolerance);
  }
}

TEST(Engine, AnEmptyBatchIsDone) {
  Engine engine = load(small_model());
  EXPECT_TRUE(engine.classify_batch({}, {}).ok());
}

TEST(Engine, RefusesBuffersOfOtherSizes) {
  Engine engine = load(small_model());
  EXPECT_EQ(engine.classify(std::vector<float>(783)).status().code(), StatusCode::kInvalidArgument);
  std::vector<float> probabilities(10);
  EXPECT_EQ(engine.classify_batch(std::vector<float>(785), probabilities).code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(engine.classify_batch(std::vector<float>(1568), probabilities).code(),
            StatusCode::kInvalidArgument);
}

TEST(Engine, RefusesPixelsThatAreNotFinite) {
  Engine engine = load(small_model());
  for (const float bad : {NAN, INFINITY, -INFINITY}) {
    std::vector<float> pixels(kPixelCount, 0.0f);
    pixels[400] = bad;
    const auto result = engine.classify(pixels);
    EXPECT_EQ(result.status().code(), StatusCode::kInvalidArgument);
    EXPECT_NE(result.status().message().find("Pixel 400"), std::string::npos)
        << result.status().message();
  }
  EXPECT_TRUE(engine.classify(images(1)).ok());  // and works on afterwards
}

TEST(Engine, ReportsAModelThatOverflows) {
  ModelBuilder model;
  model.floats("w", {784, 10}, std::vector<float>(7840, 3e38f)).node("Flatten", {"image"}, {"f"});
  model.node("MatMul", {"f", "w"}, {"probabilities"});
  Engine engine = load(model);
  const auto result = engine.classify(std::vector<float>(kPixelCount, 1.0f));
  EXPECT_EQ(result.status().code(), StatusCode::kUnsupportedModel);
}

TEST(Engine, ShowsItsPlan) {
  const Engine engine = load(small_model());
  const auto& plan = engine.plan();
  ASSERT_EQ(plan.size(), 5u);
  EXPECT_EQ(plan[0].name, "node_c");
  EXPECT_EQ(plan[0].op, "Conv 3x3 + Relu");
  EXPECT_EQ(plan[0].shape, (std::vector<std::size_t>{1, 4, 28, 28}));
  EXPECT_EQ(plan[0].multiply_adds, 4u * 9 * 784);
  EXPECT_EQ(plan[0].weight_bytes, (36u + 4) * 4);
  EXPECT_EQ(plan[3].op, "Gemm");
  EXPECT_EQ(plan[3].shape, (std::vector<std::size_t>{1, 10}));
}

TEST(Engine, RunsAStepAgainAndTheResultStays) {
  Engine engine = load(small_model());
  EXPECT_EQ(engine.run_step(0).code(), StatusCode::kInvalidArgument);  // nothing classified yet
  ASSERT_TRUE(engine.classify(images(1)).ok());
  const auto before = engine.activations("probabilities");
  for (std::size_t i = 0; i < engine.plan().size(); ++i) ASSERT_TRUE(engine.run_step(i, 3).ok());
  EXPECT_EQ(engine.activations("probabilities").value().values, before.value().values);
  EXPECT_EQ(engine.run_step(engine.plan().size()).code(), StatusCode::kInvalidArgument);
}

TEST(Engine, ProfilesEachStepOfItsPlan) {
  Engine engine = load(small_model());
  for (const std::size_t count : {std::size_t{1}, std::size_t{5}}) {
    const auto took = engine.profile(images(count), 9);
    ASSERT_TRUE(took.ok()) << took.status().message();
    ASSERT_EQ(took.value().size(), engine.plan().size());
    for (const double microseconds : took.value()) EXPECT_GE(microseconds, 0);
    // A convolution takes a time that any clock can see when it is run often enough.
    EXPECT_GT(std::accumulate(took.value().begin(), took.value().end(), 0.0), 0);
  }
  for (const auto& [count, times] : {std::pair{1, 0}, {65, 1}}) {
    EXPECT_EQ(
        engine.profile(images(static_cast<std::size_t>(count)), static_cast<std::size_t>(times))
            .status()
            .code(),
        StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(engine.profile({}).status().code(), StatusCode::kInvalidArgument);
}

TEST(Engine, ShowsItsPlanAsATable) {
  const std::vector<PlanStep> plan{{"a", "Conv 3x3", {1, 4, 28, 28}, 28224, 160, 1, 12544},
                                   {"last", "Gemm", {1, 10}, 7840, 31400, 2, 40}};
  const std::string memory = "results of one image: 12584 bytes in 2 pieces of memory\n";
  EXPECT_EQ(to_string(plan),
            "step      output       multiply-adds  weight bytes  name\n"
            "Conv 3x3  [1,4,28,28]          28224           160  a\n"
            "Gemm      [1,10]                7840         31400  last\n"
            "all                            36064         31560\n" +
                memory);
  const std::vector<double> took{3, 1};
  EXPECT_EQ(to_string(plan, took),
            "step      output       multiply-adds  weight bytes  name  microseconds    share\n"
            "Conv 3x3  [1,4,28,28]          28224           160  a              3.0   75.0 %\n"
            "Gemm      [1,10]                7840         31400  last           1.0   25.0 %\n"
            "all                            36064         31560                 4.0  100.0 %\n" +
                memory);
  EXPECT_EQ(to_string({}),
            "step  output  multiply-adds  weight bytes  name\nall                       0          "
            "   0\n");
}

// conv0 to conv9, each named like its output.
ModelBuilder ten_convolutions() {
  Numbers numbers(9);
  ModelBuilder model;
  std::string last = "image";
  for (int i = 0; i < 10; ++i) {
    const std::string name = "conv" + std::to_string(i);
    const int inputs = i == 0 ? 1 : 4;
    model.floats("w" + name, {4, inputs, 3, 3}, numbers.vector(36u * inputs, 0.3f))
        .node("Conv", {last, "w" + name}, {name}, {attribute("pads", Dims{1, 1, 1, 1})});
    last = name;
  }
  model.floats("w_out", {3136, 10}, numbers.vector(31360, 0.02f))
      .node("Flatten", {last}, {"f"})
      .node("MatMul", {"f", "w_out"}, {"probabilities"});
  return model;
}

TEST(Engine, ResultsThatAreNotNeededAtOnceShareMemory) {
  const Engine engine = load(ten_convolutions());
  std::set<std::size_t> pieces;
  for (const PlanStep& step : engine.plan()) pieces.insert(step.memory);
  EXPECT_EQ(engine.plan().size(), 12u);  // the convolutions, a reordering, the dense layer
  EXPECT_EQ(pieces.size(), 2u);
  EXPECT_EQ(pieces.count(0), 0u);  // the input's
}

// The judge: the same convolutions, the one that is asked for being the last.
TEST(Engine, ShowsActivationsWhoseMemoryIsAnothersByNow) {
  Engine engine = load(ten_convolutions());
  const std::vector<float> pixels = images(3);
  std::vector<float> outputs(30);
  ASSERT_TRUE(engine.classify_batch(pixels, outputs).ok());
  const std::vector<float> last = engine.activations("conv9").value().values;
  const std::vector<float> first = engine.activations("conv0").value().values;
  EXPECT_EQ(engine.activations("conv9").value().values, last);
  EXPECT_EQ(engine.activations("conv0").value().values, first);
  ASSERT_TRUE(engine.run_step(4, 3).ok());  // its inputs are made again
  EXPECT_EQ(engine.activations("conv9").value().values, last);
  const auto shown = engine.activations("probabilities").value().values;
  EXPECT_EQ(shown, std::vector<float>(outputs.end() - 10, outputs.end()));

  Numbers numbers(9);
  ModelBuilder only;
  only.floats("w", {4, 1, 3, 3}, numbers.vector(36, 0.3f))
      .floats("w_out", {3136, 10}, numbers.vector(31360, 0.02f))
      .node("Conv", {"image", "w"}, {"conv0"}, {attribute("pads", Dims{1, 1, 1, 1})})
      .node("Flatten", {"conv0"}, {"f"})
      .node("MatMul", {"f", "w_out"}, {"probabilities"});
  Engine judge = load(only);
  ASSERT_TRUE(judge.classify(std::span(pixels).subspan(2 * kPixelCount)).ok());
  EXPECT_EQ(judge.activations("conv0").value().values, first);
}

TEST(Engine, ShowsActivationsByTensorAndByNode) {
  Engine engine = load(small_model());
  EXPECT_EQ(engine.activations("r").status().code(),
            StatusCode::kInvalidArgument);  // nothing classified yet
  const std::vector<float> pixels = images(2);
  ASSERT_TRUE(engine.classify(std::span(pixels).first(kPixelCount)).ok());
  const auto by_tensor = engine.activations("r");
  const auto by_node = engine.activations("node_c");  // Conv and Relu are one step
  ASSERT_TRUE(by_tensor.ok() && by_node.ok());
  EXPECT_EQ(by_tensor.value().shape, (std::vector<std::size_t>{1, 4, 28, 28}));
  EXPECT_EQ(by_tensor.value().values, by_node.value().values);
  EXPECT_EQ(engine.activations("image").value().values,
            std::vector<float>(pixels.begin(), pixels.begin() + kPixelCount));
  EXPECT_EQ(engine.activations("nothing").status().code(), StatusCode::kInvalidArgument);
  std::vector<float> probabilities(20);
  ASSERT_TRUE(engine.classify_batch(pixels, probabilities).ok());
  EXPECT_EQ(engine.activations("image").value().values,
            std::vector<float>(pixels.begin() + kPixelCount, pixels.end()));
}

TEST(Engine, TakesTheRejectionThresholdFromTheFile) {
  EXPECT_EQ(load(small_model()).rejection_threshold(), 0.0f);
  EXPECT_FLOAT_EQ(
      load(small_model().metadata("rejection_threshold", "0.8125")).rejection_threshold(), 0.8125f);
  EXPECT_FLOAT_EQ(
      load(small_model().metadata("rejection_threshold", "7.5e-1")).rejection_threshold(), 0.75f);
  EXPECT_EQ(load(small_model().metadata("rejection_threshold", "1")).rejection_threshold(), 1.0f);
  EXPECT_EQ(load(small_model().metadata("preset", "tiny")).metadata().at("preset"), "tiny");
  for (const char* bad :
       {"", "high", "nan", "inf", "-0.1", "1.5", "0.5x", "0x1", ".", "1e", "1e400", "0.5 "}) {
    const std::string file = small_model().metadata("rejection_threshold", bad).build();
    const auto engine = Engine::load(bytes_of(file));
    EXPECT_EQ(engine.status().code(), StatusCode::kMalformedModel) << bad;
    EXPECT_NE(engine.status().message().find("rejection_threshold"), std::string::npos);
  }
}

TEST(Engine, IsSureWhenConfidenceReachesTheThreshold) {
  EXPECT_TRUE(load(small_model()).classify(images(1)).value().sure);
  EXPECT_FALSE(
      load(small_model().metadata("rejection_threshold", "1")).classify(images(1)).value().sure);
}

TEST(Engine, CanBeMovedWhileInUse) {
  Engine first = load(small_model());
  const auto before = first.classify(images(1)).value().probabilities;
  Engine second = std::move(first);
  EXPECT_EQ(second.classify(images(1)).value().probabilities, before);
}

TEST(Engine, SurvivesAHundredLoadsAndDrops) {
  const std::string file = small_model().build();
  for (int i = 0; i < 100; ++i) {
    auto engine = Engine::load(bytes_of(file));
    ASSERT_TRUE(engine.ok());
    ASSERT_TRUE(engine.value().classify(images(1)).ok());
    ASSERT_FALSE(Engine::load(bytes_of(file.substr(0, file.size() / 2))).ok());
  }
}

// Whatever a flipped byte makes of a file, loading and running it end in a value.
TEST(Engine, SurvivesEveryFlippedByteOfAModel) {
  const std::string file = small_model().build();
  const std::vector<float> pixels = images(1);
  for (std::size_t i = 0; i < file.size(); i += i > 400 && i + 800 < file.size() ? 997 : 1) {
    std::string broken = file;
    broken[i] = static_cast<char>(broken[i] ^ (i % 2 == 0 ? 0x01 : 0x40));
    auto engine = Engine::load(bytes_of(broken));
    if (!engine.ok()) {
      EXPECT_FALSE(engine.status().message().empty());
      continue;
    }
    const auto result = engine.value().classify(pixels);
    if (!result.ok()) {
      EXPECT_FALSE(result.status().message().empty());
    }
  }
}

}  // namespace
}  // namespace inkling
