// The walk over the model's nodes: which of them the output needs, in what order, and what is said
// when some cannot be run. How a single operator is lowered stands in graph_layers.cc,
// graph_elementwise.cc and graph_shapes.cc.
#include "graph.h"

#include <cmath>

#include "graph_builder.h"
#include "tensor_values.h"
#include "text.h"

namespace inkling {
namespace {

constexpr std::int64_t kOldestOpset = 7;   // older ones broadcast differently
constexpr std::int64_t kNewestOpset = 22;  // the newest whose operators were read for this
constexpr std::size_t kNamedNodes = 12;    // named in one message; the rest is counted

std::string dims_to_string(const std::vector<std::int64_t>& dims) {
  std::string text = "[";
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (i > 0) text += ',';
    if (dims[i] == kDynamicDim) {
      text += i == 0 ? "N" : "?";
    } else {
      append(text, dims[i]);
    }
  }
  return cat(text, "]");
}

// Whether a declared dimension can be `size`.
bool can_be(std::int64_t dim, std::int64_t size) { return dim == size || dim == kDynamicDim; }

Status check_input(const ValueInfo& input) {
  const auto& dims = input.dims;
  const bool fits = input.type == DataType::kFloat && dims.size() == 4 &&
                    (dims[0] == kDynamicDim || dims[0] >= 1) && can_be(dims[1], 1) &&
                    can_be(dims[2], kImageSide) && can_be(dims[3], kImageSide);
  if (fits) return {};
  const std::string found = input.has_shape ? dims_to_string(dims) : "without a shape";
  return Status::unsupported_model(cat("The model's input '", input.name, "' is ",
                                       data_type_name(input.type), " ", found,
                                       "; this engine needs float32 [N,1,28,28]."));
}

}  // namespace

std::string to_string(const Shape& shape) {
  std::string text = cat("[N,", shape.c);
  if (!shape.flat) append(text, ",", shape.h, ",", shape.w);
  return cat(text, "]");
}

std::string describe(const Node& node) {
  std::string name = node.name;
  if (name.empty() && !node.outputs.empty()) name = node.outputs[0];
  const std::string domain = node.domain.empty() ? "" : cat(node.domain, ".");
  return cat("node '", name, "' (", domain, node.op_type, ")");
}

std::int64_t int_attribute(const Node& node, std::string_view name, std::int64_t fallback) {
  const auto found = node.attributes.find(name);
  return found == node.attributes.end() ? fallback : found->second.i;
}

float float_attribute(const Node& node, std::string_view name, float fallback) {
  const auto found = node.attributes.find(name);
  return found == node.attributes.end() ? fallback : found->second.f;
}

std::string string_attribute(const Node& node, std::string_view name, const std::string& fallback) {
  const auto found = node.attributes.find(name);
  return found == node.attributes.end() ? fallback : found->second.s;
}

std::vector<std::int64_t> ints_attribute(const Node& node, std::string_view name,
                                         const std::vector<std::int64_t>& fallback) {
  const auto found = node.attributes.find(name);
  return found == node.attributes.end() ? fallback : found->second.ints;
}

