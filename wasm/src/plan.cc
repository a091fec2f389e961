// A step is a layer that XNNPACK computes (plan_layers.h) or one of our own loops (kernels.h).
// Results share memory (plan_memory.h); one that is asked for when another lies in its place is
// computed once more.
#include "plan.h"

#include <algorithm>

#include "edition.h"
#include "kernels.h"
#include "plan_layers.h"
#include "plan_memory.h"
#include "text.h"

namespace inkling {
namespace {

// Images at once: as many as leave their results in a core's cache (64 of a network with maps of
// 16x28x28 took 1.1 times as long as eight times 8), so many at least that a call is not felt, and
// at most as many as a large dense layer gains by.
constexpr double kCacheBytes = 1 << 20;
constexpr double kLeastAtOnce = 4, kMostAtOnce = 64;

// XNNPACK's layers refuse these.
bool is_clamped_to_a_point(const Step& step) { return !(step.min < step.max); }

double round_up(std::size_t n, std::size_t multiple) {
  const std::size_t tiles = (n + multiple - 1) / multiple;
  return static_cast<double>(tiles) * static_cast<double>(multiple);
}

// The floats that a step keeps, at most. XNNPACK packs the output channels of each group in tiles,
// the inputs in fours, and a bias with them: many small groups take far more than their weights.
double packed_floats(const Step& step) {
  constexpr std::size_t kTile = 32;       // the most channels that a kernel computes at once
  constexpr std::size_t kDepthwise = 25;  // the most taps that every processor has a kernel for
  if (step.kind != StepKind::kConv && step.kind != StepKind::kFullyConnected) return 0;
  const std::size_t in = step.in.c, out = step.out.c;
  const double taps = static_cast<double>(step.window.kernel_h) * step.window.kernel_w;
  if (step.groups > 1 && step.groups == in && in == out && taps <= kDepthwise) {
    return round_up(out, kTile) * (kDepthwise + 1);
  }
  const double groups = static_cast<double>(step.groups);
  return groups * round_up(out / step.groups, kTile) * (round_up(in / step.groups, 4) * taps + 1);
}

// Multiply-adds for one image.
std::uint64_t multiply_adds(const Step& step, std::size_t elements) {
  const std::uint64_t taps = std::uint64_t{step.window.kernel_h} * step.window.kernel_w;
  switch (step.kind) {
    case StepKind::kConv:
      return step.weights.size() * std::uint64_t{step.out.images * step.out.h * step.out.w};
    case StepKind::kFullyConnected:
      return step.weights.size() * std::uint64_t{step.out.images};
    case StepKind::kAveragePool:
      return elements * taps;
    case StepKind::kMatMul:
      return elements * std::uint64_t{step.depth};
    case StepKind::kBinary:
      return elements;
    default:
      return 0;
  }
}

}  // namespace

struct Plan::Impl {
  Graph graph;
  std::vector<Layer> layers;                // one a step; null for our own loops
  Slots slots;                              // where the graph's buffers are that are no constants:
  std::vector<std::vector<float>> buffers;  // one for each slot
  Memory memory{.graph = graph, .data = {}, .count = 0};  // where they are
  std::vector<std::byte> workspace;                       // of the step that needs most
  std::vector<PlanStep> steps;
  std::vector<std::size_t> input_shape;
  std::size_t batch = 0;  // what operators and buffers are set up for
  std::size_t max_batch = 1;
  bool has_run = false;
  std::size_t next = 0;  // the steps before it have run, none after it since

