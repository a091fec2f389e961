// What every lowering uses: a node's inputs as constants or values, new steps and views, fusing,
// and running at once what depends on constants alone.
#include <algorithm>
#include <cmath>

#include "graph_builder.h"
#include "kernels.h"
#include "tensor_values.h"
#include "text.h"

namespace inkling {
namespace {

// A float as a whole number; those too large (a Slice that ends at 2^63 - 1) become the largest,
// and what is no number (0 / 0) becomes 0.
std::int64_t to_int(float value) {
  constexpr float kTwo63 = 9223372036854775808.0f;
  if (std::isnan(value)) return 0;
  if (value >= kTwo63) return std::numeric_limits<std::int64_t>::max();
  if (value < -kTwo63) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(value);
}

// A list in an attribute, or nothing that a shape could be made of.
constexpr std::size_t kMostInts = 65536;

}  // namespace

const GraphBuilder::Operand* GraphBuilder::operand(const Node& node, std::size_t index) const {
  if (index >= node.inputs.size() || node.inputs[index].empty()) return nullptr;
  return &operands_.find(node.inputs[index])->second;  // lower_node() checked that it is there
}

const Tensor* GraphBuilder::constant(const Node& node, std::size_t index) const {
  const Operand* found = operand(node, index);
  return found == nullptr ? nullptr : found->constant;
}

// A constant becomes a value with the first step that wants it as one.
Result<std::size_t> GraphBuilder::value(const Node& node, std::size_t index) {
  if (operand(node, index) == nullptr) return contradicts("input ", index, " is missing");
  Operand& found = operands_.find(node.inputs[index])->second;
  if (found.value == kUnknown) {
    const Tensor& tensor = *found.constant;
    if (tensor.elements == 0) return contradicts("its constant input is empty");
    INKLING_RETURN_IF_ERROR(charge(tensor.elements, sizeof(float)));
    std::vector<float> values = to_floats(tensor);
    if (values.empty()) {
      const std::vector<std::int64_t> whole = to_ints(tensor);
      values.assign(whole.begin(), whole.end());
    }
    if (values.empty()) {
      return cannot("its constant input is ", data_type_name(tensor.type));
    }
    INKLING_ASSIGN(made, add_constant(tensor.dims, std::move(values)));
    found.value = made;
  }
  return found.value;
}

Result<std::vector<float>> GraphBuilder::floats(const Node& node, std::size_t index,
                                                std::string_view what) {
  const Tensor* tensor = constant(node, index);
  if (tensor == nullptr) return cannot("its ", what, " is not a constant");
  if (!is_float(tensor->type)) {
    return cannot("its ", what, " is ", data_type_name(tensor->type));
  }
  if (tensor->elements == 0) return contradicts("its ", what, " is empty");
  INKLING_RETURN_IF_ERROR(charge(tensor->elements, sizeof(float)));
  std::vector<float> values = to_floats(*tensor);
  for (const float v : values) {
    if (!std::isfinite(v)) return contradicts("its ", what, " holds NaN or infinity");
  }
  return values;
}

Result<std::vector<std::int64_t>> GraphBuilder::ints(const Node& node, std::size_t index,
                                                     std::string_view attribute,
                                                     const std::vector<std::int64_t>& fallback) {
  if (operand(node, index) == nullptr) return ints_attribute(node, attribute, fallback);
  const Tensor* tensor = constant(node, index);
  if (tensor == nullptr) return cannot("its ", attribute, " is not a constant");
  if (tensor->elements == 0) return std::vector<std::int64_t>();
  std::vector<std::int64_t> values;
  if (tensor->elements <= kMostInts) values = to_ints(*tensor);
  if (values.empty()) return cannot("its ", attribute, " is not a few whole numbers");
  return values;
}

Status GraphBuilder::charge(std::uint64_t count, std::uint64_t size) {
  // Divided, not multiplied: a product could wrap.
  if (count > (limits_.total_bytes - charged_) / size) {
    return load_error(StatusCode::kLimitExceeded, "with it, the model needs more than ",
                      limits_.total_bytes, " bytes of memory");
  }
  charged_ += count * size;
  return {};
}

Result<std::size_t> GraphBuilder::add_step(const Node& node, Step step, const Dims& dims,
                                           const Order& order) {
  const std::size_t limit = limits_.tensor_elements;
  std::size_t elements = 1;
  if (dims.size() > kMaxDims) return cannot("its output ", dims, " has too many dimensions");
  for (const std::size_t dim : dims) {
    if (dim == 0) return contradicts("its output ", dims, " is empty");
    if (dim > limit / elements) {  // divided, not multiplied: a product could wrap
      return load_error(StatusCode::kLimitExceeded, "its output ", dims, " has more than ", limit,
                        " elements");
    }
    elements *= dim;
  }
  step.name = node.name.empty() ? node.outputs[0] : node.name;
  if (step.op.empty()) step.op = node.op_type;
  step.output = graph_.values.size();
  Value value{
      .dims = dims, .strides = packed_strides(dims, order), .buffer = graph_.buffers.size()};
  for (const std::size_t in : step.inputs) {
    const Value& from = graph_.values[in];
    if (from.batch_axis < 0) continue;
    const bool keeps = step.kind == StepKind::kUnary || step.kind == StepKind::kBinary ||
                       step.kind == StepKind::kCopy || step.kind == StepKind::kReorder ||
                       step.kind == StepKind::kSoftmax;
    value.batch_axis =
        keeps ? from.batch_axis + static_cast<int>(dims.size() - from.dims.size()) : 0;
  }
  graph_.values.push_back(std::move(value));
  add_buffer({.floats = elements}, graph_.steps.size());
  graph_.steps.push_back(std::move(step));
  return graph_.values.size() - 1;
}

Result<std::size_t> GraphBuilder::add_constant(Dims dims, std::vector<float> values) {
  graph_.values.push_back({.dims = dims,
                           .strides = packed_strides(dims, rows_order(dims.size())),
                           .buffer = graph_.buffers.size()});
  const std::size_t floats = values.size();
  add_buffer({.floats = floats, .is_constant = true, .constant = std::move(values)}, kUnknown);
  return graph_.values.size() - 1;
}

std::size_t GraphBuilder::add_buffer(Buffer buffer, std::size_t producer) {
  graph_.buffers.push_back(std::move(buffer));
  producers_.push_back(producer);
  return graph_.buffers.size() - 1;
}

std::size_t GraphBuilder::add_view(std::size_t of, const Dims& dims, const Dims& strides,
                                   int batch_axis) {
  graph_.values.push_back({.dims = dims,
                           .strides = strides,
                           .buffer = graph_.values[of].buffer,
                           .source = of,
                           .batch_axis = batch_axis});
  return graph_.values.size() - 1;
}

GraphBuilder::Order GraphBuilder::order_of(std::size_t value) const {
  const Dims& strides = graph_.values[value].strides;
  Order order = rows_order(strides.size());
  sort_by_strides(order, strides);
  return order;
}

Result<std::size_t> GraphBuilder::in_order(const Node& node, std::size_t value,
                                           const Order& order) {
  const Value from = graph_.values[value];
  const Dims strides = packed_strides(from.dims, order);
  // Whoever asks for an order reads all images in one run, and a constant is there once.
  bool same = !graph_.buffers[from.buffer].is_constant;
  for (std::size_t i = 0; i < strides.size(); ++i) {
    same = same && (from.dims[i] == 1 || strides[i] == from.strides[i]);
  }
  if (same) return value;
  for (const Reordered& done : reordered_) {
    if (done.value == value && done.strides == strides) return done.copy;
  }
  Step step = make_step(StepKind::kReorder, {value});
  step.op = cat("Reorder for ", node.op_type);
  INKLING_ASSIGN(copy, add_step(node, std::move(step), from.dims, order));
  graph_.steps.back().loop =
      make_loop(from.dims, from.strides, from.strides, graph_.values[copy].strides, false);
  reordered_.push_back({value, strides, copy});
  return copy;
}

Result<std::size_t> GraphBuilder::in_rows(const Node& node, std::size_t value) {
  return in_order(node, value, rows_order(dims(value).size()));
}

Result<std::size_t> GraphBuilder::channels_last(const Node& node, std::size_t value) {
  return in_order(node, value, channels_last_order(dims(value).size()));
}

// The output is `value`, a new one or, where the node does nothing, one that has a name.
Status GraphBuilder::give(const Node& node, Result<std::size_t> value, std::size_t output) {
  if (!value.ok()) return std::move(value).status();
  if (output >= node.outputs.size() || node.outputs[output].empty()) return {};
  Value& result = graph_.values[value.value()];
  const std::string& name = node.outputs[output];
  if (result.name.empty() && value.value() != graph_.input) {
    result.name = name;
  } else {
    // One more than there are, so that nothing is fused away here.
    operands_[result.name].readers += operands_[name].readers;
  }
  operands_[name].value = value.value();
  return {};
}

void GraphBuilder::alias(const Node& node, const Operand& operand) {
  Operand& output = operands_[node.outputs[0]];
  if (operand.constant == nullptr) {
    // The readers of the new name are readers of the old one, in place of this node.
    operands_[graph_.values[operand.value].name].readers += output.readers - 1;
  }
  output.constant = operand.constant;
  output.value = operand.value;
}

Status GraphBuilder::fold(const Node& node, Tensor tensor) {
  folded_.push_back(std::make_unique<Tensor>(std::move(tensor)));
  operands_[node.outputs[0]].constant = folded_.back().get();
  return {};
}

// Runs what the node has just added, keeps its outputs as constants, and forgets the rest.
Status GraphBuilder::fold_steps(const Node& node, std::size_t first_step, DataType type) {
  std::vector<std::vector<float>> room(graph_.buffers.size());
  Memory memory{.graph = graph_, .data = {}, .count = 1};
  for (Buffer& buffer : graph_.buffers) memory.data.push_back(buffer.constant.data());
  for (std::size_t i = first_step; i < graph_.steps.size(); ++i) {
    const Step& step = graph_.steps[i];
    if (step.kind == StepKind::kConv || step.kind == StepKind::kFullyConnected) {
      return cannot("all its inputs are constants");
    }
    const std::size_t buffer = graph_.values[step.output].buffer;
    INKLING_RETURN_IF_ERROR(charge(graph_.buffers[buffer].floats, sizeof(float)));
    room[buffer].resize(graph_.buffers[buffer].floats);
    memory.data[buffer] = room[buffer].data();
    run_kernel(step, memory);
  }
  for (const std::string& name : node.outputs) {
    const auto found = operands_.find(name);
    if (name.empty() || found->second.constant != nullptr || found->second.value == kUnknown)
      continue;
    const Value& value = graph_.values[found->second.value];
    const std::size_t count = element_count(value.dims);
    INKLING_RETURN_IF_ERROR(charge(count, sizeof(float)));
    std::vector<float> values(count);
    read_values(value, memory.of(found->second.value), values);
    if (is_float(type)) {
      folded_.push_back(std::make_unique<Tensor>(make_float_tensor(value.dims, values)));
    } else {
      std::vector<std::int64_t> whole(count);
      std::transform(values.begin(), values.end(), whole.begin(), to_int);
      folded_.push_back(std::make_unique<Tensor>(make_int_tensor(value.dims, whole, type)));
    }
    found->second.constant = folded_.back().get();
    found->second.value = kUnknown;
  }
  return {};
}

// Through views, as long as each is read by one node alone.
Step* GraphBuilder::fusible_producer(std::size_t value) {
  for (;; value = graph_.values[value].source) {
    const std::string& name = graph_.values[value].name;
    if (!name.empty() && operands_[name].readers != 1) return nullptr;
    if (graph_.values[value].source == Value::kNoSource) break;
  }
  const std::size_t producer = producers_[graph_.values[value].buffer];
  return producer == kUnknown ? nullptr : &graph_.steps[producer];
}

// The step now computes what `node` would have: its output takes the node's output's name.
void GraphBuilder::absorb(const Node& node, Step& step, std::size_t value, std::string_view label) {
  step.op += " + ";
  step.op += label;
  for (std::size_t v = value; v != Value::kNoSource; v = graph_.values[v].source) {
    graph_.values[v].name.clear();
  }
  graph_.values[value].name = node.outputs[0];
  operands_[node.outputs[0]].value = value;
}

Result<std::size_t> GraphBuilder::axis_attribute(const Node& node, std::int64_t fallback,
                                                 std::size_t rank) {
  const std::int64_t axis = int_attribute(node, "axis", fallback);
  const auto size = static_cast<std::int64_t>(rank);
  if (axis < -size || axis >= std::max<std::int64_t>(size, 1)) {
    return contradicts("its axis ", axis, " is none of its input's ", rank);
  }
  return static_cast<std::size_t>(axis < 0 ? axis + size : axis);
}

Status GraphBuilder::check_axis(std::size_t value, std::size_t axis) const {
  if (graph_.values[value].batch_axis != static_cast<int>(axis)) return {};
  return cannot("it works across images (axis ", axis, ")");
}

}  // namespace inkling