GraphBuilder::Lower GraphBuilder::find_lowering(std::string_view op_type) {
  struct Entry {
    std::string_view op_type;
    Lower lower;
  };
  static constexpr Entry kEntries[] = {
      {"Add", &GraphBuilder::lower_binary},
      {"AveragePool", &GraphBuilder::lower_pool},
      {"BatchNormalization", &GraphBuilder::lower_batch_normalization},
      {"Cast", &GraphBuilder::lower_cast},
      {"Clip", &GraphBuilder::lower_clamp},
      {"Constant", &GraphBuilder::lower_constant},
      {"Conv", &GraphBuilder::lower_conv},
      {"Div", &GraphBuilder::lower_binary},
      {"Dropout", &GraphBuilder::lower_pass_through},
      {"Flatten", &GraphBuilder::lower_flatten},
      {"Gemm", &GraphBuilder::lower_gemm},
      {"GlobalAveragePool", &GraphBuilder::lower_global_average_pool},
      {"HardSigmoid", &GraphBuilder::lower_unary},
      {"HardSwish", &GraphBuilder::lower_unary},
      {"Identity", &GraphBuilder::lower_pass_through},
      {"LeakyRelu", &GraphBuilder::lower_unary},
      {"MatMul", &GraphBuilder::lower_matmul},
      {"MaxPool", &GraphBuilder::lower_pool},
      {"Mul", &GraphBuilder::lower_binary},
      {"Relu", &GraphBuilder::lower_clamp},
      {"Reshape", &GraphBuilder::lower_reshape},
      {"Sigmoid", &GraphBuilder::lower_unary},
      {"Softmax", &GraphBuilder::lower_softmax},
      {"Sub", &GraphBuilder::lower_binary},
  };
  for (const Entry& entry : kEntries) {
    if (entry.op_type == op_type) return entry.lower;
  }
  return nullptr;
}

const GraphBuilder::Operand* GraphBuilder::operand(const Node& node, std::size_t index) const {
  if (index >= node.inputs.size() || node.inputs[index].empty()) return nullptr;
  return &operands_.find(node.inputs[index])->second;  // lower_node() checked that it is there
}

const Tensor* GraphBuilder::constant(const Node& node, std::size_t index) const {
  const Operand* found = operand(node, index);
  return found == nullptr ? nullptr : found->constant;
}

Result<std::size_t> GraphBuilder::value(const Node& node, std::size_t index) const {
  const Operand* found = operand(node, index);
  if (found == nullptr) return contradicts(cat("input ", index, " is missing"));
  if (found->constant != nullptr) return cannot(cat("input ", index, " is a constant"));
  return found->value;
}

Result<std::vector<float>> GraphBuilder::floats(const Node& node, std::size_t index,
                                                std::string_view what) {
  const Tensor* tensor = constant(node, index);
  if (tensor == nullptr) return cannot(cat("its ", what, " is not a constant"));
  if (tensor->type != DataType::kFloat && tensor->type != DataType::kFloat16) {
    return cannot(cat("its ", what, " is ", data_type_name(tensor->type)));
  }
  if (tensor->elements == 0) return contradicts(cat("its ", what, " is empty"));
  INKLING_RETURN_IF_ERROR(charge(tensor->elements, sizeof(float)));
  std::vector<float> values = to_floats(*tensor);
  for (const float v : values) {
    if (!std::isfinite(v)) return contradicts(cat("its ", what, " holds NaN or infinity"));
  }
  return values;
}

Status GraphBuilder::charge(std::uint64_t count, std::uint64_t size) {
  // Divided, not multiplied: a product could wrap.
  if (count > (limits_.total_bytes - charged_) / size) {
    return Status::limit_exceeded(
        cat("with it, the model needs more than ", limits_.total_bytes, " bytes of memory"));
  }
  charged_ += count * size;
  return {};
}

Status GraphBuilder::add_step(const Node& node, Step step, const Shape& shape) {
  const std::size_t limit = limits_.tensor_elements;
  if (shape.c == 0 || shape.h == 0 || shape.w == 0) {
    return contradicts(cat("its output ", to_string(shape), " is empty"));
  }
  // Divided, not multiplied: a product could wrap.
  if (shape.c > limit || shape.h > limit / shape.c || shape.w > limit / shape.c / shape.h) {
    return Status::limit_exceeded(
        cat("its output ", to_string(shape), " has more than ", limit, " elements"));
  }
  step.name = node.name.empty() ? node.outputs[0] : node.name;
  if (step.op.empty()) step.op = node.op_type;
  step.output = graph_.values.size();
  graph_.values.push_back({node.outputs[0], shape});
  producers_[step.output] = graph_.steps.size();
  operands_[node.outputs[0]].value = step.output;
  graph_.steps.push_back(std::move(step));
  return {};
}

