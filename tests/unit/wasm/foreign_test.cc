// What other people's exporters write and ours does not: functions of the file's own, branches,
// weights beside the model, other layouts of the input, batches of a fixed size.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "onnx_foreign.h"
#include "operator_net.h"

namespace inkling {
namespace {

using namespace inkling::testing;

std::vector<float> run(const std::string& file, const std::vector<float>& image = test_image(),
                       std::span<const SideFile> files = {}) {
  auto engine = Engine::load(bytes_of(file), files);
  EXPECT_TRUE(engine.ok()) << engine.status().message();
  if (!engine.ok()) return {};
  std::vector<float> outputs(engine.value().classes() * image.size() / engine.value().input_size());
  const Status status = engine.value().classify_batch(image, outputs);
  EXPECT_TRUE(status.ok()) << status.message();
  return outputs;
}

std::string refusal(const std::string& file) {
  return Engine::load(bytes_of(file)).status().message();
}

// The end that makes a classifier of `flat`, [N,784].
ModelBuilder& finish(ModelBuilder& model, const std::string& flat) {
  return model.floats("w_end", {784, 10}, Numbers(1).vector(7840, 0.05f))
      .node("MatMul", {flat, "w_end"}, {"probabilities"});
}

// --- functions

TEST(Foreign, FunctionsAreWrittenOutWithTheCallersAttributes) {
  ModelBuilder plain;
  plain.node("LeakyRelu", {"image"}, {"a"}, {attribute("alpha", 0.3f)})
      .node("LeakyRelu", {"a"}, {"b"}, {attribute("alpha", 0.2f)})
      .node("Flatten", {"b"}, {"f"});
  // "outer" calls "leaky" twice, once with what it was given, once with the default.
  ModelBuilder calls;
  calls
      .function(function("leaky", {"x"}, {"y"},
                         {node("LeakyRelu", {"x"}, {"t"}, {reference("alpha", "slope")}),
                          node("Identity", {"t"}, {"y"})},
                         {attribute("slope", 0.2f)}))
      .function(function("outer", {"x"}, {"y"},
                         {node("leaky", {"x"}, {"t"}, {reference("slope", "given")}, "mine"),
                          node("leaky", {"t"}, {"u"}, {}, "mine"), node("Flatten", {"u"}, {"y"})}))
      .node("outer", {"image"}, {"f"}, {attribute("given", 0.3f)}, "mine");
  std::vector<float> image = test_image();
  for (float& p : image) p -= 0.3f;
  expect_close(run(finish(calls, "f").build(), image), run(finish(plain, "f").build(), image));
}

TEST(Foreign, AFunctionThatCallsItselfIsRefused) {
  ModelBuilder model;
  model.function(function("again", {"x"}, {"y"}, {node("again", {"x"}, {"y"}, {}, "mine")}))
      .node("again", {"image"}, {"f"}, {}, "mine");
  EXPECT_NE(refusal(finish(model, "f").build()).find("'again' calls too deep"), std::string::npos);
}

// Sixteen functions that call the next one twice: 65536 nodes in a file of a kilobyte.
TEST(Foreign, FunctionsCannotGrowBeyondTheLimits) {
  ModelBuilder model;
  for (int i = 0; i < 15; ++i) {
    const std::string next = "f" + std::to_string(i + 1);
    model.function(
        function("f" + std::to_string(i), {"x"}, {"y"},
                 {node(next, {"x"}, {"t"}, {}, "mine"), node(next, {"t"}, {"y"}, {}, "mine")}));
  }
  model.function(function("f15", {"x"}, {"y"}, {node("Abs", {"x"}, {"y"})}))
      .node("f0", {"image"}, {"f"}, {}, "mine");
  EXPECT_NE(refusal(finish(model, "f").build()).find("more than 4096 nodes"), std::string::npos);
}

// --- branches

TEST(Foreign, AnIfWhoseConditionIsConstantIsItsBranch) {
  for (const bool condition : {true, false}) {
    ModelBuilder model;
    model.initializer(tensor("rank", kInt64Type, {}, raw<std::int64_t>({condition ? 4 : 3})))
        .node("Shape", {"image"}, {"shape"})
        .node("Size", {"shape"}, {"size"})
        .node("Equal", {"size", "rank"}, {"is_map"})
        .node("If", {"is_map"}, {"v"},
              {branch("then_branch", {node("Neg", {"image"}, {"t"})}, "t"),
               branch("else_branch", {node("Abs", {"image"}, {"e"})}, "e")})
        .node("Flatten", {"v"}, {"f"});
    ModelBuilder plain;
    plain.node(condition ? "Neg" : "Abs", {"image"}, {"v"}).node("Flatten", {"v"}, {"f"});
    expect_close(run(finish(model, "f").build()), run(finish(plain, "f").build()));
  }
}

TEST(Foreign, AnIfThatDependsOnTheImageIsRefused) {
  ModelBuilder model;
  model.node("ReduceMax", {"image"}, {"most"}, {attribute("keepdims", 0)})
      .inputs({value_info("image", kFloatType, {1, 1, 28, 28})})
      .node("If", {"most"}, {"v"},
            {branch("then_branch", {node("Neg", {"image"}, {"t"})}, "t"),
             branch("else_branch", {node("Abs", {"image"}, {"e"})}, "e")})
      .node("Flatten", {"v"}, {"f"});
  const std::string message = refusal(finish(model, "f").build());
  EXPECT_NE(message.find("(If): its condition is not a constant"), std::string::npos) << message;
}

// The branch reads what the If is to give, so that nothing is known of either, and no node is
// named.
TEST(Foreign, AnOutputThatOnlyABranchOfItsOwnCouldGiveIsRefused) {
  ModelBuilder model;
  model.initializer(tensor("yes", kBoolType, {}, std::string(1, '\1')))
      .node("If", {"yes"}, {"y"},
            {branch("then_branch", {node("Relu", {"y"}, {"a"})}, "a"),
             branch("else_branch", {node("Abs", {"image"}, {"e"})}, "e")})
      .node("Flatten", {"y"}, {"f"});
  const std::string message = refusal(finish(model, "f").build());
  EXPECT_NE(message.find("output 'probabilities' is one that its node does not give here"),
            std::string::npos)
      << message;
}

// --- weights beside the model

std::string external_model(const std::string& offset, const std::string& length) {
  ModelBuilder model;
  model.initializer(external_tensor("w_end", {784, 10}, offset, length))
      .node("Flatten", {"image"}, {"f"})
      .node("MatMul", {"f", "w_end"}, {"probabilities"});
  return model.build();
}

TEST(Foreign, WeightsInASideFileAreAskedForByNameAndRead) {
  const std::string model = external_model("64", "31360");
  const auto missing = Engine::load(bytes_of(model));
  EXPECT_EQ(missing.status().code(), StatusCode::kUnsupportedModel);
  EXPECT_NE(missing.status().message().find("'model.onnx.data'"), std::string::npos)
      << missing.status().message();

  const std::string data = std::string(64, 'x') + raw(Numbers(1).vector(7840, 0.05f));
  const SideFile files[] = {{"other", {}}, {"model.onnx.data", bytes_of(data)}};
  ModelBuilder whole;
  whole.node("Flatten", {"image"}, {"f"});
  expect_close(run(model, test_image(), files), run(finish(whole, "f").build()));
}

TEST(Foreign, SideFilesThatAreTooShortOrPlacesThatAreNoneAreRefused) {
  const std::string data(31360, '\0');
  const SideFile files[] = {{"model.onnx.data", bytes_of(data)}};
  for (const auto& [offset, length] :
       {std::pair("1", "31360"), std::pair("99999999", "31360"), std::pair("0", "31364"),
        std::pair("-1", "31360"), std::pair("", "31360"), std::pair("0", "99999999999999999999")}) {
    const std::string file = external_model(offset, length);
    const auto engine = Engine::load(bytes_of(file), files);
    EXPECT_EQ(engine.status().code(), StatusCode::kMalformedModel) << offset << " " << length;
  }
}

// --- inputs of other layouts, batches of a fixed size

TEST(Foreign, InputsOfAnyLayoutTakeTheSamePixels) {
  ModelBuilder plain;
  plain.node("Flatten", {"image"}, {"f"});
  const std::vector<float> expected = run(finish(plain, "f").build());
  for (const Dims& dims : {Dims{-1, 28, 28, 1}, Dims{-1, 28, 28}, Dims{1, 784}, Dims{-1, -1},
                           Dims{28, 28}, Dims{784}, Dims{-1, 1, -1, -1}, Dims{32, 1, 28, 28}}) {
    ModelBuilder model;
    model.inputs({value_info("image", kFloatType, dims)})
        .initializer(int_tensor("s", {-1, 784}))
        .node("Reshape", {"image", "s"}, {"f"});
    model.outputs({value_info("probabilities", kFloatType, {dims[0] == 32 ? 32 : -1, 10})});
    expect_close(run(finish(model, "f").build()), expected);
  }
}

TEST(Foreign, AFileForBatchesOf64TakesAnyNumberOfImages) {
  ModelBuilder model;
  model.inputs({value_info("image", kFloatType, {64, 1, 28, 28})})
      .outputs({value_info("probabilities", kFloatType, {64, 10})})
      .initializer(int_tensor("s", {64, -1}))
      .node("Reshape", {"image", "s"}, {"f"});
  ModelBuilder plain;
  plain.node("Flatten", {"image"}, {"f"});
  std::vector<float> three = test_image(1);
  for (const std::uint32_t seed : {2u, 3u}) {
    const std::vector<float> next = test_image(seed);
    three.insert(three.end(), next.begin(), next.end());
  }
  expect_close(run(finish(model, "f").build(), three), run(finish(plain, "f").build(), three));
}

TEST(Foreign, WhatWorksAcrossImagesIsRefused) {
  const std::vector<std::vector<std::string>> attributes = {{attribute("axis", 0)},
                                                            {attribute("axes", Dims{0})}};
  for (const bool reduces : {false, true}) {
    ModelBuilder model;
    model.node("Flatten", {"image"}, {"f"})
        .node(reduces ? "ReduceMean" : "Softmax", {"f"}, {"across"}, attributes[reduces ? 1 : 0]);
    const std::string message = refusal(finish(model, "across").build());
    EXPECT_NE(message.find("it works across images (axis 0)"), std::string::npos) << message;
  }
}

TEST(Foreign, LogitsGiveAConfidenceThatIsAProbability) {
  ModelBuilder model;
  model.node("Flatten", {"image"}, {"f"});
  const std::string file = finish(model, "f").build();
  auto engine = Engine::load(bytes_of(file));
  ASSERT_TRUE(engine.ok()) << engine.status().message();
  const auto result = engine.value().classify(test_image());
  ASSERT_TRUE(result.ok()) << result.status().message();
  const auto& p = result.value().probabilities;
  const std::vector<float> expected = reference_softmax({p.begin(), p.end()});
  EXPECT_NEAR(result.value().confidence, expected[static_cast<std::size_t>(result.value().digit)],
              1e-5);
}

// --- operators against their definitions

TEST(Foreign, TransposesMoveNothingAndReshapeSeesTheNewOrder) {
  const Seen seen = run_net(
      [](ModelBuilder& model) {
        model.node("Transpose", {"x1"}, {"t"}, {attribute("perm", Dims{0, 2, 3, 1})})
            .node("Flatten", {"t"}, {"y"});
      },
      3 * 784);
  std::vector<float> expected;
  for (int i = 0; i < 784; ++i) {
    for (int c = 0; c < 3; ++c) expected.push_back(seen.x.at(c, i / 28, i % 28));
  }
  EXPECT_EQ(seen.y.v, expected);
  for (const PlanStep& step : seen.plan) EXPECT_EQ(step.op.find("Transpose"), std::string::npos);
}

TEST(Foreign, PadReflectsAtTheEdge) {
  const Seen seen = run_net(
      [](ModelBuilder& model) {
        model.initializer(int_tensor("pads", {0, 0, 2, 0, 0, 0, 0, 3}))
            .node("Pad", {"x1", "pads"}, {"y"}, {attribute("mode", "reflect")});
      },
      3 * 30 * 31);
  std::vector<float> expected;
  for (int c = 0; c < 3; ++c) {
    for (int y = -2; y < 28; ++y) {
      for (int x = 0; x < 31; ++x) {
        expected.push_back(seen.x.at(c, std::abs(y), x < 28 ? x : 54 - x));
      }
    }
  }
  EXPECT_EQ(seen.y.v, expected);
}

TEST(Foreign, PaddingBeyondAllBoundsIsRefused) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  for (const auto& [low, high] : {std::pair{kMost, std::int64_t{1}}, {std::int64_t{1}, kMost}}) {
    ModelBuilder model;
    model.initializer(int_tensor("pads", {0, 0, low, 0, 0, 0, high, 0}))
        .node("Pad", {"image", "pads"}, {"p"})
        .node("Flatten", {"p"}, {"f"});
    const std::string message = refusal(finish(model, "f").build());
    EXPECT_NE(message.find("(Pad): its pads are out of range"), std::string::npos) << message;
  }
}

TEST(Foreign, AWindowOfTwoAxesOverARowIsRefused) {
  ModelBuilder model;
  model.inputs({value_info("image", kFloatType, {1, 1, 784})})
      .node("MaxPool", {"image"}, {"p"},
            {attribute("kernel_shape", Dims{2, 2}), attribute("pads", Dims{1, 0, 1, 0})})
      .node("Flatten", {"p"}, {"f"});
  const std::string message = refusal(finish(model, "f").build());
  EXPECT_NE(message.find("its window has two axes"), std::string::npos) << message;
}

TEST(Foreign, QuantizingRoundsHalvesToEvenAndSaturates) {
  const Seen seen = run_net(
      [](ModelBuilder& model) {
        model.floats("scale", {}, {0.25f})
            .initializer(tensor("point", 3, {}, std::string(1, '\x05')))
            .node("QuantizeLinear", {"x1", "scale", "point"}, {"q"})
            .node("DequantizeLinear", {"q", "scale", "point"}, {"y"});
      },
      3 * 784);
  expect_close(seen.y.v, reference_map(seen.x.v, [](double x) {
                 const double q = std::clamp(std::nearbyint(x / 0.25) + 5, -128.0, 127.0);
                 return (q - 5) * 0.25;
               }));
}

// A constant is there once for all images. (That the node has another input, which it does not
// read, keeps it from being computed while the file is loaded.)
TEST(Foreign, AConstantIsReadForEachImageOfABatch) {
  const std::vector<float> many = Numbers(5).vector(784 * 10);
  const auto logits = [&](const std::string& op) {
    ModelBuilder model;
    model.floats("w", {784, 10}, many)
        .floats("c", {1, 1, 28, 280}, many)
        .floats("row", {1, 10}, {many.begin(), many.begin() + 10})
        .node("Flatten", {"image"}, {"f"})
        .node("MatMul", {"f", "w"}, {"m"});
    if (op == "Softmax") {
      model.node(op, {"row", "m"}, {"s"});
    } else {
      model
          .node(op, {"c", "m"}, {"maps"},
                {attribute("kernel_shape", Dims{28, 28}), attribute("strides", Dims{28, 28})})
          .node("Flatten", {"maps"}, {"s"});
    }
    return model.node("Add", {"m", "s"}, {"probabilities"}).build();
  };
  constexpr std::size_t kImages = 70;
  std::vector<float> images;
  for (std::size_t i = 0; i < kImages; ++i) {
    for (const float ink : test_image()) images.push_back(ink / static_cast<float>(i + 1));
  }
  for (const char* op : {"Softmax", "MaxPool", "AveragePool"}) {
    SCOPED_TRACE(op);
    const std::vector<float> all = run(logits(op), images);
    ASSERT_EQ(all.size(), kImages * 10);
    for (const std::size_t i : {std::size_t{0}, std::size_t{1}, kImages - 1}) {
      const auto begin = images.begin() + static_cast<std::ptrdiff_t>(i * 784);
      const std::vector<float> one = run(logits(op), {begin, begin + 784});
      for (std::size_t d = 0; d < 10; ++d) EXPECT_NEAR(all[i * 10 + d], one[d], 1e-4f);
    }
  }
}

// Weights (which a convolution then asks for their scale) and what is computed alike.
TEST(Foreign, QuantizingWithoutAScaleIsRefused) {
  using Names = std::vector<std::string>;
  const Names whole = {"image", "one"}, computed = {"q", "one"}, weights = {"w_q", "one"};
  const auto refused = [](const Names& quantized, const Names& back, const Names& of_weights) {
    ModelBuilder model;
    model.initializer(tensor("w_q", 3, {2, 1, 3, 3}, std::string(18, '\x05')))
        .floats("one", {}, {1.0f})
        .node("QuantizeLinear", quantized, {"q"})
        .node("DequantizeLinear", back, {"d"})
        .node("DequantizeLinear", of_weights, {"w"})
        .node("Conv", {"d", "w"}, {"c"})
        .node("Flatten", {"c"}, {"f"});
    const std::string message = refusal(finish(model, "f").build());
    EXPECT_NE(message.find("it has no scale"), std::string::npos) << message;
  };
  refused({"image"}, computed, weights);
  refused(whole, {"q"}, weights);
  refused(whole, computed, {"w_q"});
}

TEST(Foreign, QuantizedLayersWithoutTheirWeightsScaleAreRefused) {
  for (const bool is_conv : {true, false}) {
    ModelBuilder model;
    model.floats("s", {}, {0.5f})
        .initializer(tensor("z", 2, {}, std::string(1, '\0')))
        .initializer(tensor("w", 3, is_conv ? Dims{10, 1, 28, 28} : Dims{784, 10},
                            std::string(7840, '\x05')))
        .initializer(tensor("w_z", 3, {}, std::string(1, '\0')))
        .node("Flatten", {"image"}, {"f"})
        .node("QuantizeLinear", {is_conv ? "image" : "f", "s", "z"}, {"q"})
        .node(is_conv ? "QLinearConv" : "QLinearMatMul", {"q", "s", "z", "w", "", "w_z", "s", "z"},
              {"r"})
        .node("DequantizeLinear", {"r", "s", "z"}, {"d"})
        .node("Flatten", {"d"}, {"probabilities"});
    const std::string message = refusal(model.build());
    EXPECT_NE(message.find("its weights have no scale"), std::string::npos) << message;
  }
}

TEST(Foreign, LogSoftmaxStaysFiniteWhereSoftmaxUnderflows) {
  const Seen seen = run_net(
      [](ModelBuilder& model) {
        model.floats("far", {}, {500.0f})
            .node("Mul", {"x1", "far"}, {"m"})
            .node("LogSoftmax", {"m"}, {"y"}, {attribute("axis", 1)});
      },
      3 * 784);
  for (std::size_t i = 0; i < 784; ++i) {
    double top = -1e9, sum = 0;
    for (std::size_t c = 0; c < 3; ++c) top = std::max(top, 500.0 * seen.x.v[c * 784 + i]);
    for (std::size_t c = 0; c < 3; ++c) sum += std::exp(500.0 * seen.x.v[c * 784 + i] - top);
    for (std::size_t c = 0; c < 3; ++c) {
      const double expected = 500.0 * seen.x.v[c * 784 + i] - top - std::log(sum);
      ASSERT_NEAR(seen.y.v[c * 784 + i], expected, 1e-3) << i;  // of numbers up to 1000
    }
  }
}

}  // namespace
}  // namespace inkling
