// A node's attributes, with ONNX's defaults given by the caller, and its name in sentences.
#include "graph_builder.h"
#include "text.h"

namespace inkling {

std::string describe(const Node& node) {
  std::string name = node.name;
  if (name.empty() && !node.outputs.empty()) name = node.outputs[0];
  const std::string domain = node.domain.empty() ? "" : cat(node.domain, ".");
  return cat("node '", name, "' (", domain, node.op_type, ")");
}

bool has_attribute(const Node& node, std::string_view name) {
  return node.attributes.find(name) != node.attributes.end();
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

}  // namespace inkling
