// Inside of step 2: what the files graph*.cc share. GraphBuilder walks the nodes that the output
// needs and lowers each to at most one Step; fusing happens on the way, because a node sees the
// step that feeds it.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "graph.h"

namespace inkling {

class GraphBuilder {
 public:
  GraphBuilder(const Model& model, const Limits& limits) : model_(model), limits_(limits) {}
  Result<Graph> build();

 private:
  // A tensor's name stands for a constant, for a value that is computed, or (after a node that
  // cannot be run) for something of unknown shape.
  struct Operand {
    const Tensor* constant = nullptr;
    std::size_t value = kUnknown;
  };
  static constexpr std::size_t kUnknown = static_cast<std::size_t>(-1);
  using Lower = Status (GraphBuilder::*)(const Node&);

  // graph.cc: the walk.
  static Lower find_lowering(std::string_view op_type);
  Status declare_input();
  Status declare_constants();
  std::vector<bool> find_needed_nodes() const;
  Status lower_all();
  Status lower_node(const Node& node);
  Status check_inputs(const Node& node, bool* unknown) const;
  Status unsupported_nodes() const;
  Result<Graph> finish();

  // graph.cc: what lowerings use.
  const Operand* operand(const Node& node, std::size_t index) const;  // null when omitted
  const Tensor* constant(const Node& node, std::size_t index) const;  // null when it is none
  Result<std::size_t> value(const Node& node, std::size_t index) const;
  Result<std::vector<float>> floats(const Node& node, std::size_t index, std::string_view what);
  // Counts memory that is about to be taken, before it is: a short file can name one constant in
  // thousands of nodes, and each keeps a copy of its own. What is freed again stays counted.
  Status charge(std::uint64_t count, std::uint64_t size);
  const Shape& shape(std::size_t value) const { return graph_.values[value].shape; }
  Status add_step(const Node& node, Step step, const Shape& shape);
  void alias(const Node& node, const Operand& operand);  // the output is the operand
  Status fold(const Node& node, Tensor tensor);          // the output is this constant
  Step* fusible_producer(std::size_t value);  // the step whose only reader is the node at hand
  void absorb(const Node& node, Step& step, std::string_view label);

  // graph_layers.cc
  Result<Window> read_window(const Node& node, const Shape& in, std::int64_t kernel_h,
                             std::int64_t kernel_w, Shape* out);
  Status lower_conv(const Node& node);
  Status lower_gemm(const Node& node);
  Status lower_matmul(const Node& node);
  Status lower_pool(const Node& node);
  Status lower_global_average_pool(const Node& node);
  Status lower_batch_normalization(const Node& node);
  Status lower_softmax(const Node& node);

  // graph_elementwise.cc
  Status lower_clamp(const Node& node);
  Status lower_unary(const Node& node);
  Status lower_binary(const Node& node);
  bool fuse_affine(const Node& node, std::size_t value, const std::vector<std::size_t>& dims,
                   const std::vector<float>& factors, const std::vector<float>& offsets);

  // graph_shapes.cc
  Status lower_pass_through(const Node& node);
  Status lower_constant(const Node& node);
  Status lower_cast(const Node& node);
  Status lower_flatten(const Node& node);
  Status lower_reshape(const Node& node);

  const Model& model_;
  const Limits& limits_;
  std::uint64_t charged_ = 0;  // bytes, at most limits_.total_bytes
  Graph graph_;
  std::map<std::string, Operand, std::less<>> operands_;
  std::map<std::string, std::size_t, std::less<>> readers_;  // of a tensor, among the needed nodes
  std::map<std::size_t, std::size_t> producers_;             // value -> step
  std::deque<Tensor> folded_;             // constants that the file does not hold
  std::vector<std::string> unsupported_;  // "node 'x' (LSTM): reason"
};

// "node 'conv1' (Conv)"; nodes without a name go by their output's.
std::string describe(const Node& node);

// Attributes, with ONNX's defaults given by the caller.
std::int64_t int_attribute(const Node& node, std::string_view name, std::int64_t fallback);
float float_attribute(const Node& node, std::string_view name, float fallback);
std::string string_attribute(const Node& node, std::string_view name, const std::string& fallback);
std::vector<std::int64_t> ints_attribute(const Node& node, std::string_view name,
                                         const std::vector<std::int64_t>& fallback);

// The reason alone: lower_node() adds which node it was.
inline Status cannot(std::string reason) { return Status::unsupported_model(std::move(reason)); }
inline Status contradicts(std::string reason) { return Status::malformed_model(std::move(reason)); }

}  // namespace inkling
