// The values of constants as C++ numbers. The bytes of a file are little-endian and so is every
// machine that this engine is compiled for; memcpy because nothing in a file is aligned.
#include "tensor_values.h"

#include <bit>
#include <cstring>

#include "edition.h"

namespace inkling {
namespace {

static_assert(std::endian::native == std::endian::little);

template <typename T, typename To>
std::vector<To> convert(const Tensor& tensor) {
  std::vector<To> values(tensor.elements);
  for (std::size_t i = 0; i < tensor.elements; ++i) {
    T value;
    std::memcpy(&value, tensor.bytes.data() + i * sizeof(T), sizeof(T));
    values[i] = static_cast<To>(value);
  }
  return values;
}

}  // namespace

float float_from_half(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000u) << 16;
  const std::uint32_t exponent = (half >> 10) & 0x1fu;
  const std::uint32_t fraction = half & 0x3ffu;
  if (exponent == 0) {  // zero or subnormal: fraction * 2^-24
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return sign ? -magnitude : magnitude;
  }
  // 112 = 127 - 15, the difference of the exponents' biases; 31 means infinity or NaN.
  const std::uint32_t wide_exponent = exponent == 31 ? 255 : exponent + 112;
  return std::bit_cast<float>(sign | wide_exponent << 23 | fraction << 13);
}

bool is_float(DataType type) {
  return type == DataType::kFloat || type == DataType::kFloat16 || type == DataType::kDouble;
}

std::vector<float> to_floats(const Tensor& tensor) {
  if (!kIsCore && tensor.type == DataType::kDouble) return convert<double, float>(tensor);
  if (tensor.type == DataType::kFloat) return convert<float, float>(tensor);
  if (tensor.type != DataType::kFloat16) return {};
  std::vector<float> values(tensor.elements);
  for (std::size_t i = 0; i < tensor.elements; ++i) {
    std::uint16_t half;
    std::memcpy(&half, tensor.bytes.data() + 2 * i, 2);
    values[i] = float_from_half(half);
  }
  return values;
}

std::vector<std::int64_t> to_ints(const Tensor& tensor) {
  const std::size_t size = data_type_size(tensor.type);
  if (size == 0 || is_float(tensor.type)) return {};
  const bool is_signed = tensor.type != DataType::kUint8 && tensor.type != DataType::kBool &&
                         tensor.type != DataType::kUint16;
  std::vector<std::int64_t> values(tensor.elements);
  for (std::size_t i = 0; i < tensor.elements; ++i) {
    // The lowest bytes of a number, and then up and down again for its sign.
    std::uint64_t bits = 0;
    std::memcpy(&bits, tensor.bytes.data() + i * size, size);
    const unsigned missing = 64 - 8 * static_cast<unsigned>(size);
    bits <<= missing;
    values[i] = is_signed ? static_cast<std::int64_t>(bits) >> missing
                          : static_cast<std::int64_t>(bits >> missing);
  }
  return values;
}

Tensor make_float_tensor(const Dims& dims, const std::vector<float>& values) {
  Tensor tensor;
  tensor.type = DataType::kFloat;
  tensor.dims = dims;
  tensor.elements = values.size();
  tensor.owned.resize(values.size() * sizeof(float));
  if (!values.empty()) std::memcpy(tensor.owned.data(), values.data(), tensor.owned.size());
  tensor.bytes = tensor.owned;
  return tensor;
}

Tensor make_int_tensor(const Dims& dims, const std::vector<std::int64_t>& values, DataType type) {
  Tensor tensor;
  tensor.type = type;
  tensor.dims = dims;
  tensor.elements = values.size();
  const std::size_t size = data_type_size(type);
  tensor.owned.resize(values.size() * size);
  for (std::size_t i = 0; i < values.size(); ++i) {  // a number's low bytes come first
    std::memcpy(tensor.owned.data() + i * size, &values[i], size);
  }
  tensor.bytes = tensor.owned;
  return tensor;
}

}  // namespace inkling
