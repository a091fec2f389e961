// Lowering of the layers: convolution, fully connected, pooling, batch normalization, softmax.
#include <algorithm>
#include <cmath>

#include "graph_builder.h"
#include "text.h"

namespace inkling {
namespace {

// The largest kernel, stride, dilation or padding taken, and with it every product below stays far
// from 2^63; a picture of 28 pixels has no use for more.
constexpr std::int64_t kMaxWindow = 4096;

// XNNPACK works on several windows at a time and rounds their number up; at most to this multiple.
constexpr std::uint64_t kWindowTile = 16;

bool all_within(const std::vector<std::int64_t>& values, std::int64_t low, std::int64_t high) {
  return std::all_of(values.begin(), values.end(),
                     [=](std::int64_t v) { return v >= low && v <= high; });
}

// Along one axis: how often a window fits, and the padding that makes it so.
struct Axis {
  std::int64_t in, kernel, stride, dilation, pad_begin, pad_end;

  std::int64_t extent() const { return (kernel - 1) * dilation + 1; }
  // SAME: as many outputs as strides begin within the input.
  void pad_same(bool extra_first) {
    const std::int64_t out = (in + stride - 1) / stride;
    const std::int64_t total = std::max<std::int64_t>(0, (out - 1) * stride + extent() - in);
    pad_begin = extra_first ? (total + 1) / 2 : total / 2;
    pad_end = total - pad_begin;
  }
  // ceil_mode: the last window may begin anywhere in the input or its leading padding and hang over
  // its end. Expressed as padding; an average that counts its padding must not count this part.
  std::int64_t ceil_padding() const {
    const std::int64_t room = in + pad_begin + pad_end - extent();
    std::int64_t out = (room + stride - 1) / stride + 1;
    if ((out - 1) * stride >= in + pad_begin) --out;
    return std::max<std::int64_t>(0, (out - 1) * stride - room);
  }
  std::int64_t out() const { return (in + pad_begin + pad_end - extent()) / stride + 1; }
};

std::string size_label(const Window& window) { return cat(window.kernel_h, "x", window.kernel_w); }

}  // namespace

Result<Window> GraphBuilder::read_window(const Node& node, const Shape& in, std::int64_t kernel_h,
                                         std::int64_t kernel_w, Shape* out) {
  const auto strides = ints_attribute(node, "strides", {1, 1});
  const auto dilations = ints_attribute(node, "dilations", {1, 1});
  const auto pads = ints_attribute(node, "pads", {0, 0, 0, 0});
  if (strides.size() != 2 || dilations.size() != 2 || pads.size() != 4) {
    return cannot("it does not work on two dimensions");
  }
  if (!all_within({kernel_h, kernel_w}, 1, kMaxWindow) || !all_within(strides, 1, kMaxWindow) ||
      !all_within(dilations, 1, kMaxWindow) || !all_within(pads, 0, kMaxWindow)) {
    return cannot("its kernel, strides, dilations or pads are not in 1 (0) to 4096");
  }
  const auto size = [](std::size_t n) { return static_cast<std::int64_t>(n); };
  Axis y{size(in.h), kernel_h, strides[0], dilations[0], pads[0], pads[2]};
  Axis x{size(in.w), kernel_w, strides[1], dilations[1], pads[1], pads[3]};
  const std::string auto_pad = string_attribute(node, "auto_pad", "NOTSET");
  if (auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER") {
    y.pad_same(auto_pad == "SAME_LOWER");
    x.pad_same(auto_pad == "SAME_LOWER");
  } else if (auto_pad == "VALID") {
    y.pad_begin = y.pad_end = x.pad_begin = x.pad_end = 0;
  } else if (auto_pad != "NOTSET" && !auto_pad.empty()) {
    return cannot(cat("auto_pad is '", auto_pad, "'"));
  }
  if (y.extent() > y.in + y.pad_begin + y.pad_end || x.extent() > x.in + x.pad_begin + x.pad_end) {
    return contradicts(cat("its window is larger than its input ", to_string(in), " with padding"));
  }
  if (int_attribute(node, "ceil_mode", 0) != 0) {
    y.pad_end += y.ceil_padding();
    x.pad_end += x.ceil_padding();
  }
  const auto narrow = [](std::int64_t n) { return static_cast<std::uint32_t>(n); };
  Window window{.kernel_h = narrow(kernel_h),
                .kernel_w = narrow(kernel_w),
                .stride_h = narrow(strides[0]),
                .stride_w = narrow(strides[1]),
                .dilation_h = narrow(dilations[0]),
                .dilation_w = narrow(dilations[1]),
                .pad_top = narrow(y.pad_begin),
                .pad_left = narrow(x.pad_begin),
                .pad_bottom = narrow(y.pad_end),
                .pad_right = narrow(x.pad_end)};
  *out = Shape{
      .c = in.c, .h = static_cast<std::size_t>(y.out()), .w = static_cast<std::size_t>(x.out())};
  // XNNPACK keeps a pointer for every pixel of every window; counted as 64 bits everywhere, so that
  // what loads does not depend on the machine.
  const std::uint64_t windows = std::uint64_t{out->h} * out->w + kWindowTile - 1;
  const std::uint64_t bytes = static_cast<std::uint64_t>(kernel_h * kernel_w) * 8;
  INKLING_RETURN_IF_ERROR(charge(windows, bytes));
  graph_.window_bytes += windows * bytes;
  return window;
}

Status GraphBuilder::lower_conv(const Node& node) {
  const auto in = value(node, 0);
  if (!in.ok()) return in.status();
  const Shape in_shape = shape(in.value());
  auto weights = floats(node, 1, "weight");
  if (!weights.ok()) return weights.status();
  const auto& dims = constant(node, 1)->dims;
  if (dims.size() != 4 || in_shape.flat) return cannot("it is not two-dimensional");
  const std::int64_t groups = int_attribute(node, "group", 1);
  if (groups < 1 || in_shape.c % groups != 0 || dims[0] % groups != 0 || dims[0] == 0 ||
      dims[1] != in_shape.c / static_cast<std::size_t>(groups)) {
    return contradicts(cat("its weight has ", dims[1], " channels a group and ", dims[0],
                           " outputs, its input ", to_string(in_shape), ", groups ", groups));
  }
  const auto size = [](std::size_t n) { return static_cast<std::int64_t>(n); };
  const auto kernel = ints_attribute(node, "kernel_shape", {size(dims[2]), size(dims[3])});
  if (kernel.size() != 2 || kernel[0] != size(dims[2]) || kernel[1] != size(dims[3])) {
    return contradicts("its kernel_shape is not that of its weight");
  }
  Shape out;
  const auto window = read_window(node, in_shape, kernel[0], kernel[1], &out);
  if (!window.ok()) return window.status();
  out.c = dims[0];

  Step step = make_step(StepKind::kConv, {in.value()});
  step.window = window.value();
  step.op = cat("Conv ", size_label(step.window));
  step.groups = static_cast<std::size_t>(groups);
  step.weights = std::move(weights).value();
  INKLING_RETURN_IF_ERROR(charge(out.c, sizeof(float)));
  step.bias.assign(out.c, 0.0f);
  if (operand(node, 2) != nullptr) {
    auto bias = floats(node, 2, "bias");
    if (!bias.ok()) return bias.status();
    if (bias.value().size() != out.c)
      return contradicts("its bias does not have one value an output");
    step.bias = std::move(bias).value();
  }
  return add_step(node, std::move(step), out);
}

namespace {

// [rows][columns] -> [columns][rows]
std::vector<float> transpose(const std::vector<float>& matrix, std::size_t rows,
                             std::size_t columns) {
  std::vector<float> result(matrix.size());
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) result[j * rows + i] = matrix[i * columns + j];
  }
  return result;
}

