// Lowering of what computes nothing: constants, casts, shapes as numbers, and other shapes for the
// same values.
#include <algorithm>
#include <cmath>

#include "edition.h"
#include "graph_builder.h"
#include "tensor_values.h"
#include "text.h"

namespace inkling {
namespace {

using Ints = std::vector<std::int64_t>;

constexpr std::int64_t kMostInRange = 65536;  // numbers that a Range makes

// The same bytes, not copied, under another shape: whatever holds them outlives the builder.
Tensor view_with_dims(const Tensor& tensor, Dims dims) {
  Tensor view;
  view.type = tensor.type;
  view.dims = std::move(dims);
  view.elements = tensor.elements;
  view.bytes = tensor.bytes;
  return view;
}

std::string join(const Ints& dims) {
  if (kIsCore) return {};  // no sentence is made of it
  std::string text;
  for (const std::int64_t dim : dims) append(text, text.empty() ? "" : ",", dim);
  return cat("[", text, "]");
}

// Replaces Reshape's 0 (as in the input) and its one -1 (whatever is left); false when it cannot be
// done.
bool resolve(Ints& dims, const Dims& from, bool zero_is_zero, std::uint64_t elements) {
  std::uint64_t known = 1;  // the product of the dims so far, at most `elements`
  std::size_t open = dims.size();
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 0 && i < from.size() && !zero_is_zero) {
      dims[i] = static_cast<std::int64_t>(from[i]);
    }
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

Dims without_ones(const Dims& dims) {
  Dims result = dims;
  result.remove(1);
  return result;
}

Dims to_dims(const Ints& ints) { return {ints.begin(), ints.end()}; }

}  // namespace

// Identity, and Dropout as it is when nobody trains.
Status GraphBuilder::lower_pass_through(const Node& node) {
  const Operand* in = operand(node, 0);
  if (in == nullptr) return contradicts("input 0 is missing");
  if (const Tensor* training = constant(node, 2); training != nullptr) {
    if (training->elements != 1) return cannot("training_mode is not one value");
    const Ints flag = to_ints(*training);
    if (!flag.empty() && flag[0] != 0) return cannot("training_mode is on");
  }
  alias(node, Operand(*in));
  return {};
}

Status GraphBuilder::lower_constant(const Node& node) {
  if (const Attribute* found = find_attribute(node.attributes, "value")) {
    operands_[node.outputs[0]].constant = &found->t;  // the Model outlives the builder
    return {};
  }
  if (const Attribute* found = find_attribute(node.attributes, "value_float")) {
    return fold(node, make_float_tensor({}, {found->f}));
  }
  if (const Attribute* found = find_attribute(node.attributes, "value_int")) {
    return fold(node, make_int_tensor({}, {found->i}));
  }
  if (const Attribute* found = find_attribute(node.attributes, "value_floats")) {
    const std::vector<float>& values = found->floats;
    INKLING_RETURN_IF_ERROR(charge(values.size(), sizeof(float)));
    return fold(node, make_float_tensor({values.size()}, values));
  }
  if (const Attribute* found = find_attribute(node.attributes, "value_ints")) {
    const Ints& values = found->ints;
    INKLING_RETURN_IF_ERROR(charge(values.size(), sizeof(std::int64_t)));
    return fold(node, make_int_tensor({values.size()}, values));
  }
  return cannot("its value is not a tensor or numbers");
}

Status GraphBuilder::lower_constant_of_shape(const Node& node) {
  INKLING_ASSIGN(wanted, ints(node, 0, "shape", {}));
  if (wanted.size() > kMaxDims) return cannot("its shape has too many dimensions");
  std::uint64_t elements = 1;
  for (const std::int64_t dim : wanted) {
    if (dim < 0 ||
        (dim > 0 && static_cast<std::uint64_t>(dim) > limits_.tensor_elements / elements)) {
      return cannot("its shape ", join(wanted), " is out of range");
    }
    elements *= static_cast<std::uint64_t>(std::max<std::int64_t>(dim, 1));
  }
  if (std::find(wanted.begin(), wanted.end(), 0) != wanted.end()) elements = 0;
  INKLING_RETURN_IF_ERROR(charge(elements, sizeof(std::int64_t)));
  const Attribute* found = find_attribute(node.attributes, "value");
  const bool whole = found != nullptr && !is_float(found->t.type);
  const auto size = static_cast<std::size_t>(elements);
  if (whole) {
    const Ints value = to_ints(found->t);
    if (value.size() != 1) return contradicts("its value is not one number");
    return fold(node, make_int_tensor(to_dims(wanted), Ints(size, value[0]), found->t.type));
  }
  std::vector<float> value = {0.0f};
  if (found != nullptr) value = to_floats(found->t);
  if (value.size() != 1) return contradicts("its value is not one number");
  return fold(node, make_float_tensor(to_dims(wanted), std::vector<float>(size, value[0])));
}

// Weights kept as float16 are cast once, here. A value is float32 whatever its type in the file, so
// that a cast between floats, or of whole numbers to floats, changes nothing.
Status GraphBuilder::lower_cast(const Node& node) {
  const Operand* in = operand(node, 0);
  if (in == nullptr) return contradicts("input 0 is missing");
  auto to = static_cast<DataType>(int_attribute(node, "to", 0));
  if (node.op_type == "CastLike") {
    const Tensor* like = constant(node, 1);
    to = like == nullptr ? DataType::kFloat : like->type;
  }
  if (data_type_size(to) == 0) return cannot("it casts to ", data_type_name(to));
  if (in->constant == nullptr) {
    if (is_float(to)) {
      alias(node, Operand(*in));
      return {};
    }
    if (kIsCore) return cannot("it casts what is computed to whole numbers");
    INKLING_ASSIGN(v, value(node, 0));
    if (to != DataType::kBool) return give(node, add_unary(node, v, UnaryOp::kTruncate));
    INKLING_ASSIGN(is_zero, add_unary(node, v, UnaryOp::kNot));
    return give(node, add_unary(node, is_zero, UnaryOp::kNot));
  }
  const Tensor& tensor = *in->constant;
  if (tensor.type == to || (is_float(tensor.type) && to == DataType::kFloat16)) {
    alias(node, Operand(*in));
    return {};
  }
  INKLING_RETURN_IF_ERROR(
      charge(tensor.elements, is_float(to) ? sizeof(float) : sizeof(std::int64_t)));
  std::vector<float> values = to_floats(tensor);
  Ints whole = to_ints(tensor);
  if (is_float(to)) {
    if (values.empty()) values.assign(whole.begin(), whole.end());
    return fold(node, make_float_tensor(tensor.dims, values));
  }
  for (const float v : values) {
    if (!(std::abs(v) < 9e18f)) return cannot("it casts what no whole number can be");
    whole.push_back(static_cast<std::int64_t>(v));
  }
  if (to == DataType::kBool) {
    for (std::size_t i = 0; i < whole.size(); ++i) {
      whole[i] = (values.empty() ? whole[i] != 0 : values[i] != 0) ? 1 : 0;
    }
  }
  return fold(node, make_int_tensor(tensor.dims, whole, to));
}

// The output is the input under these dims, as many elements.
Status GraphBuilder::reshape_to(const Node& node, const Dims& dims) {
  if (dims.size() > kMaxDims) return cannot("its output has too many dimensions");
  if (const Tensor* tensor = constant(node, 0); tensor != nullptr) {
    return fold(node, view_with_dims(*tensor, dims));
  }
  INKLING_ASSIGN(in, value(node, 0));
  const Value from = graph_.values[in];
  const int batch_axis = from.batch_axis < 0 || dims.empty() ? -1 : 0;
  if (without_ones(from.dims) == without_ones(dims)) {  // the axes stay, wherever they lie
    Dims strides(dims.size(), 1);
    for (std::size_t i = 0, k = 0; i < dims.size(); ++i) {
      if (dims[i] == 1) continue;
      while (from.dims[k] == 1) ++k;
      strides[i] = from.strides[k++];
    }
    return give(node, add_view(in, dims, strides, batch_axis));
  }
  INKLING_ASSIGN(rows, in_rows(node, in));
  return give(node,
              add_view(rows, dims, packed_strides(dims, rows_order(dims.size())), batch_axis));
}

Status GraphBuilder::lower_flatten(const Node& node) {
  INKLING_ASSIGN(in, value(node, 0));
  const Dims d = dims(in);
  const std::int64_t rank = static_cast<std::int64_t>(d.size());
  std::int64_t axis = int_attribute(node, "axis", 1);
  if (axis < 0) axis += rank;
  if (axis < 0 || axis > rank) return contradicts("its axis is none of its input's");
  const std::size_t rows = element_count({d.begin(), d.begin() + axis});
  return reshape_to(node, {rows, element_count(d) / rows});
}

Status GraphBuilder::lower_reshape(const Node& node) {
  const Operand* in = operand(node, 0);
  if (in == nullptr) return contradicts("input 0 is missing");
  INKLING_ASSIGN(wanted, ints(node, 1, "shape", {}));
  if (wanted.size() > kMaxDims) return cannot("its shape is not a few whole numbers");
  const bool zero_is_zero = int_attribute(node, "allowzero", 0) != 0;
  const bool is_constant = in->constant != nullptr;
  const Dims from = is_constant ? in->constant->dims : dims(in->value);
  const std::size_t elements = is_constant ? in->constant->elements : element_count(from);
  Ints resolved = wanted;
  // A file for batches of 64 says 64 where this graph has one image.
  if (!is_constant && declared_batch_ > 1 && !wanted.empty() && wanted[0] == declared_batch_ &&
      graph_.values[in->value].batch_axis == 0 && from[0] == 1) {
    resolved[0] = 1;
  }
  if (!resolve(resolved, from, zero_is_zero, elements)) {
    if (is_constant) return contradicts("its shape ", join(wanted), " does not fit its input");
    return cannot("its shape ", join(wanted), " does not keep each image of ", from, " apart");
  }
  return reshape_to(node, to_dims(resolved));
}

namespace {

// Axes as ONNX counts them, the last being -1, as a mark for each of `rank`; false when one is out
// of range.
bool mark_axes(const Ints& axes, std::size_t rank, Dims* marks) {
  *marks = Dims(rank, 0);
  for (std::int64_t axis : axes) {
    if (axis < 0) axis += static_cast<std::int64_t>(rank);
    if (axis < 0 || static_cast<std::size_t>(axis) >= rank) return false;
    (*marks)[static_cast<std::size_t>(axis)] = 1;
  }
  return true;
}

}  // namespace

Status GraphBuilder::lower_squeeze(const Node& node) {
  const Operand* in = operand(node, 0);
  if (in == nullptr) return contradicts("input 0 is missing");
  INKLING_ASSIGN(axes, ints(node, 1, "axes", {}));
  const Dims from = in->constant != nullptr ? in->constant->dims : dims(in->value);
  Dims marks;
  if (!mark_axes(axes, from.size(), &marks)) return contradicts("its axes are out of range");
  Dims out;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (marks[i] != 0 && from[i] != 1) {
      return contradicts("its axis ", i, " of ", from, " is not 1");
    }
    if (axes.empty() ? from[i] != 1 : marks[i] == 0) out.push_back(from[i]);
  }
  return reshape_to(node, out);
}

