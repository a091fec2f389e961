// Lowering of what moves values without changing them: transposes are views, everything else is a
// copy with an index for each place on each axis.
#include <algorithm>

#include "graph_builder.h"
#include "tensor_values.h"
#include "text.h"

namespace inkling {
namespace {

using Ints = std::vector<std::int64_t>;

Ints all_indices(std::size_t size) {
  Ints indices(size);
  for (std::size_t i = 0; i < size; ++i) indices[i] = static_cast<std::int64_t>(i);
  return indices;
}

// Where each place on a padded axis comes from.
Ints padded_indices(std::int64_t size, std::int64_t before, std::int64_t after,
                    const std::string& mode) {
  Ints indices;
  for (std::int64_t i = -before; i < size + after; ++i) {
    const bool inside = i >= 0 && i < size;
    if (inside) {
      indices.push_back(i);
    } else if (mode == "edge") {
      indices.push_back(std::clamp<std::int64_t>(i, 0, size - 1));
    } else if (mode == "reflect") {
      indices.push_back(i < 0 ? -i : 2 * (size - 1) - i);
    } else if (mode == "wrap") {
      indices.push_back((i % size + size) % size);
    } else {
      indices.push_back(-1);
    }
  }
  return indices;
}

// Whether the offsets of the innermost axis follow one another, as do their places.
bool is_run(const std::vector<std::size_t>& offsets, std::size_t out_stride) {
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    if (offsets[i] == Selection::kFill || offsets[i] != offsets[0] + i) return false;
  }
  return out_stride == 1;
}

}  // namespace

Status GraphBuilder::select(std::size_t from, std::size_t to, const std::vector<Ints>& picks,
                            const Order& order, std::size_t out_offset, Selection* selection) {
  const Value& in = graph_.values[from];
  const Value& out = graph_.values[to];
  selection->out_offset = out_offset;
  for (const std::size_t axis : order) {
    const Ints all = picks[axis].empty() ? all_indices(in.dims[axis]) : picks[axis];
    INKLING_RETURN_IF_ERROR(charge(all.size(), sizeof(std::size_t)));
    std::vector<std::size_t> offsets;
    for (const std::int64_t i : all) {
      offsets.push_back(i == kPickFill ? Selection::kFill
                                       : static_cast<std::size_t>(i) * in.strides[axis]);
    }
    selection->offsets.push_back(std::move(offsets));
    selection->out_strides.push_back(out.strides[axis]);
  }
  if (order.empty()) {  // a single number
    selection->offsets = {{0}};
    selection->out_strides = {1};
  }
  selection->is_run = is_run(selection->offsets.back(), selection->out_strides.back());
  return {};
}

Result<std::size_t> GraphBuilder::pick(const Node& node, std::size_t in,
                                       const std::vector<Ints>& picks, float fill) {
  Dims out = dims(in);
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (picks[i].empty()) continue;
    if (picks[i].size() != out[i] || picks[i] != all_indices(out[i])) {
      INKLING_RETURN_IF_ERROR(check_axis(in, i));
    }
    out[i] = picks[i].size();
  }
  Step step = make_step(StepKind::kCopy, {in});
  step.alpha = fill;
  step.selections.emplace_back();
  const Order order = order_of(in);
  INKLING_ASSIGN(result, add_step(node, std::move(step), out, order));
  INKLING_RETURN_IF_ERROR(select(in, result, picks, order, 0, &graph_.steps.back().selections[0]));
  return result;
}

Status GraphBuilder::lower_transpose(const Node& node) {
  INKLING_ASSIGN(in, value(node, 0));
  const Value from = graph_.values[in];
  const std::size_t rank = from.dims.size();
  Ints perm = ints_attribute(node, "perm", {});
  if (perm.empty()) {
    perm = all_indices(rank);
    std::reverse(perm.begin(), perm.end());
  }
  Dims out(rank), strides(rank), named(rank, 0);
  int batch_axis = -1;
  for (const std::int64_t axis : perm) {
    if (axis >= 0 && static_cast<std::size_t>(axis) < rank)
      named[static_cast<std::size_t>(axis)] = 1;
  }
  if (perm.size() != rank || element_count(named) == 0) {
    return contradicts("its perm does not name each axis once");
  }
  for (std::size_t i = 0; i < rank; ++i) {
    const auto axis = static_cast<std::size_t>(perm[i]);
    out[i] = from.dims[axis];
    strides[i] = from.strides[axis];
    if (from.batch_axis == static_cast<int>(axis)) batch_axis = static_cast<int>(i);
  }
  return give(node, add_view(in, out, strides, batch_axis));
}