// Whether a tensor of these dims is one value for each of n columns, or one for all.
bool is_row(const std::vector<std::size_t>& dims, std::size_t elements, std::size_t n) {
  return elements == 1 || (elements == n && !dims.empty() && dims.back() == n);
}

}  // namespace

Status GraphBuilder::lower_gemm(const Node& node) {
  const auto in = value(node, 0);
  if (!in.ok()) return in.status();
  const Shape in_shape = shape(in.value());
  if (!in_shape.flat || int_attribute(node, "transA", 0) != 0)
    return cannot("its input is not [N,K]");
  auto weights = floats(node, 1, "matrix");
  if (!weights.ok()) return weights.status();
  const auto& dims = constant(node, 1)->dims;
  if (dims.size() != 2) return contradicts("its matrix has not two dimensions");
  const bool transposed = int_attribute(node, "transB", 0) != 0;
  const std::size_t rows = transposed ? dims[0] : dims[1];
  const std::size_t columns = transposed ? dims[1] : dims[0];
  if (columns != in_shape.c || rows == 0) {
    return contradicts(
        cat("its matrix takes ", columns, " values, its input is ", to_string(in_shape)));
  }
  Step step = make_step(StepKind::kFullyConnected, {in.value()});
  step.weights =
      transposed ? std::move(weights).value() : transpose(weights.value(), columns, rows);
  const float alpha = float_attribute(node, "alpha", 1.0f);
  for (float& w : step.weights) w *= alpha;
  INKLING_RETURN_IF_ERROR(charge(rows, sizeof(float)));
  step.bias.assign(rows, 0.0f);
  if (operand(node, 2) != nullptr) {
    const auto bias = floats(node, 2, "bias");
    if (!bias.ok()) return bias.status();
    const Tensor& tensor = *constant(node, 2);
    if (!is_row(tensor.dims, tensor.elements, rows)) return cannot("its bias is not a row");
    const float beta = float_attribute(node, "beta", 1.0f);
    const std::vector<float>& row = bias.value();
    for (std::size_t i = 0; i < rows; ++i) step.bias[i] = beta * row[row.size() == 1 ? 0 : i];
  }
  return add_step(node, std::move(step), Shape{.c = rows, .flat = true});
}

