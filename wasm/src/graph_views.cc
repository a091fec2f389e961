// Dims, strides and the order of axes in memory: arithmetic that knows no nodes.
#include <algorithm>

#include "graph_builder.h"
#include "text.h"

namespace inkling {

std::size_t element_count(const Dims& dims) {
  std::size_t product = 1;
  for (const std::size_t dim : dims) product *= dim;
  return product;
}

Dims rows_order(std::size_t rank) {
  Dims order;
  for (std::size_t i = 0; i < rank; ++i) order.push_back(i);
  return order;
}

Dims channels_last_order(std::size_t rank) {
  Dims order = rows_order(rank);
  order.remove(1);
  if (rank > 1) order.push_back(1);
  return order;
}

void sort_by_strides(Dims& axes, const Dims& strides) {
  for (std::size_t i = 1; i < axes.size(); ++i) {
    for (std::size_t k = i; k > 0 && strides[axes[k]] > strides[axes[k - 1]]; --k) {
      std::swap(axes[k], axes[k - 1]);
    }
  }
}

Dims packed_strides(const Dims& dims, const Dims& order) {
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
  Dims axes;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] != 1) axes.push_back(i);
  }
  sort_by_strides(axes, by_a ? a : out);
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
