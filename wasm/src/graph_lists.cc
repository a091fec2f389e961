// What the core module has in place of graph_selection.cc: exporters compute shapes as short lists
// of whole numbers (Shape, Gather, Slice, Concat, and then Reshape), which are constants here.
#include <algorithm>

#include "graph_builder.h"
#include "tensor_values.h"

namespace inkling {

// Concat, Gather and Slice of lists; anything else is left to the full module.
Status GraphBuilder::lower_list(const Node& node) {
  std::vector<std::int64_t> list;
  Dims dims = {0};
  const bool is_concat = node.op_type == "Concat";
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const Tensor* tensor = constant(node, i);
    if (tensor == nullptr || is_float(tensor->type) || tensor->dims.size() > 1) {
      return leave_to_full();
    }
    if ((i == 0 || is_concat) && tensor->dims.empty()) return leave_to_full();
    const std::vector<std::int64_t> part = to_ints(*tensor);
    if (i == 0 || is_concat) {
      list.insert(list.end(), part.begin(), part.end());
    } else if (i == 1 && node.op_type == "Gather") {
      std::vector<std::int64_t> picked;
      for (const std::int64_t index : part) {
        const auto size = static_cast<std::int64_t>(list.size());
        const std::int64_t at = index < 0 ? index + size : index;
        if (at < 0 || at >= size) return leave_to_full();
        picked.push_back(list[static_cast<std::size_t>(at)]);
      }
      list = std::move(picked);
      dims = tensor->dims;
    }
  }
  if (node.op_type == "Slice") {
    INKLING_ASSIGN(starts, ints(node, 1, "starts", {}));
    INKLING_ASSIGN(ends, ints(node, 2, "ends", {}));
    INKLING_ASSIGN(axes, ints(node, 3, "axes", {0}));
    INKLING_ASSIGN(steps, ints(node, 4, "steps", {1}));
    if (axes.size() != 1 || axes[0] > 0 || axes[0] < -1) return leave_to_full();
    if (starts.size() != 1 || ends.size() != 1 || steps.size() != 1 || steps[0] != 1) {
      return leave_to_full();
    }
    const auto size = static_cast<std::int64_t>(list.size());
    const auto place = [&](std::int64_t at) {
      return std::clamp<std::int64_t>(at < 0 && at >= -size ? at + size : at, 0, size);
    };
    const std::int64_t start = place(starts[0]), end = std::max(place(ends[0]), start);
    list.erase(list.begin() + end, list.end());
    list.erase(list.begin(), list.begin() + start);
  }
  if (node.inputs.empty()) return leave_to_full();
  if (!dims.empty()) dims[0] = list.size();
  return fold(node, make_int_tensor(dims, list, constant(node, 0)->type));
}

}  // namespace inkling