Status GraphBuilder::lower_matmul(const Node& node) {
  const auto in = value(node, 0);
  if (!in.ok()) return in.status();
  const Shape in_shape = shape(in.value());
  const auto weights = floats(node, 1, "matrix");
  if (!weights.ok()) return weights.status();
  const auto& dims = constant(node, 1)->dims;
  if (!in_shape.flat || dims.size() != 2) return cannot("it does not multiply [N,K] by [K,M]");
  if (dims[0] != in_shape.c || dims[1] == 0) {
    return contradicts(
        cat("its matrix takes ", dims[0], " values, its input is ", to_string(in_shape)));
  }
  Step step = make_step(StepKind::kFullyConnected, {in.value()});
  step.weights = transpose(weights.value(), dims[0], dims[1]);
  INKLING_RETURN_IF_ERROR(charge(dims[1], sizeof(float)));
  step.bias.assign(dims[1], 0.0f);
  return add_step(node, std::move(step), Shape{.c = dims[1], .flat = true});
}

Status GraphBuilder::lower_pool(const Node& node) {
  const auto in = value(node, 0);
  if (!in.ok()) return in.status();
  const Shape in_shape = shape(in.value());
  const auto kernel = ints_attribute(node, "kernel_shape", {});
  if (in_shape.flat || kernel.size() != 2) return cannot("it is not two-dimensional");
  if (int_attribute(node, "storage_order", 0) != 0) return cannot("storage_order is not 0");
  Shape out;
  const auto window = read_window(node, in_shape, kernel[0], kernel[1], &out);
  if (!window.ok()) return window.status();
  const bool is_max = node.op_type == "MaxPool";
  Step step = make_step(is_max ? StepKind::kMaxPool : StepKind::kAveragePool, {in.value()});
  step.window = window.value();
  step.op = cat(node.op_type, " ", size_label(step.window));
  step.count_padding = int_attribute(node, "count_include_pad", 0) != 0;
  if (step.count_padding && int_attribute(node, "ceil_mode", 0) != 0) {
    return cannot("count_include_pad and ceil_mode together");
  }
  const Window& w = step.window;
  if (w.pad_top >= (w.kernel_h - 1) * w.dilation_h + 1 ||
      w.pad_left >= (w.kernel_w - 1) * w.dilation_w + 1 ||
      w.pad_bottom >= (w.kernel_h - 1) * w.dilation_h + 1 ||
      w.pad_right >= (w.kernel_w - 1) * w.dilation_w + 1) {
    return contradicts("its padding is as large as its window");
  }
  return add_step(node, std::move(step), out);
}