  Status check_work(const Limits& limits) const;
  Status fit_batch(const Limits& limits);
  PlanStep describe_step(const Step& step) const;
  Status create_step(Step& step);
  Status set_batch(std::size_t count);
  void size_buffers(std::size_t count);
  Status run_step(std::size_t index);
  Status run_up_to(std::size_t index);
  Status restore(std::size_t buffer);
};

// kLimitExceeded when an image would take too long.
Status Plan::Impl::check_work(const Limits& limits) const {
  double work = 0;
  for (const Step& step : graph.steps) {
    const auto elements = static_cast<double>(element_count(graph.values[step.output].dims));
    const bool is_max_pool = step.kind == StepKind::kMaxPool;  // comparisons, but as many
    work += is_max_pool
                ? elements * step.window.kernel_h * step.window.kernel_w
                : static_cast<double>(multiply_adds(step, static_cast<std::size_t>(elements)));
  }
  if (work <= static_cast<double>(limits.multiply_adds)) return {};
  return load_error(StatusCode::kLimitExceeded, "The model needs more than ", limits.multiply_adds,
                    " multiply-adds for an image.");
}

// Decides how many images fit the limits together; kLimitExceeded when not even one does. Called
// before anything is packed, and again when the workspace is known (it is the same for any batch).
Status Plan::Impl::fit_batch(const Limits& limits) {
  double fixed = static_cast<double>(graph.window_bytes) + static_cast<double>(workspace.size());
  double image = 0;  // floats
  for (const Step& step : graph.steps) fixed += packed_floats(step) * sizeof(float);
  for (const Buffer& buffer : graph.buffers) {
    if (buffer.is_constant) fixed += static_cast<double>(buffer.floats) * sizeof(float);
  }
  for (const std::size_t floats : slots.floats) image += static_cast<double>(floats);
  const double fitting =
      (static_cast<double>(limits.total_bytes) - fixed) / (image * sizeof(float));
  if (fitting < 1) {
    return load_error(StatusCode::kLimitExceeded, "The model needs more than ", limits.total_bytes,
                      " bytes of memory.");
  }
  const double cached = kCacheBytes / (image * sizeof(float));
  const auto useful = static_cast<std::size_t>(std::clamp(cached, kLeastAtOnce, kMostAtOnce));
  const std::size_t wanted = std::clamp<std::size_t>(limits.batch, 1, useful);
  max_batch = fitting < static_cast<double>(wanted) ? static_cast<std::size_t>(fitting) : wanted;
  return {};
}

// What a plan shows of a step.
PlanStep Plan::Impl::describe_step(const Step& step) const {
  const Dims& dims = graph.values[step.output].dims;
  PlanStep result{.name = step.name, .op = step.op, .shape = dims.to_vector()};
  constexpr std::uint64_t kMost = std::numeric_limits<std::size_t>::max();
  result.multiply_adds =
      static_cast<std::size_t>(std::min(multiply_adds(step, element_count(dims)), kMost));
  std::size_t floats = step.weights.size() + step.bias.size();
  for (const std::size_t in : step.inputs) {
    floats += graph.buffers[graph.values[in].buffer].constant.size();
  }
  result.weight_bytes = floats * sizeof(float);
  if (kIsCore) return result;  // its module does not show memory
  const std::size_t out = graph.values[step.output].buffer;
  result.memory = slots.of[out];
  result.memory_bytes = buffer_floats(graph.buffers[out]) * sizeof(float);
  return result;
}

Status Plan::Impl::create_step(Step& step) {
  steps.push_back(describe_step(step));
  const bool is_layer = step.kind == StepKind::kConv || step.kind == StepKind::kFullyConnected;
  if (is_layer && is_clamped_to_a_point(step)) {
    return load_error(StatusCode::kUnsupportedModel, "'", step.name, "' (", step.op,
                      ") clips everything to one number.");
  }
  const bool is_bytes = !kIsCore && graph.buffers[graph.values[step.output].buffer].is_bytes;
  layers.emplace_back();
  INKLING_RETURN_IF_ERROR(layers.back().create(step, is_bytes));
  std::vector<float>().swap(step.weights);  // XNNPACK has packed its own copy
  std::vector<float>().swap(step.bias);
  return {};
}

void Plan::Impl::size_buffers(std::size_t count) {
  memory.count = count;
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    // XNNPACK reads, but does not use, up to so much past the end.
    const std::size_t floats = count * slots.floats[i] + kExtraFloats;
    if (buffers[i].size() < floats) buffers[i].resize(floats);
  }
  for (std::size_t i = 0; i < graph.buffers.size(); ++i) {
    if (slots.of[i] != kNoSlot) memory.data[i] = buffers[slots.of[i]].data();
    if (graph.buffers[i].is_constant) memory.data[i] = graph.buffers[i].constant.data();
  }
}

// Sizes everything for `count` images. `batch` is 0 until all of it is in place, so that after a
// failure, returned or thrown (the buffers' bad_alloc), the next call starts over: it sizes and
// sets up every layer again, whichever of them were done.
Status Plan::Impl::set_batch(std::size_t count) {
  if (count == batch) return {};
  batch = 0;
  has_run = false;
  std::size_t workspace_bytes = 0;
  Status status;
  for (std::size_t i = 0; status.ok() && i < graph.steps.size(); ++i) {
    if (layers[i]) status = layers[i].resize(graph.steps[i], count, &workspace_bytes);
  }
  if (status.ok()) size_buffers(count);
  if (status.ok() && workspace.size() < workspace_bytes) workspace.resize(workspace_bytes);
  for (std::size_t i = 0; status.ok() && i < graph.steps.size(); ++i) {
    if (layers[i]) status = layers[i].setup(graph.steps[i], memory, workspace.data());
  }
  if (status.ok()) batch = count;
  return status;
}

Status Plan::Impl::run_step(std::size_t index) {
  const Step& step = graph.steps[index];
  if (layers[index]) return layers[index].run(step, memory, workspace.data());
  run_kernel(step, memory);
  return {};
}

// The steps before `index`, unless they have just run.
Status Plan::Impl::run_up_to(std::size_t index) {
  if (next == index) return {};
  for (next = 0; next < index; ++next) INKLING_RETURN_IF_ERROR(run_step(next));
  return {};
}

