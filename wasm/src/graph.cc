// The walk over the model's nodes: which of them the output needs, in what order, and what is said
// when some cannot be run. How a single operator is lowered stands in the other graph_*.cc.
#include "graph.h"

#include <algorithm>

#include "graph_builder.h"
#include "graph_bytes.h"
#include "tensor_values.h"
#include "text.h"

namespace inkling {
namespace {

constexpr std::int64_t kOldestOpset = 6;   // older ones give shapes as attributes everywhere
constexpr std::int64_t kNewestOpset = 25;  // the newest whose operators were read for this
constexpr std::size_t kNamedNodes = 12;    // named in one message; the rest is counted
constexpr std::size_t kMostClasses = 65536;

DataType fold_type(const Node& node, const Tensor* first, const Tensor* third) {
  static constexpr std::string_view kTruths[] = {
      "Equal", "Less", "LessOrEqual", "Greater", "Not", "GreaterOrEqual", "And", "Or"};
  const std::string& op = node.op_type;
  if (op == "Cast") return static_cast<DataType>(int_attribute(node, "to", 1));
  if (kIsCore) return first == nullptr ? DataType::kFloat : first->type;
  if (op == "DequantizeLinear") return DataType::kFloat;
  if (op == "QuantizeLinear") return third == nullptr ? DataType::kUint8 : third->type;
  if (std::find(std::begin(kTruths), std::end(kTruths), op) != std::end(kTruths)) {
    return DataType::kBool;
  }
  if (op == "Where" && third != nullptr) return third->type;
  return first == nullptr ? DataType::kFloat : first->type;
}

}  // namespace

// False when the name is taken.
bool GraphBuilder::declare(const std::string& name, const Tensor* constant) {
  Operand& operand = operands_[name];
  if (operand.is_declared) return false;
  operand.is_declared = true;
  operand.constant = constant;
  return true;
}

Status GraphBuilder::declare_constants() {
  for (const Tensor& tensor : model_.initializers) {
    if (!declare(tensor.name, &tensor)) {
      return load_error(StatusCode::kMalformedModel, "The model has two constants named '",
                        tensor.name, "'.");
    }
  }
  return {};
}

// Backwards from the output: what only another output needs is not run, and may be anything.
std::vector<bool> GraphBuilder::find_needed_nodes() {
  std::vector<bool> needed(model_.nodes.size(), false);
  operands_[model_.outputs[output_].name].readers = 1;
  for (std::size_t i = model_.nodes.size(); i-- > 0;) {
    const Node& node = model_.nodes[i];
    for (const std::string& output : node.outputs) {
      if (!output.empty() && operands_[output].readers > 0) needed[i] = true;
    }
    if (!needed[i]) continue;
    for (const std::string& name : node.inputs) ++operands_[name].readers;
    for (const std::string& name : node.captures) ++operands_[name].readers;
  }
  return needed;
}

// Whether each input is known at all, and whether one comes from a node that cannot be run.
Status GraphBuilder::check_inputs(const Node& node, bool* unknown) const {
  for (const std::string& name : node.inputs) {
    if (name.empty()) continue;
    const auto found = operands_.find(name);
    if (found == operands_.end() || !found->second.is_declared) {
      return load_error(StatusCode::kMalformedModel, "In the model, ", describe(node), " reads '",
                        name, "', which nothing before it produces.");
    }
    *unknown = *unknown || !found->second.is_known();
  }
  return {};
}

Status GraphBuilder::lower_node(const Node& node) {
  bool unknown = false;
  INKLING_RETURN_IF_ERROR(check_inputs(node, &unknown));
  if (node.outputs.empty() || node.outputs[0].empty()) {
    return load_error(StatusCode::kMalformedModel, "In the model, ", describe(node),
                      " has no output.");
  }
  for (const std::string& output : node.outputs) {
    if (!output.empty() && !declare(output)) {
      return load_error(StatusCode::kMalformedModel, "The model defines '", output, "' twice.");
    }
  }
  const Lower lower = find_lowering(node);
  if (kIsCore && lower == nullptr) return leave_to_full();
  if (lower == nullptr) {
    unsupported_.push_back(cat(describe(node), ": no such operator here"));
    return {};
  }
  if (unknown) return {};  // its shapes cannot be known; the node before it has been named
  Status status = lower_known(node, lower);
  if (kIsCore && !status.ok()) return status;
  if (status.code() == StatusCode::kUnsupportedModel) {
    unsupported_.push_back(cat(describe(node), ": ", status.message()));
    return {};
  }
  for (std::size_t i = 1; status.ok() && i < node.outputs.size(); ++i) {
    const std::string& output = node.outputs[i];
    if (!output.empty() && operands_[output].readers > 0 && !operands_[output].is_known()) {
      if (kIsCore) return leave_to_full();
      unsupported_.push_back(cat(describe(node), ": its output '", output, "' is used"));
    }
  }
  if (status.ok()) return status;
  return {status.code(), cat("In the model, ", describe(node), ": ", status.message(), ".")};
}

// A node that reads constants alone is run at once, and what it took is given back.
Status GraphBuilder::lower_known(const Node& node, Lower lower) {
  bool all_constant = true;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    if (operand(node, i) != nullptr) all_constant = all_constant && constant(node, i) != nullptr;
  }
  if (!all_constant || (!kIsCore && node.op_type == "If")) return (this->*lower)(node);
  const std::size_t first_step = graph_.steps.size(), first_value = graph_.values.size(),
                    first_buffer = graph_.buffers.size();
  INKLING_RETURN_IF_ERROR((this->*lower)(node));
  INKLING_RETURN_IF_ERROR(
      fold_steps(node, first_step, fold_type(node, constant(node, 0), constant(node, 2))));
  for (const std::string& name : node.inputs) {
    const auto found = operands_.find(name);
    if (found == operands_.end() || found->second.value == kUnknown) continue;
    if (found->second.value >= first_value) found->second.value = kUnknown;
  }
  std::erase_if(reordered_, [&](const Reordered& done) { return done.copy >= first_value; });
  producers_.resize(first_buffer);
  graph_.steps.resize(first_step);
  graph_.values.resize(first_value);
  graph_.buffers.resize(first_buffer);
  return {};
}