void GraphBuilder::alias(const Node& node, const Operand& operand) {
  if (operand.constant == nullptr) {
    // The readers of the new name are readers of the old one, in place of this node.
    std::size_t& readers = readers_[graph_.values[operand.value].name];
    readers += readers_[node.outputs[0]] - 1;
  }
  operands_[node.outputs[0]] = operand;
}

Status GraphBuilder::fold(const Node& node, Tensor tensor) {
  folded_.push_back(std::move(tensor));
  operands_[node.outputs[0]].constant = &folded_.back();
  return {};
}

Step* GraphBuilder::fusible_producer(std::size_t value) {
  const auto producer = producers_.find(value);
  if (producer == producers_.end() || readers_[graph_.values[value].name] != 1) return nullptr;
  return &graph_.steps[producer->second];
}

// The step now computes what `node` would have: its output takes the node's output's name.
void GraphBuilder::absorb(const Node& node, Step& step, std::string_view label) {
  step.op += " + ";
  step.op += label;
  graph_.values[step.output].name = node.outputs[0];
  operands_[node.outputs[0]].value = step.output;
}

Status GraphBuilder::declare_constants() {
  for (const Tensor& tensor : model_.initializers) {
    if (!operands_.emplace(tensor.name, Operand{&tensor}).second) {
      return Status::malformed_model(cat("The model has two constants named '", tensor.name, "'."));
    }
  }
  return {};
}

// Old files list constants as inputs too; the input is the one that is no constant.
Status GraphBuilder::declare_input() {
  const ValueInfo* image = nullptr;
  for (const ValueInfo& input : model_.inputs) {
    if (operands_.contains(input.name)) continue;
    if (image != nullptr) {
      return Status::unsupported_model(cat("The model has several inputs ('", image->name, "', '",
                                           input.name,
                                           "'); this engine needs one, float32 [N,1,28,28]."));
    }
    image = &input;
  }
  if (image == nullptr) return Status::malformed_model("The model has no input.");
  INKLING_RETURN_IF_ERROR(check_input(*image));
  graph_.input = 0;
  graph_.values.push_back({image->name, Shape{.c = 1, .h = kImageSide, .w = kImageSide}});
  operands_[image->name].value = graph_.input;
  return {};
}

// Backwards from the first output: what only a second output needs is not run, and may be anything.
std::vector<bool> GraphBuilder::find_needed_nodes() const {
  std::vector<bool> needed(model_.nodes.size(), false);
  std::set<std::string_view> wanted = {model_.outputs[0].name};
  for (std::size_t i = model_.nodes.size(); i-- > 0;) {
    const Node& node = model_.nodes[i];
    for (const std::string& output : node.outputs) {
      if (!output.empty() && wanted.contains(output)) needed[i] = true;
    }
    if (needed[i]) wanted.insert(node.inputs.begin(), node.inputs.end());
  }
  return needed;
}

// Whether each input is known at all, and whether one comes from a node that cannot be run.
Status GraphBuilder::check_inputs(const Node& node, bool* unknown) const {
  for (const std::string& name : node.inputs) {
    if (name.empty()) continue;
    const auto found = operands_.find(name);
    if (found == operands_.end()) {
      return Status::malformed_model(cat("In the model, ", describe(node), " reads '", name,
                                         "', which nothing before it produces."));
    }
    *unknown = *unknown || (found->second.constant == nullptr && found->second.value == kUnknown);
  }
  return {};
}

