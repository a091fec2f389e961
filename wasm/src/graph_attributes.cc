// A node's attributes, with ONNX's defaults given by the caller, and its name in sentences.
#include "graph_builder.h"
#include "text.h"

namespace inkling {

const Attribute* find_attribute(const std::vector<Attribute>& attributes, std::string_view name) {
  for (const Attribute& attribute : attributes) {
    if (attribute.name == name) return &attribute;
  }
  return nullptr;
}

Status leave_to_full() {
  return Status::unsupported_model("The core module leaves this model to the full one.");
}

std::string describe(const Node& node) {
  if (kIsCore) return {};  // no sentence is made of it
  std::string name = node.name;
  if (name.empty() && !node.outputs.empty()) name = node.outputs[0];
  const std::string domain = node.domain.empty() ? "" : cat(node.domain, ".");
  return cat("node '", name, "' (", domain, node.op_type, ")");
}

bool has_attribute(const Node& node, std::string_view name) {
  return find_attribute(node.attributes, name) != nullptr;
}

std::int64_t int_attribute(const Node& node, std::string_view name, std::int64_t fallback) {
  const Attribute* found = find_attribute(node.attributes, name);
  return found == nullptr ? fallback : found->i;
}

float float_attribute(const Node& node, std::string_view name, float fallback) {
  const Attribute* found = find_attribute(node.attributes, name);
  return found == nullptr ? fallback : found->f;
}

std::string string_attribute(const Node& node, std::string_view name, const std::string& fallback) {
  const Attribute* found = find_attribute(node.attributes, name);
  return found == nullptr ? fallback : found->s;
}

std::vector<std::int64_t> ints_attribute(const Node& node, std::string_view name,
                                         const std::vector<std::int64_t>& fallback) {
  const Attribute* found = find_attribute(node.attributes, name);
  return found == nullptr ? fallback : found->ints;
}

}  // namespace inkling
