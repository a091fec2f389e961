// Lowering of matrix products: dense layers, and products of two values that are both computed.
#include <algorithm>

#include "graph_builder.h"
#include "text.h"

namespace inkling {
namespace {

// [rows][columns] -> [columns][rows]
std::vector<float> transpose(const std::vector<float>& matrix, std::size_t rows,
                             std::size_t columns) {
  std::vector<float> result(matrix.size());
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) result[j * rows + i] = matrix[i * columns + j];
  }
  return result;
}

// Without the leading axes of size 1 that a matrix may be wrapped in.
Dims without_wrapping(const Dims& dims) {
  std::size_t first = 0;
  while (dims.size() - first > 2 && dims[first] == 1) ++first;
  return dims.from(first);
}

}  // namespace

// in [.., K] by weights [M][K] (transposed) or [K][M] -> [.., M]
Result<std::size_t> GraphBuilder::add_dense(const Node& node, std::size_t in,
                                            std::vector<float> weights, const Dims& weight_dims,
                                            bool transposed) {
  const std::size_t rows = transposed ? weight_dims[0] : weight_dims[1];
  const std::size_t columns = transposed ? weight_dims[1] : weight_dims[0];
  if (dims(in).empty() || columns != dims(in).back() || rows == 0) {
    return contradicts("its matrix takes ", columns, " values, its input is ", dims(in));
  }
  INKLING_ASSIGN(ordered, in_rows(node, in));
  Step step = make_step(StepKind::kFullyConnected, {ordered});
  step.weights = transposed ? std::move(weights) : transpose(weights, columns, rows);
  INKLING_RETURN_IF_ERROR(charge(rows, sizeof(float)));
  step.bias.assign(rows, 0.0f);
  Dims out = dims(in);
  step.in = Map{.images = element_count(out) / columns, .c = columns};
  step.out = Map{.images = step.in.images, .c = rows};
  out.back() = rows;
  return add_step(node, std::move(step), out, rows_order(out.size()));
}

// a [.., m, k] by b [.., k, n], both computed; the axes before them broadcast.
Result<std::size_t> GraphBuilder::add_matmul(const Node& node, std::size_t a, std::size_t b) {
  const Value va = graph_.values[a], vb = graph_.values[b];
  const std::size_t ra = va.dims.size(), rb = vb.dims.size();
  if (ra < 2 || rb < 2) return cannot("it multiplies by a vector");
  if (va.dims[ra - 1] != vb.dims[rb - 2]) {
    return contradicts("its inputs are ", va.dims, " and ", vb.dims);
  }
  Dims dims_a = va.dims, dims_b = vb.dims;
  dims_a[ra - 1] = 1;
  dims_b[rb - 2] = 1;
  const auto out = broadcast(dims_a, dims_b);
  if (!out) {
    return cannot("its inputs are ", va.dims, " and ", vb.dims);
  }
  Step step = make_step(StepKind::kMatMul, {a, b});
  step.depth = va.dims[ra - 1];
  step.depth_a = va.strides[ra - 1];
  step.depth_b = vb.strides[rb - 2];
  const std::uint64_t depth = step.depth;
  INKLING_ASSIGN(result, add_step(node, std::move(step), *out, rows_order(out->size())));
  work_ += element_count(*out) * depth;  // each at most 2^26 by default, far from wrapping
  if (work_ > limits_.multiply_adds) {
    return load_error(StatusCode::kLimitExceeded, "with it, the model needs more than ",
                      limits_.multiply_adds, " multiply-adds");
  }
  graph_.steps.back().loop =
      make_loop(*out, broadcast_strides(dims_a, va.strides, *out),
                broadcast_strides(dims_b, vb.strides, *out), graph_.values[result].strides, false);
  return result;
}

// [.., a, b] seen as [.., b, a]
Result<std::size_t> GraphBuilder::swap_last(std::size_t value) {
  const Value from = graph_.values[value];
  const std::size_t rank = from.dims.size();
  if (rank < 2) return cannot("its input ", from.dims, " is no matrix");
  Dims swapped = from.dims, strides = from.strides;
  std::swap(swapped[rank - 1], swapped[rank - 2]);
  std::swap(strides[rank - 1], strides[rank - 2]);
  int batch_axis = from.batch_axis;
  const int last = static_cast<int>(rank) - 1;
  if (batch_axis >= last - 1) batch_axis = 2 * last - 1 - batch_axis;
  return add_view(value, swapped, strides, batch_axis);
}

