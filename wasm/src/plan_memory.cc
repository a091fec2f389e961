// Walks the steps in their order. A step's result must not lie where its inputs do, so memory is
// given back only after the step that is the last to read it.
#include "plan_memory.h"

#include "edition.h"

namespace inkling {
namespace {

// The free slot for that many floats; a new one when none is free.
std::size_t take_slot(std::vector<bool>& free, std::vector<std::size_t>& floats,
                      std::size_t wanted) {
  std::size_t best = kNoSlot;
  for (std::size_t i = 0; i < free.size(); ++i) {
    if (!free[i]) continue;
    const bool fits = floats[i] >= wanted;
    if (best == kNoSlot ||
        (floats[best] < wanted ? floats[i] > floats[best] : fits && floats[i] < floats[best])) {
      best = i;
    }
  }
  if (best == kNoSlot) {
    best = free.size();
    free.push_back(false);
    floats.push_back(0);
  }
  free[best] = false;
  if (floats[best] < wanted) floats[best] = wanted;
  return best;
}

}  // namespace

std::size_t buffer_floats(const Buffer& buffer) {
  return !kIsCore && buffer.is_bytes ? buffer.floats / sizeof(float) + 1 : buffer.floats;
}

Slots share_memory(const Graph& graph) {
  const auto buffer_of = [&](std::size_t value) { return graph.values[value].buffer; };
  const std::size_t steps = graph.steps.size();
  std::vector<std::size_t> last_use(graph.buffers.size(), 0);
  for (std::size_t i = 0; i < steps; ++i) {
    for (const std::size_t in : graph.steps[i].inputs) last_use[buffer_of(in)] = i;
  }
  last_use[buffer_of(graph.input)] = last_use[buffer_of(graph.output)] = steps;
  Slots slots{.of = std::vector<std::size_t>(graph.buffers.size(), kNoSlot), .floats = {}};
  std::vector<bool> free;
  const auto place = [&](std::size_t buffer) {
    slots.of[buffer] = take_slot(free, slots.floats, buffer_floats(graph.buffers[buffer]));
  };
  place(buffer_of(graph.input));
  for (std::size_t i = 0; i < steps; ++i) {
    const Step& step = graph.steps[i];
    const std::size_t out = buffer_of(step.output);
    place(out);
    const auto give_back = [&](std::size_t buffer) {
      if (slots.of[buffer] != kNoSlot && last_use[buffer] <= i) free[slots.of[buffer]] = true;
    };
    for (const std::size_t in : step.inputs) give_back(buffer_of(in));
    give_back(out);  // which nobody reads
  }
  return slots;
}

}  // namespace inkling