Status GraphBuilder::lower_global_average_pool(const Node& node) {
  const auto in = value(node, 0);
  if (!in.ok()) return in.status();
  const Shape in_shape = shape(in.value());
  if (in_shape.flat) return cannot("its input is not [N,C,H,W]");
  Step step = make_step(StepKind::kAveragePool, {in.value()});
  step.window.kernel_h = static_cast<std::uint32_t>(in_shape.h);
  step.window.kernel_w = static_cast<std::uint32_t>(in_shape.w);
  return add_step(node, std::move(step), Shape{.c = in_shape.c});
}

// y = scale * (x - mean) / sqrt(variance + epsilon) + bias, a channel at a time: folded into the
// layer before it, or else a 1x1 convolution of each channel with itself.
Status GraphBuilder::lower_batch_normalization(const Node& node) {
  const auto in = value(node, 0);
  if (!in.ok()) return in.status();
  const Shape in_shape = shape(in.value());
  if (int_attribute(node, "training_mode", 0) != 0) return cannot("training_mode is on");
  std::vector<float> parts[4];
  static constexpr std::string_view kNames[] = {"scale", "bias", "mean", "variance"};
  for (std::size_t i = 0; i < 4; ++i) {
    auto part = floats(node, i + 1, kNames[i]);
    if (!part.ok()) return part.status();
    parts[i] = std::move(part).value();
    if (parts[i].size() != in_shape.c)
      return contradicts("its parameters do not have a value a channel");
  }
  const double epsilon = float_attribute(node, "epsilon", 1e-5f);
  std::vector<float> scale(in_shape.c), offset(in_shape.c);
  for (std::size_t c = 0; c < in_shape.c; ++c) {
    const double factor = parts[0][c] / std::sqrt(static_cast<double>(parts[3][c]) + epsilon);
    if (!std::isfinite(factor)) return contradicts("its variance is not positive");
    scale[c] = static_cast<float>(factor);
    offset[c] = static_cast<float>(parts[1][c] - parts[2][c] * factor);
  }
  const std::vector<std::size_t> dims =
      in_shape.flat ? std::vector{in_shape.c} : std::vector<std::size_t>{in_shape.c, 1, 1};
  if (fuse_affine(node, in.value(), dims, scale, offset)) return {};
  Step step = make_step(StepKind::kConv, {in.value()});
  step.op = "BatchNormalization";
  step.groups = in_shape.c;
  step.weights = std::move(scale);
  step.bias = std::move(offset);
  return add_step(node, std::move(step), in_shape);
}

// Until opset 12 softmax flattens to [N, everything from `axis` on]; from 13 on it works along
// `axis` alone.
Status GraphBuilder::lower_softmax(const Node& node) {
  const auto in = value(node, 0);
  if (!in.ok()) return in.status();
  const Shape in_shape = shape(in.value());
  const std::int64_t rank = in_shape.flat ? 2 : 4;
  const bool flattens = model_.opset < 13;
  std::int64_t axis = int_attribute(node, "axis", flattens ? 1 : -1);
  if (axis < 0) axis += rank;
  if (axis != 1 && !(axis > 1 && axis < rank && in_shape.c == in_shape.elements())) {
    return cannot(cat("its axis ", axis, " is not that of the channels"));
  }
  Step step = make_step(StepKind::kSoftmax, {in.value()});
  step.softmax_width = flattens ? in_shape.elements() : in_shape.c;
  return add_step(node, std::move(step), in_shape);
}

}  // namespace inkling