Status GraphBuilder::lower_gemm(const Node& node) {
  INKLING_ASSIGN(in, value(node, 0));
  if (int_attribute(node, "transA", 0) != 0) {
    if (kIsCore) return leave_to_full();
    INKLING_ASSIGN(swapped, swap_last(in));
    in = swapped;
  }
  const bool transposed = int_attribute(node, "transB", 0) != 0;
  const float alpha = float_attribute(node, "alpha", 1.0f);
  const float beta = float_attribute(node, "beta", 1.0f);
  if (dims(in).size() != 2) return cannot("its input ", dims(in), " is not [N,K]");
  std::size_t result = 0;
  if (constant(node, 1) != nullptr && constant(node, 0) == nullptr) {
    INKLING_ASSIGN(weights, floats(node, 1, "matrix"));
    const Dims& matrix = constant(node, 1)->dims;
    if (matrix.size() != 2) return contradicts("its matrix has not two dimensions");
    for (float& w : weights) w *= alpha;
    INKLING_ASSIGN(dense, add_dense(node, in, std::move(weights), matrix, transposed));
    if (!kIsCore) graph_.steps.back().weight_scales = scales(node, 1);
    result = dense;
  } else if (kIsCore) {
    return leave_to_full();
  } else {
    INKLING_ASSIGN(b, value(node, 1));
    if (transposed) {
      INKLING_ASSIGN(swapped, swap_last(b));
      b = swapped;
    }
    INKLING_ASSIGN(product, add_matmul(node, in, b));
    INKLING_ASSIGN(scaled, add_unary(node, product, UnaryOp::kAffine, alpha));
    result = scaled;
  }
  if (operand(node, 2) == nullptr) return give(node, result);
  Step& layer = graph_.steps.back();
  const Tensor* bias = constant(node, 2);
  const std::size_t columns = dims(result).back();
  const bool is_row = bias != nullptr && !bias->dims.empty() && bias->dims.back() == columns;
  if (layer.kind == StepKind::kFullyConnected && bias != nullptr &&
      (bias->elements == 1 || (is_row && bias->elements == columns))) {
    INKLING_ASSIGN(row, floats(node, 2, "bias"));
    for (std::size_t i = 0; i < columns; ++i) layer.bias[i] = beta * row[row.size() == 1 ? 0 : i];
    return give(node, result);
  }
  INKLING_ASSIGN(c, value(node, 2));
  INKLING_ASSIGN(scaled, add_unary(node, c, UnaryOp::kAffine, beta));
  return give(node, add_binary(node, BinaryOp::kAdd, result, scaled));
}

Status GraphBuilder::lower_matmul(const Node& node) {
  const Tensor* left = constant(node, 0);
  const Tensor* right = constant(node, 1);
  if (left == nullptr && right != nullptr) {
    const Dims matrix = without_wrapping(right->dims);
    if (matrix.size() == 2 && is_dense_input(node, right->dims.size())) {
      INKLING_ASSIGN(in, value(node, 0));
      INKLING_ASSIGN(weights, floats(node, 1, "matrix"));
      INKLING_ASSIGN(dense, add_dense(node, in, std::move(weights), matrix, false));
      if (!kIsCore) graph_.steps.back().weight_scales = scales(node, 1);
      return give(node, dense);
    }
  }
  if (kIsCore) return leave_to_full();
  if (left != nullptr && right == nullptr && left->dims.size() == 2) {
    // (W x)^T = x^T W^T: a dense layer on the columns.
    INKLING_ASSIGN(in, value(node, 1));
    if (dims(in).size() == 2) {
      INKLING_ASSIGN(weights, floats(node, 0, "matrix"));
      INKLING_ASSIGN(columns, swap_last(in));
      INKLING_ASSIGN(product, add_dense(node, columns, std::move(weights), left->dims, true));
      return give(node, swap_last(product));
    }
  }
  INKLING_ASSIGN(a, value(node, 0));
  INKLING_ASSIGN(b, value(node, 1));
  return give(node, add_matmul(node, a, b));
}

// A matrix wrapped in more axes than the input has would lend them to the result.
bool GraphBuilder::is_dense_input(const Node& node, std::size_t matrix_rank) const {
  const std::size_t rank = dims(operand(node, 0)->value).size();
  return rank >= 1 && matrix_rank <= std::max<std::size_t>(rank, 2);
}

}  // namespace inkling
