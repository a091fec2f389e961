// Lowering of whole-number arithmetic. Quantised values are whole numbers kept as float32, which
// holds all up to 2^24: QuantizeLinear rounds and saturates as ONNX says, integer layers subtract
// their zero points and then are float layers. So the answers are those of the file.
#include <algorithm>
#include <cmath>

#include "graph_builder.h"
#include "tensor_values.h"
#include "text.h"

namespace inkling {
namespace {

struct Range {
  float min, max;
};

// What a quantised type holds; nothing for one that is none.
std::optional<Range> range_of(DataType type) {
  switch (type) {
    case DataType::kUint8:
      return Range{0, 255};
    case DataType::kInt8:
      return Range{-128, 127};
    case DataType::kUint16:
      return Range{0, 65535};
    case DataType::kInt16:
      return Range{-32768, 32767};
    default:
      return std::nullopt;
  }
}

// The smallest scale of a dynamically quantised value: of one that is 0 everywhere.
constexpr float kSmallestScale = std::numeric_limits<float>::min();

}  // namespace

// A scale or zero point: one number, or one for each place on `axis` of the value `of`.
Result<std::size_t> GraphBuilder::along_axis(const Node& node, std::size_t index, std::size_t of,
                                             std::int64_t axis) {
  INKLING_ASSIGN(in, value(node, index));
  const Dims d = dims(in);
  const std::size_t count = element_count(d), rank = dims(of).size();
  if (count == 1) return add_view(in, {}, {}, -1);
  if (axis < 0) axis += static_cast<std::int64_t>(rank);
  if (axis < 0 || axis >= static_cast<std::int64_t>(rank) || d.size() != 1 ||
      dims(of)[static_cast<std::size_t>(axis)] != count) {
    return cannot("input ", index, " is ", d, ", not a number for each place on axis ", axis);
  }
  Dims out(rank - static_cast<std::size_t>(axis), 1);
  out[0] = count;
  return add_view(in, out, packed_strides(out, rows_order(out.size())), -1);
}

// A constant of one number, as kernels take it; nothing when it is something else.
std::optional<float> GraphBuilder::number(const Node& node, std::size_t index,
                                          float missing) const {
  if (operand(node, index) == nullptr) return missing;
  const Tensor* tensor = constant(node, index);
  if (tensor == nullptr || tensor->elements != 1) return std::nullopt;
  const std::vector<float> values = to_floats(*tensor);
  if (!values.empty()) return values[0];
  const std::vector<std::int64_t> whole = to_ints(*tensor);
  return whole.empty() ? std::nullopt : std::optional(static_cast<float>(whole[0]));
}

// x at `in`; its scale and zero point are the node's inputs `scale` and `scale + 1`.
Result<std::size_t> GraphBuilder::quantized(const Node& node, std::size_t in, std::size_t scale,
                                            std::int64_t axis) {
  if (operand(node, scale) == nullptr) return contradicts("it has no scale");
  const Tensor* zero = constant(node, scale + 1);
  DataType type = static_cast<DataType>(int_attribute(node, "output_dtype", 0));
  if (type == DataType::kUndefined) type = zero != nullptr ? zero->type : DataType::kUint8;
  const auto range = range_of(type);
  if (!range) return cannot("it quantises to ", data_type_name(type));
  const auto factor = number(node, scale, 1), offset = number(node, scale + 1, 0);
  if (factor && offset) {
    if (!(*factor > 0)) return contradicts("its scale is not positive");
    return add_unary(node, in, UnaryOp::kQuantize, *factor, *offset, range->min, range->max);
  }
  INKLING_ASSIGN(factors, along_axis(node, scale, in, axis));
  INKLING_ASSIGN(scaled, add_binary(node, BinaryOp::kDivide, in, factors));
  if (operand(node, scale + 1) == nullptr) {
    return add_unary(node, scaled, UnaryOp::kRound, 0, 0, range->min, range->max);
  }
  INKLING_ASSIGN(rounded, add_unary(node, scaled, UnaryOp::kRound));
  INKLING_ASSIGN(offsets, along_axis(node, scale + 1, in, axis));
  return add_binary(node, BinaryOp::kAdd, rounded, offsets, range->min, range->max);
}

Result<std::size_t> GraphBuilder::dequantized(const Node& node, std::size_t in, std::size_t scale,
                                              std::int64_t axis) {
  if (operand(node, scale) == nullptr) return contradicts("it has no scale");
  const auto factor = number(node, scale, 1), offset = number(node, scale + 1, 0);
  if (factor && offset) {
    return add_unary(node, in, UnaryOp::kDequantize, *factor, *offset);
  }
  std::size_t shifted = in;
  if (operand(node, scale + 1) != nullptr) {
    INKLING_ASSIGN(offsets, along_axis(node, scale + 1, in, axis));
    INKLING_ASSIGN(difference, add_binary(node, BinaryOp::kSubtract, in, offsets));
    shifted = difference;
  }
  INKLING_ASSIGN(factors, along_axis(node, scale, in, axis));
  return add_binary(node, BinaryOp::kMultiply, shifted, factors);
}

Status GraphBuilder::lower_quantize(const Node& node) {
  INKLING_ASSIGN(in, value(node, 0));
  if (int_attribute(node, "block_size", 0) != 0) return cannot("it quantises in blocks");
  return give(node, quantized(node, in, 1, int_attribute(node, "axis", 1)));
}

// Weights stored as whole numbers: computed once, and as quick to run as any others.
Status GraphBuilder::lower_dequantize_constant(const Node& node) {
  const Tensor* tensor = constant(node, 0);
  if (tensor == nullptr) return cannot("it dequantises what is no constant");
  if (operand(node, 1) == nullptr) return contradicts("it has no scale");
  if (int_attribute(node, "block_size", 0) != 0) return cannot("it quantises in blocks");
  const Tensor* scale = constant(node, 1);
  std::size_t axis = 0;
  if (scale == nullptr || scale->elements != 1) {
    INKLING_ASSIGN(given, axis_attribute(node, 1, tensor->dims.size()));
    axis = given;
  }
  const Dims dims = tensor->dims;
  INKLING_ASSIGN(weights, integer_weights(node, 0, 1, 2, axis));
  INKLING_RETURN_IF_ERROR(charge(weights.size(), sizeof(float)));
  if (!kIsCore) operands_[node.outputs[0]].dequantized = &node;
  return fold(node, make_float_tensor(dims, weights));
}

// Of what the constant input's elements are multiples, along the axis that it was quantised on;
// empty when it was not.
std::vector<float> GraphBuilder::scales(const Node& node, std::size_t index) const {
  const Operand* found = operand(node, index);
  if (kIsCore || found->dequantized == nullptr) return {};
  return to_floats(*constant(*found->dequantized, 1));
}

Status GraphBuilder::lower_dequantize(const Node& node) {
  if (constant(node, 0) != nullptr) return lower_dequantize_constant(node);
  INKLING_ASSIGN(in, value(node, 0));
  if (int_attribute(node, "block_size", 0) != 0) return cannot("it quantises in blocks");
  return give(node, dequantized(node, in, 1, int_attribute(node, "axis", 1)));
}

// y_scale = (max(0, x) - min(0, x)) / 255, y_zero_point = -min / y_scale rounded, and y with these.
Status GraphBuilder::lower_dynamic_quantize(const Node& node) {
  INKLING_ASSIGN(in, value(node, 0));
  const Dims all(dims(in).size(), 1);
  INKLING_ASSIGN(low, add_reduction(node, in, all, BinaryOp::kMin, 1, -kInfinity, 0));
  INKLING_ASSIGN(high, add_reduction(node, in, all, BinaryOp::kMax, 1, 0, kInfinity));
  INKLING_ASSIGN(steps, add_constant({}, {255.0f}));
  INKLING_ASSIGN(extent, add_binary(node, BinaryOp::kSubtract, high, low));
  INKLING_ASSIGN(scale, add_binary(node, BinaryOp::kDivide, extent, steps, kSmallestScale));
  INKLING_ASSIGN(from_low, add_binary(node, BinaryOp::kDivide, low, scale));
  INKLING_ASSIGN(negative, add_unary(node, from_low, UnaryOp::kAffine, -1));
  INKLING_ASSIGN(zero, add_unary(node, negative, UnaryOp::kRound, 0, 0, 0, 255));
  INKLING_ASSIGN(result, add_unary(node, in, UnaryOp::kQuantize, 1, 0, 0, 255));
  graph_.steps.back().inputs = {in, scale, zero};
  INKLING_RETURN_IF_ERROR(give(node, result));
  INKLING_RETURN_IF_ERROR(give(node, add_view(scale, {}, {}, -1), 1));
  return give(node, add_view(zero, {}, {}, -1), 2);
}

// Whole-number weights less their zero point, times their scale when the node has one (no_input:
// none); zero points and scales are one, or one for each of the weights' `axis`.
Result<std::vector<float>> GraphBuilder::integer_weights(const Node& node, std::size_t index,
                                                         std::size_t scale, std::size_t zero,
                                                         std::size_t axis) {
  const Tensor* tensor = constant(node, index);
  if (tensor == nullptr) return cannot("its weights are not a constant");
  if (axis > 0 && axis >= tensor->dims.size()) {
    return contradicts("its weights have too few axes");
  }
  INKLING_RETURN_IF_ERROR(charge(tensor->elements, sizeof(float) + sizeof(std::int64_t)));
  const std::vector<std::int64_t> whole = to_ints(*tensor);
  if (whole.empty()) return cannot("its weights are ", data_type_name(tensor->type));
  std::vector<float> weights(whole.begin(), whole.end());
  const bool is_one = tensor->dims.empty();
  const std::size_t places = is_one ? 1 : tensor->dims[axis];
  const std::size_t inner = is_one ? 1 : element_count(tensor->dims.from(axis + 1));
  for (const std::size_t input : {zero, scale}) {
    if (input == kNoInput || operand(node, input) == nullptr) continue;
    const Tensor* given = constant(node, input);
    if (given == nullptr) return cannot("its weights' scale or zero point is not a constant");
    std::vector<float> values = to_floats(*given);
    const std::vector<std::int64_t> ints = to_ints(*given);
    if (values.empty()) values.assign(ints.begin(), ints.end());
    if (values.size() != 1 && values.size() != places) {
      return contradicts("its weights have not a scale and zero point for each output");
    }
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const float v = values[values.size() == 1 ? 0 : i / inner % places];
      weights[i] = input == zero ? weights[i] - v : weights[i] * v;
    }
  }
  return weights;
}

