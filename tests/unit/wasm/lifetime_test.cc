// Engines over time and side by side: what one takes it gives back, and none sees another.
#include <gtest/gtest.h>

#include <thread>

#include "inkling/engine.h"
#include "onnx_builder.h"

#if defined(__SANITIZE_ADDRESS__)
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();  // GCC ships no header for it
#else
#include <malloc.h>
#endif

namespace inkling {
namespace {

using namespace inkling::testing;

constexpr int kEngines = 10'000;
constexpr int kWarmUp = 100;  // what is made once for all engines is made in these

// Freed blocks that malloc keeps at hand count as used; 9900 lost ones would be more than this.
constexpr std::size_t kSlack = 65536;

// What all of the process holds, XNNPACK's part too.
std::size_t bytes_in_use() {
#if defined(__SANITIZE_ADDRESS__)
  return __sanitizer_get_current_allocated_bytes();
#elif defined(__EMSCRIPTEN__)
  return static_cast<std::size_t>(mallinfo().uordblks);
#else
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
#endif
}

// Conv 3x3, MaxPool 14x14, Gemm, Softmax; other weights for every seed.
std::string tiny_model(std::uint32_t seed) {
  Numbers numbers(seed);
  ModelBuilder model;
  return model.floats("w1", {2, 1, 3, 3}, numbers.vector(18, 0.5f))
      .floats("w2", {10, 8}, numbers.vector(80, 0.5f))
      .node("Conv", {"image", "w1"}, {"c"}, {attribute("pads", Dims{1, 1, 1, 1})})
      .node("MaxPool", {"c"}, {"p"},
            {attribute("kernel_shape", Dims{14, 14}), attribute("strides", Dims{14, 14})})
      .node("Flatten", {"p"}, {"f"})
      .node("Gemm", {"f", "w2"}, {"logits"}, {attribute("transB", 1)})
      .node("Softmax", {"logits"}, {"probabilities"})
      .build();
}

Engine loaded(const std::string& file) {
  auto engine = Engine::load(bytes_of(file));
  EXPECT_TRUE(engine.ok()) << engine.status().message();
  return std::move(engine).value();
}

std::vector<float> probabilities(Engine& engine, std::span<const float> pixels) {
  std::vector<float> result(pixels.size() / kPixelCount * kDigitCount);
  const Status status = engine.classify_batch(pixels, result);
  EXPECT_TRUE(status.ok()) << status.message();
  return result;
}

TEST(Lifetime, TenThousandEnginesComeAndGoInFlatMemory) {
  const std::string file = tiny_model(1);
  const std::string cut = file.substr(0, file.size() - 1);
  const std::vector<float> pixels = Numbers(2).vector(2 * kPixelCount, 0.5f);
  std::vector<float> results(2 * kDigitCount);
  std::size_t before = 0;
  for (int i = 0; i < kEngines; ++i) {
    auto engine = Engine::load(bytes_of(file));
    ASSERT_TRUE(engine.ok()) << engine.status().message();
    ASSERT_TRUE(engine.value().classify_batch(pixels, results).ok());
    ASSERT_TRUE(engine.value().activations("c").ok());
    ASSERT_FALSE(Engine::load(bytes_of(cut)).ok());  // one that fails gives back all, too
    if (i == kWarmUp) before = bytes_in_use();
  }
  EXPECT_LE(bytes_in_use(), before + kSlack);
}

TEST(Lifetime, TwoEnginesDoNotDisturbEachOther) {
  const std::string first_file = tiny_model(3), second_file = small_model().build();
  const std::vector<float> one = Numbers(4).vector(kPixelCount, 0.5f);
  const std::vector<float> five = Numbers(5).vector(5 * kPixelCount, 0.5f);
  std::vector<float> first_alone, second_alone, channels_alone;
  {
    Engine engine = loaded(first_file);
    first_alone = probabilities(engine, five);
    channels_alone = engine.activations("c").value().values;
  }
  {
    Engine engine = loaded(second_file);
    second_alone = probabilities(engine, one);
  }
  Engine first = loaded(first_file), second = loaded(second_file);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(probabilities(first, five), first_alone);
    EXPECT_EQ(probabilities(second, one), second_alone);
    probabilities(second, five);
    EXPECT_EQ(first.activations("c").value().values, channels_alone);
  }
  {
    const Engine third = std::move(second);
  }  // and gone
  EXPECT_EQ(probabilities(first, five), first_alone);
}

#ifndef __EMSCRIPTEN__  // the module has one thread

TEST(Lifetime, EnginesOfTwoThreadsDoNotDisturbEachOther) {
  const std::string file = tiny_model(6);
  const std::vector<float> pixels = Numbers(7).vector(3 * kPixelCount, 0.5f);
  Engine alone = loaded(file);
  const std::vector<float> expected = probabilities(alone, pixels);
  const auto work = [&] {
    for (int i = 0; i < 50; ++i) {
      Engine engine = loaded(file);
      EXPECT_EQ(probabilities(engine, pixels), expected);
    }
  };
  std::thread other(work);
  work();
  other.join();
}

#endif

}  // namespace
}  // namespace inkling
