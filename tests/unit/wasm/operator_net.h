// The small net that every operator is tested in: image -> Conv 1x1 -> x -> [under test] -> y ->
// Flatten -> MatMul -> Softmax; x and y are read as activations.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "inkling/engine.h"
#include "onnx_builder.h"
#include "reference.h"

namespace inkling::testing {

// Sums of up to a few hundred float products, in another order than the reference's: 1e-5 of their
// size.
inline constexpr float kTolerance = 2e-5f;

inline void expect_close(const std::vector<float>& actual, const std::vector<float>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    ASSERT_NEAR(actual[i], expected[i], kTolerance * std::max(1.0f, std::abs(expected[i])))
        << "at " << i;
  }
}

inline std::vector<float> test_image(std::uint32_t seed = 3) {
  Numbers numbers(seed);
  std::vector<float> pixels = numbers.vector(kPixelCount);
  for (float& p : pixels) p = std::max(p, 0.0f);  // half of it background
  return pixels;
}

inline Map as_map(const Activation& a) {
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

inline std::string build_net(const UnderTest& under_test, int y_elements,
                             const NetOptions& options = {}) {
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

inline Seen run_net(const UnderTest& under_test, int y_elements, const NetOptions& options = {}) {
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

}  // namespace inkling::testing
