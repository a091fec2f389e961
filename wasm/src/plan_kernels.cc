// The core module's layers: XNNPACK's float32 kernels, called as its operators call them. A dense
// layer, or a convolution of one tap, is a product of matrices; to any other convolution a kernel
// gets, for a few pixels at once, a pointer to the input under each tap, or to zeros beyond the
// edges.
#include <algorithm>

#include "plan_layers.h"
#include "xnnpack/dwconv.h"
#include "xnnpack/gemm.h"
#include "xnnpack/igemm.h"

namespace inkling {
namespace {

#ifdef __wasm_relaxed_simd__
constexpr auto kGemm1 = xnn_f32_gemm_minmax_ukernel_1x8__wasmrelaxedsimd_fma_loadsplat;
constexpr auto kGemm4 = xnn_f32_gemm_minmax_ukernel_4x8__wasmrelaxedsimd_fma_loadsplat;
constexpr auto kConv1 = xnn_f32_igemm_minmax_ukernel_1x8__wasmrelaxedsimd_fma_loadsplat;
constexpr auto kConv4 = xnn_f32_igemm_minmax_ukernel_4x8__wasmrelaxedsimd_fma_loadsplat;
constexpr auto kDepthwise9 = xnn_f32_dwconv_minmax_ukernel_9p8c__wasmrelaxedsimd_fma;
constexpr auto kDepthwise25 = xnn_f32_dwconv_minmax_ukernel_25p8c__wasmrelaxedsimd_fma;
constexpr std::size_t kTile25 = 8;
#else
constexpr auto kGemm1 = xnn_f32_gemm_minmax_ukernel_1x8__wasmsimd_x86_loadsplat;
constexpr auto kGemm4 = xnn_f32_gemm_minmax_ukernel_4x8__wasmsimd_x86_loadsplat;
constexpr auto kConv1 = xnn_f32_igemm_minmax_ukernel_1x8__wasmsimd_x86_loadsplat;
constexpr auto kConv4 = xnn_f32_igemm_minmax_ukernel_4x8__wasmsimd_x86_loadsplat;
constexpr auto kDepthwise9 = xnn_f32_dwconv_minmax_ukernel_9p8c__wasmsimd_x86;
constexpr auto kDepthwise25 = xnn_f32_dwconv_minmax_ukernel_25p4c__wasmsimd_arm;
constexpr std::size_t kTile25 = 4;  // outputs that it computes at once
#endif
constexpr std::size_t kTile = 8;  // the others'
constexpr std::size_t kFloat = sizeof(float);

std::size_t taps_of(const Window& w) { return std::size_t{w.kernel_h} * w.kernel_w; }

// Each pixel's result depends on that pixel alone.
bool is_product(const Step& step) {
  const Window& w = step.window;
  return taps_of(w) == 1 && w.stride_h == 1 && w.stride_w == 1 &&
         w.pad_top + w.pad_left + w.pad_bottom + w.pad_right == 0;
}

bool is_depthwise_conv(const Step& step) {
  return step.groups > 1 && step.groups == step.in.c && step.groups == step.out.c &&
         taps_of(step.window) <= 25;
}

// A depthwise kernel takes the taps of a column before those of the next.
std::size_t place_of(std::size_t tap, const Window& w, bool is_depthwise) {
  return is_depthwise ? tap % w.kernel_h * w.kernel_w + tap / w.kernel_h : tap;
}

}  // namespace

struct Layer::Impl {
  bool is_depthwise = false;
  std::size_t taps = 1;        // as the kernel counts them: those past the window's are zeros
  std::size_t tile = kTile;    // outputs
  std::size_t rows = 1;        // pixels of an image; of a product, those of all images
  std::size_t at_once = 1;     // rows
  std::vector<float> weights;  // [groups][outputs / tile][bias, taps x inputs][tile]
  std::vector<float> zeros;    // an input pixel
  std::vector<const float*> windows;  // [rows / at_once][taps][at_once]; none of a product

