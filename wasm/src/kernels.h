// The loops that the engine runs itself: everything but convolution, dense layers and max pooling.
// XNNPACK has operators for them too, but each of those brings its kernels for every number type,
// more bytes than the rest of the engine, and on maps of this size saves nothing that can be
// measured.
#pragma once

#include <cstddef>
#include <vector>

#include "graph.h"

namespace inkling {

// Where a graph's buffers are while it runs.
struct Memory {
  const Graph& graph;
  std::vector<float*> data;  // of each buffer: [count][floats]; a constant's is there once
  std::size_t count = 1;     // images

  float* of(std::size_t value) const { return data[graph.values[value].buffer]; }
  // From one image to the next, in floats.
  std::size_t stride(std::size_t value) const {
    const Buffer& buffer = graph.buffers[graph.values[value].buffer];
    return buffer.is_constant ? 0 : buffer.floats;
  }
};

// Runs a step that needs no XNNPACK operator for all images.
void run_kernel(const Step& step, const Memory& memory);

// Its kMaxPool and kAveragePool: kernels_pool.cc.
void run_pool(const Step& step, const Memory& memory);

// What a step does last with every number that it computes.
inline float clamp(const Step& step, float x) {
  return x < step.min ? step.min : x > step.max ? step.max : x;
}

// A value of one image, whose buffer begins at `buffer`, in ONNX's order.
void read_values(const Value& value, const float* buffer, std::vector<float>& out);

// For each of `count` matrices: [rows][columns] -> [columns][rows].
void run_transpose(const float* in, std::size_t count, std::size_t rows, std::size_t columns,
                   float* out);

}  // namespace inkling
