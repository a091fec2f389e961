// The values of constants as C++ numbers, whatever type the file keeps them in.
#pragma once

#include <cstdint>
#include <vector>

#include "model.h"

namespace inkling {

bool is_float(DataType type);  // float32, float16 or float64

// Floats only; empty when the tensor has another type (or no elements).
std::vector<float> to_floats(const Tensor& tensor);

// Integer types only; empty otherwise.
std::vector<std::int64_t> to_ints(const Tensor& tensor);

// IEEE 754 binary16 -> binary32, exact.
float float_from_half(std::uint16_t half);

// Constants that own their values: float32, or whole numbers of `type`.
Tensor make_float_tensor(const Dims& dims, const std::vector<float>& values);
Tensor make_int_tensor(const Dims& dims, const std::vector<std::int64_t>& values,
                       DataType type = DataType::kInt64);

}  // namespace inkling
