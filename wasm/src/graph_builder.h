// Inside of step 2: what the files graph*.cc share. GraphBuilder walks the nodes that the output
// needs and lowers each to views and steps; fusing happens on the way, because a node sees the step
// that feeds it. Steps whose inputs are all constant are run at once and leave a constant.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string_view>

#include "edition.h"
#include "graph.h"

namespace inkling {

class GraphBuilder {
 public:
  // Fills `graph`, which is empty.
  GraphBuilder(const Model& model, const Limits& limits, Graph& graph)
      : model_(model), limits_(limits), graph_(graph) {}
  Status build();

 private:
  // A tensor's name stands for a constant, for a value that is computed (a constant may be both,
  // once a step has asked for it), or, after a node that cannot be run, for neither.
  struct Operand {
    const Tensor* constant = nullptr;
    std::size_t value = kUnknown;
    std::size_t readers = 0;   // among the needed nodes
    bool is_declared = false;  // by a node, or as a constant or input, before the node at hand
    const Node* dequantized = nullptr;  // the DequantizeLinear that the constant came from
    bool is_known() const { return constant != nullptr || value != kUnknown; }
  };
  static constexpr std::size_t kUnknown = static_cast<std::size_t>(-1);
  using Lower = Status (GraphBuilder::*)(const Node&);
  using Order = Dims;  // of axes, the outermost in memory first

  // graph.cc: the walk.
  static Lower find_lowering(const Node& node);
  Status declare_input();
  Status declare_constants();
  bool declare(const std::string& name, const Tensor* constant = nullptr);
  std::vector<bool> find_needed_nodes();
  Status lower_all();
  Status lower_node(const Node& node);
  Status lower_if(const Node& node);
  Status lower_known(const Node& node, Lower lower);
  Status check_inputs(const Node& node, bool* unknown) const;
  Status unsupported_nodes() const;
  Status finish();
  void drop_absorbed_steps();
  void choose_output();

  // graph_values.cc: what lowerings use. Results are values: indices into graph_.values.
  const Operand* operand(const Node& node, std::size_t index) const;  // null when omitted
  const Tensor* constant(const Node& node, std::size_t index) const;  // null when it is none
  Result<std::size_t> value(const Node& node, std::size_t index);
  Result<std::vector<float>> floats(const Node& node, std::size_t index, std::string_view what);
  // A few whole numbers: a constant input, or (in older versions) the attribute of that name.
  Result<std::vector<std::int64_t>> ints(const Node& node, std::size_t index,
                                         std::string_view attribute,
                                         const std::vector<std::int64_t>& fallback);
  // Counts memory that is about to be taken, before it is: a short file can name one constant in
  // thousands of nodes, and each keeps a copy of its own. What is freed again stays counted.
  Status charge(std::uint64_t count, std::uint64_t size);
  const Dims& dims(std::size_t value) const { return graph_.values[value].dims; }
  // A step's result: a new buffer of these dims, its axes in memory in this order.
  Result<std::size_t> add_step(const Node& node, Step step, const Dims& dims, const Order& order);
  std::size_t add_buffer(Buffer buffer, std::size_t producer);
  // Other dims over the same memory.
  std::size_t add_view(std::size_t of, const Dims& dims, const Dims& strides, int batch_axis);
  // The value in that order, a copy where it is not; of a constant always, one for each image.
  Result<std::size_t> in_order(const Node& node, std::size_t value, const Order& order);
  Result<std::size_t> in_rows(const Node& node, std::size_t value);        // ONNX's own order
  Result<std::size_t> channels_last(const Node& node, std::size_t value);  // [N,C,..] as [N,..,C]
  Order order_of(std::size_t value) const;
  Status give(const Node& node, Result<std::size_t> value, std::size_t output = 0);
  void alias(const Node& node, const Operand& operand);  // the output is the operand
  Status fold(const Node& node, Tensor tensor);          // the output is this constant
  Status fold_steps(const Node& node, std::size_t first_step, DataType type);
  Step* fusible_producer(std::size_t value);  // the step whose only reader is the node at hand
  void absorb(const Node& node, Step& step, std::size_t value, std::string_view label);
  Result<std::size_t> add_unary(const Node& node, std::size_t in, UnaryOp op, float alpha = 0,
                                float beta = 0, float min = -kInfinity, float max = kInfinity);
  Result<std::size_t> add_binary(const Node& node, BinaryOp op, std::size_t a, std::size_t b,
                                 float min = -kInfinity, float max = kInfinity);
  Result<std::size_t> add_reduction(const Node& node, std::size_t in, const Dims& along,
                                    BinaryOp op, float factor = 1, float min = -kInfinity,
                                    float max = kInfinity);
  Result<std::size_t> add_constant(Dims dims, std::vector<float> values);
  Result<std::size_t> axis_attribute(const Node& node, std::int64_t fallback, std::size_t rank);
  Status check_axis(std::size_t value, std::size_t axis) const;  // that it does not count images

