// Lowering of what works on each number by itself: activations, and arithmetic with broadcasting.
#include <algorithm>
#include <cmath>

#include "graph_builder.h"
#include "tensor_values.h"
#include "text.h"

namespace inkling {
namespace {

// A constant's dims against a value's, aligned at the last as ONNX does, or nothing when the
// constant varies over images or has more dimensions than the value.
std::optional<Shape> aligned_shape(const std::vector<std::size_t>& dims, const Shape& with) {
  std::size_t padded[4] = {1, 1, 1, 1};  // N, C, H, W
  const std::size_t rank = with.flat ? 2 : 4;
  if (dims.size() > rank) return std::nullopt;
  for (std::size_t i = 0; i < dims.size(); ++i) padded[rank - dims.size() + i] = dims[i];
  if (padded[0] != 1) return std::nullopt;
  return Shape{.c = padded[1], .h = padded[2], .w = padded[3], .flat = with.flat};
}

bool broadcast_dim(std::size_t a, std::size_t b, std::size_t* out) {
  *out = std::max(a, b);
  return a > 0 && b > 0 && (a == b || a == 1 || b == 1);
}

std::optional<Shape> broadcast(const Shape& a, const Shape& b) {
  Shape out{.flat = a.flat};
  const bool fits = a.flat == b.flat && broadcast_dim(a.c, b.c, &out.c) &&
                    broadcast_dim(a.h, b.h, &out.h) && broadcast_dim(a.w, b.w, &out.w);
  return fits ? std::optional(out) : std::nullopt;
}

BinaryOp binary_op(std::string_view op_type) {
  if (op_type == "Add") return BinaryOp::kAdd;
  if (op_type == "Sub") return BinaryOp::kSubtract;
  if (op_type == "Mul") return BinaryOp::kMultiply;
  return BinaryOp::kDivide;
}

}  // namespace

// Relu and Clip. Two clamps in a row are one: its ends are the first one's, clamped by the second.
Status GraphBuilder::lower_clamp(const Node& node) {
  const auto in = value(node, 0);
  if (!in.ok()) return in.status();
  float min = 0.0f;
  float max = std::numeric_limits<float>::infinity();
  if (node.op_type == "Clip") {
    min = float_attribute(node, "min", -max);  // attributes until opset 10, inputs since
    max = float_attribute(node, "max", max);
    for (const std::size_t i : {1, 2}) {
      if (operand(node, i) == nullptr) continue;
      const Tensor* tensor = constant(node, i);
      if (tensor == nullptr) return cannot("its range is not a constant");
      const std::vector<float> bound =
          tensor->elements == 1 ? to_floats(*tensor) : std::vector<float>();
      if (bound.empty()) return cannot("its range is not two float numbers");
      (i == 1 ? min : max) = bound[0];
    }
  }
  if (std::isnan(min) || std::isnan(max) || min > max) return contradicts("its range is empty");
  if (Step* step = fusible_producer(in.value());
      step != nullptr && step->kind != StepKind::kReshape && step->kind != StepKind::kSoftmax) {
    step->min = std::clamp(step->min, min, max);
    step->max = std::clamp(step->max, min, max);
    absorb(node, *step, node.op_type);
    return {};
  }
  Step step = make_step(StepKind::kUnary, {in.value()});
  step.min = min;
  step.max = max;
  return add_step(node, std::move(step), shape(in.value()));
}

Status GraphBuilder::lower_unary(const Node& node) {
  const auto in = value(node, 0);
  if (!in.ok()) return in.status();
  Step step = make_step(StepKind::kUnary, {in.value()});
  if (node.op_type == "Sigmoid") {
    step.unary = UnaryOp::kSigmoid;
  } else if (node.op_type == "HardSwish") {
    step.unary = UnaryOp::kHardSwish;
  } else if (node.op_type == "HardSigmoid") {
    step.unary = UnaryOp::kHardSigmoid;
    step.alpha = float_attribute(node, "alpha", 0.2f);
    step.beta = float_attribute(node, "beta", 0.5f);
  } else {
    step.unary = UnaryOp::kLeakyRelu;
    step.alpha = float_attribute(node, "alpha", 0.01f);
  }
  if (!std::isfinite(step.alpha) || !std::isfinite(step.beta)) {
    return contradicts("its parameters are not finite");
  }
  return add_step(node, std::move(step), shape(in.value()));
}

// Folds "value * factors + offsets" (of the same dims; empty for none) into the convolution or
// fully connected layer that produced the value, when each is one per channel or one for all,
// nothing else reads the value, and no clamp lies between.
bool GraphBuilder::fuse_affine(const Node& node, std::size_t value,
                               const std::vector<std::size_t>& dims,
                               const std::vector<float>& factors,
                               const std::vector<float>& offsets) {
  Step* step = fusible_producer(value);
  if (step == nullptr ||
      (step->kind != StepKind::kConv && step->kind != StepKind::kFullyConnected) ||
      std::isfinite(step->min) || std::isfinite(step->max)) {
    return false;
  }
  const Shape& out = shape(value);
  const auto aligned = aligned_shape(dims, out);
  if (!aligned || aligned->h != 1 || aligned->w != 1 || (aligned->c != 1 && aligned->c != out.c)) {
    return false;
  }
  const std::size_t row = step->weights.size() / out.c;  // weights of one output channel
  for (std::size_t c = 0; c < out.c; ++c) {
    const std::size_t i = aligned->c == 1 ? 0 : c;
    if (!factors.empty()) {
      step->bias[c] *= factors[i];
      for (std::size_t k = 0; k < row; ++k) step->weights[c * row + k] *= factors[i];
    }
    if (!offsets.empty()) step->bias[c] += offsets[i];
  }
  absorb(node, *step, node.op_type);
  return true;
}

Status GraphBuilder::lower_binary(const Node& node) {
  const BinaryOp op = binary_op(node.op_type);
  const Operand* a = operand(node, 0);
  const Operand* b = operand(node, 1);
  if (a == nullptr || b == nullptr) return contradicts("it needs two inputs");
  if (a->constant != nullptr && b->constant != nullptr)
    return cannot("both its inputs are constants");
  Step step = make_step(StepKind::kBinary, {});
  step.binary = op;
  Shape shapes[2];
  for (const std::size_t i : {0, 1}) {
    const Operand& operand = i == 0 ? *a : *b;
    if (operand.constant == nullptr) {
      step.inputs.push_back(operand.value);
      shapes[i] = shape(operand.value);
    }
  }
  for (const std::size_t i : {0, 1}) {
    const Tensor* tensor = (i == 0 ? a : b)->constant;
    if (tensor == nullptr) continue;
    auto values = floats(node, i, "constant input");
    if (!values.ok()) return values.status();
    if (op == BinaryOp::kAdd && fuse_affine(node, step.inputs[0], tensor->dims, {}, values.value()))
      return {};
    if (op == BinaryOp::kMultiply &&
        fuse_affine(node, step.inputs[0], tensor->dims, values.value(), {})) {
      return {};
    }
    const auto aligned = aligned_shape(tensor->dims, shapes[1 - i]);
    if (!aligned)
      return cannot(cat("its constant input has another shape than ", to_string(shapes[1 - i])));
    shapes[i] = *aligned;
    step.constant = std::move(values).value();
    step.constant_shape = *aligned;
    step.constant_first = i == 0;
  }
  const auto out = broadcast(shapes[0], shapes[1]);
  if (!out)
    return cannot(cat("its inputs are ", to_string(shapes[0]), " and ", to_string(shapes[1])));
  return add_step(node, std::move(step), *out);
}

}  // namespace inkling
