// Any bytes as calls of the C binding, one after another: engines made of a small model with bytes
// changed, used, freed, used after that; numbers that no careful caller would pass. Buffers are as
// large as inkling_c.h asks for, and not a byte more.
#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <string>

#include "../unit/wasm/onnx_builder.h"
#include "check.h"
#include "inkling_c.h"

namespace {

using inkling::fuzz::check;

constexpr int kMostCalls = 32;
constexpr std::size_t kMostPatches = 8;
constexpr int kMostHandles = 256;
constexpr int kMostSide = 64;  // of a picture

// Conv 3x3, Relu, MaxPool 14x14, Gemm, Softmax: loaded in a fraction of a millisecond.
std::string tiny_model() {
  using namespace inkling::testing;
  Numbers numbers(7);
  ModelBuilder model;
  return model.floats("w1", {2, 1, 3, 3}, numbers.vector(18, 0.5f))
      .floats("b1", {2}, numbers.vector(2, 0.1f))
      .floats("w2", {10, 8}, numbers.vector(80, 0.1f))
      .node("Conv", {"image", "w1", "b1"}, {"c"}, {attribute("pads", Dims{1, 1, 1, 1})})
      .node("Relu", {"c"}, {"r"})
      .node("MaxPool", {"r"}, {"p"},
            {attribute("kernel_shape", Dims{14, 14}), attribute("strides", Dims{14, 14})})
      .node("Flatten", {"p"}, {"f"})
      .node("Gemm", {"f", "w2"}, {"logits"}, {attribute("transB", 1)})
      .node("Softmax", {"logits"}, {"probabilities"})
      .build();
}

std::string model(FuzzedDataProvider& data) {
  static const std::string kWhole = tiny_model();
  std::string file = kWhole;
  const std::size_t patches = data.ConsumeIntegralInRange<std::size_t>(0, kMostPatches);
  for (std::size_t i = 0; i < patches; ++i) {
    const auto at = data.ConsumeIntegral<std::uint16_t>();
    file[at % file.size()] = static_cast<char>(data.ConsumeIntegral<std::uint8_t>());
  }
  if (data.ConsumeBool()) file.resize(data.ConsumeIntegralInRange<std::size_t>(0, file.size()));
  return file;
}

// Mostly one of the first that are given out.
int handle(FuzzedDataProvider& data) {
  return data.ConsumeBool() ? data.ConsumeIntegralInRange(0, 4) : data.ConsumeIntegral<int>();
}

int load(FuzzedDataProvider& data) {
  const std::string file = model(data);
  auto* memory = static_cast<std::uint8_t*>(inkling_alloc(file.size()));
  std::memcpy(memory, file.data(), file.size());
  const int result = inkling_engine_load(memory, file.size());
  inkling_free(memory);  // as soon as the header allows
  return result;
}

// "input":[1,1,28,28] and "classes":10 of the description: how large the buffers must be.
bool read_sizes(int engine, std::size_t* input, std::size_t* classes) {
  const char* json = inkling_engine_describe(engine);
  if (json == nullptr) return false;
  const char* at = std::strstr(json, "},\"input\":[");
  const char* count = std::strstr(json, "],\"classes\":");
  check(at != nullptr && count != nullptr && at < count);
  *input = 1;
  for (at = std::strchr(at, '[') + 1; at < count; ++at) {
    char* end = nullptr;
    *input *= std::strtoull(at, &end, 10);
    at = end;  // a comma, or the bracket
  }
  *classes = std::strtoull(count + std::strlen("],\"classes\":"), nullptr, 10);
  return true;
}

int classify(FuzzedDataProvider& data) {
  const int engine = handle(data);
  std::size_t input = 0, classes = 0;
  const int count =
      data.ConsumeBool() ? data.ConsumeIntegralInRange(0, 5) : data.ConsumeIntegral<int>();
  const bool is_known = read_sizes(engine, &input, &classes);
  if (!is_known || count < 0 || count > 5) {
    // A count that no buffer is as large as, or no engine: refused before a buffer is looked at.
    return is_known && count > 5 ? 0 : inkling_engine_classify(engine, nullptr, count, nullptr);
  }
  const auto images = static_cast<std::size_t>(count);
  std::vector<float> pixels(images * input,
                            static_cast<float>(data.ConsumeIntegral<std::int8_t>()) / 64);
  std::vector<float> outputs(images * classes);
  return inkling_engine_classify(engine, pixels.data(), count, outputs.data());
}

int activations(FuzzedDataProvider& data) {
  static constexpr const char* kNames[] = {"image",         "c", "r", "p", "f", "logits",
                                           "probabilities", ""};
  const std::string name = data.ConsumeBool() ? data.ConsumeRandomLengthString(16)
                                              : kNames[data.ConsumeIntegralInRange(0, 7)];
  const float* values = nullptr;
  std::int32_t shape[4];
  const int count = inkling_engine_activations(handle(data), name.c_str(), &values, shape);
  float sum = 0;
  for (int i = 0; i < count; ++i) sum += values[i];  // all of them are there to be read
  volatile float sink = sum;
  (void)sink;
  return count;
}

int strokes(FuzzedDataProvider& data) {
  std::vector<std::int32_t> lengths(data.ConsumeIntegralInRange<std::size_t>(0, 8));
  std::vector<float> xy;
  for (std::int32_t& length : lengths) {
    length = data.ConsumeIntegralInRange(-1, 9);
    for (int i = 0; i < 2 * length; ++i) xy.push_back(data.ConsumeIntegral<std::int16_t>());
  }
  std::array<float, inkling::kPixelCount> pixels;
  const int stroke_count = static_cast<int>(lengths.size());
  return inkling_pixels_from_strokes(
      xy.data(), lengths.data(), data.ConsumeBool() ? stroke_count : -stroke_count, pixels.data());
}

int bitmap(FuzzedDataProvider& data) {
  const int width = data.ConsumeIntegralInRange(-1, kMostSide);
  const int height = data.ConsumeIntegralInRange(-1, kMostSide);
  const std::size_t size = std::size_t{4} * static_cast<std::size_t>(std::max(width, 0)) *
                           static_cast<std::size_t>(std::max(height, 0));
  std::vector<std::uint8_t> rgba(size, data.ConsumeIntegral<std::uint8_t>());
  for (std::uint8_t& value : rgba) {
    if (data.remaining_bytes() == 0) break;
    value = data.ConsumeIntegral<std::uint8_t>();
  }
  std::array<float, inkling::kPixelCount> pixels;
  return inkling_pixels_from_bitmap(rgba.data(), width, height, pixels.data());
}

int side_file(FuzzedDataProvider& data) {
  static const std::uint8_t kBytes[64] = {};
  const std::string name = data.ConsumeRandomLengthString(8);
  return inkling_side_file(data.ConsumeBool() ? name.c_str() : nullptr,
                           data.ConsumeBool() ? kBytes : nullptr,
                           data.ConsumeIntegralInRange<std::size_t>(0, sizeof kBytes));
}

int call(FuzzedDataProvider& data) {
  switch (data.ConsumeIntegralInRange(0, 7)) {
    case 0:
    case 1:
      return load(data);
    case 2:
      inkling_engine_free(handle(data));
      return 0;
    case 3:
      return classify(data);
    case 4:
      return activations(data);
    case 5:
      return strokes(data);
    case 6:
      return bitmap(data);
    default:
      return side_file(data);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  FuzzedDataProvider data(bytes, size);
  for (int i = 0; i < kMostCalls && data.remaining_bytes() > 0; ++i) {
    if (call(data) < 0) check(std::strlen(inkling_last_error()) > 0);
  }
  for (int i = 1; i <= kMostHandles; ++i) inkling_engine_free(i);
  inkling_engine_load(nullptr, 0);  // takes the side files that are left
  return 0;
}
