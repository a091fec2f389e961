// Lowering of what works on each number by itself: activations, and arithmetic with broadcasting.
#include <algorithm>
#include <cmath>

#include "edition.h"
#include "graph_builder.h"
#include "tensor_values.h"
#include "text.h"

namespace inkling {
namespace {

// An operator of one number: its parameters, as attributes, with their defaults.
struct UnaryEntry {
  std::string_view op_type;
  UnaryOp op;
  std::string_view alpha_name = {}, beta_name = {};
  float alpha = 0, beta = 0;
};

constexpr UnaryEntry kUnaries[] = {
    {"LeakyRelu", UnaryOp::kLeakyRelu, "alpha", "", 0.01f},
    {"Sigmoid", UnaryOp::kSigmoid},
};
constexpr UnaryEntry kMoreUnaries[] = {
    {"Abs", UnaryOp::kAbs},
    {"Ceil", UnaryOp::kCeil},
    {"Celu", UnaryOp::kCelu, "alpha", "", 1.0f},
    {"Cos", UnaryOp::kCos},
    {"Elu", UnaryOp::kElu, "alpha", "", 1.0f},
    {"Erf", UnaryOp::kErf},
    {"Exp", UnaryOp::kExp},
    {"Floor", UnaryOp::kFloor},
    {"HardSigmoid", UnaryOp::kHardSigmoid, "alpha", "beta", 0.2f, 0.5f},
    {"HardSwish", UnaryOp::kHardSwish},
    {"Log", UnaryOp::kLog},
    {"Mish", UnaryOp::kMish},
    {"Neg", UnaryOp::kAffine, "", "", -1.0f},
    {"Not", UnaryOp::kNot},
    {"Reciprocal", UnaryOp::kReciprocal},
    {"Round", UnaryOp::kRound},
    {"Selu", UnaryOp::kSelu, "alpha", "gamma", 1.67326319f, 1.05070102f},
    {"Shrink", UnaryOp::kShrink, "bias", "lambd", 0.0f, 0.5f},
    {"Sign", UnaryOp::kSign},
    {"Sin", UnaryOp::kSin},
    {"Softplus", UnaryOp::kSoftplus},
    {"Softsign", UnaryOp::kSoftsign},
    {"Sqrt", UnaryOp::kSqrt},
    {"Swish", UnaryOp::kSwish, "alpha", "", 1.0f},
    {"Tanh", UnaryOp::kTanh},
    {"ThresholdedRelu", UnaryOp::kThresholdedRelu, "alpha", "", 1.0f},
};

struct BinaryEntry {
  std::string_view op_type;
  BinaryOp op;
};

constexpr BinaryEntry kBinaries[] = {
    {"Add", BinaryOp::kAdd},        {"Div", BinaryOp::kDivide},   {"Mul", BinaryOp::kMultiply},
    {"ReduceMean", BinaryOp::kAdd}, {"Sub", BinaryOp::kSubtract},
};
constexpr BinaryEntry kMoreBinaries[] = {
    {"And", BinaryOp::kAnd},
    {"Equal", BinaryOp::kEqual},
    {"Greater", BinaryOp::kGreater},
    {"GreaterOrEqual", BinaryOp::kGreaterOrEqual},
    {"Less", BinaryOp::kLess},
    {"LessOrEqual", BinaryOp::kLessOrEqual},
    {"Max", BinaryOp::kMax},
    {"Mean", BinaryOp::kAdd},
    {"Min", BinaryOp::kMin},
    {"Mod", BinaryOp::kModulo},
    {"Or", BinaryOp::kOr},
    {"PRelu", BinaryOp::kPrelu},
    {"Pow", BinaryOp::kPower},
    {"ReduceL1", BinaryOp::kAddMagnitude},
    {"ReduceL2", BinaryOp::kAddSquare},
    {"ReduceMax", BinaryOp::kMax},
    {"ReduceMin", BinaryOp::kMin},
    {"ReduceProd", BinaryOp::kMultiply},
    {"ReduceSum", BinaryOp::kAdd},
    {"ReduceSumSquare", BinaryOp::kAddSquare},
    {"Sum", BinaryOp::kAdd},
    {"Xor", BinaryOp::kXor},
};

BinaryOp binary_op(std::string_view op_type) {
  // Whoever asks has been found by one of these names.
  return find_operator(kBinaries, kMoreBinaries, op_type)->op;
}

bool is_whole(const Tensor* tensor) { return tensor != nullptr && !is_float(tensor->type); }

}  // namespace

Result<std::size_t> GraphBuilder::add_unary(const Node& node, std::size_t in, UnaryOp op,
                                            float alpha, float beta, float min, float max) {
  Step step = make_step(StepKind::kUnary, {in});
  step.unary = op;
  step.alpha = alpha;
  step.beta = beta;
  step.min = min;
  step.max = max;
  return add_step(node, std::move(step), Dims(dims(in)), order_of(in));
}

Result<std::size_t> GraphBuilder::add_binary(const Node& node, BinaryOp op, std::size_t a,
                                             std::size_t b, float min, float max) {
  const auto out = broadcast(dims(a), dims(b));
  if (!out) {
    return cannot("its inputs ", dims(a), " and ", dims(b), " do not go together");
  }
  Step step = make_step(StepKind::kBinary, {a, b});
  step.binary = op;
  step.min = min;
  step.max = max;
  const auto is_computed = [&](std::size_t v) {
    return dims(v) == *out && !graph_.buffers[graph_.values[v].buffer].is_constant;
  };
  const Order order = is_computed(a)   ? order_of(a)
                      : is_computed(b) ? order_of(b)
                                       : rows_order(out->size());
  INKLING_ASSIGN(result, add_step(node, std::move(step), *out, order));
  const auto strides = [&](std::size_t v) {
    return broadcast_strides(graph_.values[v].dims, graph_.values[v].strides, *out);
  };
  graph_.steps.back().loop =
      make_loop(*out, strides(a), strides(b), graph_.values[result].strides, false);
  return result;
}

// Relu and Clip. Two clamps in a row are one: its ends are the first one's, clamped by the second.
Status GraphBuilder::lower_clamp(const Node& node) {
  INKLING_ASSIGN(in, value(node, 0));
  float min = 0.0f;
  float max = kInfinity;
  if (node.op_type == "Clip") {
    min = float_attribute(node, "min", -kInfinity);  // attributes until opset 10, inputs since
    max = float_attribute(node, "max", kInfinity);
    for (const std::size_t i : {1, 2}) {
      if (operand(node, i) == nullptr) continue;
      const Tensor* tensor = constant(node, i);
      if (tensor == nullptr) return cannot("its range is not a constant");
      const auto bound = tensor->elements == 1 ? to_floats(*tensor) : std::vector<float>();
      if (bound.empty()) return cannot("its range is not two float numbers");
      (i == 1 ? min : max) = bound[0];
    }
  }
  if (std::isnan(min) || std::isnan(max) || min > max) return contradicts("its range is empty");
  if (Step* step = fusible_producer(in); step != nullptr && step->kind != StepKind::kCopy &&
                                         step->kind != StepKind::kReorder &&
                                         step->kind != StepKind::kNothing) {
    step->min = std::clamp(step->min, min, max);
    step->max = std::clamp(step->max, min, max);
    absorb(node, *step, in, node.op_type);
    return {};
  }
  return give(node, add_unary(node, in, UnaryOp::kClamp, 0, 0, min, max));
}

Status GraphBuilder::lower_unary(const Node& node) {
  INKLING_ASSIGN(in, value(node, 0));
  const UnaryEntry* entry = find_operator(kUnaries, kMoreUnaries, node.op_type);
  const float alpha = float_attribute(node, entry->alpha_name, entry->alpha);
  const float beta = float_attribute(node, entry->beta_name, entry->beta);
  if (!std::isfinite(alpha) || !std::isfinite(beta)) {
    return contradicts("its parameters are not finite");
  }
  return give(node, add_unary(node, in, entry->op, alpha, beta));
}

Status GraphBuilder::lower_gelu(const Node& node) {
  INKLING_ASSIGN(in, value(node, 0));
  const std::string kind = string_attribute(node, "approximate", "none");
  if (kind != "none" && kind != "tanh") return cannot("approximate is '", kind, "'");
  return give(node, add_unary(node, in, kind == "tanh" ? UnaryOp::kGeluTanh : UnaryOp::kGelu));
}

// Folds "value * factors + offsets" (of these dims; empty for none) into the convolution or dense
// layer that produced the value, when each is one per channel or one for all, nothing else reads
// the value, and no clamp lies between. A layer's channels are the innermost in its buffer.
bool GraphBuilder::fuse_affine(const Node& node, std::size_t value, const Dims& dims,
                               const std::vector<float>& factors,
                               const std::vector<float>& offsets) {
  Step* step = fusible_producer(value);
  if (step == nullptr ||
      (step->kind != StepKind::kConv && step->kind != StepKind::kFullyConnected) ||
      std::isfinite(step->min) || std::isfinite(step->max)) {
    return false;
  }
  const Value& out = graph_.values[value];
  const std::size_t channels = step->out.c, count = element_count(dims);
  if (broadcast(dims, out.dims) != out.dims || (count != 1 && count != channels)) return false;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const std::size_t axis = out.dims.size() - dims.size() + i;
    if (dims[i] != 1 && (out.strides[axis] != 1 || out.dims[axis] != channels)) return false;
  }
  const std::size_t row = step->weights.size() / channels;  // weights of one output channel
  std::vector<float>& scales = step->weight_scales;
  if (!kIsCore && !scales.empty()) scales.resize(channels, float{scales[0]});
  for (std::size_t c = 0; c < channels; ++c) {
    const std::size_t i = count == 1 ? 0 : c;
    if (!factors.empty()) {
      step->bias[c] *= factors[i];
      for (std::size_t k = 0; k < row; ++k) step->weights[c * row + k] *= factors[i];
      if (!kIsCore && !scales.empty()) scales[c] *= factors[i];
    }
    if (!offsets.empty()) step->bias[c] += offsets[i];
  }
  absorb(node, *step, value, node.op_type);
  return true;
}

