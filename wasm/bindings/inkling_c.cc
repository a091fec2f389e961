// Implements inkling_c.h over the C++ API. Handles are looked up, counts and pointers checked;
// every exception ends here as an error value.
#include "inkling_c.h"

#ifdef __EMSCRIPTEN__
#include <emscripten.h>
#define INKLING_EXPORT extern "C" EMSCRIPTEN_KEEPALIVE
#else
#define INKLING_EXPORT extern "C"
#endif

#include <algorithm>
#include <cmath>
#include <csetjmp>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "edition.h"
#include "inkling/engine.h"
#include "text.h"

namespace {

using inkling::Engine;
using inkling::Status;

constexpr int kOutOfMemory = -static_cast<int>(inkling::StatusCode::kOutOfMemory);
constexpr std::size_t kMaxEngines = 256;  // at once; more is a leak
constexpr std::size_t kKeptMessage = 2048;

// The module is single-threaded, and so is this binding.
struct State {
  std::vector<std::unique_ptr<Engine>> engines;  // engines[handle - 1]; null after free
  std::vector<std::pair<std::string, std::span<const std::byte>>> side_files;  // for the next load
  std::string json;
  std::vector<float> values;
};

// A plain array: saying that memory has run out must not need any.
char last_error[kKeptMessage] = "";

State& state() {
  static State instance;
  return instance;
}

int fail(const Status& status) {
  const std::string& message = status.message();
  const std::size_t size = std::min(message.size(), kKeptMessage - 1);
  std::memcpy(last_error, message.data(), size);
  last_error[size] = '\0';
  return -static_cast<int>(status.code());
}

int fail_without_memory() {
  std::strcpy(last_error, "There is not enough memory.");
  return kOutOfMemory;
}

// Runs `body(state)` and turns what it throws into error values.
#ifdef __cpp_exceptions
int run_guarded(int (*body)(const void*), const void* state) {
  try {
    return body(state);
  } catch (const std::bad_alloc&) {
    return fail_without_memory();
  } catch (const std::exception& thrown) {
    return fail(Status::internal(thrown.what()));
  }
}
#else
// Without exceptions, running out of memory jumps back to here past every destructor: what the call
// had allocated stays allocated, so that the caller should drop the instance.
std::jmp_buf start_of_call;

int run_guarded(int (*body)(const void*), const void* state) {
  std::set_new_handler([] { std::longjmp(start_of_call, 1); });
  return setjmp(start_of_call) == 0 ? body(state) : fail_without_memory();
}
#endif

template <typename Body>
int guarded(const Body& body) {
  return run_guarded([](const void* state) { return (*static_cast<const Body*>(state))(); }, &body);
}

// Null, with the message set, for a handle that is none.
Engine* find_engine(int handle) {
  auto& engines = state().engines;
  const bool known = handle > 0 && static_cast<std::size_t>(handle) <= engines.size();
  Engine* engine = known ? engines[static_cast<std::size_t>(handle) - 1].get() : nullptr;
  if (engine == nullptr) {
    fail(Status::invalid_argument(
        inkling::cat("There is no engine ", handle, ": it was never loaded, or has been freed.")));
  }
  return engine;
}

int invalid(const char* message) { return fail(Status::invalid_argument(message)); }
constexpr int kInvalid = -static_cast<int>(inkling::StatusCode::kInvalidArgument);

void append_json_string(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

// 0..1 with twelve decimals (a float32 read back from them is the same down to 1e-5), without the
// locale and the code that printf brings.
std::string threshold_to_json(float threshold) {
  constexpr std::size_t kDecimals = 12;
  std::string digits = inkling::cat(std::llround(static_cast<double>(threshold) * 1e12));
  digits.insert(0, digits.size() <= kDecimals ? kDecimals + 1 - digits.size() : 0, '0');
  return digits.insert(digits.size() - kDecimals, ".");
}

void append_dims(std::string& out, const std::vector<std::size_t>& dims) {
  out += '[';
  for (std::size_t i = 0; i < dims.size(); ++i) inkling::append(out, i > 0 ? "," : "", dims[i]);
  out += ']';
}

void append_step(std::string& out, const inkling::PlanStep& step) {
  out += "{\"name\":";
  append_json_string(out, step.name);
  out += ",\"op\":";
  append_json_string(out, step.op);
  out += ",\"shape\":";
  append_dims(out, step.shape);
  inkling::append(out, ",\"multiply_adds\":", step.multiply_adds,
                  ",\"weight_bytes\":", step.weight_bytes, "}");
}

std::string describe(const Engine& engine) {
  std::string out = inkling::cat("{\"threshold\":", threshold_to_json(engine.rejection_threshold()),
                                 ",\"metadata\":{");
  bool first = true;
  for (const auto& [key, value] : engine.metadata()) {
    if (!first) out += ',';
    first = false;
    append_json_string(out, key);
    out += ':';
    append_json_string(out, value);
  }
  out += "},\"input\":";
  append_dims(out, engine.input_shape());
  inkling::append(out, ",\"classes\":", engine.classes(), ",\"plan\":[");
  for (std::size_t i = 0; i < engine.plan().size(); ++i) {
    if (i > 0) out += ',';
    append_step(out, engine.plan()[i]);
  }
  return out + "]}";
}

int write_pixels(const inkling::Result<inkling::Pixels>& result, float* pixels) {
  if (!result.ok()) return fail(result.status());
  std::copy(result.value().begin(), result.value().end(), pixels);
  return 0;
}

}  // namespace

INKLING_EXPORT const char* inkling_last_error(void) { return last_error; }

INKLING_EXPORT void* inkling_alloc(size_t bytes) { return std::malloc(bytes == 0 ? 1 : bytes); }

INKLING_EXPORT void inkling_free(void* memory) { std::free(memory); }

INKLING_EXPORT int inkling_side_file(const char* name, const uint8_t* bytes, size_t size) {
  if (name == nullptr || (bytes == nullptr && size > 0)) return invalid("An address is null.");
  if (inkling::kIsCore) return 0;  // such models are left to the full module
  return guarded([&]() -> int {
    state().side_files.emplace_back(name,
                                    std::span(reinterpret_cast<const std::byte*>(bytes), size));
    return 0;
  });
}

INKLING_EXPORT int inkling_engine_load(const uint8_t* onnx, size_t size) {
  return guarded([&]() -> int {
    const auto kept = std::exchange(state().side_files, {});
    std::vector<inkling::SideFile> files;
    for (const auto& [name, bytes] : kept) files.push_back({name, bytes});
    if (onnx == nullptr && size > 0) return invalid("The model's address is null.");
    auto& engines = state().engines;
    const auto slot = std::find(engines.begin(), engines.end(), nullptr);
    const auto index = static_cast<std::size_t>(slot - engines.begin());
    if (index >= kMaxEngines)
      return invalid("256 engines are loaded already; free those no longer needed.");
    if (slot == engines.end()) engines.emplace_back();
    auto engine = Engine::load({reinterpret_cast<const std::byte*>(onnx), size}, files);
    if (!engine.ok()) return fail(engine.status());
    engines[index] = std::make_unique<Engine>(std::move(engine).value());
    return static_cast<int>(index) + 1;
  });
}

INKLING_EXPORT void inkling_engine_free(int handle) {
  auto& engines = state().engines;
  if (handle > 0 && static_cast<std::size_t>(handle) <= engines.size()) {
    engines[static_cast<std::size_t>(handle) - 1].reset();
  }
}

INKLING_EXPORT int inkling_engine_classify(int handle, const float* pixels, int count,
                                           float* probabilities) {
  return guarded([&]() -> int {
    Engine* engine = find_engine(handle);
    if (engine == nullptr) return kInvalid;
    const std::size_t pixel_count = engine->input_size(), classes = engine->classes();
    // So many that the sizes below would not fit an int, let alone memory.
    if (count < 0 || static_cast<std::size_t>(count) >
                         INT32_MAX / sizeof(float) / std::max(pixel_count, classes))
      return invalid("The number of images is out of range.");
    if (count > 0 && (pixels == nullptr || probabilities == nullptr))
      return invalid("An address is null.");
    const auto n = static_cast<std::size_t>(count);
    const Status status =
        engine->classify_batch({pixels, n * pixel_count}, {probabilities, n * classes});
    return status.ok() ? 0 : fail(status);
  });
}

INKLING_EXPORT const char* inkling_engine_describe(int handle) {
  const int result = guarded([&]() -> int {
    const Engine* engine = find_engine(handle);
    if (engine == nullptr) return kInvalid;
    state().json = describe(*engine);
    return 0;
  });
  return result == 0 ? state().json.c_str() : nullptr;
}

INKLING_EXPORT int inkling_engine_run_step(int handle, int step, int times) {
  return guarded([&]() -> int {
    Engine* engine = find_engine(handle);
    if (engine == nullptr) return kInvalid;
    if (step < 0 || times < 0) return invalid("A step or a number of times is negative.");
    const Status status =
        engine->run_step(static_cast<std::size_t>(step), static_cast<std::size_t>(times));
    return status.ok() ? 0 : fail(status);
  });
}

INKLING_EXPORT int inkling_engine_activations(int handle, const char* name, const float** values,
                                              int32_t shape[4]) {
  return guarded([&]() -> int {
    const Engine* engine = find_engine(handle);
    if (engine == nullptr) return kInvalid;
    if (name == nullptr || values == nullptr || shape == nullptr)
      return invalid("An address is null.");
    auto activation = engine->activations(name);
    if (!activation.ok()) return fail(activation.status());
    auto& dims = activation.value().shape;
    while (dims.size() > 4 && dims[0] == 1) dims.erase(dims.begin());
    if (dims.size() > 4) return invalid("The tensor has more than four dimensions.");
    for (std::size_t i = 0; i < 4; ++i)
      shape[i] = i < dims.size() ? static_cast<int32_t>(dims[i]) : 0;
    state().values = std::move(activation.value().values);
    *values = state().values.data();
    return static_cast<int>(state().values.size());
  });
}

INKLING_EXPORT int inkling_pixels_from_strokes(const float* xy, const int32_t* lengths,
                                               int stroke_count, float* pixels) {
  return guarded([&]() -> int {
    if (stroke_count < 0 || stroke_count > inkling::kMaxPoints)
      return invalid("The number of strokes is out of range.");
    if (pixels == nullptr || (stroke_count > 0 && lengths == nullptr))
      return invalid("An address is null.");
    std::vector<inkling::Stroke> strokes(static_cast<std::size_t>(stroke_count));
    std::int64_t points = 0;
    for (std::size_t i = 0; i < strokes.size(); ++i) {
      points += lengths[i];
      if (lengths[i] < 0 || points > inkling::kMaxPoints)
        return invalid("The number of points is out of range.");
      if (lengths[i] > 0 && xy == nullptr) return invalid("An address is null.");
      strokes[i].reserve(static_cast<std::size_t>(lengths[i]));
      for (int32_t j = 0; j < lengths[i]; ++j, xy += 2)
        strokes[i].push_back({.x = xy[0], .y = xy[1]});
    }
    return write_pixels(inkling::pixels_from_strokes(strokes), pixels);
  });
}

INKLING_EXPORT int inkling_pixels_from_bitmap(const uint8_t* rgba, int width, int height,
                                              float* pixels) {
  return guarded([&]() -> int {
    if (rgba == nullptr || pixels == nullptr) return invalid("An address is null.");
    if (width < 1 || height < 1 || width > inkling::kMaxBitmapSide ||
        height > inkling::kMaxBitmapSide) {
      return invalid("A picture's sides must be from 1 to 4096 pixels.");
    }
    const std::size_t bytes =
        std::size_t{4} * static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
    return write_pixels(inkling::pixels_from_bitmap({rgba, bytes}, width, height), pixels);
  });
}
