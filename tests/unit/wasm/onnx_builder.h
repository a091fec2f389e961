// Writes small ONNX files for the tests with protozero's writer, field numbers as in onnx.proto. So
// the same suite runs natively and in WebAssembly, and a test can write what no exporter would.
#pragma once

#include <cstdint>
#include <cstring>
#include <protozero/pbf_writer.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace inkling::testing {

using Dims = std::vector<std::int64_t>;

inline constexpr int kFloatType = 1;
inline constexpr int kInt64Type = 7;
inline constexpr int kBoolType = 9;
inline constexpr int kFloat16Type = 10;

// The little-endian bytes of numbers, as raw_data holds them.
template <typename T>
std::string raw(const std::vector<T>& values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

// TensorProto
inline std::string tensor(const std::string& name, int type, const Dims& dims,
                          const std::string& raw_data) {
  std::string out;
  protozero::pbf_writer writer(out);
  writer.add_packed_int64(1, dims.begin(), dims.end());
  writer.add_int32(2, type);
  writer.add_string(8, name);
  writer.add_bytes(9, raw_data);
  return out;
}

inline std::string float_tensor(const std::string& name, const Dims& dims,
                                const std::vector<float>& values) {
  return tensor(name, kFloatType, dims, raw(values));
}

inline std::string int_tensor(const std::string& name, const std::vector<std::int64_t>& values) {
  return tensor(name, kInt64Type, {static_cast<std::int64_t>(values.size())}, raw(values));
}

// AttributeProto; `type` (field 20) is what official readers want to see.
inline std::string attribute(const std::string& name, std::int64_t value) {
  std::string out;
  protozero::pbf_writer writer(out);
  writer.add_string(1, name);
  writer.add_int64(3, value);
  writer.add_int32(20, 2);
  return out;
}
inline std::string attribute(const std::string& name, int value) {
  return attribute(name, static_cast<std::int64_t>(value));
}
inline std::string attribute(const std::string& name, float value) {
  std::string out;
  protozero::pbf_writer writer(out);
  writer.add_string(1, name);
  writer.add_float(2, value);
  writer.add_int32(20, 1);
  return out;
}
inline std::string attribute(const std::string& name, const char* value) {
  std::string out;
  protozero::pbf_writer writer(out);
  writer.add_string(1, name);
  writer.add_string(4, value);
  writer.add_int32(20, 3);
  return out;
}
inline std::string attribute(const std::string& name, const Dims& values) {
  std::string out;
  protozero::pbf_writer writer(out);
  writer.add_string(1, name);
  writer.add_packed_int64(8, values.begin(), values.end());
  writer.add_int32(20, 7);
  return out;
}
inline std::string tensor_attribute(const std::string& name, const std::string& tensor) {
  std::string out;
  protozero::pbf_writer writer(out);
  writer.add_string(1, name);
  writer.add_message(5, tensor);
  writer.add_int32(20, 4);
  return out;
}

// ValueInfoProto of a tensor; a dimension of -1 is written as the name "N".
inline std::string value_info(const std::string& name, int type, const Dims& dims) {
  std::string shape;
  for (const std::int64_t dim : dims) {
    std::string dimension;
    protozero::pbf_writer writer(dimension);
    if (dim == -1) {
      writer.add_string(2, "N");
    } else {
      writer.add_int64(1, dim);
    }
    protozero::pbf_writer(shape).add_message(1, dimension);
  }
  std::string tensor_type, type_proto, out;
  protozero::pbf_writer tensor_writer(tensor_type);
  tensor_writer.add_int32(1, type);
  tensor_writer.add_message(2, shape);
  protozero::pbf_writer(type_proto).add_message(1, tensor_type);
  protozero::pbf_writer writer(out);
  writer.add_string(1, name);
  writer.add_message(2, type_proto);
  return out;
}

// A model under construction. The order of fields in the file is that of the official serialiser.
class ModelBuilder {
 public:
  ModelBuilder() {
    inputs_.push_back(value_info("image", kFloatType, {-1, 1, 28, 28}));
    outputs_.push_back(value_info("probabilities", kFloatType, {-1, 10}));
  }

  ModelBuilder& node(const std::string& op, const std::vector<std::string>& inputs,
                     const std::vector<std::string>& outputs,
                     const std::vector<std::string>& attributes = {},
                     const std::string& domain = "") {
    std::string out;
    protozero::pbf_writer writer(out);
    for (const auto& name : inputs) writer.add_string(1, name);
    for (const auto& name : outputs) writer.add_string(2, name);
    writer.add_string(3, "node_" + outputs.at(0));
    writer.add_string(4, op);
    for (const auto& a : attributes) writer.add_message(5, a);
    if (!domain.empty()) writer.add_string(7, domain);
    nodes_.push_back(out);
    return *this;
  }
  ModelBuilder& initializer(const std::string& tensor) {
    initializers_.push_back(tensor);
    return *this;
  }
  ModelBuilder& floats(const std::string& name, const Dims& dims,
                       const std::vector<float>& values) {
    return initializer(float_tensor(name, dims, values));
  }
  ModelBuilder& metadata(const std::string& key, const std::string& value) {
    metadata_.emplace_back(key, value);
    return *this;
  }
  ModelBuilder& opset(std::int64_t version) {
    opsets_ = {{"", version}};
    return *this;
  }
  // FunctionProto: a model-local function.
  ModelBuilder& function(const std::string& function) {
    functions_.push_back(function);
    return *this;
  }
  ModelBuilder& inputs(std::vector<std::string> infos) {
    inputs_ = std::move(infos);
    return *this;
  }
  ModelBuilder& outputs(std::vector<std::string> infos) {
    outputs_ = std::move(infos);
    return *this;
  }

  // GraphProto
  std::string graph() const {
    std::string graph;
    protozero::pbf_writer graph_writer(graph);
    for (const auto& node : nodes_) graph_writer.add_message(1, node);
    graph_writer.add_string(2, "graph");
    for (const auto& tensor : initializers_) graph_writer.add_message(5, tensor);
    for (const auto& input : inputs_) graph_writer.add_message(11, input);
    for (const auto& output : outputs_) graph_writer.add_message(12, output);
    return graph;
  }

  // ModelProto without its graph
  std::string head() const {
    std::string out;
    protozero::pbf_writer writer(out);
    writer.add_int64(1, 8);
    writer.add_string(2, "inkling tests");
    for (const auto& [key, value] : metadata_) {
      std::string entry;
      protozero::pbf_writer entry_writer(entry);
      entry_writer.add_string(1, key);
      entry_writer.add_string(2, value);
      writer.add_message(14, entry);
    }
    for (const auto& function : functions_) writer.add_message(25, function);
    for (const auto& [domain, version] : opsets_) {
      std::string opset;
      protozero::pbf_writer opset_writer(opset);
      opset_writer.add_string(1, domain);
      opset_writer.add_int64(2, version);
      writer.add_message(8, opset);
    }
    return out;
  }

  std::string build() const {
    std::string out = head();
    protozero::pbf_writer(out).add_message(7,
                                           graph());  // last, so that no cut leaves a whole model
    return out;
  }

 private:
  std::vector<std::string> nodes_, initializers_, inputs_, outputs_;
  std::vector<std::pair<std::string, std::string>> metadata_;
  std::vector<std::pair<std::string, std::int64_t>> opsets_ = {{"", 17}};
  std::vector<std::string> functions_;
};

inline std::span<const std::byte> bytes_of(const std::string& file) {
  return {reinterpret_cast<const std::byte*>(file.data()), file.size()};
}

// The same "random" numbers everywhere, in [-scale, scale).
class Numbers {
 public:
  explicit Numbers(std::uint32_t seed = 1) : state_(seed * 2654435761u + 1) {}
  float next(float scale = 1.0f) {
    state_ = state_ * 1664525u + 1013904223u;
    return (static_cast<float>(state_ >> 8) / 8388608.0f - 1.0f) * scale;
  }
  std::vector<float> vector(std::size_t n, float scale = 1.0f) {
    std::vector<float> values(n);
    for (float& v : values) v = next(scale);
    return values;
  }

 private:
  std::uint32_t state_;
};

// A small complete classifier: Conv 3x3 + Relu, MaxPool 2x2, Flatten, Gemm, Softmax.
inline ModelBuilder small_model() {
  Numbers numbers(7);
  ModelBuilder model;
  model.floats("w1", {4, 1, 3, 3}, numbers.vector(36, 0.5f))
      .floats("b1", {4}, numbers.vector(4, 0.1f))
      .floats("w2", {10, 784}, numbers.vector(7840, 0.1f))
      .floats("b2", {10}, numbers.vector(10, 0.1f))
      .node("Conv", {"image", "w1", "b1"}, {"c"}, {attribute("pads", Dims{1, 1, 1, 1})})
      .node("Relu", {"c"}, {"r"})
      .node("MaxPool", {"r"}, {"p"},
            {attribute("kernel_shape", Dims{2, 2}), attribute("strides", Dims{2, 2})})
      .node("Flatten", {"p"}, {"f"})
      .node("Gemm", {"f", "w2", "b2"}, {"logits"}, {attribute("transB", 1)})
      .node("Softmax", {"logits"}, {"probabilities"});
  return model;
}

}  // namespace inkling::testing
