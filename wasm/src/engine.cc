// The public face: checks arguments, runs the three steps of loading, and lets no exception out.
#include "inkling/engine.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>

#include "edition.h"
#include "graph.h"
#include "onnx_reader.h"
#include "plan.h"
#include "text.h"

namespace inkling {
namespace {

// Runs `body`, and turns what it throws into a Status. Compiled without exceptions (WebAssembly's
// core) nothing is thrown: when memory runs out, the C binding ends the call.
template <typename Body>
auto guarded([[maybe_unused]] const char* call, Body body) -> decltype(body()) {
#ifdef __cpp_exceptions
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return error(StatusCode::kOutOfMemory, call, ": there is not enough memory.");
  } catch (const std::exception& thrown) {
    return error(StatusCode::kInternal, call, " failed: ", thrown.what(), ".");
  }
#else
  return body();
#endif
}

// "0.85", "1", "8.5e-1" -> the number; NaN for anything else. (strtof would depend on the locale,
// and brings 128-bit arithmetic into the WebAssembly module.)
double parse_decimal(std::string_view text) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  double value = 0;
  int exponent = 0;
  std::size_t i = 0, digits = 0;
  const auto is_digit = [&] { return i < text.size() && text[i] >= '0' && text[i] <= '9'; };
  for (; is_digit(); ++i, ++digits) value = value * 10 + (text[i] - '0');
  if (i < text.size() && text[i] == '.') {
    for (++i; is_digit(); ++i, ++digits, --exponent) value = value * 10 + (text[i] - '0');
  }
  if (digits > 0 && i + 1 < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    const bool negative = text[++i] == '-';
    if (text[i] == '-' || text[i] == '+') ++i;
    if (!is_digit()) return nan;
    int power = 0;
    for (; is_digit() && power < 1000; ++i) power = power * 10 + (text[i] - '0');
    exponent += negative ? -power : power;
  }
  if (digits == 0 || i != text.size()) return nan;
  // By hand: pow's tables are 4 KB.
  for (; exponent > 0; --exponent) value *= 10;
  double divisor = 1;
  for (; exponent < 0; ++exponent) divisor *= 10;
  return value / divisor;
}

// The file's own threshold; 0 when it has none.
Result<float> read_threshold(const Model& model) {
  const auto found = model.metadata.find("rejection_threshold");
  if (found == model.metadata.end()) return 0.0f;
  const std::string& text = found->second;
  const double value = parse_decimal(text);
  if (!(value >= 0 && value <= 1)) {
    return load_error(StatusCode::kMalformedModel,
                      "The model's metadata gives rejection_threshold as '",
                      std::string_view(text).substr(0, 40), "'; it must be a number from 0 to 1.");
  }
  return static_cast<float>(value);
}

// How probable the greatest of a model's numbers is: itself where they are probabilities, else its
// softmax (logits, or logarithms of probabilities).
float probability_of(std::span<const float> values, std::size_t best) {
  constexpr float kRounding = 1e-3f;  // of a sum of probabilities, some of them from float16
  float sum = 0, exponentials = 0;
  bool within = true;
  for (const float v : values) {
    sum += v;
    exponentials += std::exp(v - values[best]);
    within = within && v >= -kRounding && v <= 1 + kRounding;
  }
  return within && std::abs(sum - 1) < kRounding ? values[best] : 1 / exponentials;
}

// Images for each run when there are `count`: all runs are of one size, since another size is set
// up anew. The last one begins so early that it ends with the last image, and computes what is
// before it a second time; of the sizes that do least of that the largest.
std::size_t run_size(std::size_t count, std::size_t max) {
  std::size_t best = std::min(count, max), least = std::numeric_limits<std::size_t>::max();
  for (std::size_t n = best; n > max / 2; --n) {
    const std::size_t computed = (count + n - 1) / n * n;
    if (computed < least) best = n, least = computed;
  }
  return best;
}

}  // namespace

struct Engine::Impl {
  Plan plan;
  std::map<std::string, std::string, std::less<>> metadata;
  float threshold = 0;
};

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;
Engine::~Engine() = default;