Status GraphBuilder::lower_concat(const Node& node) {
  std::vector<std::size_t> parts;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const Tensor* tensor = constant(node, i);
    if (tensor != nullptr && tensor->elements == 0) continue;
    INKLING_ASSIGN(part, value(node, i));
    parts.push_back(part);
  }
  if (parts.empty()) return contradicts("it has no inputs");
  Dims out = dims(parts[0]);
  if (out.empty()) return contradicts("its inputs have no axes");
  INKLING_ASSIGN(axis, axis_attribute(node, 1, out.size()));
  std::size_t size = 0, leader = parts[0];
  for (const std::size_t part : parts) {
    INKLING_RETURN_IF_ERROR(check_axis(part, axis));
    Dims rest = dims(part);
    if (rest.size() != out.size()) return contradicts("its inputs have different ranks");
    size += rest[axis];
    rest[axis] = out[axis];
    if (rest != out) {
      return contradicts("its inputs ", dims(part), " and ", out, " do not go together");
    }
    if (!graph_.buffers[graph_.values[part].buffer].is_constant) leader = part;
  }
  out[axis] = size;
  Step step = make_step(StepKind::kCopy, parts);
  step.selections.resize(parts.size());
  const Order order = order_of(leader);
  INKLING_ASSIGN(result, add_step(node, std::move(step), out, order));
  const std::vector<Ints> everything(out.size());
  std::size_t offset = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    INKLING_RETURN_IF_ERROR(
        select(parts[i], result, everything, order, offset, &graph_.steps.back().selections[i]));
    offset += dims(parts[i])[axis] * graph_.values[result].strides[axis];
  }
  return give(node, result);
}

Status GraphBuilder::lower_split(const Node& node) {
  INKLING_ASSIGN(in, value(node, 0));
  const Dims d = dims(in);
  if (d.empty()) return contradicts("its input has no axes");
  INKLING_ASSIGN(axis, axis_attribute(node, 0, d.size()));
  INKLING_ASSIGN(sizes, ints(node, 1, "split", {}));
  const auto whole = static_cast<std::int64_t>(d[axis]);
  const auto count = static_cast<std::int64_t>(node.outputs.size());
  if (sizes.empty()) sizes.assign(node.outputs.size(), (whole + count - 1) / count);
  if (sizes.size() != node.outputs.size()) return contradicts("it has not an output for each size");
  std::int64_t start = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const std::int64_t size = std::min(sizes[i], whole - start);
    if (size < 1) return contradicts("its sizes do not fit its input");
    std::vector<Ints> picks(d.size());
    for (std::int64_t k = 0; k < size; ++k) picks[axis].push_back(start + k);
    INKLING_RETURN_IF_ERROR(give(node, pick(node, in, picks), i));
    start += size;
  }
  return start == whole ? Status() : contradicts("its sizes do not fit its input");
}

