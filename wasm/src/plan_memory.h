// Which of a graph's buffers lie in the same memory: those that are never needed at once.
#pragma once

#include "graph.h"

namespace inkling {

inline constexpr std::size_t kNoSlot = static_cast<std::size_t>(-1);

struct Slots {
  std::vector<std::size_t> of;      // of each buffer; kNoSlot for constants and what is not used
  std::vector<std::size_t> floats;  // that each takes, for one image
};

// Each buffer gets the smallest free memory that it fits, else the largest, which grows. The
// input's is nobody else's: from it everything can be computed again.
Slots share_memory(const Graph& graph);

// What a buffer takes, for one image.
std::size_t buffer_floats(const Buffer& buffer);

}  // namespace inkling
