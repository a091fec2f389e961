// Builds the ModelProto node by node.
#include "export/onnx_writer.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <onnx/checker.h>
#include <onnx/onnx_pb.h>
#include <onnx/shape_inference/implementation.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "data/dataset.h"
#include "data/file.h"

namespace inkling {
namespace {

constexpr char kInput[] = "image", kOutput[] = "probabilities";
constexpr int kIrVersion = 8;  // the one that goes with opset 17

class GraphWriter {
 public:
  GraphWriter(onnx::GraphProto& graph, bool half_weights) : graph_(graph), half_(half_weights) {
    graph_.set_name("inkling");
    add_value(*graph_.add_input(), kInput, {std::nullopt, 1, kSide, kSide});
  }

  void write(const std::vector<FoldedLayer>& layers) {
    const auto is_quantized = [](const FoldedLayer& layer) { return layer.output_scale > 0; };
    if (std::any_of(layers.begin(), layers.end(), is_quantized)) quantize(kInputScale);
    for (const FoldedLayer& layer : layers) write_layer(layer);
    onnx::NodeProto& softmax = add_node("Softmax", kOutput, {current_});
    add_int(softmax, "axis", 1);
    add_value(*graph_.add_output(), kOutput, {std::nullopt, kClasses});
  }

 private:
  using Sizes = std::vector<std::optional<std::int64_t>>;  // nullopt: the batch, N

  static void add_value(onnx::ValueInfoProto& value, const std::string& name, const Sizes& sizes) {
    value.set_name(name);
    auto& type = *value.mutable_type()->mutable_tensor_type();
    type.set_elem_type(onnx::TensorProto::FLOAT);
    for (const auto& size : sizes) {
      auto& dim = *type.mutable_shape()->add_dim();
      if (size) {
        dim.set_dim_value(*size);
      } else {
        dim.set_dim_param("N");
      }
    }
  }

  // A node whose name and only output are `name`.
  onnx::NodeProto& add_node(const std::string& op, const std::string& name,
                            const std::vector<std::string>& inputs) {
    onnx::NodeProto& node = *graph_.add_node();
    node.set_op_type(op), node.set_name(name);
    for (const std::string& input : inputs) node.add_input(input);
    node.add_output(name);
    return node;
  }

  static void add_int(onnx::NodeProto& node, const std::string& name, std::int64_t value) {
    auto& attribute = *node.add_attribute();
    attribute.set_name(name), attribute.set_type(onnx::AttributeProto::INT), attribute.set_i(value);
  }

  static void add_ints(onnx::NodeProto& node, const std::string& name,
                       const std::vector<std::int64_t>& values) {
    auto& attribute = *node.add_attribute();
    attribute.set_name(name), attribute.set_type(onnx::AttributeProto::INTS);
    for (std::int64_t value : values) attribute.add_ints(value);
  }

  void add_initializer(const std::string& name, const torch::Tensor& values,
                       onnx::TensorProto::DataType type) {
    const torch::Tensor flat = values.contiguous();
    onnx::TensorProto& tensor = *graph_.add_initializer();
    tensor.set_name(name), tensor.set_data_type(type);
    for (std::int64_t side : flat.sizes()) tensor.add_dims(side);
    tensor.set_raw_data(flat.data_ptr(), flat.nbytes());
  }

  // Returns the name of the float32 tensor to compute with.
  std::string add_weight(const FoldedLayer& layer) {
    const std::string name = layer.name + ".weight";
    const torch::Tensor& weight = layer.weight;
    if (layer.scales.defined()) return add_quantized_weight(name, layer);
    if (!half_) {
      add_initializer(name, weight, onnx::TensorProto::FLOAT);
      return name;
    }
    add_initializer(name + ".half", weight.to(torch::kHalf), onnx::TensorProto::FLOAT16);
    add_int(add_node("Cast", name, {name + ".half"}), "to", onnx::TensorProto::FLOAT);
    return name;
  }

  // int8 and a scale for each output channel, and the node that multiplies them.
  std::string add_quantized_weight(const std::string& name, const FoldedLayer& layer) {
    std::vector<std::int64_t> by_channel(static_cast<std::size_t>(layer.weight.dim()), 1);
    by_channel[0] = -1;
    const torch::Tensor whole = (layer.weight / layer.scales.view(by_channel)).round();
    add_initializer(name + ".int8", whole.clamp(-kInt8Most, kInt8Most).to(torch::kInt8),
                    onnx::TensorProto::INT8);
    add_initializer(name + ".scale", layer.scales, onnx::TensorProto::FLOAT);
    add_int(add_node("DequantizeLinear", name, {name + ".int8", name + ".scale"}), "axis", 0);
    return name;
  }

