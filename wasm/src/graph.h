// Step 2 of loading: Model -> Graph, a straight list of steps in which every shape is known,
// constants are folded and what can be fused is fused. Knows what ONNX operators mean and nothing
// of XNNPACK.
//
// Shapes are those of one image: wherever ONNX counts images, the graph says 1. Every buffer holds
// its images one after another, so that a batch is the same steps over more memory.
#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "inkling/engine.h"
#include "model.h"

namespace inkling {

std::size_t element_count(const Dims& dims);  // the product of what they are in ONNX's order

// Memory for one tensor of one image, or for a constant, which all images share.
struct Buffer {
  std::size_t floats = 0;  // elements, also of one of bytes
  bool is_constant = false;
  std::vector<float> constant = {};
  bool is_bytes = false;  // int8: a whole number less `shift`, which is 128 for those from 0 to 255
  float shift = 0;
};

// A tensor as ONNX sees it: dims over a buffer, which it fills in any order of its axes. So a
// convolution's [1,C,H,W] may lie in memory as [H][W][C], and a transpose moves nothing.
struct Value {
  std::string name = {};  // the ONNX tensor's; empty for one that only the plan knows
  Dims dims = {};
  Dims strides = {};  // of each axis in its buffer, in floats
  std::size_t buffer = 0;
  std::size_t source = kNoSource;  // the value that this is another view of
  int batch_axis = -1;             // the axis that counts images; -1: none, or it is always 1

  static constexpr std::size_t kNoSource = static_cast<std::size_t>(-1);
};

enum class StepKind {
  kConv,            // weights [c_out][c_in/groups][kernel_h][kernel_w], bias [c_out]
  kFullyConnected,  // weights [c_out][c_in], bias [c_out]
  kMaxPool,
  kAveragePool,
  kUnary,    // elementwise, see UnaryOp
  kBinary,   // elementwise with broadcasting, see BinaryOp
  kReduce,   // inputs[0] combined along some of its axes by `binary`, then times `alpha`
  kMatMul,   // of two computed matrices, inputs [..,m,k] and [..,k,n]
  kSoftmax,  // over `softmax_width` neighbours in memory
  kCopy,     // elements selected from the inputs, in another order or place
  kReorder,  // the same elements, their axes in another order in memory
  kNothing,  // absorbed by another step
};

enum class UnaryOp {
  kClamp,
  kAffine,      // alpha x + beta
  kQuantize,    // round(x / alpha) + beta; these may be inputs[1], inputs[2]
  kDequantize,  // (x - beta) alpha; beta may be inputs[1]
  kLeakyRelu,
  kHardSigmoid,
  kHardSwish,
  kAbs,
  kCeil,
  kCelu,
  kCos,
  kElu,
  kErf,
  kExp,
  kFloor,
  kGelu,
  kGeluTanh,
  kLog,
  kMish,
  kNot,
  kReciprocal,
  kRound,  // halves to even
  kSelu,
  kShrink,
  kSigmoid,
  kSign,
  kSin,
  kSoftplus,
  kSoftsign,
  kSqrt,
  kSwish,
  kTanh,
  kThresholdedRelu,
  kTruncate,
};

enum class BinaryOp {
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kMax,
  kMin,
  kPrelu,  // x < 0 ? slope x : x
  kPower,
  kModulo,
  kEqual,  // 1 or 0, as those below
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kAnd,
  kOr,
  kXor,
  kAddSquare,     // reductions: a + b^2,
  kAddMagnitude,  // a + |b|
  kMask,          // Where: a != 0 ? b : 0, also of an infinite b
};

// What a convolution or a pooling slides over its input.
struct Window {
  std::uint32_t kernel_h = 1, kernel_w = 1;
  std::uint32_t stride_h = 1, stride_w = 1;
  std::uint32_t dilation_h = 1, dilation_w = 1;
  std::uint32_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
};

// A map as the layers see it: [images][h][w][c] in memory.
struct Map {
  std::size_t images = 1, h = 1, w = 1, c = 1;
  std::size_t elements() const { return images * h * w * c; }
};

// Nested loops over two operands and a result, the last axis innermost; axes that lie one behind
// the other in all three are one. Strides in floats; 0 repeats.
struct Loop {
  std::size_t rank = 0;
  std::array<std::size_t, kMaxDims> n{}, a{}, b{}, out{};
};

// Where a copy's elements come from: offsets[axis][i] floats into the input, all axes added up, or
// kFill for the step's `alpha`. Where they go: out_strides, out_offset floats into the output.
struct Selection {
  static constexpr std::size_t kFill = static_cast<std::size_t>(-1);
  std::vector<std::vector<std::size_t>> offsets;
  Dims out_strides;
  std::size_t out_offset = 0;
  bool is_run = false;  // the last axis is contiguous on both sides
};

struct Step {
  StepKind kind = StepKind::kNothing;
  std::string name;                 // the ONNX node's name, or its output's where it has none
  std::string op;                   // for people: "Conv 3x3 + Relu"
  std::vector<std::size_t> inputs;  // indices into Graph::values
  std::size_t output = 0;           // index into Graph::values
  // The result is clamped to this range: a fused Relu or Clip.
  float min = -std::numeric_limits<float>::infinity();
  float max = std::numeric_limits<float>::infinity();

  Map in, out;                 // kConv, kMaxPool, kAveragePool; kFullyConnected: images are rows
  Window window;               // kConv, kMaxPool, kAveragePool; kCopy: what a Pad adds
  std::size_t groups = 1;      // kConv
  bool count_padding = false;  // kAveragePool: divide by the window with its padding,
  std::uint32_t overhang_h = 0, overhang_w = 0;  // less what ceil_mode added to that
  std::vector<float> weights;                    // kConv, kFullyConnected
  std::vector<float> bias;                       // kConv, kFullyConnected: never empty
  std::vector<float> weight_scales;  // of what the weights are whole numbers; one, or [c_out]
  bool is_int8 = false;              // the layer reads bytes: (x - beta, or inputs[1]) alpha
  UnaryOp unary = UnaryOp::kClamp;
  BinaryOp binary = BinaryOp::kAdd;
  float alpha = 0, beta = 0;             // kUnary: parameters; kReduce: factor; kCopy: filling
  Loop loop;                             // kBinary, kReduce, kReorder, kMatMul (over all but k)
  std::size_t depth = 0;                 // kMatMul: k
  std::size_t depth_a = 0, depth_b = 0;  // kMatMul: its strides
  std::size_t softmax_width = 0;         // kSoftmax
  bool log = false;                      // kSoftmax: its logarithm
  bool is_zero_padding = false;          // kCopy: a Pad that a convolution can do itself
  std::vector<Selection> selections;     // kCopy, one an input
};

struct Graph {
  std::vector<Buffer> buffers;
  std::vector<Value> values;
  std::vector<Step> steps;  // in an order in which they can run
  std::size_t input = 0;
  std::size_t output = 0;          // as many floats as there are classes
  std::uint64_t window_bytes = 0;  // of the tables of pointers that sliding the windows takes
};

// Errors: kMalformedModel for a graph that contradicts itself; kUnsupportedModel (every node that
// cannot be run is named); kLimitExceeded.
Status build_graph(const Model& model, const Limits& limits, Graph& graph);

}  // namespace inkling