Status GraphBuilder::lower_integer_layer(const Node& node) {
  INKLING_ASSIGN(in, value(node, 0));
  const bool is_conv = node.op_type == "ConvInteger";
  const auto offset = number(node, 2, 0);
  INKLING_ASSIGN(shifted, add_unary(node, in, UnaryOp::kDequantize, 1, offset.value_or(0)));
  if (!offset) {
    INKLING_ASSIGN(zero, value(node, 2));
    if (element_count(dims(zero)) != 1) return cannot("its input's zero point is not one number");
    graph_.steps.back().inputs.push_back(zero);
  }
  const Tensor* tensor = constant(node, 1);
  if (tensor == nullptr) return cannot("its weights are not a constant");
  const Dims weight_dims = tensor->dims;
  if (!is_conv && weight_dims.size() != 2) return cannot("its matrix has not two dimensions");
  INKLING_ASSIGN(weights, integer_weights(node, 1, kNoInput, 3, is_conv ? 0 : 1));
  INKLING_ASSIGN(layer, is_conv ? add_conv(node, shifted, std::move(weights), weight_dims, {})
                                : add_dense(node, shifted, std::move(weights), weight_dims, false));
  graph_.steps.back().weight_scales = {1.0f};
  return give(node, layer);
}

// QLinearConv(x, scale, zero, w, scale, zero, y scale, y zero, bias); QLinearMatMul without bias.
Status GraphBuilder::lower_quantized_layer(const Node& node) {
  INKLING_ASSIGN(in, value(node, 0));
  const bool is_conv = node.op_type == "QLinearConv";
  if (operand(node, 4) == nullptr) return contradicts("its weights have no scale");
  const Tensor* tensor = constant(node, 3);
  if (tensor == nullptr) return cannot("its weights are not a constant");
  const Dims weight_dims = tensor->dims;
  if (!is_conv && weight_dims.size() != 2) return cannot("its matrix has not two dimensions");
  INKLING_ASSIGN(x, dequantized(node, in, 1, 0));
  INKLING_ASSIGN(weights, integer_weights(node, 3, 4, 5, is_conv ? 0 : 1));
  std::size_t result = 0;
  if (is_conv) {
    std::vector<float> bias;
    if (operand(node, 8) != nullptr) {
      INKLING_ASSIGN(whole, integer_weights(node, 8, 4, kNoInput, 0));
      const auto scale = number(node, 1, 1);
      if (!scale) return cannot("its input's scale is not one constant");
      bias = std::move(whole);
      for (float& b : bias) b *= *scale;
    }
    INKLING_ASSIGN(conv, add_conv(node, x, std::move(weights), weight_dims, std::move(bias)));
    result = conv;
  } else {
    INKLING_ASSIGN(dense, add_dense(node, x, std::move(weights), weight_dims, false));
    result = dense;
  }
  graph_.steps.back().weight_scales = to_floats(*constant(node, 4));
  return give(node, quantized(node, result, 6, 0));
}

}  // namespace inkling
