// Every value has a buffer of its own (the nets are small, and their activations can be looked at),
// except that a reshape which moves nothing shares its input's. A step is an XNNPACK operator or
// one of our own loops.
#include "plan.h"

#include <xnnpack.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>

#include "kernels.h"
#include "text.h"

namespace inkling {
namespace {

constexpr std::size_t kBatchAtOnce =
    64;  // more images at once gain nothing and fall out of the cache

struct OperatorDeleter {
  void operator()(xnn_operator* op) const { xnn_delete_operator(op); }
};
using Operator = std::unique_ptr<xnn_operator, OperatorDeleter>;

Status to_status(xnn_status status, const Step& step, const char* action) {
  if (status == xnn_status_success) return {};
  const std::string where = cat("XNNPACK could not ", action, " '", step.name, "' (", step.op, ")");
  if (status == xnn_status_out_of_memory) {
    return Status::out_of_memory(cat("There is not enough memory for the model: ", where, "."));
  }
  return Status::internal(cat(where, ": status ", static_cast<int>(status), "."));
}

// In memory NHWC and NCHW are the same when there is one channel or one pixel.
bool same_in_both_orders(const Shape& shape) { return shape.c == 1 || shape.h * shape.w == 1; }

// [outputs][channels][pixels] -> [outputs][pixels][channels]: a kernel's, as XNNPACK wants it.
std::vector<float> to_channels_last(const std::vector<float>& weights, std::size_t outputs,
                                    std::size_t channels, std::size_t pixels) {
  std::vector<float> result(weights.size());
  run_transpose(weights.data(), outputs, channels, pixels, result.data());
  return result;
}

bool is_clamped_to_a_point(const Step& step) {
  return !(step.min < step.max);
}  // XNNPACK refuses these

// Whether XNNPACK's max pooling takes it: it wants more than one tap, and no gaps between windows.
bool takes_max_pool(const Step& step) {
  const Window& w = step.window;
  return step.kind == StepKind::kMaxPool && w.kernel_h * w.kernel_w > 1 &&
         w.stride_h <= w.kernel_h && w.stride_w <= w.kernel_w && !is_clamped_to_a_point(step);
}

xnn_status create_conv(const Step& step, const Shape& in, const Shape& out, xnn_operator_t* op) {
  const Window& w = step.window;
  const std::size_t group_in = in.c / step.groups;
  const std::size_t group_out = out.c / step.groups;
  const std::vector<float> kernel =
      to_channels_last(step.weights, out.c, group_in, std::size_t{w.kernel_h} * w.kernel_w);
  return xnn_create_convolution2d_nhwc_f32(
      w.pad_top, w.pad_right, w.pad_bottom, w.pad_left, w.kernel_h, w.kernel_w, w.stride_h,
      w.stride_w, w.dilation_h, w.dilation_w, static_cast<std::uint32_t>(step.groups), group_in,
      group_out, in.c, out.c, kernel.data(), step.bias.data(), step.min, step.max, 0, nullptr,
      nullptr, op);
}

xnn_status create_operator(const Step& step, const Shape& in, const Shape& out,
                           xnn_operator_t* op) {
  const Window& w = step.window;
  switch (step.kind) {
    case StepKind::kConv:
      return create_conv(step, in, out, op);
    case StepKind::kFullyConnected:
      return xnn_create_fully_connected_nc_f32(in.c, out.c, in.c, out.c, step.weights.data(),
                                               step.bias.data(), step.min, step.max, 0, nullptr,
                                               nullptr, op);
    case StepKind::kMaxPool:
      if (!takes_max_pool(step)) return xnn_status_success;
      return xnn_create_max_pooling2d_nhwc_f32(
          w.pad_top, w.pad_right, w.pad_bottom, w.pad_left, w.kernel_h, w.kernel_w, w.stride_h,
          w.stride_w, w.dilation_h, w.dilation_w, step.min, step.max, 0, op);
    case StepKind::kSoftmax:
      return xnn_create_softmax_nc_f32(0, op);
    default:
      return xnn_status_success;  // one of our own loops
  }
}

double round_up(std::size_t n, std::size_t multiple) {
  const std::size_t tiles = (n + multiple - 1) / multiple;
  return static_cast<double>(tiles) * static_cast<double>(multiple);
}

// The floats that a step keeps, at most. XNNPACK packs the output channels of each group in tiles,
// the inputs in fours, and a bias with them: many small groups take far more than their weights.
double packed_floats(const Step& step, const Shape& in, const Shape& out) {
  constexpr std::size_t kTile = 32;       // the most channels that a kernel computes at once
  constexpr std::size_t kDepthwise = 25;  // the most taps that every processor has a kernel for
  if (step.kind != StepKind::kConv && step.kind != StepKind::kFullyConnected) {
    return static_cast<double>(step.constant.size());
  }
  const double taps = static_cast<double>(step.window.kernel_h) * step.window.kernel_w;
  if (step.groups > 1 && step.groups == in.c && in.c == out.c && taps <= kDepthwise) {
    return round_up(out.c, kTile) * (kDepthwise + 1);
  }
  const double groups = static_cast<double>(step.groups);
  return groups * round_up(out.c / step.groups, kTile) *
         (round_up(in.c / step.groups, 4) * taps + 1);
}

// What a plan shows of a step.
PlanStep describe_step(const Step& step, const Shape& out) {
  PlanStep result{.name = step.name, .op = step.op, .shape = {1, out.c}};
  if (!out.flat) result.shape = {1, out.c, out.h, out.w};
  std::uint64_t multiply_adds = step.weights.size();  // may be more than 32 bits hold
  if (step.kind == StepKind::kConv) multiply_adds *= out.h * out.w;
  if (step.kind == StepKind::kAveragePool) {
    multiply_adds = std::uint64_t{out.elements()} * step.window.kernel_h * step.window.kernel_w;
  }
  if (step.kind == StepKind::kBinary) multiply_adds = out.elements();
  constexpr std::uint64_t kMost = std::numeric_limits<std::size_t>::max();
  result.multiply_adds = static_cast<std::size_t>(std::min(multiply_adds, kMost));
  result.weight_bytes =
      (step.weights.size() + step.bias.size() + step.constant.size()) * sizeof(float);
  return result;
}

}  // namespace

struct Plan::Impl {
  Graph graph;
  std::vector<Operator> operators;          // one a step; null for our own loops
  std::vector<std::vector<float>> buffers;  // one a value, NHWC; empty for those that share
  std::vector<std::size_t> buffer_of;       // value -> buffer
  std::vector<std::byte> workspace;         // of the step that needs most
  std::vector<float> scratch;               // of the reshape that needs most
  std::vector<PlanStep> steps;
  std::size_t batch = 0;  // what operators and buffers are set up for
  std::size_t max_batch = 1;
  bool has_run = false;