Status GraphBuilder::lower_binary(const Node& node) {
  const BinaryOp op = binary_op(node.op_type);
  if (operand(node, 0) == nullptr || operand(node, 1) == nullptr) {
    return contradicts("it needs two inputs");
  }
  for (const std::size_t i : {0, 1}) {
    const Tensor* tensor = constant(node, i);
    if (tensor == nullptr || constant(node, 1 - i) != nullptr || !is_float(tensor->type)) continue;
    const bool factor = op == BinaryOp::kMultiply || (op == BinaryOp::kDivide && i == 1);
    const bool offset = op == BinaryOp::kAdd || (op == BinaryOp::kSubtract && i == 1);
    if (!factor && !offset) continue;
    INKLING_ASSIGN(in, value(node, 1 - i));
    const Step* layer = fusible_producer(in);
    if (layer == nullptr || layer->weights.empty()) continue;
    INKLING_ASSIGN(values, floats(node, i, "constant input"));
    for (float& v : values) {
      if (op == BinaryOp::kDivide) v = 1.0f / v;
      if (op == BinaryOp::kSubtract) v = -v;
    }
    const Dims at = aligned_dims(node, i, tensor->dims, dims(in).size());
    if (fuse_affine(node, in, at, factor ? values : std::vector<float>(),
                    offset ? values : std::vector<float>())) {
      return {};
    }
  }
  INKLING_ASSIGN(a, value(node, 0));
  INKLING_ASSIGN(b, value(node, 1));
  const Dims aligned = aligned_dims(node, 1, dims(b), dims(a).size());
  if (aligned != dims(b)) {
    b = add_view(b, aligned, packed_strides(aligned, rows_order(aligned.size())), -1);
  }
  const bool whole = is_whole(constant(node, 0)) || is_whole(constant(node, 1));
  INKLING_ASSIGN(result, add_binary(node, op, a, b));
  if (op == BinaryOp::kDivide && whole) {
    return give(node, add_unary(node, result, UnaryOp::kTruncate));
  }
  return give(node, result);
}

