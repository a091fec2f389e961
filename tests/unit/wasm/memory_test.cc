// The engine when memory runs out midway. This file replaces the program's operator new, so that
// a test can make one allocation fail.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "inkling/engine.h"
#include "onnx_builder.h"

namespace {

std::size_t fail_above = 0;  // the next allocation of more bytes fails, once; 0: none does

}  // namespace

// Not inlined: GCC would see malloc meet delete, and warn.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  if (fail_above != 0 && bytes > fail_above) {
    fail_above = 0;
    throw std::bad_alloc();
  }
  if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return std::malloc(bytes == 0 ? 1 : bytes);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace inkling {
namespace {

using namespace inkling::testing;

// The same arithmetic in a batch of another size may be summed in another order.
constexpr float kBatchTolerance = 1e-6f;

TEST(Memory, ABatchThatFoundTooLittleCanBeTriedAgain) {
  constexpr std::size_t kCount = 64;
  const std::string file = small_model().build();
  auto loaded = Engine::load(bytes_of(file));
  ASSERT_TRUE(loaded.ok()) << loaded.status().message();
  Engine engine = std::move(loaded).value();
  const std::vector<float> pixels = Numbers(21).vector(kCount * kPixelCount, 0.5f);
  std::vector<float> batch(kCount * kDigitCount);
  // The images' buffer, of 64 * 784 floats, is made; the convolution's, four times that, is not.
  fail_above = 2 * kCount * kPixelCount * sizeof(float);
  const Status failed = engine.classify_batch(pixels, batch);
  EXPECT_EQ(fail_above, 0u) << "nothing failed";
  fail_above = 0;
  EXPECT_EQ(failed.code(), StatusCode::kOutOfMemory) << failed.message();
  EXPECT_EQ(engine.activations("image").status().code(), StatusCode::kInvalidArgument);

  ASSERT_TRUE(engine.classify_batch(pixels, batch).ok());
  for (std::size_t i = 0; i < kCount; ++i) {
    const auto one = engine.classify(std::span(pixels).subspan(i * kPixelCount, kPixelCount));
    ASSERT_TRUE(one.ok());
    for (std::size_t d = 0; d < kDigitCount; ++d) {
      ASSERT_NEAR(batch[i * kDigitCount + d], one.value().probabilities[d], kBatchTolerance);
    }
  }
}

TEST(Memory, LoadingReportsThatThereIsTooLittle) {
  const std::string file = small_model().build();
  fail_above = 7839 * sizeof(float);  // the fully connected layer's weights
  const auto engine = Engine::load(bytes_of(file));
  EXPECT_EQ(fail_above, 0u) << "nothing failed";
  fail_above = 0;
  EXPECT_EQ(engine.status().code(), StatusCode::kOutOfMemory) << engine.status().message();
}

}  // namespace
}  // namespace inkling