  void pack(const Step& step);
  void lay_windows(const Step& step, const float* in);
  void run_group(const Step& step, std::size_t group, std::size_t from, const float* in, float* out,
                 const xnn_f32_minmax_params& range) const;
};

void Layer::Impl::pack(const Step& step) {
  const std::size_t used = taps_of(step.window), inputs = step.in.c / step.groups;
  const std::size_t outputs = is_depthwise ? step.out.c : step.out.c / step.groups;
  const std::size_t tiles = (outputs + tile - 1) / tile;
  weights.reserve(step.out.c / outputs * tiles * tile * (taps * inputs + 1));
  for (std::size_t first = 0; first < step.out.c; first += outputs) {
    for (std::size_t start = 0; start < outputs; start += tile) {
      // One number for each output of the tile: `from` is [outputs][each].
      const auto put = [&](const std::vector<float>& from, std::size_t each, std::size_t at) {
        for (std::size_t i = start; i < start + tile; ++i) {
          weights.push_back(i < outputs && at < each ? from[(first + i) * each + at] : 0.0f);
        }
      };
      put(step.bias, 1, 0);
      for (std::size_t tap = 0; tap < taps; ++tap) {
        for (std::size_t k = 0; k < inputs; ++k) {
          const std::size_t at = k * used + place_of(tap, step.window, is_depthwise);
          put(step.weights, inputs * used, tap < used ? at : inputs * used);
        }
      }
    }
  }
}

void Layer::Impl::lay_windows(const Step& step, const float* in) {
  const Window& w = step.window;
  const Map &map = step.in, &out = step.out;
  windows.clear();
  for (std::size_t start = 0; start < rows; start += at_once) {
    for (std::size_t tap = 0; tap < taps; ++tap) {
      const std::size_t place = place_of(tap, w, is_depthwise);
      for (std::size_t i = start; i < start + at_once; ++i) {
        const std::size_t pixel = std::min(i, rows - 1);
        // Above and left of the edge these wrap around, past any size.
        const std::size_t y =
            pixel / out.w * w.stride_h + place / w.kernel_w * w.dilation_h - w.pad_top;
        const std::size_t x =
            pixel % out.w * w.stride_w + place % w.kernel_w * w.dilation_w - w.pad_left;
        const bool inside = tap < taps_of(w) && y < map.h && x < map.w;
        windows.push_back(inside ? in + (y * map.w + x) * map.c : zeros.data());
      }
    }
  }
}

// `in` and `out` are the group's first channels; `from`: bytes from the image that the windows lie
// on.
void Layer::Impl::run_group(const Step& step, std::size_t group, std::size_t from, const float* in,
                            float* out, const xnn_f32_minmax_params& range) const {
  const std::size_t inputs = step.in.c / step.groups, outputs = step.out.c / step.groups;
  const std::size_t tiles = (outputs + kTile - 1) / kTile;
  const float* packed = weights.data() + group * tiles * kTile * (taps * inputs + 1);
  for (std::size_t row = 0; row < rows; row += at_once) {
    const std::size_t n = std::min(at_once, rows - row);
    float* to = out + row * step.out.c;
    if (windows.empty()) {
      (at_once == 1 ? kGemm1 : kGemm4)(n, outputs, inputs * kFloat, in + row * step.in.c,
                                       step.in.c * kFloat, packed, to, step.out.c * kFloat,
                                       kTile * kFloat, &range);
    } else {
      (at_once == 1 ? kConv1 : kConv4)(n, outputs, inputs * kFloat, taps * at_once * sizeof(float*),
                                       const_cast<const float**>(windows.data()) + row * taps,
                                       packed, to, step.out.c * kFloat, kTile * kFloat,
                                       from + group * inputs * kFloat, zeros.data(), &range);
    }
  }
}

Layer::Layer() = default;
Layer::Layer(Layer&&) noexcept = default;
Layer::~Layer() = default;

Status initialize_layers() { return {}; }

Status Layer::create(const Step& step, bool) {
  if (step.kind != StepKind::kConv && step.kind != StepKind::kFullyConnected) return {};
  impl_ = std::make_unique<Impl>();
  Impl& impl = *impl_;
  impl.taps = taps_of(step.window);
  impl.is_depthwise = is_depthwise_conv(step);
  if (impl.is_depthwise) {
    impl.tile = impl.taps > 9 ? kTile25 : kTile;
    impl.taps = impl.taps > 9 ? 25 : 9;
  }
  impl.zeros.resize(step.in.c + kExtraFloats);
  impl.pack(step);
  return {};
}

Status Layer::resize(const Step& step, std::size_t count, std::size_t*) {
  Impl& impl = *impl_;
  impl.rows = step.out.h * step.out.w;
  if (is_product(step) && !impl.is_depthwise) impl.rows *= count * step.out.images;
  impl.at_once = impl.is_depthwise || impl.rows == 1 ? 1 : 4;
  return {};
}

Status Layer::setup(const Step& step, const Memory& memory, void*) {
  if (is_product(step) && !impl_->is_depthwise) return {};
  impl_->lay_windows(step, memory.of(step.inputs[0]));
  return {};
}

Status Layer::run(const Step& step, const Memory& memory, void*) {
  const Impl& impl = *impl_;
  xnn_f32_minmax_params range;
  range.scalar.min = step.min;
  range.scalar.max = step.max;
  const std::size_t images = memory.count * step.in.images;
  const float* in = memory.of(step.inputs[0]);
  float* out = memory.of(step.output);
  const std::size_t in_size = step.in.h * step.in.w * step.in.c;
  for (std::size_t i = 0; i < (impl.windows.empty() ? 1 : images); ++i) {
    if (impl.is_depthwise) {
      (impl.taps == 9 ? kDepthwise9 : kDepthwise25)(
          step.out.c, impl.rows, const_cast<const float**>(impl.windows.data()),
          impl.weights.data(), out, static_cast<std::intptr_t>(impl.taps * sizeof(float*)), 0,
          i * in_size * kFloat, impl.zeros.data(), &range);
    } else {
      for (std::size_t group = 0; group < step.groups; ++group) {
        impl.run_group(step, group, i * in_size * kFloat, in + group * (step.in.c / step.groups),
                       out + group * (step.out.c / step.groups), range);
      }
    }
    out += impl.rows * step.out.c;
  }
  return {};
}

}  // namespace inkling
