// Lowering of the layers that slide a window (convolution, pooling), batch normalization, softmax.
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

using Ints = std::vector<std::int64_t>;

bool all_within(const Ints& values, std::int64_t low, std::int64_t high) {
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

// A one-dimensional layer is one on maps of height 1.
Ints two_dimensional(Ints values, std::int64_t fill) {
  if (values.size() == 1) values.insert(values.begin(), fill);
  return values;
}

}  // namespace

Result<Window> GraphBuilder::read_window(const Node& node, const Map& in, const Ints& kernel,
                                         Step* step, Map* out) {
  const Ints strides = two_dimensional(ints_attribute(node, "strides", {1, 1}), 1);
  const Ints dilations = two_dimensional(ints_attribute(node, "dilations", {1, 1}), 1);
  Ints pads = ints_attribute(node, "pads", {0, 0, 0, 0});
  if (pads.size() == 2) pads = {0, pads[0], 0, pads[1]};
  if (strides.size() != 2 || dilations.size() != 2 || pads.size() != 4 || kernel.size() != 2) {
    return cannot("it does not work on two dimensions");
  }
  if (!all_within(kernel, 1, kMaxWindow) || !all_within(strides, 1, kMaxWindow) ||
      !all_within(dilations, 1, kMaxWindow) || !all_within(pads, 0, kMaxWindow)) {
    return cannot("its kernel, strides, dilations or pads are not in 1 (0) to 4096");
  }
  const auto size = [](std::size_t n) { return static_cast<std::int64_t>(n); };
  Axis y{size(in.h), kernel[0], strides[0], dilations[0], pads[0], pads[2]};
  Axis x{size(in.w), kernel[1], strides[1], dilations[1], pads[1], pads[3]};
  const std::string auto_pad = string_attribute(node, "auto_pad", "NOTSET");
  if (auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER") {
    y.pad_same(auto_pad == "SAME_LOWER");
    x.pad_same(auto_pad == "SAME_LOWER");
  } else if (auto_pad == "VALID") {
    y.pad_begin = y.pad_end = x.pad_begin = x.pad_end = 0;
  } else if (auto_pad != "NOTSET" && !auto_pad.empty()) {
    return cannot("auto_pad is '", auto_pad, "'");
  }
  // What a Pad before it has left to this layer.
  y.pad_begin += step->window.pad_top;
  y.pad_end += step->window.pad_bottom;
  x.pad_begin += step->window.pad_left;
  x.pad_end += step->window.pad_right;
  if (y.extent() > y.in + y.pad_begin + y.pad_end || x.extent() > x.in + x.pad_begin + x.pad_end) {
    return contradicts("its window is larger than its input ", Dims{in.images, in.c, in.h, in.w},
                       " with padding");
  }
  const auto narrow = [](std::int64_t n) { return static_cast<std::uint32_t>(n); };
  if (int_attribute(node, "ceil_mode", 0) != 0) {
    step->overhang_h = narrow(y.ceil_padding());
    step->overhang_w = narrow(x.ceil_padding());
    y.pad_end += y.ceil_padding();
    x.pad_end += x.ceil_padding();
  }
  Window window{.kernel_h = narrow(kernel[0]),
                .kernel_w = narrow(kernel[1]),
                .stride_h = narrow(strides[0]),
                .stride_w = narrow(strides[1]),
                .dilation_h = narrow(dilations[0]),
                .dilation_w = narrow(dilations[1]),
                .pad_top = narrow(y.pad_begin),
                .pad_left = narrow(x.pad_begin),
                .pad_bottom = narrow(y.pad_end),
                .pad_right = narrow(x.pad_end)};
  out->images = in.images;
  out->c = in.c;
  out->h = static_cast<std::size_t>(y.out());
  out->w = static_cast<std::size_t>(x.out());
  // XNNPACK keeps a pointer for every pixel of every window; counted as 64 bits everywhere, so that
  // what loads does not depend on the machine.
  const std::uint64_t windows = std::uint64_t{out->h} * out->w + kWindowTile - 1;
  const std::uint64_t bytes = static_cast<std::uint64_t>(kernel[0] * kernel[1]) * 8;
  INKLING_RETURN_IF_ERROR(charge(windows, bytes));
  graph_.window_bytes += windows * bytes;
  return window;
}

