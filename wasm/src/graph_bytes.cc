// A file's quantised model computes in float32 what was rounded to eight bits before: x is
// quantised, dequantised, and then convolved. XNNPACK's qd8 layers take the eight bits themselves
// and weights of eight bits, and give float32: the sums are the file's, exactly. So a buffer of
// bytes has one writer that quantises, and its readers were all Dequantize steps.
#include "graph_bytes.h"

#include <algorithm>
#include <cmath>

#include "text.h"

namespace inkling {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

// XNNPACK's kernels take input channels in eights: with fewer than five, float32 is as fast.
constexpr std::size_t kFewestChannels = 5;

// A weight is w = q * scale in float32, which loses no more of q than this.
constexpr float kWholeness = 1e-3f;

class Bytes {
 public:
  explicit Bytes(Graph& graph) : graph_(graph), uses_(graph.buffers.size()) {
    for (std::size_t i = 0; i < graph.steps.size(); ++i) {
      for (const std::size_t in : graph.steps[i].inputs) uses_[buffer_of(in)].push_back(i);
    }
  }

  void run() {
    for (std::size_t i = 0; i < graph_.steps.size(); ++i) {
      const Step& step = graph_.steps[i];
      if (!is_quantize(step)) continue;
      const std::size_t buffer = buffer_of(step.output);
      if (!can_be_bytes(buffer) || !convert(buffer, step, false)) continue;
      convert(buffer, step, true);
      // What a pooling of bytes gives, and what a pooling of that gives, however long the row.
      while (!moved_.empty()) {
        const std::size_t quantize = moved_.back();
        moved_.pop_back();
        convert(buffer_of(graph_.steps[quantize].output), graph_.steps[quantize], true);
      }
    }
    std::erase_if(graph_.steps, [](const Step& s) { return s.kind == StepKind::kNothing; });
  }

 private:
  std::size_t buffer_of(std::size_t value) const { return graph_.values[value].buffer; }

  static bool is_quantize(const Step& step) {
    if (step.kind != StepKind::kUnary || step.unary != UnaryOp::kQuantize) return false;
    const bool fits = (step.min >= -128 && step.max <= 127) || (step.min >= 0 && step.max <= 255);
    return fits && (step.inputs.size() > 1 || (step.beta >= step.min && step.beta <= step.max));
  }

  static bool is_dequantize(const Step& step) {
    return step.kind == StepKind::kUnary && step.unary == UnaryOp::kDequantize &&
           std::isinf(step.min) && std::isinf(step.max);
  }

  // Read by nothing but Dequantize steps, as what these dequantise.
  bool can_be_bytes(std::size_t buffer) const {
    if (buffer == buffer_of(graph_.output)) return false;
    return std::all_of(uses_[buffer].begin(), uses_[buffer].end(), [&](std::size_t reader) {
      const Step& step = graph_.steps[reader];
      return is_dequantize(step) &&
             (step.inputs.size() == 1 || buffer_of(step.inputs[1]) != buffer);
    });
  }

  static bool is_int8_layer(const Step& step) {
    if (step.inputs.size() != 1) return false;
    if (step.kind == StepKind::kConv && step.in.c / step.groups < kFewestChannels) return false;
    if (step.kind != StepKind::kConv && step.kind != StepKind::kFullyConnected) return false;
    return !whole_weights(step, step.weights).empty();
  }

  // The Quantize that alone reads what the step gives, and with the same scale and zero point as
  // what dequantised its input: between the two only bytes move.
  std::size_t same_quantize(const Step& step, const Step& dequantize) const {
    if (step.kind != StepKind::kMaxPool && step.kind != StepKind::kReorder) return kNone;
    if (!std::isinf(step.min) || !std::isinf(step.max)) return kNone;
    const std::size_t buffer = buffer_of(step.output);
    if (uses_[buffer].size() != 1 || buffer == buffer_of(graph_.output)) return kNone;
    const Step& next = graph_.steps[uses_[buffer][0]];
    const bool same = is_quantize(next) && next.inputs.size() == 1 &&
                      dequantize.inputs.size() == 1 && next.alpha == dequantize.alpha &&
                      next.beta == dequantize.beta && can_be_bytes(buffer_of(next.output));
    return same ? uses_[buffer][0] : kNone;
  }

  // A reordering that only layers of bytes read.
  bool is_for_layers(const Step& step) const {
    const std::size_t buffer = buffer_of(step.output);
    return step.kind == StepKind::kReorder && buffer != buffer_of(graph_.output) &&
           !uses_[buffer].empty() &&
           std::all_of(uses_[buffer].begin(), uses_[buffer].end(),
                       [&](std::size_t reader) { return is_int8_layer(graph_.steps[reader]); });
  }

