// What other people's exporters write and ours does not: functions of the file's own, branches,
// weights beside the model.
#pragma once

#include "onnx_builder.h"

namespace inkling::testing {

// NodeProto
inline std::string node(const std::string& op, const std::vector<std::string>& inputs,
                        const std::vector<std::string>& outputs,
                        const std::vector<std::string>& attributes = {},
                        const std::string& domain = "") {
  std::string out;
  protozero::pbf_writer writer(out);
  for (const auto& name : inputs) writer.add_string(1, name);
  for (const auto& name : outputs) writer.add_string(2, name);
  writer.add_string(4, op);
  for (const auto& a : attributes) writer.add_message(5, a);
  if (!domain.empty()) writer.add_string(7, domain);
  return out;
}

// FunctionProto
inline std::string function(const std::string& name, const std::vector<std::string>& inputs,
                            const std::vector<std::string>& outputs,
                            const std::vector<std::string>& nodes,
                            const std::vector<std::string>& defaults = {}) {
  std::string out;
  protozero::pbf_writer writer(out);
  writer.add_string(1, name);
  for (const auto& input : inputs) writer.add_string(4, input);
  for (const auto& output : outputs) writer.add_string(5, output);
  for (const auto& n : nodes) writer.add_message(7, n);
  writer.add_string(10, "mine");
  for (const auto& a : defaults) writer.add_message(11, a);
  return out;
}

// AttributeProto that stands for one of the caller's.
inline std::string reference(const std::string& name, const std::string& callers) {
  std::string out;
  protozero::pbf_writer writer(out);
  writer.add_string(1, name);
  writer.add_string(21, callers);
  return out;
}

// AttributeProto that holds a branch.
inline std::string branch(const std::string& name, const std::vector<std::string>& nodes,
                          const std::string& output) {
  std::string graph, out;
  protozero::pbf_writer graph_writer(graph);
  for (const auto& n : nodes) graph_writer.add_message(1, n);
  graph_writer.add_message(12, value_info(output, kFloatType, {}));
  protozero::pbf_writer writer(out);
  writer.add_string(1, name);
  writer.add_message(6, graph);
  return out;
}

// TensorProto whose values are in another file.
inline std::string external_tensor(const std::string& name, const Dims& dims,
                                   const std::string& offset, const std::string& length) {
  std::string out;
  protozero::pbf_writer writer(out);
  writer.add_packed_int64(1, dims.begin(), dims.end());
  writer.add_int32(2, kFloatType);
  writer.add_string(8, name);
  for (const auto& [key, value] : {std::pair("location", std::string("model.onnx.data")),
                                   std::pair("offset", offset), std::pair("length", length)}) {
    std::string entry;
    protozero::pbf_writer entry_writer(entry);
    entry_writer.add_string(1, key);
    entry_writer.add_string(2, value);
    writer.add_message(13, entry);
  }
  writer.add_int32(14, 1);
  return out;
}

}  // namespace inkling::testing