  // Where input and weight are quantised, so that their products are whole numbers times both
  // scales, the bias is whole numbers of the same kind.
  std::string add_bias(const FoldedLayer& layer) {
    const std::string name = layer.name + ".bias";
    if (scale_ == 0 || !layer.scales.defined()) {
      add_initializer(name, layer.bias, onnx::TensorProto::FLOAT);
      return name;
    }
    const torch::Tensor scales = layer.scales * scale_;
    add_initializer(name + ".int32", (layer.bias / scales).round().to(torch::kInt32),
                    onnx::TensorProto::INT32);
    add_initializer(name + ".scale", scales, onnx::TensorProto::FLOAT);
    add_int(add_node("DequantizeLinear", name, {name + ".int32", name + ".scale"}), "axis", 0);
    return name;
  }

  std::vector<std::string> add_parameters(const FoldedLayer& layer) {
    const std::string weight = add_weight(layer);
    return {current_, weight, add_bias(layer)};
  }

  // Rounds the current tensor to 0..255 times the scale.
  void quantize(double scale) {
    const std::string name = current_;
    add_initializer(name + ".scale", torch::tensor(static_cast<float>(scale)),
                    onnx::TensorProto::FLOAT);
    add_initializer(name + ".zero", torch::zeros({}, torch::kUInt8), onnx::TensorProto::UINT8);
    add_node("QuantizeLinear", name + ".uint8", {name, name + ".scale", name + ".zero"});
    add_node("DequantizeLinear", name + ".rounded",
             {name + ".uint8", name + ".scale", name + ".zero"});
    current_ = name + ".rounded", scale_ = scale;
  }

  void write_layer(const FoldedLayer& layer) {
    const std::int64_t k = layer.spec.size, p = layer.spec.padding;
    switch (layer.spec.kind) {
      case LayerKind::kConv: {
        onnx::NodeProto& conv = add_node("Conv", layer.name, add_parameters(layer));
        add_ints(conv, "kernel_shape", {k, k});
        add_ints(conv, "pads", {p, p, p, p});
        break;
      }
      case LayerKind::kDense:
        add_int(add_node("Gemm", layer.name, add_parameters(layer)), "transB", 1);
        break;
      case LayerKind::kRelu:
        add_node("Relu", layer.name, {current_});
        break;
      case LayerKind::kMaxPool: {
        onnx::NodeProto& pool = add_node("MaxPool", layer.name, {current_});
        add_ints(pool, "kernel_shape", {k, k});
        add_ints(pool, "strides", {k, k});
        break;
      }
      case LayerKind::kGlobalAverage:
        add_node("GlobalAveragePool", layer.name + ".pool", {current_});
        add_int(add_node("Flatten", layer.name, {layer.name + ".pool"}), "axis", 1);
        break;
      case LayerKind::kFlatten:
        add_int(add_node("Flatten", layer.name, {current_}), "axis", 1);
        break;
      case LayerKind::kBatchNorm:
      case LayerKind::kDropout:
        throw Failure("layer " + layer.name + " should have been folded away");
    }
    current_ = layer.name;
    if (layer.output_scale > 0) {
      quantize(layer.output_scale);
    } else if (layer.spec.kind != LayerKind::kFlatten) {
      scale_ = 0;
    }
  }

  onnx::GraphProto& graph_;
  bool half_;
  std::string current_ = kInput;  // the tensor that the next layer reads
  double scale_ = 0;              // its, where it is quantised
};

// Infers every shape in a copy and compares the output's with what was declared.
void check(const onnx::ModelProto& model) {
  try {
    onnx::checker::check_model(model, /*full_check=*/false);
    onnx::ModelProto inferred = model;
    onnx::ShapeInferenceOptions strict(/*check_type=*/true, /*strict_mode=*/1, /*data_prop=*/false);
    onnx::shape_inference::InferShapes(inferred, onnx::OpSchemaRegistry::Instance(), strict);
    const auto& shape = inferred.graph().output(0).type().tensor_type().shape();
    if (shape.dim_size() != 2 || shape.dim(1).dim_value() != kClasses) {
      throw Failure("the exported graph's output is not [N,10]");
    }
  } catch (const Failure&) {
    throw;
  } catch (const std::exception& error) {
    throw Failure(std::string("the exported graph is not valid ONNX: ") + error.what());
  }
}

std::string serialize(const onnx::ModelProto& model) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  if (!model.SerializeToCodedStream(&coded)) throw Failure("the model could not be serialised");
  coded.Trim();
  return bytes;
}

}  // namespace

std::string to_onnx(const std::vector<FoldedLayer>& layers, const OnnxOptions& options) {
  onnx::ModelProto model;
  model.set_ir_version(kIrVersion);
  model.set_producer_name("inkling"), model.set_producer_version(INKLING_VERSION);
  auto& opset = *model.add_opset_import();
  opset.set_domain(""), opset.set_version(kOpset);
  GraphWriter(*model.mutable_graph(), options.half_weights).write(layers);
  for (const auto& [key, value] : options.metadata) {
    auto& entry = *model.add_metadata_props();
    entry.set_key(key), entry.set_value(value);
  }
  check(model);
  return serialize(model);
}

}  // namespace inkling