// Until opset 6 the second input's first axis was named; since then its last one is the value's
// last. PRelu's slope of one per channel goes with axis 1 in files of some exporters, too.
Dims GraphBuilder::aligned_dims(const Node& node, std::size_t index, const Dims& dims,
                                std::size_t rank) const {
  Dims result = dims;
  if (index != 1) return result;
  if (model_.opset < 7 && has_attribute(node, "axis")) {
    const std::int64_t axis = int_attribute(node, "axis", 0);
    const std::size_t used =
        dims.size() + static_cast<std::size_t>(std::max<std::int64_t>(axis, 0));
    if (axis >= 0 && used < rank) result.resize(dims.size() + rank - used, 1);
  }
  return result;
}

Status GraphBuilder::lower_many(const Node& node) {
  if (node.inputs.empty()) return contradicts("it has no inputs");
  INKLING_ASSIGN(sum, value(node, 0));
  for (std::size_t i = 1; i < node.inputs.size(); ++i) {
    INKLING_ASSIGN(next, value(node, i));
    INKLING_ASSIGN(result, add_binary(node, binary_op(node.op_type), sum, next));
    sum = result;
  }
  if (node.op_type == "Mean") {
    const float factor = 1.0f / static_cast<float>(node.inputs.size());
    return give(node, add_unary(node, sum, UnaryOp::kAffine, factor));
  }
  if (node.inputs.size() > 1) return give(node, sum);
  return give(node, add_unary(node, sum, UnaryOp::kClamp));
}

