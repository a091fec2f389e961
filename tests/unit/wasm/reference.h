// The operators again, naively, in ONNX's own order and straight from its specification: what the
// engine's results are held against. Shares no code with the engine.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <vector>

namespace inkling::testing {

struct Map {  // [c][h][w] of one image
  int c = 1, h = 1, w = 1;
  std::vector<float> v;
  float at(int ci, int y, int x) const { return v[static_cast<std::size_t>((ci * h + y) * w + x)]; }
};

struct ConvSpec {
  int groups = 1;
  int stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  int top = 0, left = 0, bottom = 0, right = 0;
};

inline Map reference_conv(const Map& in, const std::vector<float>& weights,
                          const std::vector<float>& bias, int out_c, int kh, int kw,
                          const ConvSpec& s) {
  Map out{out_c,
          (in.h + s.top + s.bottom - (kh - 1) * s.dilation_h - 1) / s.stride_h + 1,
          (in.w + s.left + s.right - (kw - 1) * s.dilation_w - 1) / s.stride_w + 1,
          {}};
  const int in_per_group = in.c / s.groups, out_per_group = out_c / s.groups;
  for (int o = 0; o < out_c; ++o) {
    for (int y = 0; y < out.h; ++y) {
      for (int x = 0; x < out.w; ++x) {
        double sum = bias.empty() ? 0.0 : bias[static_cast<std::size_t>(o)];
        for (int i = 0; i < in_per_group; ++i) {
          for (int ky = 0; ky < kh; ++ky) {
            for (int kx = 0; kx < kw; ++kx) {
              const int sy = y * s.stride_h + ky * s.dilation_h - s.top;
              const int sx = x * s.stride_w + kx * s.dilation_w - s.left;
              if (sy < 0 || sx < 0 || sy >= in.h || sx >= in.w) continue;
              const int w_index = ((o * in_per_group + i) * kh + ky) * kw + kx;
              sum += static_cast<double>(weights[static_cast<std::size_t>(w_index)]) *
                     in.at(o / out_per_group * in_per_group + i, sy, sx);
            }
          }
        }
        out.v.push_back(static_cast<float>(sum));
      }
    }
  }
  return out;
}

struct PoolSpec {
  int kh = 2, kw = 2, stride_h = 1, stride_w = 1;
  int top = 0, left = 0, bottom = 0, right = 0;
  int out_h = 0, out_w = 0;  // given: how it rounds is the test's business
  bool average = false, count_padding = false;
  int dilation = 1;
};

inline Map reference_pool(const Map& in, const PoolSpec& s) {
  Map out{in.c, s.out_h, s.out_w, {}};
  for (int c = 0; c < in.c; ++c) {
    for (int y = 0; y < out.h; ++y) {
      for (int x = 0; x < out.w; ++x) {
        double sum = 0, best = -std::numeric_limits<double>::infinity();
        int taps = 0;
        for (int ky = 0; ky < s.kh; ++ky) {
          for (int kx = 0; kx < s.kw; ++kx) {
            const int sy = y * s.stride_h + ky * s.dilation - s.top;
            const int sx = x * s.stride_w + kx * s.dilation - s.left;
            if (sy < 0 || sx < 0 || sy >= in.h || sx >= in.w) continue;
            sum += in.at(c, sy, sx);
            best = std::max(best, static_cast<double>(in.at(c, sy, sx)));
            ++taps;
          }
        }
        out.v.push_back(
            static_cast<float>(s.average ? sum / (s.count_padding ? s.kh * s.kw : taps) : best));
      }
    }
  }
  return out;
}

inline std::vector<float> reference_map(const std::vector<float>& in,
                                        const std::function<double(double)>& f) {
  std::vector<float> out;
  for (const float x : in) out.push_back(static_cast<float>(f(x)));
  return out;
}

inline std::vector<float> reference_softmax(const std::vector<float>& in) {
  const double top = *std::max_element(in.begin(), in.end());
  double sum = 0;
  for (const float x : in) sum += std::exp(x - top);
  return reference_map(in, [&](double x) { return std::exp(x - top) / sum; });
}

}  // namespace inkling::testing