  // graph_layers.cc
  Result<Window> read_window(const Node& node, const Map& in,
                             const std::vector<std::int64_t>& kernel, Step* step, Map* out);
  Result<std::size_t> map_input(const Node& node, std::size_t value, Map* map);
  Result<std::size_t> add_layer(const Node& node, Step step, std::size_t in, const Map& out);
  Result<std::size_t> add_conv(const Node& node, std::size_t in, std::vector<float> weights,
                               const Dims& weight_dims, std::vector<float> bias);
  Result<std::size_t> absorb_padding(std::size_t in, Window* padding);
  Status lower_conv(const Node& node);
  Status lower_pool(const Node& node);
  Status lower_global_pool(const Node& node);
  Status lower_batch_normalization(const Node& node);
  Status lower_softmax(const Node& node);

  // graph_matrix.cc
  Result<std::size_t> add_dense(const Node& node, std::size_t in, std::vector<float> weights,
                                const Dims& weight_dims, bool transposed);
  Result<std::size_t> add_matmul(const Node& node, std::size_t a, std::size_t b);
  Result<std::size_t> swap_last(std::size_t value);
  bool is_dense_input(const Node& node, std::size_t matrix_rank) const;
  Status lower_gemm(const Node& node);
  Status lower_matmul(const Node& node);

  // graph_elementwise.cc
  Status lower_clamp(const Node& node);
  Status lower_unary(const Node& node);
  Status lower_gelu(const Node& node);
  Status lower_binary(const Node& node);
  Dims aligned_dims(const Node& node, std::size_t index, const Dims& dims, std::size_t rank) const;
  Status lower_many(const Node& node);  // Sum, Mean, Max, Min
  Status lower_where(const Node& node);
  Status lower_reduce(const Node& node);
  bool fuse_affine(const Node& node, std::size_t value, const Dims& dims,
                   const std::vector<float>& factors, const std::vector<float>& offsets);

  // graph_shapes.cc
  Status lower_pass_through(const Node& node);
  Status lower_constant(const Node& node);
  Status lower_constant_of_shape(const Node& node);
  Status lower_cast(const Node& node);
  Status lower_flatten(const Node& node);
  Status lower_reshape(const Node& node);
  Status lower_squeeze(const Node& node);
  Status lower_unsqueeze(const Node& node);
  Status lower_shape(const Node& node);
  Status lower_size(const Node& node);
  Status lower_range(const Node& node);
  Status reshape_to(const Node& node, const Dims& dims);

  // graph_selection.cc
  Status lower_transpose(const Node& node);
  Status lower_concat(const Node& node);
  Status lower_split(const Node& node);
  Status lower_slice(const Node& node);
  Status lower_gather(const Node& node);
  Status lower_pad(const Node& node);
  Status lower_expand(const Node& node);
  Status lower_tile(const Node& node);
  void mark_zero_padding(bool zeros, const std::vector<std::int64_t>& before,
                         const std::vector<std::int64_t>& after);
  // Fills a copy's selection: from `from` to `to`, whose buffer's axes lie in this order.
  Status select(std::size_t from, std::size_t to,
                const std::vector<std::vector<std::int64_t>>& picks, const Order& order,
                std::size_t out_offset, Selection* selection);
  // Picks elements along each axis: picks[axis] lists indices, kPickFill for `fill`; empty for all.
  static constexpr std::int64_t kPickFill = -1;
  Result<std::size_t> pick(const Node& node, std::size_t in,
                           const std::vector<std::vector<std::int64_t>>& picks, float fill = 0);

  // graph_lists.cc
  Status lower_list(const Node& node);  // the core's Concat, Gather and Slice