  const Shape& shape(std::size_t value) const { return graph.values[value].shape; }
  float* data(std::size_t value) { return buffers[buffer_of[value]].data(); }
  const float* data(std::size_t value) const { return buffers[buffer_of[value]].data(); }

  Status fit_batch(const Limits& limits);
  Status create_step(Step& step);
  void share_buffers();
  Status set_batch(std::size_t count);
  Status reshape_step(std::size_t index, std::size_t count, std::size_t* workspace_bytes);
  Status setup_step(std::size_t index);
  Status run_step(std::size_t index);
  void run_own(const Step& step);
  void run_reshape(const Step& step);
};

// Decides how many images fit the limits together; kLimitExceeded when not even one does. Called
// before anything is packed, and again when the workspace is known (it is the same for any batch).
Status Plan::Impl::fit_batch(const Limits& limits) {
  // In double: sums of sizes that fit one by one need not fit together.
  double fixed = static_cast<double>(graph.window_bytes) + static_cast<double>(workspace.size());
  double image = 0, reordered = 0;  // floats
  for (const Step& step : graph.steps) {
    const Shape& in = shape(step.inputs[0]);
    fixed += packed_floats(step, in, shape(step.output)) * sizeof(float);
    if (step.kind == StepKind::kReshape) {
      reordered = std::max(reordered, static_cast<double>(in.elements()));
    }
  }
  for (const Value& value : graph.values) image += static_cast<double>(value.shape.elements());
  const double room = static_cast<double>(limits.total_bytes) - fixed;
  const double fitting = room / ((image + reordered) * sizeof(float));
  if (fitting < 1) {
    return Status::limit_exceeded(
        cat("The model needs more than ", limits.total_bytes, " bytes of memory."));
  }
  const std::size_t wanted = std::clamp<std::size_t>(limits.batch, 1, kBatchAtOnce);
  max_batch = fitting < static_cast<double>(wanted) ? static_cast<std::size_t>(fitting) : wanted;
  return {};
}

Status Plan::Impl::create_step(Step& step) {
  const Shape& in = shape(step.inputs[0]);
  const Shape& out = shape(step.output);
  steps.push_back(describe_step(step, out));
  if (is_clamped_to_a_point(step) && step.kind != StepKind::kUnary &&
      step.kind != StepKind::kBinary && step.kind != StepKind::kAveragePool &&
      step.kind != StepKind::kMaxPool) {
    return Status::unsupported_model(
        cat("'", step.name, "' (", step.op, ") clips everything to one number."));
  }
  xnn_operator_t op = nullptr;
  INKLING_RETURN_IF_ERROR(to_status(create_operator(step, in, out, &op), step, "create"));
  operators.emplace_back(op);
  if (step.kind == StepKind::kBinary && !step.constant.empty()) {
    const Shape& c = step.constant_shape;
    step.constant = to_channels_last(step.constant, 1, c.c, c.h * c.w);
  }
  std::vector<float>().swap(step.weights);  // XNNPACK has packed its own copy
  std::vector<float>().swap(step.bias);
  return {};
}

void Plan::Impl::share_buffers() {
  buffer_of.resize(graph.values.size());
  for (std::size_t i = 0; i < buffer_of.size(); ++i) buffer_of[i] = i;
  for (const Step& step : graph.steps) {
    if (step.kind == StepKind::kReshape && same_in_both_orders(shape(step.inputs[0])) &&
        same_in_both_orders(shape(step.output))) {
      buffer_of[step.output] = buffer_of[step.inputs[0]];
    }
  }
}

Status Plan::Impl::reshape_step(std::size_t index, std::size_t count,
                                std::size_t* workspace_bytes) {
  xnn_operator_t op = operators[index].get();
  if (op == nullptr) return {};
  const Step& step = graph.steps[index];
  const Shape& in = shape(step.inputs[0]);
  std::size_t bytes = 0, alignment = 0, out_h = 0, out_w = 0;
  xnn_status status = xnn_status_success;
  switch (step.kind) {
    case StepKind::kConv:
      status = xnn_reshape_convolution2d_nhwc_f32(op, count, in.h, in.w, &bytes, &alignment, &out_h,
                                                  &out_w, nullptr);
      break;
    case StepKind::kMaxPool:
      status = xnn_reshape_max_pooling2d_nhwc_f32(op, count, in.h, in.w, in.c, in.c, in.c, &out_h,
                                                  &out_w, nullptr);
      break;
    case StepKind::kFullyConnected:
      status = xnn_reshape_fully_connected_nc_f32(op, count, nullptr);
      break;
    default: {
      const std::size_t width = step.softmax_width;
      status = xnn_reshape_softmax_nc_f32(op, width, width, width, count * in.elements() / width,
                                          nullptr);
    }
  }
  INKLING_RETURN_IF_ERROR(to_status(status, step, "size"));
  const Shape& out = shape(step.output);
  if ((step.kind == StepKind::kConv || step.kind == StepKind::kMaxPool) &&
      (out_h != out.h || out_w != out.w)) {
    return Status::internal(
        cat("XNNPACK sees another size for '", step.name, "' (", step.op, ")."));
  }
  *workspace_bytes = std::max(*workspace_bytes, bytes + alignment);
  return {};
}

Status Plan::Impl::setup_step(std::size_t index) {
  xnn_operator_t op = operators[index].get();
  if (op == nullptr) return {};
  const Step& step = graph.steps[index];
  const float* in = data(step.inputs[0]);
  float* out = data(step.output);
  xnn_status status = xnn_status_success;
  switch (step.kind) {
    case StepKind::kConv:
      status = xnn_setup_convolution2d_nhwc_f32(op, workspace.data(), in, out);
      break;
    case StepKind::kMaxPool:
      status = xnn_setup_max_pooling2d_nhwc_f32(op, in, out);
      break;
    case StepKind::kFullyConnected:
      status = xnn_setup_fully_connected_nc_f32(op, in, out);
      break;
    default:
      status = xnn_setup_softmax_nc_f32(op, in, out);
  }
  return to_status(status, step, "set up");
}

// Sizes everything for `count` images. `batch` is 0 until all of it is in place, so that after a
// failure, returned or thrown (the buffers' bad_alloc), the next call starts over: it reshapes and
// sets up every operator again, whichever of them were done.
Status Plan::Impl::set_batch(std::size_t count) {
  if (count == batch) return {};
  batch = 0;
  has_run = false;
  std::size_t workspace_bytes = 0;
  Status status;
  for (std::size_t i = 0; status.ok() && i < graph.steps.size(); ++i) {
    status = reshape_step(i, count, &workspace_bytes);
  }
  for (std::size_t i = 0; status.ok() && i < buffers.size(); ++i) {
    if (buffer_of[i] != i) continue;
    // XNNPACK reads, but does not use, up to XNN_EXTRA_BYTES past the end.
    const std::size_t floats = count * shape(i).elements() + XNN_EXTRA_BYTES / sizeof(float);
    if (buffers[i].size() < floats) buffers[i].resize(floats);
  }
  if (status.ok() && workspace.size() < workspace_bytes) workspace.resize(workspace_bytes);
  for (std::size_t i = 0; status.ok() && i < graph.steps.size(); ++i) status = setup_step(i);
  if (status.ok()) batch = count;
  return status;
}

void Plan::Impl::run_reshape(const Step& step) {
  if (buffer_of[step.output] == buffer_of[step.inputs[0]]) return;
  const Shape& from = shape(step.inputs[0]);
  const Shape& to = shape(step.output);
  const float* in = data(step.inputs[0]);
  // By way of ONNX's order: out of NHWC, then into the new shape's NHWC; each only where it changes
  // anything.
  if (same_in_both_orders(to)) {
    run_transpose(in, batch, from.h * from.w, from.c, data(step.output));
  } else if (same_in_both_orders(from)) {
    run_transpose(in, batch, to.c, to.h * to.w, data(step.output));
  } else {
    scratch.resize(std::max(scratch.size(), batch * from.elements()));
    run_transpose(in, batch, from.h * from.w, from.c, scratch.data());
    run_transpose(scratch.data(), batch, to.c, to.h * to.w, data(step.output));
  }
}

void Plan::Impl::run_own(const Step& step) {
  const Shape& out = shape(step.output);
  switch (step.kind) {
    case StepKind::kReshape:
      return run_reshape(step);
    case StepKind::kUnary:
      return run_unary(step, data(step.inputs[0]), data(step.output), batch * out.elements());
    case StepKind::kBinary: {
      Strided a = broadcast_strides(data(step.inputs[0]), shape(step.inputs[0]), out, true);
      Strided b = step.inputs.size() == 2
                      ? broadcast_strides(data(step.inputs[1]), shape(step.inputs[1]), out, true)
                      : broadcast_strides(step.constant.data(), step.constant_shape, out, false);
      if (step.constant_first) std::swap(a, b);
      return run_binary(step, a, b, out, batch, data(step.output));
    }
    default:
      return run_pool(step, data(step.inputs[0]), shape(step.inputs[0]), batch, data(step.output),
                      out);
  }
}

Status Plan::Impl::run_step(std::size_t index) {
  const Step& step = graph.steps[index];
  if (operators[index] != nullptr) {
    return to_status(xnn_run_operator(operators[index].get(), nullptr), step, "run");
  }
  run_own(step);
  return {};
}

Plan::Plan(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Plan::Plan(Plan&&) noexcept = default;
Plan& Plan::operator=(Plan&&) noexcept = default;
Plan::~Plan() = default;

Result<Plan> Plan::create(Graph graph, const Limits& limits) {
  if (xnn_initialize(nullptr) != xnn_status_success) {
    return Status::internal("XNNPACK does not run on this processor.");
  }
  auto impl = std::make_unique<Impl>();
  impl->graph = std::move(graph);
  INKLING_RETURN_IF_ERROR(impl->fit_batch(limits));
  for (Step& step : impl->graph.steps) INKLING_RETURN_IF_ERROR(impl->create_step(step));
  impl->share_buffers();
  impl->buffers.resize(impl->graph.values.size());
  INKLING_RETURN_IF_ERROR(impl->set_batch(1));
  INKLING_RETURN_IF_ERROR(impl->fit_batch(limits));
  return Plan(std::move(impl));
}

std::size_t Plan::max_batch() const { return impl_->max_batch; }

const std::vector<PlanStep>& Plan::steps() const { return impl_->steps; }

Status Plan::run(std::span<const float> pixels, std::span<float> probabilities) {
  Impl& impl = *impl_;
  INKLING_RETURN_IF_ERROR(impl.set_batch(pixels.size() / kPixelCount));
  impl.has_run = false;
  std::copy(pixels.begin(), pixels.end(),
            impl.data(impl.graph.input));  // one channel: NCHW is NHWC
  for (std::size_t i = 0; i < impl.graph.steps.size(); ++i)
    INKLING_RETURN_IF_ERROR(impl.run_step(i));
  std::copy_n(impl.data(impl.graph.output), probabilities.size(), probabilities.begin());
  impl.has_run = true;
  return {};
}

Result<Activation> Plan::activation(std::string_view name) const {
  const Impl& impl = *impl_;
  std::size_t value = impl.graph.values.size();
  for (std::size_t i = 0; i < impl.graph.values.size(); ++i) {
    if (impl.graph.values[i].name == name) value = i;
  }
  for (const Step& step : impl.graph.steps) {
    if (value == impl.graph.values.size() && step.name == name) value = step.output;
  }
  if (value == impl.graph.values.size()) {
    return Status::invalid_argument(cat("The model's plan has no tensor named '", name, "'."));
  }
  if (!impl.has_run) return Status::invalid_argument("No image has been classified yet.");
  const Shape& shape = impl.shape(value);
  Activation result{.shape = {1, shape.c}, .values = std::vector<float>(shape.elements())};
  if (!shape.flat) result.shape = {1, shape.c, shape.h, shape.w};
  const float* last_image = impl.data(value) + (impl.batch - 1) * shape.elements();
  run_transpose(last_image, 1, shape.h * shape.w, shape.c, result.values.data());
  return result;
}

}  // namespace inkling
