// Lowering of what computes nothing: constants, casts of constants, and other shapes for the same
// values.
#include <algorithm>

#include "graph_builder.h"
#include "tensor_values.h"
#include "text.h"

namespace inkling {
namespace {

// The same bytes, not copied, under another shape: whatever holds them outlives the builder.
Tensor view_with_dims(const Tensor& tensor, std::vector<std::size_t> dims) {
  Tensor view;
  view.type = tensor.type;
  view.dims = std::move(dims);
  view.elements = tensor.elements;
  view.bytes = tensor.bytes;
  return view;
}

std::string join(const std::vector<std::int64_t>& dims) {
  std::string text;
  for (const std::int64_t dim : dims) append(text, text.empty() ? "" : ",", dim);
  return cat("[", text, "]");
}

constexpr std::size_t kMaxDims = 8;  // of a constant, as in the reader; a value has at most four

// Replaces Reshape's 0 (as in the input) and its one -1 (whatever is left); false when it cannot be
// done.
bool resolve(std::vector<std::int64_t>& dims, const std::vector<std::size_t>& from,
             std::uint64_t elements) {
  std::uint64_t known = 1;  // the product of the dims so far, at most `elements`
  std::size_t open = dims.size();
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 0 && i < from.size()) dims[i] = static_cast<std::int64_t>(from[i]);
    if (dims[i] == -1 && open == dims.size()) {
      open = i;
      continue;
    }
    // Divided, not multiplied: a product could wrap.
    const auto size = static_cast<std::uint64_t>(dims[i]);
    if (dims[i] <= 0 || size > elements / known) return false;
    known *= size;
  }
  if (open == dims.size()) return known == elements;
  if (elements % known != 0) return false;
  dims[open] = static_cast<std::int64_t>(elements / known);
  return true;
}

}  // namespace

// Identity, and Dropout as it is when nobody trains.
Status GraphBuilder::lower_pass_through(const Node& node) {
  const Operand* in = operand(node, 0);
  if (in == nullptr) return contradicts("input 0 is missing");
  if (const Tensor* training = constant(node, 2); training != nullptr) {
    if (training->elements != 1) return cannot("training_mode is not one value");
    const std::vector<std::int64_t> flag = to_ints(*training);
    if (!flag.empty() && flag[0] != 0) return cannot("training_mode is on");
  }
  alias(node, Operand(*in));
  return {};
}

Status GraphBuilder::lower_constant(const Node& node) {
  if (const auto found = node.attributes.find("value"); found != node.attributes.end()) {
    operands_[node.outputs[0]].constant = &found->second.t;  // the Model outlives the builder
    return {};
  }
  if (const auto found = node.attributes.find("value_float"); found != node.attributes.end()) {
    return fold(node, make_float_tensor({}, {found->second.f}));
  }
  if (const auto found = node.attributes.find("value_floats"); found != node.attributes.end()) {
    const std::vector<float>& values = found->second.floats;
    INKLING_RETURN_IF_ERROR(charge(values.size(), sizeof(float)));
    return fold(node, make_float_tensor({values.size()}, values));
  }
  return cannot("its value is not a tensor or float numbers");
}

// Weights kept as float16 are cast once, here.
Status GraphBuilder::lower_cast(const Node& node) {
  const Operand* in = operand(node, 0);
  if (in == nullptr) return contradicts("input 0 is missing");
  const auto to = static_cast<DataType>(int_attribute(node, "to", 0));
  if (in->constant == nullptr) {
    if (to != DataType::kFloat) return cannot(cat("it casts to ", data_type_name(to)));
    alias(node, Operand(*in));  // every value here is float32
    return {};
  }
  if (in->constant->type == to) {
    alias(node, Operand(*in));
    return {};
  }
  if (to != DataType::kFloat) return cannot(cat("it casts a constant to ", data_type_name(to)));
  INKLING_RETURN_IF_ERROR(charge(in->constant->elements, sizeof(float)));
  std::vector<float> values = to_floats(*in->constant);
  if (values.empty()) {
    const std::vector<std::int64_t> ints = to_ints(*in->constant);
    values.assign(ints.begin(), ints.end());
  }
  return fold(node, make_float_tensor(in->constant->dims, values));
}

Status GraphBuilder::lower_flatten(const Node& node) {
  const auto in = value(node, 0);
  if (!in.ok()) return in.status();
  const Shape in_shape = shape(in.value());
  std::int64_t axis = int_attribute(node, "axis", 1);
  if (axis < 0) axis += in_shape.flat ? 2 : 4;
  if (axis != 1) return cannot("its axis is not 1");
  Step step = make_step(StepKind::kReshape, {in.value()});
  return add_step(node, std::move(step), Shape{.c = in_shape.elements(), .flat = true});
}

Status GraphBuilder::lower_reshape(const Node& node) {
  const Operand* in = operand(node, 0);
  if (in == nullptr) return contradicts("input 0 is missing");
  std::vector<std::int64_t> dims = ints_attribute(node, "shape", {});  // until opset 4
  if (operand(node, 1) != nullptr) {
    const Tensor* wanted = constant(node, 1);
    if (wanted == nullptr) return cannot("its shape is not a constant");
    if (wanted->elements <= kMaxDims) dims = to_ints(*wanted);
    if (dims.size() != wanted->elements) return cannot("its shape is not a few whole numbers");
  }
  if (dims.size() > kMaxDims) return cannot("its shape has too many dimensions");
  if (in->constant != nullptr) {
    if (!resolve(dims, in->constant->dims, in->constant->elements)) {
      return contradicts(cat("its shape ", join(dims), " does not fit its input"));
    }
    return fold(node, view_with_dims(*in->constant, {dims.begin(), dims.end()}));
  }
  // The first dimension is the images' and stays so, whether written as -1, 0, or the size of a
  // batch.
  const Shape in_shape = shape(in->value);
  const std::vector<std::size_t> from =
      in_shape.flat ? std::vector<std::size_t>{1, in_shape.c}
                    : std::vector<std::size_t>{1, in_shape.c, in_shape.h, in_shape.w};
  if (dims.size() != 2 && dims.size() != 4)
    return cannot(cat("its shape ", join(dims), " is neither 2-D nor 4-D"));
  std::vector<std::int64_t> resolved = dims;
  const bool last_open = std::find(dims.begin() + 1, dims.end(), -1) != dims.end();
  if (!last_open || dims[0] != -1) resolved[0] = 1;
  if (!resolve(resolved, from, in_shape.elements())) {
    return cannot(cat("its shape ", join(dims), " does not keep each image of ",
                      to_string(in_shape), " apart"));
  }
  Shape out{.c = static_cast<std::size_t>(resolved[1]), .flat = dims.size() == 2};
  if (!out.flat) {
    out.h = static_cast<std::size_t>(resolved[2]);
    out.w = static_cast<std::size_t>(resolved[3]);
  }
  return add_step(node, make_step(StepKind::kReshape, {in->value}), out);
}

}  // namespace inkling
