// Which operators there are, and how each is lowered. The core module has the first table alone; a
// model that needs more is read by the full one (edition.h).
#include "edition.h"
#include "graph_builder.h"

namespace inkling {

GraphBuilder::Lower GraphBuilder::find_lowering(const Node& node) {
  struct Entry {
    std::string_view op_type;
    Lower lower;
  };
  static constexpr Entry kCore[] = {
      {"Add", &GraphBuilder::lower_binary},
      {"AveragePool", &GraphBuilder::lower_pool},
      {"BatchNormalization", &GraphBuilder::lower_batch_normalization},
      {"Cast", &GraphBuilder::lower_cast},
      {"Clip", &GraphBuilder::lower_clamp},
      {"Concat", kIsCore ? &GraphBuilder::lower_list : &GraphBuilder::lower_concat},
      {"Constant", &GraphBuilder::lower_constant},
      {"Conv", &GraphBuilder::lower_conv},
      {"DequantizeLinear",
       kIsCore ? &GraphBuilder::lower_dequantize_constant : &GraphBuilder::lower_dequantize},
      {"Div", &GraphBuilder::lower_binary},
      {"Dropout", &GraphBuilder::lower_pass_through},
      {"Flatten", &GraphBuilder::lower_flatten},
      {"Gather", kIsCore ? &GraphBuilder::lower_list : &GraphBuilder::lower_gather},
      {"Gemm", &GraphBuilder::lower_gemm},
      {"GlobalAveragePool", &GraphBuilder::lower_global_pool},
      {"GlobalMaxPool", &GraphBuilder::lower_global_pool},
      {"Identity", &GraphBuilder::lower_pass_through},
      {"LeakyRelu", &GraphBuilder::lower_unary},
      {"LogSoftmax", &GraphBuilder::lower_softmax},
      {"MatMul", &GraphBuilder::lower_matmul},
      {"MaxPool", &GraphBuilder::lower_pool},
      {"Mul", &GraphBuilder::lower_binary},
      {"ReduceMean", &GraphBuilder::lower_reduce},
      {"Relu", &GraphBuilder::lower_clamp},
      {"Reshape", &GraphBuilder::lower_reshape},
      {"Shape", &GraphBuilder::lower_shape},
      {"Sigmoid", &GraphBuilder::lower_unary},
      {"Slice", kIsCore ? &GraphBuilder::lower_list : &GraphBuilder::lower_slice},
      {"Softmax", &GraphBuilder::lower_softmax},
      {"Squeeze", &GraphBuilder::lower_squeeze},
      {"Sub", &GraphBuilder::lower_binary},
      {"Transpose", &GraphBuilder::lower_transpose},
      {"Unsqueeze", &GraphBuilder::lower_unsqueeze},
  };
  static constexpr Entry kMore[] = {
      {"Abs", &GraphBuilder::lower_unary},
      {"And", &GraphBuilder::lower_binary},
      {"CastLike", &GraphBuilder::lower_cast},
      {"Ceil", &GraphBuilder::lower_unary},
      {"Celu", &GraphBuilder::lower_unary},
      {"ConstantOfShape", &GraphBuilder::lower_constant_of_shape},
      {"ConvInteger", &GraphBuilder::lower_integer_layer},
      {"Cos", &GraphBuilder::lower_unary},
      {"DynamicQuantizeLinear", &GraphBuilder::lower_dynamic_quantize},
      {"Elu", &GraphBuilder::lower_unary},
      {"Equal", &GraphBuilder::lower_binary},
      {"Erf", &GraphBuilder::lower_unary},
      {"Exp", &GraphBuilder::lower_unary},
      {"Expand", &GraphBuilder::lower_expand},
      {"Floor", &GraphBuilder::lower_unary},
      {"Gelu", &GraphBuilder::lower_gelu},
      {"Greater", &GraphBuilder::lower_binary},
      {"GreaterOrEqual", &GraphBuilder::lower_binary},
      {"HardSigmoid", &GraphBuilder::lower_unary},
      {"HardSwish", &GraphBuilder::lower_unary},
      {"If", &GraphBuilder::lower_if},
      {"Less", &GraphBuilder::lower_binary},
      {"LessOrEqual", &GraphBuilder::lower_binary},
      {"Log", &GraphBuilder::lower_unary},
      {"MatMulInteger", &GraphBuilder::lower_integer_layer},
      {"Max", &GraphBuilder::lower_many},
      {"Mean", &GraphBuilder::lower_many},
      {"Min", &GraphBuilder::lower_many},
      {"Mish", &GraphBuilder::lower_unary},
      {"Mod", &GraphBuilder::lower_binary},
      {"Neg", &GraphBuilder::lower_unary},
      {"Not", &GraphBuilder::lower_unary},
      {"Or", &GraphBuilder::lower_binary},
      {"PRelu", &GraphBuilder::lower_binary},
      {"Pad", &GraphBuilder::lower_pad},
      {"Pow", &GraphBuilder::lower_binary},
      {"QLinearConv", &GraphBuilder::lower_quantized_layer},
      {"QLinearMatMul", &GraphBuilder::lower_quantized_layer},
      {"QuantizeLinear", &GraphBuilder::lower_quantize},
      {"Range", &GraphBuilder::lower_range},
      {"Reciprocal", &GraphBuilder::lower_unary},
      {"ReduceL1", &GraphBuilder::lower_reduce},
      {"ReduceL2", &GraphBuilder::lower_reduce},
      {"ReduceMax", &GraphBuilder::lower_reduce},
      {"ReduceMin", &GraphBuilder::lower_reduce},
      {"ReduceProd", &GraphBuilder::lower_reduce},
      {"ReduceSum", &GraphBuilder::lower_reduce},
      {"ReduceSumSquare", &GraphBuilder::lower_reduce},
      {"Round", &GraphBuilder::lower_unary},
      {"Selu", &GraphBuilder::lower_unary},
      {"Shrink", &GraphBuilder::lower_unary},
      {"Sign", &GraphBuilder::lower_unary},
      {"Sin", &GraphBuilder::lower_unary},
      {"Size", &GraphBuilder::lower_size},
      {"Softplus", &GraphBuilder::lower_unary},
      {"Softsign", &GraphBuilder::lower_unary},
      {"Split", &GraphBuilder::lower_split},
      {"Sqrt", &GraphBuilder::lower_unary},
      {"Sum", &GraphBuilder::lower_many},
      {"Swish", &GraphBuilder::lower_unary},
      {"Tanh", &GraphBuilder::lower_unary},
      {"ThresholdedRelu", &GraphBuilder::lower_unary},
      {"Tile", &GraphBuilder::lower_tile},
      {"Where", &GraphBuilder::lower_where},
      {"Xor", &GraphBuilder::lower_binary},
  };
  const Entry* entry = node.domain.empty() ? find_operator(kCore, kMore, node.op_type) : nullptr;
  if (entry != nullptr) return entry->lower;
  // scikit-learn's exporter ends with a map from labels to probabilities: these, in order.
  const bool is_map = !kIsCore && node.domain == "ai.onnx.ml" && node.op_type == "ZipMap";
  return is_map ? &GraphBuilder::lower_pass_through : nullptr;
}

}  // namespace inkling
