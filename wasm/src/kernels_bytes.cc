// To bytes, from bytes, and moving them. Compiled for speed: they stand between layers that are
// twice as fast as those of float32, and would take as long as these.
#include "kernels_bytes.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace inkling {
namespace {

using Byte = std::int8_t;

bool is_bytes(const Graph& graph, std::size_t value) {
  return graph.buffers[graph.values[value].buffer].is_bytes;
}

float shift_of(const Graph& graph, std::size_t value) {
  return graph.buffers[graph.values[value].buffer].shift;
}

Byte* bytes_of(const Memory& memory, std::size_t value) {
  return reinterpret_cast<Byte*>(memory.of(value));
}

// Bytes may alias anything, sizes and scales too, and loops over them stay one number at a time:
// hence the innermost loops as functions of their own, which are told that nothing overlaps.
void quantize_run(const float* __restrict in, std::size_t n, float scale, float zero, float low,
                  float high, Byte* __restrict out) {
  for (std::size_t i = 0; i < n; ++i) {
    float q = std::rint(in[i] / scale) + zero;
    q = q > low ? q : low;
    q = q < high ? q : high;
    out[i] = static_cast<Byte>(static_cast<std::int32_t>(q));
  }
}

void dequantize_run(const Byte* __restrict in, std::size_t n, float scale, float zero,
                    float* __restrict out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = (in[i] - zero) * scale;
}

void keep_largest(const Byte* __restrict in, std::size_t n, Byte* __restrict out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = std::max(out[i], in[i]);
}

// round(x / scale) + zero, within the type's range, as ONNX says; NaN becomes the lowest.
void quantize(const Step& step, const Memory& memory) {
  const std::size_t size = memory.stride(step.output), from = memory.stride(step.inputs[0]);
  const float shift = shift_of(memory.graph, step.output);
  for (std::size_t image = 0; image < memory.count; ++image) {
    const float* in = memory.of(step.inputs[0]) + image * from;
    Byte* out = bytes_of(memory, step.output) + image * size;
    const float scale = parameter(step, memory, 1, image, step.alpha);
    const float zero = parameter(step, memory, 2, image, step.beta) - shift;
    quantize_run(in, size, scale, zero, step.min - shift, step.max - shift, out);
  }
}

void dequantize(const Step& step, const Memory& memory) {
  const std::size_t size = memory.stride(step.output);
  const float shift = shift_of(memory.graph, step.inputs[0]);
  for (std::size_t image = 0; image < memory.count; ++image) {
    const Byte* in = bytes_of(memory, step.inputs[0]) + image * size;
    float* out = memory.of(step.output) + image * size;
    const float zero = parameter(step, memory, 1, image, step.beta) - shift;
    dequantize_run(in, size, step.alpha, zero, out);
  }
}

// out[c] = the largest of the window's taps within the image [h][w][c]; a window has at least one.
void pool_pixel(const Step& step, const Byte* in, std::size_t y, std::size_t x, Byte* out) {
  const Window& w = step.window;
  const Map& map = step.in;
  std::fill_n(out, map.c, std::numeric_limits<Byte>::min());
  for (std::size_t ky = 0; ky < w.kernel_h; ++ky) {
    const std::size_t iy = y * w.stride_h + ky * w.dilation_h - w.pad_top;  // wraps when above
    if (iy >= map.h) continue;
    for (std::size_t kx = 0; kx < w.kernel_w; ++kx) {
      const std::size_t ix = x * w.stride_w + kx * w.dilation_w - w.pad_left;
      if (ix >= map.w) continue;
      keep_largest(in + (iy * map.w + ix) * map.c, map.c, out);
    }
  }
}

void max_pool(const Step& step, const Memory& memory) {
  const Byte* in = bytes_of(memory, step.inputs[0]);
  Byte* out = bytes_of(memory, step.output);
  for (std::size_t n = 0; n < memory.count * step.in.images; ++n) {
    for (std::size_t y = 0; y < step.out.h; ++y) {
      for (std::size_t x = 0; x < step.out.w; ++x, out += step.in.c) {
        pool_pixel(step, in, y, x, out);
      }
    }
    in += step.in.h * step.in.w * step.in.c;
  }
}

// The loop's axes from `axis` on.
void reorder_axis(const Loop& loop, std::size_t axis, const Byte* in, Byte* out) {
  if (axis >= kMaxDims) return;
  const std::size_t n = loop.n[axis], from = loop.a[axis], to = loop.out[axis];
  const bool is_last = axis + 1 == loop.rank;
  for (std::size_t i = 0; i < n; ++i, in += from, out += to) {
    if (is_last) {
      *out = *in;
    } else {
      reorder_axis(loop, axis + 1, in, out);
    }
  }
}

void reorder(const Step& step, const Memory& memory) {
  const std::size_t from = memory.stride(step.inputs[0]), to = memory.stride(step.output);
  for (std::size_t image = 0; image < memory.count; ++image) {
    reorder_axis(step.loop, 0, bytes_of(memory, step.inputs[0]) + image * from,
                 bytes_of(memory, step.output) + image * to);
  }
}

}  // namespace

bool is_bytes_step(const Step& step, const Graph& graph) {
  return is_bytes(graph, step.output) || is_bytes(graph, step.inputs[0]);
}

void run_bytes_kernel(const Step& step, const Memory& memory) {
  if (step.kind == StepKind::kMaxPool) return max_pool(step, memory);
  if (step.kind == StepKind::kReorder) return reorder(step, memory);
  if (step.unary == UnaryOp::kQuantize) return quantize(step, memory);
  dequantize(step, memory);
}

}  // namespace inkling
