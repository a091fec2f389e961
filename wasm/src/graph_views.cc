// Dims, strides and the order of axes in memory: arithmetic that knows no nodes.
#include <algorithm>
#include <numeric>

#include "graph_builder.h"
#include "text.h"

namespace inkling {

std::string to_string(const Dims& dims) {
  std::string text = "[";
  for (std::size_t i = 0; i < dims.size(); ++i) append(text, i > 0 ? "," : "", dims[i]);
  return cat(text, "]");
}

std::size_t element_count(const Dims& dims) {
  return std::accumulate(dims.begin(), dims.end(), std::size_t{1}, std::multiplies<>());
}

std::vector<std::size_t> rows_order(std::size_t rank) {
  std::vector<std::size_t> order(rank);
  std::iota(order.begin(), order.end(), std::size_t{0});
  return order;
}

std::vector<std::size_t> channels_last_order(std::size_t rank) {
  std::vector<std::size_t> order = rows_order(rank);
  if (rank > 2) std::rotate(order.begin() + 1, order.begin() + 2, order.end());
  return order;
}

Dims packed_strides(const Dims& dims, const std::vector<std::size_t>& order) {
  Dims strides(dims.size());
  std::size_t stride = 1;
  for (std::size_t i = order.size(); i-- > 0;) {
    strides[order[i]] = stride;
    stride *= dims[order[i]];
  }
  return strides;
}

std::optional<Dims> broadcast(const Dims& a, const Dims& b) {
  Dims out(std::max(a.size(), b.size()));
  for (std::size_t i = 0; i < out.size(); ++i) {  // from the last axis on
    const std::size_t from_a = i < a.size() ? a[a.size() - 1 - i] : 1;
    const std::size_t from_b = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (from_a != from_b && from_a != 1 && from_b != 1) return std::nullopt;
    out[out.size() - 1 - i] = from_a == 1 ? from_b : from_a;
  }
  return out;
}

Dims broadcast_strides(const Dims& from, const Dims& strides, const Dims& dims) {
  Dims result(dims.size(), 0);
  const std::size_t missing = dims.size() - from.size();
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (from[i] != 1) result[missing + i] = strides[i];
  }
  return result;
}

Loop make_loop(const Dims& dims, const Dims& a, const Dims& b, const Dims& out, bool by_a) {
  std::vector<std::size_t> axes;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] != 1) axes.push_back(i);
  }
  const Dims& leader = by_a ? a : out;
  std::stable_sort(axes.begin(), axes.end(),
                   [&](std::size_t i, std::size_t j) { return leader[i] > leader[j]; });
  Loop loop;
  for (const std::size_t i : axes) {
    const std::size_t last = loop.rank - 1;
    if (loop.rank > 0 && loop.a[last] == a[i] * dims[i] && loop.b[last] == b[i] * dims[i] &&
        loop.out[last] == out[i] * dims[i]) {
      --loop.rank;  // the outer axis continues this one
      loop.n[last] *= dims[i];
    } else {
      loop.n[loop.rank] = dims[i];
    }
    loop.a[loop.rank] = a[i];
    loop.b[loop.rank] = b[i];
    loop.out[loop.rank] = out[i];
    ++loop.rank;
  }
  if (loop.rank == 0) {
    loop.rank = 1;
    loop.n[0] = 1;
  }
  return loop;
}

}  // namespace inkling
