// The values of constants as C++ numbers. The bytes of a file are little-endian and so is every
// machine that this engine is compiled for; memcpy because nothing in a file is aligned.
#include "tensor_values.h"

#include <bit>
#include <cstring>

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
  if (tensor.type == DataType::kDouble) return convert<double, float>(tensor);
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
  switch (tensor.type) {
    case DataType::kInt8:
      return convert<std::int8_t, std::int64_t>(tensor);
    case DataType::kUint8:
    case DataType::kBool:
      return convert<std::uint8_t, std::int64_t>(tensor);
    case DataType::kInt16:
      return convert<std::int16_t, std::int64_t>(tensor);
    case DataType::kUint16:
      return convert<std::uint16_t, std::int64_t>(tensor);
    case DataType::kInt32:
      return convert<std::int32_t, std::int64_t>(tensor);
    case DataType::kInt64:
      return convert<std::int64_t, std::int64_t>(tensor);
    default:
      return {};
  }
}

Tensor make_float_tensor(std::vector<std::size_t> dims, const std::vector<float>& values) {
  Tensor tensor;
  tensor.type = DataType::kFloat;
  tensor.dims = std::move(dims);
  tensor.elements = values.size();
  tensor.owned.resize(values.size() * sizeof(float));
  if (!values.empty()) std::memcpy(tensor.owned.data(), values.data(), tensor.owned.size());
  tensor.bytes = tensor.owned;
  return tensor;
}

Tensor make_int_tensor(std::vector<std::size_t> dims, const std::vector<std::int64_t>& values,
                       DataType type) {
  Tensor tensor;
  tensor.type = type;
  tensor.dims = std::move(dims);
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
