// The end of step 2, in the full engine: quantised values become bytes where XNNPACK's layers for
// int8 read them.
#pragma once

#include <cstdint>

#include "graph.h"

namespace inkling {

// A layer's weights as whole numbers of its scale for each output channel; empty when they are none
// of eight bits. weights: [c_out][..], `step`'s own or those in another order.
std::vector<std::int8_t> whole_weights(const Step& step, const std::vector<float>& weights);

// Turns Quantize -> Dequantize -> layer into Quantize to bytes -> layer of bytes, also through a
// MaxPool or a reordering between. What does not match stays as it is, in float32.
void use_bytes(Graph& graph);

}  // namespace inkling