Status GraphBuilder::lower_unsqueeze(const Node& node) {
  const Operand* in = operand(node, 0);
  if (in == nullptr) return contradicts("input 0 is missing");
  INKLING_ASSIGN(axes, ints(node, 1, "axes", {}));
  const Dims from = in->constant != nullptr ? in->constant->dims : dims(in->value);
  const std::size_t rank = from.size() + axes.size();
  Dims marks;
  if (rank > kMaxDims || !mark_axes(axes, rank, &marks) ||
      static_cast<std::size_t>(std::count(marks.begin(), marks.end(), 1u)) != axes.size()) {
    return contradicts("its axes are out of range");
  }
  Dims out;
  for (std::size_t i = 0, k = 0; i < rank; ++i) out.push_back(marks[i] != 0 ? 1 : from[k++]);
  return reshape_to(node, out);
}

// Shapes are known when a model is loaded, so that what is computed from them is constant.
Status GraphBuilder::lower_shape(const Node& node) {
  const Operand* in = operand(node, 0);
  if (in == nullptr) return contradicts("input 0 is missing");
  const Dims from = in->constant != nullptr ? in->constant->dims : dims(in->value);
  const auto rank = static_cast<std::int64_t>(from.size());
  const auto place = [&](std::string_view name, std::int64_t fallback) {
    const std::int64_t at = int_attribute(node, name, fallback);
    return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  const std::int64_t start = place("start", 0), end = place("end", rank);
  Ints sizes;
  for (std::int64_t i = start; i < end; ++i) {
    sizes.push_back(static_cast<std::int64_t>(from[static_cast<std::size_t>(i)]));
  }
  return fold(node, make_int_tensor({sizes.size()}, sizes));
}

Status GraphBuilder::lower_size(const Node& node) {
  const Operand* in = operand(node, 0);
  if (in == nullptr) return contradicts("input 0 is missing");
  const std::size_t size =
      in->constant != nullptr ? in->constant->elements : element_count(dims(in->value));
  return fold(node, make_int_tensor({}, {static_cast<std::int64_t>(size)}));
}

Status GraphBuilder::lower_range(const Node& node) {
  Ints ends[3];
  for (const std::size_t i : {0, 1, 2}) {
    INKLING_ASSIGN(end, ints(node, i, "range", {}));
    if (end.size() != 1) return cannot("its range is not whole numbers");
    ends[i] = std::move(end);
  }
  const std::int64_t start = ends[0][0], limit = ends[1][0], delta = ends[2][0];
  Ints values;
  for (std::int64_t at = start; delta != 0 && (delta > 0 ? at < limit : at > limit);) {
    if (static_cast<std::int64_t>(values.size()) >= kMostInRange)
      return cannot("its range is too long");
    values.push_back(at);
    if (__builtin_add_overflow(at, delta, &at)) break;
  }
  return fold(node, make_int_tensor({values.size()}, values));
}

}  // namespace inkling