  // graph_quantized.cc
  Status lower_quantize(const Node& node);
  Status lower_dequantize(const Node& node);
  Status lower_dequantize_constant(const Node& node);  // all that the core does of it
  std::vector<float> scales(const Node& node, std::size_t index) const;
  Status lower_dynamic_quantize(const Node& node);
  Status lower_integer_layer(const Node& node);    // ConvInteger, MatMulInteger
  Status lower_quantized_layer(const Node& node);  // QLinearConv, QLinearMatMul
  static constexpr std::size_t kNoInput = static_cast<std::size_t>(-1);
  std::optional<float> number(const Node& node, std::size_t index, float missing) const;
  Result<std::size_t> quantized(const Node& node, std::size_t in, std::size_t scale,
                                std::int64_t axis);
  Result<std::size_t> dequantized(const Node& node, std::size_t in, std::size_t scale,
                                  std::int64_t axis);
  Result<std::vector<float>> integer_weights(const Node& node, std::size_t index, std::size_t scale,
                                             std::size_t zero, std::size_t axis);
  Result<std::size_t> along_axis(const Node& node, std::size_t index, std::size_t of,
                                 std::int64_t axis);

  static constexpr float kInfinity = std::numeric_limits<float>::infinity();

  const Model& model_;
  const Limits& limits_;
  Graph& graph_;
  std::uint64_t work_ = 0;           // multiply-adds of products, run now or later
  std::uint64_t charged_ = 0;        // bytes, at most limits_.total_bytes
  std::size_t output_ = 0;           // of model_.outputs
  std::int64_t declared_batch_ = 1;  // a fixed batch that the file is written for
  std::map<std::string, Operand, std::less<>> operands_;
  std::vector<std::size_t> producers_;  // of each buffer: a step, or kUnknown
  struct Reordered {
    std::size_t value;
    Dims strides;
    std::size_t copy;
  };
  std::vector<Reordered> reordered_;
  std::vector<std::unique_ptr<Tensor>> folded_;  // constants that the file does not hold
  std::vector<std::string> unsupported_;         // "node 'x' (LSTM): reason"
};

// "node 'conv1' (Conv)"; nodes without a name go by their output's.
std::string describe(const Node& node);

// Attributes, with ONNX's defaults given by the caller.
std::int64_t int_attribute(const Node& node, std::string_view name, std::int64_t fallback);
float float_attribute(const Node& node, std::string_view name, float fallback);
std::string string_attribute(const Node& node, std::string_view name, const std::string& fallback);
std::vector<std::int64_t> ints_attribute(const Node& node, std::string_view name,
                                         const std::vector<std::int64_t>& fallback);
bool has_attribute(const Node& node, std::string_view name);

// The strides of dims that lie in memory without gaps, their axes in this order.
Dims packed_strides(const Dims& dims, const Dims& order);
Dims rows_order(std::size_t rank);           // 0, 1, 2, ...
Dims channels_last_order(std::size_t rank);  // 0, 2, 3, ..., 1

// Puts axes of greater strides first; of equal ones, none passes another.
void sort_by_strides(Dims& axes, const Dims& strides);

// The dims of a OP b by ONNX's rules; nothing when they do not go together.
std::optional<Dims> broadcast(const Dims& a, const Dims& b);
// A tensor's strides as one of `dims` that it is broadcast to.
Dims broadcast_strides(const Dims& from, const Dims& strides, const Dims& dims);
Loop make_loop(const Dims& dims, const Dims& a, const Dims& b, const Dims& out, bool by_a);

// The reason alone: lower_node() adds which node it was.
template <typename... T>
Status cannot(const T&... reason) {
  return load_error(StatusCode::kUnsupportedModel, reason...);
}
template <typename... T>
Status contradicts(const T&... reason) {
  return load_error(StatusCode::kMalformedModel, reason...);
}

inline Step make_step(StepKind kind, std::vector<std::size_t> inputs) {
  Step step;
  step.kind = kind;
  step.inputs = std::move(inputs);
  return step;
}

// Leaves the enclosing function with the Status of EXPR, a Result, when it failed; else NAME is its
// value.
#define INKLING_ASSIGN(name, expr)                                   \
  auto name##_result = (expr);                                       \
  if (!name##_result.ok()) return std::move(name##_result).status(); \
  auto name = std::move(name##_result).value()

}  // namespace inkling
