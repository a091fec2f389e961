// Each function straight from ONNX's definition of its operator, in float32.
#include "kernels_unary.h"

#include <algorithm>
#include <cmath>

#include "edition.h"

namespace inkling {
namespace {

constexpr float kSqrtHalf = 0.70710678f;       // 1 / sqrt(2)
constexpr float kSqrtTwoOverPi = 0.79788456f;  // of Gelu's approximation by tanh
constexpr float kGeluCubic = 0.044715f;        // and its cubic term
float identity(float x, float, float) { return x; }
float sigmoid(float x) { return 1.0f / (1.0f + std::exp(-x)); }
float softplus(float x) { return std::max(x, 0.0f) + std::log1p(std::exp(-std::abs(x))); }
float truth(bool b) { return b ? 1.0f : 0.0f; }

float shrink(float x, float bias, float lambd) {
  return x < -lambd ? x + bias : x > lambd ? x - bias : 0.0f;
}

// What only the full module has (edition.h).
UnaryFunction rare_unary_function(UnaryOp op) {
  switch (op) {
    case UnaryOp::kElu:
      return [](float x, float a, float) { return x < 0 ? a * std::expm1(x) : x; };
    case UnaryOp::kAbs:
      return [](float x, float, float) { return std::abs(x); };
    case UnaryOp::kCeil:
      return [](float x, float, float) { return std::ceil(x); };
    case UnaryOp::kCelu:
      return [](float x, float a, float) { return x < 0 ? a * std::expm1(x / a) : x; };
    case UnaryOp::kCos:
      return [](float x, float, float) { return std::cos(x); };
    case UnaryOp::kErf:
      return [](float x, float, float) { return std::erf(x); };
    case UnaryOp::kExp:
      return [](float x, float, float) { return std::exp(x); };
    case UnaryOp::kFloor:
      return [](float x, float, float) { return std::floor(x); };
    case UnaryOp::kGelu:
      return [](float x, float, float) { return 0.5f * x * (1.0f + std::erf(x * kSqrtHalf)); };
    case UnaryOp::kGeluTanh:
      return [](float x, float, float) {
        return 0.5f * x * (1.0f + std::tanh(kSqrtTwoOverPi * (x + kGeluCubic * x * x * x)));
      };
    case UnaryOp::kLog:
      return [](float x, float, float) { return std::log(x); };
    case UnaryOp::kMish:
      return [](float x, float, float) { return x * std::tanh(softplus(x)); };
    case UnaryOp::kNot:
      return [](float x, float, float) { return truth(x == 0); };
    case UnaryOp::kReciprocal:
      return [](float x, float, float) { return 1.0f / x; };
    case UnaryOp::kRound:
      return [](float x, float, float) { return std::rint(x); };
    case UnaryOp::kTanh:
      return [](float x, float, float) { return std::tanh(x); };
    case UnaryOp::kSelu:
      return [](float x, float a, float g) { return g * (x < 0 ? a * std::expm1(x) : x); };
    case UnaryOp::kShrink:
      return shrink;
    case UnaryOp::kSign:
      return [](float x, float, float) { return truth(x > 0) - truth(x < 0); };
    case UnaryOp::kSin:
      return [](float x, float, float) { return std::sin(x); };
    case UnaryOp::kSoftplus:
      return [](float x, float, float) { return softplus(x); };
    case UnaryOp::kSoftsign:
      return [](float x, float, float) { return x / (1.0f + std::abs(x)); };
    case UnaryOp::kSqrt:
      return [](float x, float, float) { return std::sqrt(x); };
    case UnaryOp::kSwish:
      return [](float x, float a, float) { return x * sigmoid(a * x); };
    case UnaryOp::kThresholdedRelu:
      return [](float x, float a, float) { return x > a ? x : 0.0f; };
    default:
      return identity;  // those with a loop of their own
  }
}

BinaryFunction rare_binary_function(BinaryOp op) {
  switch (op) {
    case BinaryOp::kPrelu:
      return [](float a, float slope) { return a < 0 ? slope * a : a; };
    case BinaryOp::kMin:
      return [](float a, float b) { return std::min(a, b); };
    case BinaryOp::kPower:
      return [](float a, float b) { return b == 2 ? a * a : std::pow(a, b); };
    case BinaryOp::kModulo:  // the sign is the divisor's
      return [](float a, float b) { return a - b * std::floor(a / b); };
    case BinaryOp::kEqual:
      return [](float a, float b) { return truth(a == b); };
    case BinaryOp::kLess:
      return [](float a, float b) { return truth(a < b); };
    case BinaryOp::kLessOrEqual:
      return [](float a, float b) { return truth(a <= b); };
    case BinaryOp::kGreater:
      return [](float a, float b) { return truth(a > b); };
    case BinaryOp::kGreaterOrEqual:
      return [](float a, float b) { return truth(a >= b); };
    case BinaryOp::kAnd:
      return [](float a, float b) { return truth(a != 0 && b != 0); };
    case BinaryOp::kOr:
      return [](float a, float b) { return truth(a != 0 || b != 0); };
    case BinaryOp::kXor:
      return [](float a, float b) { return truth((a != 0) != (b != 0)); };
    case BinaryOp::kAddSquare:
      return [](float a, float b) { return a + b * b; };
    case BinaryOp::kAddMagnitude:
      return [](float a, float b) { return a + std::abs(b); };
    case BinaryOp::kMask:
      return [](float a, float b) { return a != 0 ? b : 0.0f; };
    default:
      return nullptr;
  }
}

}  // namespace

UnaryFunction unary_function(UnaryOp op) {
  switch (op) {
    case UnaryOp::kSigmoid:
      return [](float x, float, float) { return sigmoid(x); };
    case UnaryOp::kTruncate:
      return [](float x, float, float) { return std::trunc(x); };
    default:
      return kIsCore ? identity : rare_unary_function(op);
  }
}

BinaryFunction binary_function(BinaryOp op) {
  switch (op) {
    case BinaryOp::kAdd:
      return [](float a, float b) { return a + b; };
    case BinaryOp::kSubtract:
      return [](float a, float b) { return a - b; };
    case BinaryOp::kMultiply:
      return [](float a, float b) { return a * b; };
    case BinaryOp::kDivide:
      return [](float a, float b) { return a / b; };
    case BinaryOp::kMax:
      return [](float a, float b) { return std::max(a, b); };
    default:
      return kIsCore ? nullptr : rare_binary_function(op);
  }
}

}  // namespace inkling
