// The loops over bytes (Buffer::is_bytes), which the full engine alone has.
#pragma once

#include "kernels.h"

namespace inkling {

// Whether the step, no layer, reads or writes bytes.
bool is_bytes_step(const Step& step, const Graph& graph);
void run_bytes_kernel(const Step& step, const Memory& memory);

// A scale or zero point of a kQuantize or kDequantize: of that image, or the step's own.
inline float parameter(const Step& step, const Memory& memory, std::size_t input, std::size_t image,
                       float own) {
  if (input >= step.inputs.size()) return own;
  return memory.of(step.inputs[input])[image * memory.stride(step.inputs[input])];
}

}  // namespace inkling