Status GraphBuilder::lower_slice(const Node& node) {
  INKLING_ASSIGN(in, value(node, 0));
  const Dims d = dims(in);
  INKLING_ASSIGN(starts, ints(node, 1, "starts", {}));
  INKLING_ASSIGN(ends, ints(node, 2, "ends", {}));
  INKLING_ASSIGN(axes, ints(node, 3, "axes", all_indices(starts.size())));
  INKLING_ASSIGN(steps, ints(node, 4, "steps", Ints(starts.size(), 1)));
  if (ends.size() != starts.size() || axes.size() != starts.size() ||
      steps.size() != starts.size()) {
    return contradicts("its starts, ends, axes and steps are not as many");
  }
  std::vector<Ints> picks(d.size());
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto rank = static_cast<std::int64_t>(d.size());
    const std::int64_t axis = axes[i] < 0 ? axes[i] + rank : axes[i];
    if (axis < 0 || axis >= rank || steps[i] == 0)
      return contradicts("its axes or steps are wrong");
    const auto size = static_cast<std::int64_t>(d[static_cast<std::size_t>(axis)]);
    const bool backwards = steps[i] < 0;
    const auto place = [&](std::int64_t at) {
      if (at < 0) at = at < -size ? -1 : at + size;
      return std::clamp<std::int64_t>(at, backwards ? -1 : 0, backwards ? size - 1 : size);
    };
    const std::int64_t start = std::max<std::int64_t>(place(starts[i]), 0), end = place(ends[i]);
    const std::int64_t step = std::clamp<std::int64_t>(steps[i], -size, size);
    Ints& picked = picks[static_cast<std::size_t>(axis)];
    for (std::int64_t at = start; backwards ? at > end : at < end; at += step) picked.push_back(at);
    if (picked.empty()) return cannot("it leaves nothing");
  }
  return give(node, pick(node, in, picks));
}

Status GraphBuilder::lower_gather(const Node& node) {
  INKLING_ASSIGN(in, value(node, 0));
  const Dims d = dims(in);
  if (d.empty()) return contradicts("its input has no axes");
  INKLING_ASSIGN(axis, axis_attribute(node, 0, d.size()));
  INKLING_ASSIGN(indices, ints(node, 1, "indices", {}));
  const auto size = static_cast<std::int64_t>(d[axis]);
  for (std::int64_t& i : indices) {
    if (i < 0) i += size;
    if (i < 0 || i >= size) return contradicts("its indices are out of range");
  }
  if (indices.empty()) return cannot("it leaves nothing");
  std::vector<Ints> picks(d.size());
  picks[axis] = indices;
  INKLING_ASSIGN(picked, pick(node, in, picks));
  // The axis becomes as many as the indices have: none for a single number.
  INKLING_ASSIGN(rows, in_rows(node, picked));
  const Dims& shape = constant(node, 1)->dims;
  Dims out(d.begin(), d.begin() + axis);
  for (const std::size_t dim : shape) out.push_back(dim);
  for (const std::size_t dim : d.from(axis + 1)) out.push_back(dim);
  if (out.size() > kMaxDims) return cannot("its output has too many dimensions");
  int batch_axis = graph_.values[in].batch_axis;
  if (batch_axis > static_cast<int>(axis)) batch_axis += static_cast<int>(shape.size()) - 1;
  return give(node, add_view(rows, out, packed_strides(out, rows_order(out.size())), batch_axis));
}

Status GraphBuilder::lower_pad(const Node& node) {
  INKLING_ASSIGN(in, value(node, 0));
  const Dims d = dims(in);
  const std::size_t rank = d.size();
  INKLING_ASSIGN(pads, ints(node, 1, "pads", {}));
  INKLING_ASSIGN(axes, ints(node, 3, "axes", all_indices(pads.size() / 2)));
  const std::string mode = string_attribute(node, "mode", "constant");
  if (mode != "constant" && mode != "edge" && mode != "reflect" && mode != "wrap") {
    return cannot("mode is '", mode, "'");
  }
  if (pads.size() != 2 * axes.size()) return contradicts("its pads do not fit its input");
  float fill = float_attribute(node, "value", 0.0f);
  if (operand(node, 2) != nullptr) {
    INKLING_ASSIGN(given, value(node, 2));
    const Buffer& buffer = graph_.buffers[graph_.values[given].buffer];
    if (!buffer.is_constant || buffer.floats != 1) return cannot("its value is not one constant");
    fill = buffer.constant[0];
  }
  Ints before(rank, 0), after(rank, 0);
  std::vector<Ints> picks(rank);
  constexpr std::int64_t kMostPadding = 4096;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::int64_t named = axes[i] < 0 ? axes[i] + static_cast<std::int64_t>(rank) : axes[i];
    const auto axis = static_cast<std::size_t>(named);
    if (named < 0 || axis >= rank) return contradicts("its axes are out of range");
    const auto size = static_cast<std::int64_t>(d[axis]);
    const std::int64_t low = pads[i], high = pads[i + axes.size()];
    if (low < -size || high < -size || low > kMostPadding || high > kMostPadding ||
        low + high <= -size || (mode == "reflect" && std::max(low, high) >= size)) {
      return cannot("its pads are out of range");
    }
    before[axis] = low;
    after[axis] = high;
    picks[axis] = padded_indices(size, low, high, mode);
  }
  const bool is_nothing = std::all_of(pads.begin(), pads.end(), [](auto pad) { return pad == 0; });
  if (is_nothing && constant(node, 0) == nullptr) {
    alias(node, Operand(*operand(node, 0)));
    return {};
  }
  INKLING_ASSIGN(padded, pick(node, in, picks, fill));
  mark_zero_padding(mode == "constant" && fill == 0.0f, before, after);
  return give(node, padded);
}

