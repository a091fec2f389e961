// A plan's layers by XNNPACK's operators: natively and in the full module.
#include <xnnpack.h>

#include <algorithm>
#include <utility>

#include "plan_int8.h"
#include "plan_layers.h"
#include "text.h"

namespace inkling {
namespace {

static_assert(kExtraFloats * sizeof(float) >= XNN_EXTRA_BYTES);

struct OperatorDeleter {
  void operator()(xnn_operator* op) const { xnn_delete_operator(op); }
};

Status to_status(xnn_status status, const Step& step, const char* action) {
  if (status == xnn_status_success) return {};
  const std::string where = cat("XNNPACK could not ", action, " '", step.name, "' (", step.op, ")");
  if (status == xnn_status_out_of_memory) {
    return error(StatusCode::kOutOfMemory, "There is not enough memory for the model: ", where,
                 ".");
  }
  return error(StatusCode::kInternal, where, ": status ", static_cast<int>(status), ".");
}

// [outputs][channels][pixels] -> [outputs][pixels][channels]: a kernel's, as XNNPACK wants it.
std::vector<float> to_channels_last(const std::vector<float>& weights, std::size_t outputs,
                                    std::size_t channels, std::size_t pixels) {
  std::vector<float> result(weights.size());
  run_transpose(weights.data(), outputs, channels, pixels, result.data());
  return result;
}

// Whether XNNPACK's max pooling takes it: it wants more than one tap, no gaps between windows, and
// a range that is not a point.
bool takes_max_pool(const Step& step) {
  const Window& w = step.window;
  return w.kernel_h * w.kernel_w > 1 && w.stride_h <= w.kernel_h && w.stride_w <= w.kernel_w &&
         step.min < step.max;
}

xnn_status create_conv(const Step& step, xnn_operator_t* op) {
  const Window& w = step.window;
  const std::size_t group_in = step.in.c / step.groups;
  const std::size_t group_out = step.out.c / step.groups;
  const std::vector<float> kernel =
      to_channels_last(step.weights, step.out.c, group_in, std::size_t{w.kernel_h} * w.kernel_w);
  return xnn_create_convolution2d_nhwc_f32(
      w.pad_top, w.pad_right, w.pad_bottom, w.pad_left, w.kernel_h, w.kernel_w, w.stride_h,
      w.stride_w, w.dilation_h, w.dilation_w, static_cast<std::uint32_t>(step.groups), group_in,
      group_out, step.in.c, step.out.c, kernel.data(), step.bias.data(), step.min, step.max, 0,
      nullptr, nullptr, op);
}

xnn_status create_operator(const Step& step, bool is_bytes, xnn_operator_t* op) {
  if (step.is_int8) return create_int8_layer(step, op);
  const Window& w = step.window;
  const std::size_t in = step.in.c, out = step.out.c;
  switch (step.kind) {
    case StepKind::kConv:
      return create_conv(step, op);
    case StepKind::kFullyConnected:
      return xnn_create_fully_connected_nc_f32(in, out, in, out, step.weights.data(),
                                               step.bias.data(), step.min, step.max, 0, nullptr,
                                               nullptr, op);
    case StepKind::kMaxPool:
      if (is_bytes || !takes_max_pool(step)) return xnn_status_success;
      return xnn_create_max_pooling2d_nhwc_f32(
          w.pad_top, w.pad_right, w.pad_bottom, w.pad_left, w.kernel_h, w.kernel_w, w.stride_h,
          w.stride_w, w.dilation_h, w.dilation_w, step.min, step.max, 0, op);
    default:
      return xnn_status_success;  // one of our own loops
  }
}

}  // namespace

struct Layer::Impl {
  std::unique_ptr<xnn_operator, OperatorDeleter> op;
  std::vector<xnn_quantization_params> parameters;  // of a layer of eight bits
};

Layer::Layer() = default;
Layer::Layer(Layer&&) noexcept = default;
Layer::~Layer() = default;

Status initialize_layers() {
  if (xnn_initialize(nullptr) == xnn_status_success) return {};
  return Status::internal("XNNPACK does not run on this processor.");
}

Status Layer::create(const Step& step, bool is_bytes) {
  xnn_operator_t op = nullptr;
  INKLING_RETURN_IF_ERROR(to_status(create_operator(step, is_bytes, &op), step, "create"));
  if (op == nullptr) return {};
  std::unique_ptr<xnn_operator, OperatorDeleter> owned(op);
  impl_ = std::make_unique<Impl>();
  impl_->op = std::move(owned);
  return {};
}

Status Layer::resize(const Step& step, std::size_t count, std::size_t* workspace_bytes) {
  xnn_operator_t op = impl_->op.get();
  const Map& in = step.in;
  const std::size_t images = count * in.images;
  std::size_t bytes = 0, alignment = 0, out_h = step.out.h, out_w = step.out.w;
  xnn_status status = xnn_status_success;
  if (step.is_int8) {
    std::size_t rows = 0;
    Map out = step.out;
    status = reshape_int8_layer(step, op, count, &out, &bytes, &rows);
    out_h = out.h;
    out_w = out.w;
    if (impl_->parameters.size() < rows) impl_->parameters.resize(rows);
  } else
    switch (step.kind) {
      case StepKind::kConv:
        status = xnn_reshape_convolution2d_nhwc_f32(op, images, in.h, in.w, &bytes, &alignment,
                                                    &out_h, &out_w, nullptr);
        break;
      case StepKind::kMaxPool:
        status = xnn_reshape_max_pooling2d_nhwc_f32(op, images, in.h, in.w, in.c, in.c, in.c,
                                                    &out_h, &out_w, nullptr);
        break;
      default:
        status = xnn_reshape_fully_connected_nc_f32(op, images, nullptr);
    }
  INKLING_RETURN_IF_ERROR(to_status(status, step, "size"));
  if (out_h != step.out.h || out_w != step.out.w) {
    return error(StatusCode::kInternal, "XNNPACK sees another size for '", step.name, "' (",
                 step.op, ").");
  }
  *workspace_bytes = std::max(*workspace_bytes, bytes + alignment);
  return {};
}

Status Layer::setup(const Step& step, const Memory& memory, void* workspace) {
  if (step.is_int8) return {};  // with every run
  xnn_operator_t op = impl_->op.get();
  const float* in = memory.of(step.inputs[0]);
  float* out = memory.of(step.output);
  xnn_status status = xnn_status_success;
  switch (step.kind) {
    case StepKind::kConv:
      status = xnn_setup_convolution2d_nhwc_f32(op, workspace, in, out);
      break;
    case StepKind::kMaxPool:
      status = xnn_setup_max_pooling2d_nhwc_f32(op, in, out);
      break;
    default:
      status = xnn_setup_fully_connected_nc_f32(op, in, out);
  }
  return to_status(status, step, "set up");
}

Status Layer::run(const Step& step, const Memory& memory, void* workspace) {
  xnn_operator_t op = impl_->op.get();
  const xnn_status status = step.is_int8
                                ? run_int8_layer(step, op, memory, workspace, impl_->parameters)
                                : xnn_run_operator(op, nullptr);
  return to_status(status, step, "run");
}

}  // namespace inkling
