// The loops that the engine runs itself, on NHWC data: elementwise work, average pooling and the
// change between NCHW and NHWC. XNNPACK has operators for them too, but each of those brings its
// kernels for every number type, more bytes than the rest of the engine, and on maps of this size
// saves nothing that can be measured.
#pragma once

#include <cstddef>

#include "graph.h"

namespace inkling {

// in -> out, n numbers, as step.unary says with step.alpha and beta; then clamped. in may be out.
void run_unary(const Step& step, const float* in, float* out, std::size_t n);

// A tensor [n, h, w, c] that may be broadcast: a stride of 0 repeats it along that axis.
struct Strided {
  const float* data;
  std::size_t n, h, w, c;  // strides in floats
};

// The strides of a dense NHWC tensor of `shape`, broadcast to `to`. Constants are the same for all
// images.
Strided broadcast_strides(const float* data, const Shape& shape, const Shape& to, bool per_image);

// out [count, to.h, to.w, to.c] = a OP b, clamped.
void run_binary(const Step& step, const Strided& a, const Strided& b, const Shape& to,
                std::size_t count, float* out);

// in [count, in_shape] -> out [count, out_shape], clamped. Takes any window that the graph lets
// through.
void run_pool(const Step& step, const float* in, const Shape& in_shape, std::size_t count,
              float* out, const Shape& out_shape);

// For each of `count` images: [rows][columns] -> [columns][rows]. NHWC -> NCHW with rows = h * w,
// columns = c; back with rows = c, columns = h * w.
void run_transpose(const float* in, std::size_t count, std::size_t rows, std::size_t columns,
                   float* out);

}  // namespace inkling