// Zeros around the pixels, and nothing else, are what a convolution can add itself.
void GraphBuilder::mark_zero_padding(bool zeros, const Ints& before, const Ints& after) {
  const std::size_t rank = before.size();
  Step& step = graph_.steps.back();
  step.is_zero_padding = zeros && (rank == 3 || rank == 4) && before[0] == 0 && after[0] == 0 &&
                         before[1] == 0 && after[1] == 0;
  for (std::size_t i = 2; i < rank; ++i) {
    step.is_zero_padding = step.is_zero_padding && before[i] >= 0 && after[i] >= 0;
  }
  if (!step.is_zero_padding) return;
  const auto narrow = [](std::int64_t n) { return static_cast<std::uint32_t>(n); };
  step.window.pad_left = narrow(before[rank - 1]);
  step.window.pad_right = narrow(after[rank - 1]);
  step.window.pad_top = rank == 4 ? narrow(before[2]) : 0;
  step.window.pad_bottom = rank == 4 ? narrow(after[2]) : 0;
}

Status GraphBuilder::lower_expand(const Node& node) {
  INKLING_ASSIGN(in, value(node, 0));
  INKLING_ASSIGN(shape, ints(node, 1, "shape", {}));
  if (shape.size() > kMaxDims ||
      std::any_of(shape.begin(), shape.end(), [](std::int64_t dim) { return dim < 1; })) {
    return cannot("its shape is out of range");
  }
  if (declared_batch_ > 1 && !shape.empty() && shape[0] == declared_batch_) shape[0] = 1;
  const auto out = broadcast(dims(in), Dims(shape.begin(), shape.end()));
  if (!out) return contradicts("its shape does not fit its input");
  const Value from = graph_.values[in];
  // Seen with axes of step 0, then copied as it is seen.
  Step step = make_step(StepKind::kCopy, {in});
  step.selections.emplace_back();
  const Order order = rows_order(out->size());
  INKLING_ASSIGN(result, add_step(node, std::move(step), *out, order));
  const std::size_t view = add_view(in, *out, broadcast_strides(from.dims, from.strides, *out), -1);
  INKLING_RETURN_IF_ERROR(select(view, result, std::vector<Ints>(out->size()), order, 0,
                                 &graph_.steps.back().selections[0]));
  return give(node, result);
}

Status GraphBuilder::lower_tile(const Node& node) {
  INKLING_ASSIGN(in, value(node, 0));
  INKLING_ASSIGN(repeats, ints(node, 1, "repeats", {}));
  const Dims d = dims(in);
  if (repeats.size() != d.size()) return contradicts("it has not a count for each axis");
  std::vector<Ints> picks(d.size());
  for (std::size_t i = 0; i < d.size(); ++i) {
    if (repeats[i] < 1 || repeats[i] > static_cast<std::int64_t>(limits_.tensor_elements / d[i])) {
      return cannot("its counts are out of range");
    }
    const Ints once = all_indices(d[i]);
    INKLING_RETURN_IF_ERROR(charge(static_cast<std::uint64_t>(repeats[i]) * d[i], sizeof(once[0])));
    for (std::int64_t k = 0; k < repeats[i]; ++k) {
      picks[i].insert(picks[i].end(), once.begin(), once.end());
    }
  }
  return give(node, pick(node, in, picks));
}

}  // namespace inkling