  std::size_t view_of(std::size_t value, std::size_t buffer) {
    Value view = graph_.values[value];
    view.name.clear();
    view.buffer = buffer;
    view.source = Value::kNoSource;
    graph_.values.push_back(std::move(view));
    return graph_.values.size() - 1;
  }

  void drop_buffer(std::size_t buffer) {
    graph_.buffers[buffer].floats = 0;
    for (Value& value : graph_.values) {
      if (value.buffer == buffer) value.name.clear();
    }
  }

  void make_int8_layer(Step& layer, std::size_t buffer, const Step& dequantize) {
    layer.inputs[0] = view_of(layer.inputs[0], buffer);
    layer.is_int8 = true;
    layer.alpha = dequantize.alpha;
    layer.beta = dequantize.beta;
    if (dequantize.inputs.size() > 1) layer.inputs.push_back(dequantize.inputs[1]);
    layer.op = cat("int8 ", layer.op);
  }

  // Whether (or, with `commit`, makes) readers of `buffer`, which `quantize` fills, take bytes.
  bool convert(std::size_t buffer, const Step& quantize, bool commit) {
    bool any = false;
    const Range range{quantize.min, quantize.max};
    if (commit) become_bytes(buffer, range);
    for (const std::size_t index : uses_[buffer]) {
      const Step& dequantize = graph_.steps[index];
      const std::size_t floats = buffer_of(dequantize.output);
      if (floats == buffer_of(graph_.output)) continue;
      std::vector<std::size_t> left;
      for (const std::size_t reader : std::vector<std::size_t>(uses_[floats])) {
        const bool takes = convert_reader(reader, buffer, dequantize, range, commit);
        any = any || takes;
        if (!takes) left.push_back(reader);
      }
      if (!commit) continue;
      uses_[floats] = left;
      if (!left.empty()) continue;
      graph_.steps[index].kind = StepKind::kNothing;
      drop_buffer(floats);
    }
    return any;
  }

  struct Range {
    float min, max;
  };

  void become_bytes(std::size_t buffer, const Range& range) {
    graph_.buffers[buffer].is_bytes = true;
    graph_.buffers[buffer].shift = range.min >= 0 ? 128.0f : 0.0f;
  }

  bool convert_reader(std::size_t reader, std::size_t buffer, const Step& dequantize,
                      const Range& range, bool commit) {
    Step& step = graph_.steps[reader];
    if (is_int8_layer(step)) {
      if (commit) make_int8_layer(step, buffer, dequantize);
      return true;
    }
    const std::size_t next = same_quantize(step, dequantize);
    if (next != kNone) {
      const Step& quantize = graph_.steps[next];
      if (quantize.min != range.min || quantize.max != range.max) return false;
      if (!commit) return true;
      step.inputs = {view_of(step.inputs[0], buffer)};
      drop_buffer(buffer_of(step.output));
      step.output = quantize.output;
      graph_.steps[next].kind = StepKind::kNothing;
      moved_.push_back(next);
      return true;
    }
    if (!is_for_layers(step)) return false;
    if (!commit) return true;
    const std::size_t moved = buffer_of(step.output);
    step.inputs = {view_of(step.inputs[0], buffer)};
    become_bytes(moved, range);
    for (const std::size_t layer : uses_[moved]) {
      make_int8_layer(graph_.steps[layer], moved, dequantize);
    }
    return true;
  }

  Graph& graph_;
  std::vector<std::vector<std::size_t>> uses_;  // of each buffer: the steps that read it
  std::vector<std::size_t> moved_;  // Quantize steps that are gone, their outputs bytes by now
};

}  // namespace

std::vector<std::int8_t> whole_weights(const Step& step, const std::vector<float>& weights) {
  const std::vector<float>& scales = step.weight_scales;
  const std::size_t channels = step.out.c;
  if (scales.size() != 1 && scales.size() != channels) return {};
  for (const float scale : scales) {
    if (!std::isnormal(scale) || scale < 0) return {};  // XNNPACK refuses these
  }
  std::vector<std::int8_t> whole(weights.size());
  const std::size_t row = weights.size() / channels;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const float exact = weights[i] / scales[scales.size() == 1 ? 0 : i / row];
    const float q = std::rint(exact);
    if (!(q >= -128 && q <= 127 && std::abs(exact - q) <= kWholeness)) return {};
    whole[i] = static_cast<std::int8_t>(q);
  }
  return whole;
}

void use_bytes(Graph& graph) { Bytes(graph).run(); }

}  // namespace inkling