// Where(condition, a, b) is the sum of a where the condition holds and b where it does not.
Status GraphBuilder::lower_where(const Node& node) {
  INKLING_ASSIGN(condition, value(node, 0));
  INKLING_ASSIGN(a, value(node, 1));
  INKLING_ASSIGN(b, value(node, 2));
  INKLING_ASSIGN(other, add_unary(node, condition, UnaryOp::kNot));
  INKLING_ASSIGN(from_a, add_binary(node, BinaryOp::kMask, condition, a));
  INKLING_ASSIGN(from_b, add_binary(node, BinaryOp::kMask, other, b));
  return give(node, add_binary(node, BinaryOp::kAdd, from_a, from_b));
}

Result<std::size_t> GraphBuilder::add_reduction(const Node& node, std::size_t in, const Dims& along,
                                                BinaryOp op, float factor, float min, float max) {
  Dims kept = dims(in);
  Order order = order_of(in);
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (along[i] != 0) kept[i] = 1;
  }
  Step step = make_step(StepKind::kReduce, {in});
  step.binary = op;
  step.alpha = factor;
  step.min = min;
  step.max = max;
  const int batch_axis = graph_.values[in].batch_axis;
  INKLING_ASSIGN(result, add_step(node, std::move(step), kept, order));
  Value& out = graph_.values[result];
  out.batch_axis = batch_axis;
  const Value& from = graph_.values[in];
  graph_.steps.back().loop = make_loop(from.dims, from.strides, from.strides,
                                       broadcast_strides(out.dims, out.strides, from.dims), true);
  return result;
}

Status GraphBuilder::lower_reduce(const Node& node) {
  INKLING_ASSIGN(in, value(node, 0));
  INKLING_ASSIGN(axes, ints(node, 1, "axes", {}));
  const std::size_t rank = dims(in).size();
  if (axes.empty() && int_attribute(node, "noop_with_empty_axes", 0) != 0) {
    // The sum or the greatest of one number is that number; of its square, readings of ONNX differ.
    if (!kIsCore && (node.op_type == "ReduceL1" || node.op_type == "ReduceL2" ||
                     node.op_type == "ReduceSumSquare")) {
      return cannot("noop_with_empty_axes is set");
    }
    alias(node, Operand(*operand(node, 0)));
    return {};
  }
  Dims along(rank, axes.empty() ? 1 : 0);  // 1 for each axis that goes
  for (const std::int64_t axis : axes) {
    const auto size = static_cast<std::int64_t>(rank);
    if (axis < -size || axis >= size) return contradicts("it has no axis ", axis);
    along[static_cast<std::size_t>(axis < 0 ? axis + size : axis)] = 1;
  }
  Dims out;
  Dims strides;
  std::size_t count = 1;
  int batch_axis = graph_.values[in].batch_axis;
  for (std::size_t i = rank; i-- > 0;) {
    if (along[i] == 0) continue;
    INKLING_RETURN_IF_ERROR(check_axis(in, i));
    count *= dims(in)[i];
    if (static_cast<int>(i) < graph_.values[in].batch_axis) --batch_axis;
  }
  const float factor =
      kIsCore || node.op_type == "ReduceMean" ? 1.0f / static_cast<float>(count) : 1.0f;
  INKLING_ASSIGN(result, add_reduction(node, in, along, binary_op(node.op_type), factor));
  if (!kIsCore && node.op_type == "ReduceL2") {
    INKLING_ASSIGN(root, add_unary(node, result, UnaryOp::kSqrt));
    result = root;
  }
  if (int_attribute(node, "keepdims", 1) != 0) return give(node, result);
  const Value reduced = graph_.values[result];
  for (std::size_t i = 0; i < rank; ++i) {
    if (along[i] != 0) continue;
    out.push_back(reduced.dims[i]);
    strides.push_back(reduced.strides[i]);
  }
  return give(node, add_view(result, out, strides, batch_axis));
}

}  // namespace inkling
