// Step 2 of loading: Model -> Graph, a straight list of steps in which every shape is known,
// constants are folded and what can be fused is fused. Knows what ONNX operators mean and nothing
// of XNNPACK; every tensor is still in ONNX's own order (NCHW, weights [M][C/group][kH][kW]).
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "inkling/engine.h"
#include "model.h"

namespace inkling {

// The shape of a value for one image: [N, c, h, w], or [N, c] when flat (then h = w = 1).
struct Shape {
  std::size_t c = 1;
  std::size_t h = 1;
  std::size_t w = 1;
  bool flat = false;

  std::size_t elements() const { return c * h * w; }
  bool operator==(const Shape&) const = default;
};

std::string to_string(const Shape& shape);  // "[N,8,14,14]"

struct Value {
  std::string name;  // the ONNX tensor's
  Shape shape;
};

enum class StepKind {
  kConv,            // weights [c_out][c_in/groups][kernel_h][kernel_w], bias [c_out]
  kFullyConnected,  // weights [c_out][c_in], bias [c_out]
  kMaxPool,
  kAveragePool,
  kUnary,    // elementwise, see UnaryOp
  kBinary,   // elementwise with broadcasting, see BinaryOp
  kReshape,  // the same values in ONNX's order under another shape
  kSoftmax,  // over `softmax_width` neighbours in memory order (channels, or everything)
};

enum class UnaryOp { kClamp, kLeakyRelu, kSigmoid, kHardSwish, kHardSigmoid };
enum class BinaryOp { kAdd, kSubtract, kMultiply, kDivide };

// What a convolution or a pooling slides over its input.
struct Window {
  std::uint32_t kernel_h = 1, kernel_w = 1;
  std::uint32_t stride_h = 1, stride_w = 1;
  std::uint32_t dilation_h = 1, dilation_w = 1;
  std::uint32_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
};

struct Step {
  StepKind kind = StepKind::kReshape;
  std::string name;                 // the ONNX node's name, or its output's where it has none
  std::string op;                   // for people: "Conv 3x3 + Relu"
  std::vector<std::size_t> inputs;  // indices into Graph::values
  std::size_t output = 0;           // index into Graph::values
  // The result is clamped to this range: a fused Relu or Clip.
  float min = -std::numeric_limits<float>::infinity();
  float max = std::numeric_limits<float>::infinity();

  Window window;               // kConv, kMaxPool, kAveragePool
  std::size_t groups = 1;      // kConv
  bool count_padding = false;  // kAveragePool: divide by the whole window, padding included
  std::vector<float> weights;  // kConv, kFullyConnected
  std::vector<float> bias;     // kConv, kFullyConnected: never empty
  UnaryOp unary = UnaryOp::kClamp;
  float alpha = 0, beta = 0;  // kUnary: slope, offset
  BinaryOp binary = BinaryOp::kAdd;
  std::vector<float> constant;  // kBinary: the operand that is no value, if there is one
  Shape constant_shape;
  bool constant_first = false;    // kBinary: constant OP value
  std::size_t softmax_width = 0;  // kSoftmax
};

inline Step make_step(StepKind kind, std::vector<std::size_t> inputs) {
  Step step;
  step.kind = kind;
  step.inputs = std::move(inputs);
  return step;
}

struct Graph {
  std::vector<Value> values;  // values[input] is the image
  std::vector<Step> steps;    // in an order in which they can run
  std::size_t input = 0;
  std::size_t output = 0;          // [N, 10]
  std::uint64_t window_bytes = 0;  // of the tables of pointers that sliding the windows takes
};

// Errors: kMalformedModel for a graph that contradicts itself; kUnsupportedModel (every node that
// cannot be run is named); kLimitExceeded.
Result<Graph> build_graph(const Model& model, const Limits& limits);

}  // namespace inkling