Status GraphBuilder::lower_node(const Node& node) {
  bool unknown = false;
  INKLING_RETURN_IF_ERROR(check_inputs(node, &unknown));
  if (node.outputs.empty() || node.outputs[0].empty()) {
    return Status::malformed_model(cat("In the model, ", describe(node), " has no output."));
  }
  for (const std::string& output : node.outputs) {
    if (!output.empty() && !operands_.emplace(output, Operand{}).second) {
      return Status::malformed_model(cat("The model defines '", output, "' twice."));
    }
  }
  const Lower lower = node.domain.empty() ? find_lowering(node.op_type) : nullptr;
  if (lower == nullptr) {
    unsupported_.push_back(cat(describe(node), ": no such operator here"));
    return {};
  }
  if (unknown) return {};  // its shapes cannot be known; the node before it has been named
  Status status = (this->*lower)(node);
  if (status.code() == StatusCode::kUnsupportedModel) {
    unsupported_.push_back(cat(describe(node), ": ", status.message()));
    return {};
  }
  for (std::size_t i = 1; status.ok() && i < node.outputs.size(); ++i) {
    const auto readers = readers_.find(node.outputs[i]);
    if (readers != readers_.end() && readers->second > 0 && !node.outputs[i].empty()) {
      unsupported_.push_back(cat(describe(node), ": its output '", node.outputs[i], "' is used"));
    }
  }
  if (status.ok()) return status;
  return {status.code(), cat("In the model, ", describe(node), ": ", status.message(), ".")};
}

Status GraphBuilder::unsupported_nodes() const {
  std::string text = "This engine cannot run ";
  if (unsupported_.size() == 1) {
    text += "a node";
  } else {
    append(text, unsupported_.size(), " nodes");
  }
  text += " of the model: ";
  for (std::size_t i = 0; i < unsupported_.size() && i < kNamedNodes; ++i) {
    if (i > 0) text += "; ";
    text += unsupported_[i];
  }
  if (unsupported_.size() > kNamedNodes) {
    append(text, "; and ", unsupported_.size() - kNamedNodes, " more");
  }
  return Status::unsupported_model(cat(text, "."));
}

Status GraphBuilder::lower_all() {
  const std::vector<bool> needed = find_needed_nodes();
  readers_[model_.outputs[0].name] = 1;
  for (std::size_t i = 0; i < needed.size(); ++i) {
    if (!needed[i]) continue;
    for (const std::string& name : model_.nodes[i].inputs) ++readers_[name];
  }
  for (std::size_t i = 0; i < needed.size(); ++i) {
    if (needed[i]) INKLING_RETURN_IF_ERROR(lower_node(model_.nodes[i]));
  }
  return unsupported_.empty() ? Status() : unsupported_nodes();
}

Result<Graph> GraphBuilder::finish() {
  const std::string& name = model_.outputs[0].name;
  const auto found = operands_.find(name);
  if (found == operands_.end()) {
    return Status::malformed_model(cat("No node of the model produces its output '", name, "'."));
  }
  if (found->second.constant != nullptr || found->second.value == graph_.input) {
    return Status::unsupported_model(
        cat("The model's output '", name, "' does not depend on its input."));
  }
  graph_.output = found->second.value;
  const Shape& out = shape(graph_.output);
  if (!out.flat || out.c != kDigitCount) {
    return Status::unsupported_model(
        cat("The model's output '", name, "' is ", to_string(out),
            "; this engine needs [N,10], a probability for each digit."));
  }
  return std::move(graph_);
}

Result<Graph> GraphBuilder::build() {
  if (model_.opset < kOldestOpset || model_.opset > kNewestOpset) {
    return Status::unsupported_model(
        cat("The model uses version ", model_.opset,
            " of ONNX's operators; this engine knows versions 7 to 22."));
  }
  if (model_.outputs.empty()) return Status::malformed_model("The model has no output.");
  INKLING_RETURN_IF_ERROR(declare_constants());
  INKLING_RETURN_IF_ERROR(declare_input());
  INKLING_RETURN_IF_ERROR(lower_all());
  return finish();
}

Result<Graph> build_graph(const Model& model, const Limits& limits) {
  return GraphBuilder(model, limits).build();
}

}  // namespace inkling