// The value as a layer takes it, channels last in memory.
Result<std::size_t> GraphBuilder::map_input(const Node& node, std::size_t value, Map* map) {
  const std::size_t rank = dims(value).size();
  if (rank != 4 && rank != 3) {
    return cannot("its input ", dims(value), " is not [N,C,H,W]");
  }
  INKLING_ASSIGN(in, channels_last(node, value));
  const Dims& d = dims(in);
  *map = Map{.images = d[0], .h = rank == 4 ? d[2] : 1, .w = d[rank - 1], .c = d[1]};
  return in;
}

Result<std::size_t> GraphBuilder::add_layer(const Node& node, Step step, std::size_t in,
                                            const Map& out) {
  step.out = out;
  Dims result = {out.images, out.c, out.h, out.w};
  if (dims(in).size() == 3) {
    if (out.h != 1) return contradicts("its window has two axes, its input ", dims(in), " one");
    result = {out.images, out.c, out.w};
  }
  return add_step(node, std::move(step), result, channels_last_order(result.size()));
}

// When a Pad with zeros produced `in` for this node alone: what went into it, and its padding.
Result<std::size_t> GraphBuilder::absorb_padding(std::size_t in, Window* padding) {
  Step* pad = kIsCore ? nullptr : fusible_producer(in);  // the core has no Pad
  if (pad == nullptr || !pad->is_zero_padding || graph_.values[in].source != Value::kNoSource) {
    return in;
  }
  *padding = pad->window;
  pad->kind = StepKind::kNothing;
  graph_.values[in].name.clear();
  return pad->inputs[0];
}

Result<std::size_t> GraphBuilder::add_conv(const Node& node, std::size_t in,
                                           std::vector<float> weights, const Dims& weight_dims,
                                           std::vector<float> bias) {
  if (weight_dims.size() != dims(in).size()) {
    return cannot("its input is ", dims(in), " and its weight ", weight_dims);
  }
  Step step = make_step(StepKind::kConv, {});
  INKLING_ASSIGN(source, absorb_padding(in, &step.window));
  INKLING_ASSIGN(map, map_input(node, source, &step.in));
  step.inputs = {map};
  const std::int64_t group = int_attribute(node, "group", 1);
  const std::size_t outputs = weight_dims[0];
  if (group < 1 || static_cast<std::uint64_t>(group) > step.in.c) {
    return contradicts("it has no such groups");
  }
  step.groups = static_cast<std::size_t>(group);
  if (weight_dims[1] == 0 || step.in.c % step.groups != 0 || outputs % step.groups != 0 ||
      weight_dims[1] != step.in.c / step.groups) {
    return contradicts("its weights take ", weight_dims[1], " channels in ", step.groups,
                       " groups, its input is ", dims(in));
  }
  const Ints kernel = two_dimensional({weight_dims.begin() + 2, weight_dims.end()}, 1);
  Map out;
  INKLING_ASSIGN(window, read_window(node, step.in, kernel, &step, &out));
  step.window = window;
  step.op = cat("Conv ", size_label(window));
  if (bias.empty()) {
    INKLING_RETURN_IF_ERROR(charge(outputs, sizeof(float)));
    bias.assign(outputs, 0.0f);
  }
  if (bias.size() != outputs) return contradicts("its bias does not have one value an output");
  step.weights = std::move(weights);
  step.bias = std::move(bias);
  out.c = outputs;
  return add_layer(node, std::move(step), map, out);
}

Status GraphBuilder::lower_conv(const Node& node) {
  INKLING_ASSIGN(in, value(node, 0));
  INKLING_ASSIGN(weights, floats(node, 1, "weight"));
  std::vector<float> bias;
  if (operand(node, 2) != nullptr) {
    INKLING_ASSIGN(given, floats(node, 2, "bias"));
    bias = std::move(given);
  }
  INKLING_ASSIGN(result,
                 add_conv(node, in, std::move(weights), constant(node, 1)->dims, std::move(bias)));
  if (!kIsCore) graph_.steps.back().weight_scales = scales(node, 1);
  return give(node, result);
}

