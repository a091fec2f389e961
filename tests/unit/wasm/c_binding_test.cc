// The functions that JavaScript calls, called from C++: handles, error values, the JSON, and
// arguments that no careful caller would pass.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "inkling/engine.h"
#include "inkling_c.h"
#include "onnx_builder.h"

namespace inkling {
namespace {

using namespace inkling::testing;

constexpr int kInvalid = -static_cast<int>(StatusCode::kInvalidArgument);

int load(const std::string& file) {
  return inkling_engine_load(reinterpret_cast<const std::uint8_t*>(file.data()), file.size());
}

TEST(CBinding, LoadsClassifiesAndFrees) {
  const std::string file = small_model().build();
  const int handle = load(file);
  ASSERT_GT(handle, 0) << inkling_last_error();
  std::vector<float> pixels(2 * kPixelCount, 0.25f), probabilities(20, -1.0f);
  ASSERT_EQ(inkling_engine_classify(handle, pixels.data(), 2, probabilities.data()), 0)
      << inkling_last_error();
  float sum = 0;
  for (const float p : probabilities) sum += p;
  EXPECT_NEAR(sum, 2.0f, 1e-5f);
  inkling_engine_free(handle);
  EXPECT_EQ(inkling_engine_classify(handle, pixels.data(), 2, probabilities.data()), kInvalid);
  EXPECT_NE(std::strlen(inkling_last_error()), 0u);
}

TEST(CBinding, HandlesAreUsedAgain) {
  const std::string file = small_model().build();
  const int first = load(file);
  const int second = load(file);
  EXPECT_NE(first, second);
  inkling_engine_free(first);
  EXPECT_EQ(load(file), first);
  inkling_engine_free(first);
  inkling_engine_free(second);
}

TEST(CBinding, AFailedLoadSaysWhy) {
  EXPECT_EQ(load("<html>"), -static_cast<int>(StatusCode::kMalformedModel));
  EXPECT_NE(std::string(inkling_last_error()).find("HTML"), std::string::npos);
  EXPECT_EQ(inkling_engine_load(nullptr, 10), kInvalid);
}

TEST(CBinding, RefusesHandlesThatAreNone) {
  std::vector<float> buffer(kPixelCount);
  const float* values = nullptr;
  std::int32_t shape[4];
  for (const int handle : {0, -1, 12345, INT32_MIN, INT32_MAX}) {
    EXPECT_EQ(inkling_engine_classify(handle, buffer.data(), 1, buffer.data()), kInvalid);
    EXPECT_EQ(inkling_engine_describe(handle), nullptr);
    EXPECT_EQ(inkling_engine_activations(handle, "image", &values, shape), kInvalid);
    inkling_engine_free(handle);
  }
}

TEST(CBinding, RefusesCountsAndAddressesThatCannotBe) {
  const int handle = load(small_model().build());
  std::vector<float> buffer(kPixelCount);
  EXPECT_EQ(inkling_engine_classify(handle, buffer.data(), -1, buffer.data()), kInvalid);
  EXPECT_EQ(inkling_engine_classify(handle, buffer.data(), INT32_MAX, buffer.data()), kInvalid);
  EXPECT_EQ(inkling_engine_classify(handle, nullptr, 1, buffer.data()), kInvalid);
  EXPECT_EQ(inkling_engine_classify(handle, nullptr, 0, nullptr), 0);
  EXPECT_EQ(inkling_engine_activations(handle, nullptr, nullptr, nullptr), kInvalid);
  const std::int32_t negative[] = {-5}, huge[] = {INT32_MAX, INT32_MAX};
  const float xy[] = {0, 0};
  EXPECT_EQ(inkling_pixels_from_strokes(xy, negative, 1, buffer.data()), kInvalid);
  EXPECT_EQ(inkling_pixels_from_strokes(xy, huge, 2, buffer.data()), kInvalid);
  EXPECT_EQ(inkling_pixels_from_strokes(xy, nullptr, 1, buffer.data()), kInvalid);
  EXPECT_EQ(inkling_pixels_from_strokes(xy, negative, -1, buffer.data()), kInvalid);
  EXPECT_EQ(inkling_pixels_from_strokes(nullptr, nullptr, 0, nullptr), kInvalid);
  const std::uint8_t rgba[4] = {0, 0, 0, 255};
  EXPECT_EQ(inkling_pixels_from_bitmap(rgba, -1, 1, buffer.data()), kInvalid);
  EXPECT_EQ(inkling_pixels_from_bitmap(rgba, INT32_MAX, INT32_MAX, buffer.data()), kInvalid);
  EXPECT_EQ(inkling_pixels_from_bitmap(nullptr, 1, 1, buffer.data()), kInvalid);
  inkling_engine_free(handle);
}

TEST(CBinding, DescribesAnEngineAsJson) {
  const int handle = load(small_model()
                              .metadata("rejection_threshold", "0.625")
                              .metadata("note \"x\"", "tab\tback\\slash\n\x01 é")
                              .build());
  const char* json = inkling_engine_describe(handle);
  ASSERT_NE(json, nullptr) << inkling_last_error();
  const std::string text = json;
  EXPECT_EQ(text.rfind("{\"threshold\":0.625000000000,\"metadata\":{", 0), 0u) << text;
  EXPECT_NE(text.find(R"("note \"x\"":"tab\u0009back\\slash\u000a\u0001 é")"), std::string::npos)
      << text;
  EXPECT_NE(
      text.find(
          R"({"name":"node_c","op":"Conv 3x3 + Relu","shape":[1,4,28,28],"multiply_adds":28224,)"),
      std::string::npos)
      << text;
  EXPECT_EQ(text.substr(text.size() - 3), "}]}");
  inkling_engine_free(handle);
}

TEST(CBinding, RunsAStepOfThePlan) {
  const int handle = load(small_model().build());
  std::vector<float> pixels(kPixelCount, 0.5f), probabilities(10);
  EXPECT_EQ(inkling_engine_run_step(handle, 0, 1), kInvalid);  // nothing classified yet
  ASSERT_EQ(inkling_engine_classify(handle, pixels.data(), 1, probabilities.data()), 0);
  for (int step = 0; step < 5; ++step) {
    EXPECT_EQ(inkling_engine_run_step(handle, step, 2), 0) << inkling_last_error();
  }
  for (const auto& [step, times] : {std::pair{5, 1}, {-1, 1}, {0, -1}, {INT32_MAX, 1}}) {
    EXPECT_EQ(inkling_engine_run_step(handle, step, times), kInvalid) << step << " " << times;
  }
  inkling_engine_free(handle);
  EXPECT_EQ(inkling_engine_run_step(handle, 0, 1), kInvalid);
}

TEST(CBinding, GivesActivations) {
  const int handle = load(small_model().build());
  std::vector<float> pixels(kPixelCount, 0.5f), probabilities(10);
  const float* values = nullptr;
  std::int32_t shape[4];
  EXPECT_EQ(inkling_engine_activations(handle, "p", &values, shape),
            kInvalid);  // nothing classified yet
  ASSERT_EQ(inkling_engine_classify(handle, pixels.data(), 1, probabilities.data()), 0);
  ASSERT_EQ(inkling_engine_activations(handle, "p", &values, shape), 784) << inkling_last_error();
  EXPECT_EQ(std::vector<std::int32_t>(shape, shape + 4), (std::vector<std::int32_t>{1, 4, 14, 14}));
  ASSERT_EQ(inkling_engine_activations(handle, "probabilities", &values, shape), 10);
  EXPECT_EQ(std::vector<std::int32_t>(shape, shape + 4), (std::vector<std::int32_t>{1, 10, 0, 0}));
  EXPECT_EQ(values[3], probabilities[3]);
  inkling_engine_free(handle);
}

TEST(CBinding, DrawsStrokesAsTheCppFunctionDoes) {
  const float xy[] = {0, 0, 10, 50, 30, 20, 5, 5, 6, 7};
  const std::int32_t lengths[] = {3, 0, 2};
  std::vector<float> pixels(kPixelCount);
  ASSERT_EQ(inkling_pixels_from_strokes(xy, lengths, 3, pixels.data()), 0) << inkling_last_error();
  const std::vector<Stroke> strokes = {{{0, 0}, {10, 50}, {30, 20}}, {}, {{5, 5}, {6, 7}}};
  const auto expected = pixels_from_strokes(strokes);
  EXPECT_EQ(pixels, std::vector<float>(expected.value().begin(), expected.value().end()));
  EXPECT_EQ(inkling_pixels_from_strokes(nullptr, lengths, 0, pixels.data()),
            -static_cast<int>(StatusCode::kEmptyInk));
}

TEST(CBinding, ReadsBitmapsAsTheCppFunctionDoes) {
  std::vector<std::uint8_t> rgba(40 * 30 * 4, 255);
  for (std::size_t y = 5; y < 25; ++y) {
    for (std::size_t c = 0; c < 3; ++c)
      rgba[(y * 40 + 20) * 4 + c] = rgba[(y * 40 + 21) * 4 + c] = 0;
  }
  std::vector<float> pixels(kPixelCount);
  ASSERT_EQ(inkling_pixels_from_bitmap(rgba.data(), 40, 30, pixels.data()), 0)
      << inkling_last_error();
  const auto expected = pixels_from_bitmap(rgba, 40, 30);
  EXPECT_EQ(pixels, std::vector<float>(expected.value().begin(), expected.value().end()));
}

TEST(CBinding, OutOfMemoryIsAnErrorValue) {
  // More than any address space: malloc must answer, not end the program.
  volatile std::size_t too_much = SIZE_MAX / 2;
  EXPECT_EQ(inkling_alloc(too_much), nullptr);
  void* memory = inkling_alloc(16);
  EXPECT_NE(memory, nullptr);
  inkling_free(memory);
  inkling_free(nullptr);
}

}  // namespace
}  // namespace inkling
