// The kernels were made for inputs that are quantised when they are known, each image with a scale
// and a zero point of its own; where a file fixes these, every image has the same.
#include "plan_int8.h"

#include "graph_bytes.h"

namespace inkling {
namespace {

xnn_status create_conv(const Step& step, const std::vector<float>& scales, xnn_operator_t* op) {
  const Window& w = step.window;
  const std::size_t in = step.in.c / step.groups, out = step.out.c / step.groups;
  std::vector<float> kernel(step.weights.size());
  run_transpose(step.weights.data(), step.out.c, in, std::size_t{w.kernel_h} * w.kernel_w,
                kernel.data());
  const std::vector<std::int8_t> whole = whole_weights(step, kernel);
  return xnn_create_convolution2d_nhwc_qd8_f32_qc8w(
      w.pad_top, w.pad_right, w.pad_bottom, w.pad_left, w.kernel_h, w.kernel_w, w.stride_h,
      w.stride_w, w.dilation_h, w.dilation_w, static_cast<std::uint32_t>(step.groups), in, out,
      step.in.c, step.out.c, scales.data(), whole.data(), step.bias.data(), step.min, step.max, 0,
      nullptr, nullptr, op);
}

// A zero point of a value from 0 to 255 is stored less 128, as the value is. What a strange file
// says is kept within a byte.
std::int32_t stored_zero(float zero, float shift) {
  const float stored = zero - shift;
  return !(stored > -128) ? -128 : !(stored < 127) ? 127 : static_cast<std::int32_t>(stored);
}

}  // namespace

xnn_status create_int8_layer(const Step& step, xnn_operator_t* op) {
  std::vector<float> scales = step.weight_scales;
  scales.resize(step.out.c, float{scales[0]});
  if (step.kind == StepKind::kConv) return create_conv(step, scales, op);
  const std::vector<std::int8_t> whole = whole_weights(step, step.weights);
  return xnn_create_fully_connected_nc_qd8_f32_qc8w(step.in.c, step.out.c, step.in.c, step.out.c,
                                                    scales.data(), whole.data(), step.bias.data(),
                                                    step.min, step.max, 0, nullptr, nullptr, op);
}

xnn_status reshape_int8_layer(const Step& step, xnn_operator_t op, std::size_t count, Map* out,
                              std::size_t* workspace_bytes, std::size_t* rows) {
  *rows = count * step.in.images + XNN_EXTRA_QUANTIZATION_PARAMS;
  if (step.kind != StepKind::kConv) {
    return xnn_reshape_fully_connected_nc_qd8_f32_qc8w(op, count * step.in.images, nullptr);
  }
  // One image at a time: this version of XNNPACK keeps a row of padding for every image of a batch,
  // and forgets to make more of them when only the batch has grown.
  std::size_t alignment = 0;
  const xnn_status status = xnn_reshape_convolution2d_nhwc_qd8_f32_qc8w(
      op, 1, step.in.h, step.in.w, workspace_bytes, &alignment, &out->h, &out->w, nullptr);
  *workspace_bytes += alignment;
  return status;
}

xnn_status run_int8_layer(const Step& step, xnn_operator_t op, const Memory& memory,
                          void* workspace, std::vector<xnn_quantization_params>& parameters) {
  const Graph& graph = memory.graph;
  const float shift = graph.buffers[graph.values[step.inputs[0]].buffer].shift;
  const std::size_t rows = memory.count * step.in.images;
  const bool is_dynamic = step.inputs.size() > 1;
  const float* zeros = is_dynamic ? memory.of(step.inputs[1]) : nullptr;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const std::size_t image = std::min(i, rows - 1) / step.in.images;
    const float zero = is_dynamic ? zeros[image * memory.stride(step.inputs[1])] : step.beta;
    parameters[i] = {stored_zero(zero, shift), step.alpha};
  }
  const auto* in = reinterpret_cast<const std::int8_t*>(memory.of(step.inputs[0]));
  float* out = memory.of(step.output);
  if (step.kind != StepKind::kConv) {
    const xnn_status status =
        xnn_setup_fully_connected_nc_qd8_f32_qc8w(op, in, out, parameters.data());
    return status != xnn_status_success ? status : xnn_run_operator(op, nullptr);
  }
  const std::size_t in_size = step.in.h * step.in.w * step.in.c;
  const std::size_t out_size = step.out.h * step.out.w * step.out.c;
  xnn_status status = xnn_status_success;
  for (std::size_t i = 0; i < rows && status == xnn_status_success; ++i) {
    status = xnn_setup_convolution2d_nhwc_qd8_f32_qc8w(op, workspace, in + i * in_size,
                                                       out + i * out_size, &parameters[i]);
    if (status == xnn_status_success) status = xnn_run_operator(op, nullptr);
  }
  return status;
}

}  // namespace inkling
