// Nested loops with the contiguous axis innermost: compilers turn these into SIMD. Compiled for
// speed where the rest of the engine is compiled for size; functions of one number that call the
// mathematics library stand in kernels_unary.cc.
#include "kernels.h"

#include <algorithm>
#include <cmath>

#include "edition.h"
#include "kernels_bytes.h"
#include "kernels_unary.h"

namespace inkling {
namespace {

// Walks a loop's places on all axes but the innermost.
class Rows {
 public:
  Rows(const Loop& loop, const float* first, const float* second, float* result)
      : a(first), b(second), out(result), loop_(loop) {}

  const float* a;
  const float* b;
  float* out;

  // False after the last one.
  [[gnu::noinline]] bool next() {
    for (std::size_t i = loop_.rank - 1; i-- > 0;) {
      a += loop_.a[i];
      b += loop_.b[i];
      out += loop_.out[i];
      if (++at_[i] < loop_.n[i]) return true;
      a -= loop_.a[i] * loop_.n[i];
      b -= loop_.b[i] * loop_.n[i];
      out -= loop_.out[i] * loop_.n[i];
      at_[i] = 0;
    }
    return false;
  }

 private:
  const Loop& loop_;
  std::array<std::size_t, kMaxDims> at_{};
};

template <typename Body>
void for_each_image(const Step& step, const Memory& memory, Body body) {
  const std::size_t first = step.inputs[0], second = step.inputs.back();
  const float* a = memory.of(first);
  const float* b = memory.of(second);
  float* out = memory.of(step.output);
  for (std::size_t i = 0; i < memory.count; ++i) {
    body(a, b, out);
    a += memory.stride(first);
    b += memory.stride(second);
    out += memory.stride(step.output);
  }
}

template <typename F>
void zip(const Step& step, const Memory& memory, F f) {
  const Loop& loop = step.loop;
  const std::size_t last = loop.rank - 1, n = loop.n[last];
  const std::size_t sa = loop.a[last], sb = loop.b[last], so = loop.out[last];
  for_each_image(step, memory, [&](const float* a, const float* b, float* out) {
    Rows rows(loop, a, b, out);
    do {
      const float *pa = rows.a, *pb = rows.b;
      float* po = rows.out;
      if (sa == 1 && sb == 1 && so == 1) {
        for (std::size_t i = 0; i < n; ++i) po[i] = clamp(step, f(pa[i], pb[i]));
      } else {
        for (std::size_t i = 0; i < n; ++i) po[i * so] = clamp(step, f(pa[i * sa], pb[i * sb]));
      }
    } while (rows.next());
  });
}

void run_binary(const Step& step, const Memory& memory) {
  switch (step.binary) {
    case BinaryOp::kAdd:
      return zip(step, memory, [](float x, float y) { return x + y; });
    case BinaryOp::kSubtract:
      return zip(step, memory, [](float x, float y) { return x - y; });
    case BinaryOp::kMultiply:
      return zip(step, memory, [](float x, float y) { return x * y; });
    case BinaryOp::kDivide:
      return zip(step, memory, [](float x, float y) { return x / y; });
    default:
      return zip(step, memory, binary_function(step.binary));
  }
}

// A value and its result fill their buffers in the same order; a constant is there once for all
// images.
template <typename F>
void map(const Step& step, const Memory& memory, F f) {
  const float* in = memory.of(step.inputs[0]);
  float* out = memory.of(step.output);
  const std::size_t size = memory.stride(step.output);
  const bool is_one = memory.stride(step.inputs[0]) == size;  // one run of numbers
  for (std::size_t image = 0; image < (is_one ? 1 : memory.count); ++image, out += size) {
    const std::size_t n = is_one ? memory.count * size : size;
    for (std::size_t i = 0; i < n; ++i) out[i] = clamp(step, f(in[i]));
  }
}

void map_function(const Step& step, const Memory& memory) {
  const float alpha = step.alpha, beta = step.beta;
  const UnaryFunction f = unary_function(step.unary);
  map(step, memory, [=](float x) { return f(x, alpha, beta); });
}

void run_quantization(const Step& step, const Memory& memory) {
  const bool quantizes = step.unary == UnaryOp::kQuantize;
  const std::size_t size = memory.stride(step.output), from = memory.stride(step.inputs[0]);
  for (std::size_t image = 0; image < memory.count; ++image) {
    const float* in = memory.of(step.inputs[0]) + image * from;
    float* out = memory.of(step.output) + image * size;
    const float scale = quantizes ? parameter(step, memory, 1, image, step.alpha) : step.alpha;
    const float zero = parameter(step, memory, quantizes ? 2 : 1, image, step.beta);
    for (std::size_t i = 0; i < size; ++i) {
      out[i] = clamp(step, quantizes ? std::rint(in[i] / scale) + zero : (in[i] - zero) * scale);
    }
  }
}

// Those with a loop of their own that only the full module has.
void run_rare_unary(const Step& step, const Memory& memory) {
  const float alpha = step.alpha, beta = step.beta;
  switch (step.unary) {
    case UnaryOp::kQuantize:
    case UnaryOp::kDequantize:
      return run_quantization(step, memory);
    case UnaryOp::kHardSigmoid:
      return map(step, memory,
                 [=](float x) { return std::min(std::max(alpha * x + beta, 0.0f), 1.0f); });
    case UnaryOp::kHardSwish:
      return map(step, memory,
                 [](float x) { return x * std::min(std::max(x / 6.0f + 0.5f, 0.0f), 1.0f); });
    default:
      return map_function(step, memory);
  }
}

void run_unary(const Step& step, const Memory& memory) {
  const float alpha = step.alpha, beta = step.beta;
  switch (step.unary) {
    case UnaryOp::kClamp:
      return map(step, memory, [](float x) { return x; });
    case UnaryOp::kAffine:
      return map(step, memory, [=](float x) { return alpha * x + beta; });
    case UnaryOp::kLeakyRelu:
      return map(step, memory, [=](float x) { return x < 0 ? alpha * x : x; });
    default:
      return kIsCore ? map_function(step, memory) : run_rare_unary(step, memory);
  }
}

void run_reduce(const Step& step, const Memory& memory) {
  const Loop& loop = step.loop;
  const BinaryFunction f = binary_function(step.binary);
  const std::size_t last = loop.rank - 1, n = loop.n[last], sa = loop.a[last], so = loop.out[last];
  const std::size_t size = memory.stride(step.output);
  const float start = step.binary == BinaryOp::kMax        ? -std::numeric_limits<float>::infinity()
                      : step.binary == BinaryOp::kMin      ? std::numeric_limits<float>::infinity()
                      : step.binary == BinaryOp::kMultiply ? 1.0f
                                                           : 0.0f;
  for_each_image(step, memory, [&](const float* a, const float*, float* out) {
    std::fill_n(out, size, start);
    Rows rows(loop, a, a, out);
    do {
      const float* pa = rows.a;
      float* po = rows.out;
      if (step.binary == BinaryOp::kAdd && so == 1) {  // the mean of maps
        for (std::size_t i = 0; i < n; ++i) po[i] += pa[i * sa];
      } else {
        for (std::size_t i = 0; i < n; ++i) po[i * so] = f(po[i * so], pa[i * sa]);
      }
    } while (rows.next());
    for (std::size_t i = 0; i < size; ++i) out[i] = clamp(step, out[i] * step.alpha);
  });
}

void run_reorder(const Step& step, const Memory& memory) {
  const Loop& loop = step.loop;
  const std::size_t last = loop.rank - 1, n = loop.n[last], sa = loop.a[last], so = loop.out[last];
  for_each_image(step, memory, [&](const float* a, const float*, float* out) {
    Rows rows(loop, a, a, out);
    do {
      for (std::size_t i = 0; i < n; ++i) rows.out[i * so] = rows.a[i * sa];
    } while (rows.next());
  });
}

void run_matmul(const Step& step, const Memory& memory) {
  const Loop& loop = step.loop;
  const std::size_t last = loop.rank - 1;
  for_each_image(step, memory, [&](const float* a, const float* b, float* out) {
    Rows rows(loop, a, b, out);
    do {
      const float *pa = rows.a, *pb = rows.b;
      float* po = rows.out;
      for (std::size_t i = 0; i < loop.n[last]; ++i) {
        float sum = 0;
        for (std::size_t k = 0; k < step.depth; ++k) {
          sum += pa[i * loop.a[last] + k * step.depth_a] * pb[i * loop.b[last] + k * step.depth_b];
        }
        po[i * loop.out[last]] = clamp(step, sum);
      }
    } while (rows.next());
  });
}

void run_softmax(const Step& step, const Memory& memory) {
  const std::size_t width = step.softmax_width;
  const float* in = memory.of(step.inputs[0]);
  float* out = memory.of(step.output);
  const std::size_t rows = memory.count * memory.stride(step.output) / width;
  for (std::size_t row = 0; row < rows; ++row, in += width, out += width) {
    const float top = *std::max_element(in, in + width);
    float sum = 0;
    for (std::size_t i = 0; i < width; ++i) sum += out[i] = std::exp(in[i] - top);
    if (step.log) {
      const float shift = top + std::log(sum);
      for (std::size_t i = 0; i < width; ++i) out[i] = clamp(step, in[i] - shift);
    } else {
      for (std::size_t i = 0; i < width; ++i) out[i] = clamp(step, out[i] / sum);
    }
  }
}

// The elements of selection's axes from `axis` on; `in` is null where an outer axis is filled.
void copy_axis(const Selection& selection, std::size_t axis, const float* in, float fill,
               float* out) {
  const std::vector<std::size_t>& offsets = selection.offsets[axis];
  const std::size_t stride = selection.out_strides[axis];
  if (axis + 1 < selection.offsets.size()) {
    for (std::size_t i = 0; i < offsets.size(); ++i) {
      const bool filled = in == nullptr || offsets[i] == Selection::kFill;
      copy_axis(selection, axis + 1, filled ? nullptr : in + offsets[i], fill, out + i * stride);
    }
  } else if (in != nullptr && selection.is_run) {
    std::copy_n(in + offsets[0], offsets.size(), out);
  } else {
    for (std::size_t i = 0; i < offsets.size(); ++i) {
      const bool filled = in == nullptr || offsets[i] == Selection::kFill;
      out[i * stride] = filled ? fill : in[offsets[i]];
    }
  }
}

void run_copy(const Step& step, const Memory& memory) {
  for (std::size_t k = 0; k < step.inputs.size(); ++k) {
    const Selection& selection = step.selections[k];
    const float* in = memory.of(step.inputs[k]);
    float* out = memory.of(step.output) + selection.out_offset;
    for (std::size_t i = 0; i < memory.count; ++i) {
      copy_axis(selection, 0, in, step.alpha, out);
      in += memory.stride(step.inputs[k]);
      out += memory.stride(step.output);
    }
  }
}

}  // namespace

void run_kernel(const Step& step, const Memory& memory) {
  if (!kIsCore && is_bytes_step(step, memory.graph)) return run_bytes_kernel(step, memory);
  switch (step.kind) {
    case StepKind::kUnary:
      return run_unary(step, memory);
    case StepKind::kBinary:
      return run_binary(step, memory);
    case StepKind::kReduce:
      return run_reduce(step, memory);
    case StepKind::kMatMul:
      return kIsCore ? void() : run_matmul(step, memory);
    case StepKind::kSoftmax:
      return run_softmax(step, memory);
    case StepKind::kReorder:
      return run_reorder(step, memory);
    case StepKind::kCopy:
      return kIsCore ? void() : run_copy(step, memory);
    case StepKind::kMaxPool:
    case StepKind::kAveragePool:
      return run_pool(step, memory);
    default:
      return;
  }
}

void read_values(const Value& value, const float* buffer, std::vector<float>& out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::size_t at = 0, rest = i;
    for (std::size_t axis = value.dims.size(); axis-- > 0; rest /= value.dims[axis]) {
      at += rest % value.dims[axis] * value.strides[axis];
    }
    out[i] = buffer[at];
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