// The branch that a constant condition chooses, in the If's place.
Status GraphBuilder::lower_if(const Node& node) {
  const auto condition = number(node, 0, 0);
  if (!condition) return cannot("its condition is not a constant");
  const Attribute* found =
      find_attribute(node.attributes, *condition != 0 ? "then_branch" : "else_branch");
  if (found == nullptr || !found->g) return contradicts("it lacks a branch");
  const Subgraph& branch = *found->g;
  if (branch.outputs.size() != node.outputs.size())
    return contradicts("its branch has other outputs");
  for (const Tensor& tensor : branch.initializers) {
    if (!declare(tensor.name, &tensor)) {
      return contradicts("its branch defines '", tensor.name, "' again");
    }
  }
  for (const Node& inner : branch.nodes) INKLING_RETURN_IF_ERROR(lower_node(inner));
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    const auto result = operands_.find(branch.outputs[i]);
    if (result == operands_.end()) return contradicts("its branch lacks an output");
    if (!result->second.is_declared) return contradicts("its branch lacks an output");
    Operand& output = operands_[node.outputs[i]];
    output.constant = result->second.constant;
    output.value = result->second.value;
    if (output.value == kUnknown) continue;
    // One more reader than there are, so that nothing is fused away here.
    operands_[graph_.values[output.value].name].readers += output.readers;
  }
  return {};
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
  return load_error(StatusCode::kUnsupportedModel, text, ".");
}

Status GraphBuilder::lower_all() {
  const std::vector<bool> needed = find_needed_nodes();
  for (std::size_t i = 0; i < needed.size(); ++i) {
    if (needed[i]) INKLING_RETURN_IF_ERROR(lower_node(model_.nodes[i]));
  }
  return kIsCore || unsupported_.empty() ? Status() : unsupported_nodes();
}

// Steps that another one has taken over are gone, and with them their buffers.
void GraphBuilder::drop_absorbed_steps() {
  for (const Step& step : graph_.steps) {
    if (step.kind == StepKind::kNothing)
      graph_.buffers[graph_.values[step.output].buffer].floats = 0;
  }
  std::erase_if(graph_.steps, [](const Step& step) { return step.kind == StepKind::kNothing; });
}

Status GraphBuilder::finish() {
  const std::string& name = model_.outputs[output_].name;
  const auto found = operands_.find(name);
  if (found == operands_.end() || !found->second.is_declared) {
    return load_error(StatusCode::kMalformedModel, "No node of the model produces its output '",
                      name, "'.");
  }
  if (!found->second.is_known()) {
    return load_error(StatusCode::kUnsupportedModel, "The model's output '", name,
                      "' is one that its node does not give here.");
  }
  if (found->second.constant != nullptr || found->second.value == graph_.input) {
    return load_error(StatusCode::kUnsupportedModel, "The model's output '", name,
                      "' does not depend on its input.");
  }
  Node output;
  output.op_type = "the output";
  output.outputs = {name};
  INKLING_ASSIGN(value, in_rows(output, found->second.value));
  graph_.output = value;
  const Dims& out = dims(graph_.output);
  const std::size_t classes = element_count(out);
  if (classes < 2 || classes > kMostClasses ||
      std::count_if(out.begin(), out.end(), [](std::size_t dim) { return dim > 1; }) != 1) {
    return load_error(StatusCode::kUnsupportedModel, "The model's output '", name, "' is ", out,
                      " for one image; this engine needs a number for each "
                      "class, as [N,10].");
  }
  drop_absorbed_steps();
  if (!kIsCore) use_bytes(graph_);
  return {};
}

// The first output with a number for each class: what is a label (a whole number) is passed over.
void GraphBuilder::choose_output() {
  for (std::size_t i = 0; i < model_.outputs.size(); ++i) {
    const DataType type = model_.outputs[i].type;
    if (type == DataType::kInt64 || type == DataType::kInt32) continue;
    output_ = i;
    return;
  }
}

Status GraphBuilder::build() {
  if (model_.opset < kOldestOpset || model_.opset > kNewestOpset) {
    return load_error(StatusCode::kUnsupportedModel, "The model uses version ", model_.opset,
                      " of ONNX's operators; this engine knows versions ", kOldestOpset, " to ",
                      kNewestOpset, ".");
  }
  if (model_.outputs.empty())
    return load_error(StatusCode::kMalformedModel, "The model has no output.");
  choose_output();
  INKLING_RETURN_IF_ERROR(declare_constants());
  INKLING_RETURN_IF_ERROR(declare_input());
  INKLING_RETURN_IF_ERROR(lower_all());
  return finish();
}

Status build_graph(const Model& model, const Limits& limits, Graph& graph) {
  return GraphBuilder(model, limits, graph).build();
}

}  // namespace inkling
