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

// A field that holds `size` bytes, which are to follow. (protozero would want them all at once:
// here they are most of the memory that a WebAssembly module may have.)
void append_header(std::string& out, std::uint32_t field, std::size_t size) {
  for (std::uint64_t n : {std::uint64_t{field << 3 | 2}, std::uint64_t{size}}) {
    for (; n >= 128; n >>= 7) out += static_cast<char>(n | 128);
    out += static_cast<char>(n);
  }
}

// A fully connected layer's weights in a file of one piece.
struct Matrix {
  std::string name;
  Dims dims;
  std::size_t bytes() const { return static_cast<std::size_t>(dims[0] * dims[1]) * sizeof(float); }
  // TensorProto, up to its raw_data's bytes.
  std::string head() const {
    std::string out;
    protozero::pbf_writer writer(out);
    writer.add_packed_int64(1, dims.begin(), dims.end());
    writer.add_int32(2, kFloatType);
    writer.add_string(8, name);
    append_header(out, 9, bytes());
    return out;
  }
};

// The notebook's network: 42.6 million parameters, nearly all in two fully connected layers.
std::string notebook_model() {
  Numbers numbers(5);
  ModelBuilder small;
  small.floats("w0", {4, 1, 3, 3}, numbers.vector(36, 0.5f))
      .floats("w3", {2048, 10}, numbers.vector(20480, 0.01f))
      .node("Conv", {"image", "w0"}, {"c"}, {attribute("pads", Dims{1, 1, 1, 1})})
      .node("Flatten", {"c"}, {"f"})
      .node("Gemm", {"f", "w1"}, {"g1"})
      .node("Relu", {"g1"}, {"r1"})
      .node("Gemm", {"r1", "w2"}, {"g2"}, {attribute("transB", 1)})
      .node("Relu", {"g2"}, {"r2"})
      .node("Gemm", {"r2", "w3"}, {"g3"})
      .node("Softmax", {"g3"}, {"probabilities"});
  const Matrix matrices[] = {{"w1", {3136, 8192}}, {"w2", {2048, 8192}}};
  std::string graph = small.graph();
  std::size_t graph_bytes = graph.size();
  std::vector<std::string> heads;
  for (const Matrix& matrix : matrices) {
    std::string head = matrix.head(), field;
    append_header(field, 5, head.size() + matrix.bytes());
    heads.push_back(field + head);
    graph_bytes += heads.back().size() + matrix.bytes();
  }
  std::string file = small.head();
  append_header(file, 7, graph_bytes);
  file.reserve(file.size() + graph_bytes);
  file += graph;
  for (std::size_t i = 0; i < heads.size(); ++i) {
    file += heads[i];
    for (std::size_t k = 0; k < matrices[i].bytes() / sizeof(float); ++k) {
      const float weight = numbers.next(0.02f);
      file.append(reinterpret_cast<const char*>(&weight), sizeof(weight));
    }
  }
  return file;
}

TEST(Memory, ANotebookNetworkOf170MegabytesLoadsWithinTheDefaultLimits) {
  const std::string file = notebook_model();
  ASSERT_GT(file.size(), std::size_t{160} << 20);
  auto engine = Engine::load(bytes_of(file));
  ASSERT_TRUE(engine.ok()) << engine.status().message();
  const auto result = engine.value().classify(std::vector<float>(kPixelCount, 0.5f));
  ASSERT_TRUE(result.ok()) << result.status().message();
  EXPECT_GT(result.value().confidence, 0.0f);
}

}  // namespace
}  // namespace inkling