Status GraphBuilder::lower_pool(const Node& node) {
  INKLING_ASSIGN(in, value(node, 0));
  const Ints kernel = two_dimensional(ints_attribute(node, "kernel_shape", {}), 1);
  if (kernel.size() != 2) return cannot("it is not two-dimensional");
  if (int_attribute(node, "storage_order", 0) != 0) return cannot("storage_order is not 0");
  const bool is_max = node.op_type == "MaxPool";
  Step step = make_step(is_max ? StepKind::kMaxPool : StepKind::kAveragePool, {});
  INKLING_ASSIGN(map, map_input(node, in, &step.in));
  step.inputs = {map};
  Map out;
  INKLING_ASSIGN(w, read_window(node, step.in, kernel, &step, &out));
  step.window = w;
  step.op = cat(node.op_type, " ", size_label(w));
  step.count_padding = int_attribute(node, "count_include_pad", 0) != 0;
  const std::uint32_t extent_h = (w.kernel_h - 1) * w.dilation_h + 1;
  const std::uint32_t extent_w = (w.kernel_w - 1) * w.dilation_w + 1;
  if (w.pad_top >= extent_h || w.pad_left >= extent_w || w.pad_bottom >= extent_h ||
      w.pad_right >= extent_w) {
    return contradicts("its padding is as large as its window");
  }
  return give(node, add_layer(node, std::move(step), map, out));
}

Status GraphBuilder::lower_global_pool(const Node& node) {
  INKLING_ASSIGN(in, value(node, 0));
  const Dims& d = dims(in);
  if (d.size() < 3) return cannot("its input ", d, " is not [N,C,H,W]");
  Dims along(d.size(), 1);
  along[0] = along[1] = 0;
  const bool is_max = node.op_type == "GlobalMaxPool";
  const float factor = is_max ? 1.0f : 1.0f / static_cast<float>(element_count(d) / d[0] / d[1]);
  return give(node,
              add_reduction(node, in, along, is_max ? BinaryOp::kMax : BinaryOp::kAdd, factor));
}

// y = scale * (x - mean) / sqrt(variance + epsilon) + bias, a channel at a time: folded into the
// layer before it where possible.
Status GraphBuilder::lower_batch_normalization(const Node& node) {
  INKLING_ASSIGN(in, value(node, 0));
  const std::size_t rank = dims(in).size();
  if (rank < 2) return cannot("its input ", dims(in), " has no channels");
  const std::size_t channels = dims(in)[1];
  if (int_attribute(node, "training_mode", 0) != 0) return cannot("training_mode is on");
  if (int_attribute(node, "spatial", 1) == 0) return cannot("spatial is 0");
  std::vector<float> parts[4];
  static constexpr std::string_view kNames[] = {"scale", "bias", "mean", "variance"};
  for (std::size_t i = 0; i < 4; ++i) {
    INKLING_ASSIGN(part, floats(node, i + 1, kNames[i]));
    parts[i] = std::move(part);
    if (parts[i].size() != channels) {
      return contradicts("its parameters do not have a value a channel");
    }
  }
  const double epsilon = float_attribute(node, "epsilon", 1e-5f);
  std::vector<float> scale(channels), offset(channels);
  for (std::size_t c = 0; c < channels; ++c) {
    const double factor = parts[0][c] / std::sqrt(static_cast<double>(parts[3][c]) + epsilon);
    if (!std::isfinite(factor)) return contradicts("its variance is not positive");
    scale[c] = static_cast<float>(factor);
    offset[c] = static_cast<float>(parts[1][c] - parts[2][c] * factor);
  }
  Dims per_channel(rank - 1, 1);
  per_channel[0] = channels;
  if (fuse_affine(node, in, per_channel, scale, offset)) return {};
  INKLING_ASSIGN(factors, add_constant(per_channel, std::move(scale)));
  INKLING_ASSIGN(offsets, add_constant(per_channel, std::move(offset)));
  INKLING_ASSIGN(scaled, add_binary(node, BinaryOp::kMultiply, in, factors));
  return give(node, add_binary(node, BinaryOp::kAdd, scaled, offsets));
}

// Until opset 12 softmax flattens to [everything before `axis`, everything from it on]; from 13 on
// it works along `axis` alone.
Status GraphBuilder::lower_softmax(const Node& node) {
  INKLING_ASSIGN(in, value(node, 0));
  const Dims d = dims(in);
  const bool flattens = model_.opset < 13;
  INKLING_ASSIGN(axis, axis_attribute(node, flattens ? 1 : -1, d.size()));
  INKLING_RETURN_IF_ERROR(check_axis(in, axis));
  Step step = make_step(StepKind::kSoftmax, {});
  step.log = node.op_type == "LogSoftmax";
  Order order = order_of(in);
  step.softmax_width = d[axis];
  if (flattens) {
    order = rows_order(d.size());
    step.softmax_width = element_count(d.from(axis));
  } else {
    order.remove(axis);
    order.push_back(axis);
  }
  INKLING_ASSIGN(ordered, in_order(node, in, order));
  step.inputs = {ordered};
  return give(node, add_step(node, std::move(step), d, order));
}

}  // namespace inkling