// Computes a buffer again when another lies in its place by now.
Status Plan::Impl::restore(std::size_t buffer) {
  const auto slot_of = [&](std::size_t step) {
    return slots.of[graph.values[graph.steps[step].output].buffer];
  };
  std::size_t producer = graph.steps.size();
  bool is_there = true;
  for (std::size_t i = 0; i < graph.steps.size(); ++i) {
    const bool is_it = graph.values[graph.steps[i].output].buffer == buffer;
    if (is_it) producer = i;
    if (i > producer && i < next && slot_of(i) == slot_of(producer)) is_there = false;
  }
  if (producer == graph.steps.size()) return {};  // the input or a constant
  if (producer < next && is_there) return {};
  return run_up_to(producer + 1);
}

Plan::Plan(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Plan::Plan(Plan&&) noexcept = default;
Plan& Plan::operator=(Plan&&) noexcept = default;
Plan::~Plan() = default;

Result<Plan> Plan::create(Graph graph, const Limits& limits) {
  INKLING_RETURN_IF_ERROR(initialize_layers());
  auto impl = std::make_unique<Impl>();
  impl->graph = std::move(graph);
  impl->input_shape = impl->graph.values[impl->graph.input].dims.to_vector();
  impl->slots = share_memory(impl->graph);
  INKLING_RETURN_IF_ERROR(impl->check_work(limits));
  INKLING_RETURN_IF_ERROR(impl->fit_batch(limits));
  for (Step& step : impl->graph.steps) INKLING_RETURN_IF_ERROR(impl->create_step(step));
  impl->buffers.resize(impl->slots.floats.size());
  impl->memory.data.resize(impl->graph.buffers.size());
  INKLING_RETURN_IF_ERROR(impl->set_batch(1));
  INKLING_RETURN_IF_ERROR(impl->fit_batch(limits));
  return Plan(std::move(impl));
}

std::size_t Plan::max_batch() const { return impl_->max_batch; }

const std::vector<PlanStep>& Plan::steps() const { return impl_->steps; }

const std::vector<std::size_t>& Plan::input_shape() const { return impl_->input_shape; }

std::size_t Plan::input_size() const {
  return element_count(impl_->graph.values[impl_->graph.input].dims);
}

std::size_t Plan::classes() const {
  return element_count(impl_->graph.values[impl_->graph.output].dims);
}

Status Plan::run(std::span<const float> pixels, std::span<float> probabilities) {
  Impl& impl = *impl_;
  INKLING_RETURN_IF_ERROR(impl.set_batch(probabilities.size() / classes()));
  impl.has_run = false;
  std::copy(pixels.begin(), pixels.end(), impl.memory.of(impl.graph.input));
  impl.next = kNoSlot;
  INKLING_RETURN_IF_ERROR(impl.run_up_to(impl.graph.steps.size()));
  std::copy_n(impl.memory.of(impl.graph.output), probabilities.size(), probabilities.begin());
  impl.has_run = true;
  return {};
}

Status Plan::run_step(std::size_t index, std::size_t times) {
  Impl& impl = *impl_;
  if (index >= impl.steps.size() || !impl.has_run) {
    return Status::invalid_argument("There is no such step, or nothing has been classified yet.");
  }
  if (impl.next != index + 1) INKLING_RETURN_IF_ERROR(impl.run_up_to(index));
  impl.next = index + 1;
  for (; times > 0; --times) INKLING_RETURN_IF_ERROR(impl.run_step(index));
  return {};
}

Result<Activation> Plan::activation(std::string_view name) const {
  Impl& impl = *impl_;
  const std::vector<Value>& values = impl.graph.values;
  std::size_t found = values.size();
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].name == name) found = i;
  }
  for (const Step& step : impl.graph.steps) {
    if (found == values.size() && step.name == name) found = step.output;
  }
  if (found == values.size() || name.empty()) {
    return error(StatusCode::kInvalidArgument, "The model's plan has no tensor named '", name,
                 "'.");
  }
  if (!impl.has_run) return Status::invalid_argument("No image has been classified yet.");
  const Value& value = values[found];
  INKLING_RETURN_IF_ERROR(impl.restore(value.buffer));
  Activation result{.shape = value.dims.to_vector(),
                    .values = std::vector<float>(element_count(value.dims))};
  const std::size_t start = (impl.batch - 1) * impl.memory.stride(found);
  const Buffer& buffer = impl.graph.buffers[value.buffer];
  if (!kIsCore && buffer.is_bytes) {
    const auto* bytes = reinterpret_cast<const std::int8_t*>(impl.memory.of(found)) + start;
    std::vector<float> unpacked(buffer.floats);
    for (std::size_t i = 0; i < unpacked.size(); ++i) unpacked[i] = bytes[i] + buffer.shift;
    read_values(value, unpacked.data(), result.values);
  } else {
    read_values(value, impl.memory.of(found) + start, result.values);
  }
  return result;
}

}  // namespace inkling
