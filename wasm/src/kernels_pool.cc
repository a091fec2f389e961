// Poolings: plain loops over a window's taps, with the channels innermost. Compiled for speed, also
// where the rest is compiled to be small: in the core module these are all the poolings that there
// are.
#include <algorithm>

#include "kernels.h"

namespace inkling {
namespace {

// The part [begin, end) of a window that starts at `start`, in steps of `dilation`, that lies
// within `size`.
struct Taps {
  std::size_t begin, end;
};
Taps taps_within(std::ptrdiff_t start, std::size_t kernel, std::size_t dilation, std::ptrdiff_t low,
                 std::ptrdiff_t high) {
  std::size_t begin = 0;
  while (begin < kernel && start + static_cast<std::ptrdiff_t>(begin * dilation) < low) ++begin;
  std::size_t end = kernel;
  while (end > begin && start + static_cast<std::ptrdiff_t>((end - 1) * dilation) >= high) --end;
  return {begin, end};
}

// Numbers may alias others, a step's own too: the innermost loops are functions that are told that
// nothing overlaps, or they stay one number at a time.
void keep_largest(const float* __restrict in, std::size_t n, float* __restrict out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = in[i] > out[i] ? in[i] : out[i];
}

void add_up(const float* __restrict in, std::size_t n, float* __restrict out) {
  for (std::size_t i = 0; i < n; ++i) out[i] += in[i];
}

void scale_and_clamp(float* out, std::size_t n, float factor, float min, float max) {
  for (std::size_t i = 0; i < n; ++i) {
    const float x = out[i] * factor;
    out[i] = x < min ? min : x > max ? max : x;
  }
}

struct Pixel {
  std::ptrdiff_t y, x;  // the window's first tap, in the input
};

std::ptrdiff_t first_tap(std::size_t place, std::uint32_t stride, std::uint32_t pad) {
  return static_cast<std::ptrdiff_t>(place * stride) - static_cast<std::ptrdiff_t>(pad);
}

// out[c] = max or sum of in over the window's taps inside the image [h][w][c]; returns their count.
std::size_t pool_pixel(const Step& step, const float* in, Pixel at, float* out) {
  const Window& w = step.window;
  const Map& map = step.in;
  const bool is_max = step.kind == StepKind::kMaxPool;
  const Taps ys =
      taps_within(at.y, w.kernel_h, w.dilation_h, 0, static_cast<std::ptrdiff_t>(map.h));
  const Taps xs =
      taps_within(at.x, w.kernel_w, w.dilation_w, 0, static_cast<std::ptrdiff_t>(map.w));
  std::fill_n(out, map.c, is_max ? -std::numeric_limits<float>::infinity() : 0.0f);
  for (std::size_t ky = ys.begin; ky < ys.end; ++ky) {
    for (std::size_t kx = xs.begin; kx < xs.end; ++kx) {
      const auto y =
          static_cast<std::size_t>(at.y + static_cast<std::ptrdiff_t>(ky * w.dilation_h));
      const auto x =
          static_cast<std::size_t>(at.x + static_cast<std::ptrdiff_t>(kx * w.dilation_w));
      const float* pixel = in + (y * map.w + x) * map.c;
      is_max ? keep_largest(pixel, map.c, out) : add_up(pixel, map.c, out);
    }
  }
  return (ys.end - ys.begin) * (xs.end - xs.begin);
}

// With count_include_pad the divisor counts the padding that the file asks for, not the overhang
// that ceil_mode adds.
std::size_t padded_taps(const Step& step, Pixel at) {
  const Window& w = step.window;
  const auto end = [](std::size_t size, std::uint32_t pad, std::uint32_t overhang) {
    return static_cast<std::ptrdiff_t>(size + pad - overhang);
  };
  const Taps ys =
      taps_within(at.y, w.kernel_h, w.dilation_h, -static_cast<std::ptrdiff_t>(w.pad_top),
                  end(step.in.h, w.pad_bottom, step.overhang_h));
  const Taps xs =
      taps_within(at.x, w.kernel_w, w.dilation_w, -static_cast<std::ptrdiff_t>(w.pad_left),
                  end(step.in.w, w.pad_right, step.overhang_w));
  return (ys.end - ys.begin) * (xs.end - xs.begin);
}

}  // namespace

void run_pool(const Step& step, const Memory& memory) {
  const Window& w = step.window;
  const bool is_max = step.kind == StepKind::kMaxPool;
  const float* in = memory.of(step.inputs[0]);
  float* out = memory.of(step.output);
  for (std::size_t n = 0; n < memory.count * step.in.images; ++n) {
    for (std::size_t y = 0; y < step.out.h; ++y) {
      for (std::size_t x = 0; x < step.out.w; ++x, out += step.in.c) {
        const Pixel at{first_tap(y, w.stride_h, w.pad_top), first_tap(x, w.stride_w, w.pad_left)};
        std::size_t taps = pool_pixel(step, in, at, out);
        if (step.count_padding) taps = padded_taps(step, at);
        const float factor = is_max ? 1.0f : 1.0f / static_cast<float>(taps);
        scale_and_clamp(out, step.in.c, factor, step.min, step.max);
      }
    }
    in += step.in.h * step.in.w * step.in.c;
  }
}

}  // namespace inkling