Result<Engine> Engine::load(std::span<const std::byte> onnx, const Limits& limits) {
  return load(onnx, {}, limits);
}

Result<Engine> Engine::load(std::span<const std::byte> onnx, std::span<const SideFile> side_files,
                            const Limits& limits) {
  return guarded("Loading the model", [&]() -> Result<Engine> {
    Model model;
    Graph graph;
    INKLING_RETURN_IF_ERROR(read_onnx(onnx, side_files, limits, model));
    auto threshold = read_threshold(model);
    if (!threshold.ok()) return std::move(threshold).status();
    INKLING_RETURN_IF_ERROR(build_graph(model, limits, graph));
    auto plan = Plan::create(std::move(graph), limits);
    if (!plan.ok()) return std::move(plan).status();
    return Engine(std::make_unique<Impl>(Impl{.plan = std::move(plan).value(),
                                              .metadata = std::move(model.metadata),
                                              .threshold = threshold.value()}));
  });
}

const std::vector<std::size_t>& Engine::input_shape() const { return impl_->plan.input_shape(); }

std::size_t Engine::input_size() const { return impl_->plan.input_size(); }

std::size_t Engine::classes() const { return impl_->plan.classes(); }

Status Engine::classify_batch(std::span<const float> pixels, std::span<float> outputs) {
  const std::size_t size = input_size(), places = classes();
  const std::size_t count = pixels.size() / size;
  if (pixels.size() != count * size || outputs.size() != count * places) {
    return error(StatusCode::kInvalidArgument, "Classifying needs ", size, " pixels and ", places,
                 " places for probabilities an image; got ", pixels.size(), " and ", outputs.size(),
                 ".");
  }
  const auto bad =
      std::find_if_not(pixels.begin(), pixels.end(), [](float p) { return std::isfinite(p); });
  if (bad != pixels.end()) {
    return error(StatusCode::kInvalidArgument, "Pixel ", bad - pixels.begin(),
                 " is not a finite number; pixels are ink from 0 to 1.");
  }
  return guarded("Classifying", [&]() -> Status {
    const std::size_t n = run_size(count, impl_->plan.max_batch());
    for (std::size_t done = 0; done < count; done += n) {
      const std::size_t first = std::min(done, count - n);
      INKLING_RETURN_IF_ERROR(impl_->plan.run(pixels.subspan(first * size, n * size),
                                              outputs.subspan(first * places, n * places)));
    }
    if (!std::all_of(outputs.begin(), outputs.end(), [](float p) { return std::isfinite(p); })) {
      return Status::unsupported_model("The model computes NaN or infinity for these pixels.");
    }
    return {};
  });
}

Result<Classification> Engine::classify(std::span<const float> pixels) {
  if (pixels.size() != input_size() || classes() != kDigitCount) {
    return error(StatusCode::kInvalidArgument, "Classifying needs ", input_size(),
                 " pixels and a model of ", kDigitCount, " classes; got ", pixels.size(),
                 " pixels and one of ", classes(), ".");
  }
  Classification result;
  INKLING_RETURN_IF_ERROR(classify_batch(pixels, result.probabilities));
  const auto best = std::max_element(result.probabilities.begin(), result.probabilities.end());
  result.digit = static_cast<int>(best - result.probabilities.begin());
  result.confidence = probability_of(result.probabilities, static_cast<std::size_t>(result.digit));
  result.sure = result.confidence >= impl_->threshold;
  return result;
}

Result<Activation> Engine::activations(std::string_view name) const {
  return guarded("Reading activations", [&] { return impl_->plan.activation(name); });
}

Status Engine::run_step(std::size_t index, std::size_t times) {
  return guarded("Running a step", [&] { return impl_->plan.run_step(index, times); });
}

const std::vector<PlanStep>& Engine::plan() const { return impl_->plan.steps(); }

const std::map<std::string, std::string, std::less<>>& Engine::metadata() const {
  return impl_->metadata;
}

float Engine::rejection_threshold() const { return impl_->threshold; }

}  // namespace inkling
