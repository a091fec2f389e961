// Plain loops with the channels innermost, where they are contiguous: compilers turn these into
// SIMD. Compiled for speed where the rest of the engine is compiled for size.
#include "kernels.h"

#include <algorithm>
#include <cmath>

namespace inkling {
namespace {

float clamp(const Step& step, float x) { return std::min(std::max(x, step.min), step.max); }

template <typename F>
void map(const Step& step, const float* in, float* out, std::size_t n, F f) {
  for (std::size_t i = 0; i < n; ++i) out[i] = clamp(step, f(in[i]));
}

template <typename F>
void zip(const Step& step, const Strided& a, const Strided& b, const Shape& to, std::size_t count,
         float* out, F f) {
  for (std::size_t n = 0; n < count; ++n) {
    for (std::size_t y = 0; y < to.h; ++y) {
      for (std::size_t x = 0; x < to.w; ++x) {
        const float* pa = a.data + n * a.n + y * a.h + x * a.w;
        const float* pb = b.data + n * b.n + y * b.h + x * b.w;
        for (std::size_t c = 0; c < to.c; ++c) out[c] = clamp(step, f(pa[c * a.c], pb[c * b.c]));
        out += to.c;
      }
    }
  }
}

// The part [begin, end) of a window that starts at `start`, in steps of `dilation`, that lies
// within `size`.
struct Taps {
  std::size_t begin, end;
};
Taps taps_within(std::ptrdiff_t start, std::size_t kernel, std::size_t dilation, std::size_t size) {
  std::size_t begin = 0;
  while (begin < kernel && start + static_cast<std::ptrdiff_t>(begin * dilation) < 0) ++begin;
  std::size_t end = kernel;
  while (end > begin && start + static_cast<std::ptrdiff_t>((end - 1) * dilation) >=
                            static_cast<std::ptrdiff_t>(size)) {
    --end;
  }
  return {begin, end};
}

// One output pixel: out[c] = max or sum of in over the taps. `in` is the image [h][w][c].
void pool_pixel(const Window& w, bool is_max, const float* in, const Shape& shape,
                std::ptrdiff_t y0, std::ptrdiff_t x0, float* out, std::size_t* taps) {
  const Taps ys = taps_within(y0, w.kernel_h, w.dilation_h, shape.h);
  const Taps xs = taps_within(x0, w.kernel_w, w.dilation_w, shape.w);
  std::fill_n(out, shape.c, is_max ? -std::numeric_limits<float>::infinity() : 0.0f);
  for (std::size_t ky = ys.begin; ky < ys.end; ++ky) {
    for (std::size_t kx = xs.begin; kx < xs.end; ++kx) {
      const std::size_t y =
          static_cast<std::size_t>(y0 + static_cast<std::ptrdiff_t>(ky * w.dilation_h));
      const std::size_t x =
          static_cast<std::size_t>(x0 + static_cast<std::ptrdiff_t>(kx * w.dilation_w));
      const float* pixel = in + (y * shape.w + x) * shape.c;
      if (is_max) {
        for (std::size_t c = 0; c < shape.c; ++c) out[c] = std::max(out[c], pixel[c]);
      } else {
        for (std::size_t c = 0; c < shape.c; ++c) out[c] += pixel[c];
      }
    }
  }
  *taps = (ys.end - ys.begin) * (xs.end - xs.begin);
}

}  // namespace

void run_unary(const Step& step, const float* in, float* out, std::size_t n) {
  const float alpha = step.alpha, beta = step.beta;
  switch (step.unary) {
    case UnaryOp::kClamp:
      return map(step, in, out, n, [](float x) { return x; });
    case UnaryOp::kLeakyRelu:
      return map(step, in, out, n, [=](float x) { return x < 0 ? alpha * x : x; });
    case UnaryOp::kSigmoid:
      return map(step, in, out, n, [](float x) { return 1.0f / (1.0f + std::exp(-x)); });
    case UnaryOp::kHardSigmoid:
      return map(step, in, out, n,
                 [=](float x) { return std::min(std::max(alpha * x + beta, 0.0f), 1.0f); });
    case UnaryOp::kHardSwish:
      return map(step, in, out, n,
                 [](float x) { return x * std::min(std::max(x / 6.0f + 0.5f, 0.0f), 1.0f); });
  }
}

Strided broadcast_strides(const float* data, const Shape& shape, const Shape& to, bool per_image) {
  return {.data = data,
          .n = per_image ? shape.elements() : 0,
          .h = shape.h == 1 && to.h != 1 ? 0 : shape.w * shape.c,
          .w = shape.w == 1 && to.w != 1 ? 0 : shape.c,
          .c = shape.c == 1 && to.c != 1 ? std::size_t{0} : std::size_t{1}};
}

void run_binary(const Step& step, const Strided& a, const Strided& b, const Shape& to,
                std::size_t count, float* out) {
  switch (step.binary) {
    case BinaryOp::kAdd:
      return zip(step, a, b, to, count, out, [](float x, float y) { return x + y; });
    case BinaryOp::kSubtract:
      return zip(step, a, b, to, count, out, [](float x, float y) { return x - y; });
    case BinaryOp::kMultiply:
      return zip(step, a, b, to, count, out, [](float x, float y) { return x * y; });
    case BinaryOp::kDivide:
      return zip(step, a, b, to, count, out, [](float x, float y) { return x / y; });
  }
}

void run_pool(const Step& step, const float* in, const Shape& in_shape, std::size_t count,
              float* out, const Shape& out_shape) {
  const Window& w = step.window;
  const bool is_max = step.kind == StepKind::kMaxPool;
  for (std::size_t n = 0; n < count; ++n, in += in_shape.elements()) {
    for (std::size_t y = 0; y < out_shape.h; ++y) {
      for (std::size_t x = 0; x < out_shape.w; ++x, out += in_shape.c) {
        std::size_t taps = 0;
        pool_pixel(w, is_max, in, in_shape, static_cast<std::ptrdiff_t>(y * w.stride_h) - w.pad_top,
                   static_cast<std::ptrdiff_t>(x * w.stride_w) - w.pad_left, out, &taps);
        if (step.count_padding) taps = std::size_t{w.kernel_h} * w.kernel_w;
        const float factor = is_max ? 1.0f : 1.0f / static_cast<float>(taps);
        for (std::size_t c = 0; c < in_shape.c; ++c) out[c] = clamp(step, out[c] * factor);
      }
    }
  }
}

void run_transpose(const float* in, std::size_t count, std::size_t rows, std::size_t columns,
                   float* out) {
  for (std::size_t n = 0; n < count; ++n) {
    for (std::size_t j = 0; j < columns; ++j) {
      for (std::size_t i = 0; i < rows; ++i) *out++ = in[i * columns + j];
    }
    in += rows * columns;
  }
}

}  // namespace inkling
