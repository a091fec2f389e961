// Walks the nodes in their order, which is the layers'. The engine loads the file first and refuses
// what is damaged; what it runs and the writer does not write is refused here.
#include "export/onnx_reader.h"

#include <onnx/onnx_pb.h>

#include <cstring>
#include <map>

#include "data/file.h"
#include "export/engine_runner.h"

namespace inkling {
namespace {

class GraphReader {
 public:
  GraphReader(const onnx::GraphProto& graph, const std::string& file) : file_(file) {
    for (const onnx::TensorProto& tensor : graph.initializer()) {
      tensors_[tensor.name()] = read_tensor(tensor);
    }
  }

  std::vector<FoldedLayer> read(const onnx::GraphProto& graph) {
    for (const onnx::NodeProto& node : graph.node()) read_node(node);
    return std::move(layers_);
  }

 private:
  Failure unknown(const std::string& what) const {
    return Failure(file_ + " was not written by inkling export or inkling quantize (" + what +
                   "); name such a file, or a run's folder");
  }

  torch::Tensor read_tensor(const onnx::TensorProto& tensor) const {
    torch::ScalarType type{};
    switch (tensor.data_type()) {
      case onnx::TensorProto::FLOAT:
        type = torch::kFloat32;
        break;
      case onnx::TensorProto::FLOAT16:
        type = torch::kHalf;
        break;
      case onnx::TensorProto::INT8:
        type = torch::kInt8;
        break;
      case onnx::TensorProto::UINT8:
        type = torch::kUInt8;
        break;
      case onnx::TensorProto::INT32:
        type = torch::kInt32;
        break;
      default:
        throw unknown("the tensor " + tensor.name() + " is of another type");
    }
    const std::vector<std::int64_t> sides(tensor.dims().begin(), tensor.dims().end());
    torch::Tensor values = torch::empty(sides, type);
    if (tensor.raw_data().size() != values.nbytes()) {
      throw unknown("the tensor " + tensor.name() + " is not stored as raw bytes");
    }
    if (values.nbytes() > 0) {
      std::memcpy(values.data_ptr(), tensor.raw_data().data(), values.nbytes());
    }
    return values;
  }

  torch::Tensor tensor(const std::string& name) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) throw unknown("there is no tensor " + name);
    return found->second;
  }

  const std::string& input(const onnx::NodeProto& node, int at) const {
    if (at >= node.input_size()) throw unknown("the node " + node.name() + " lacks an input");
    return node.input(at);
  }

  const onnx::AttributeProto* attribute(const onnx::NodeProto& node,
                                        const std::string& name) const {
    for (const onnx::AttributeProto& attribute : node.attribute()) {
      if (attribute.name() == name) return &attribute;
    }
    return nullptr;
  }

  // A list whose numbers are all the same, as those of square kernels are.
  std::int64_t same(const onnx::NodeProto& node, const std::string& name) const {
    const onnx::AttributeProto* list = attribute(node, name);
    if (list == nullptr || list->ints_size() == 0) {
      throw unknown("the node " + node.name() + " has no " + name);
    }
    for (const std::int64_t value : list->ints()) {
      if (value != list->ints(0)) throw unknown("the node " + node.name() + " is not square");
    }
    return list->ints(0);
  }

  FoldedLayer& add(const onnx::NodeProto& node, LayerKind kind) {
    LayerSpec spec;
    spec.kind = kind;
    layers_.push_back({spec, node.name(), {}, {}, {}, 0});
    return layers_.back();
  }

  void add_parameters(const onnx::NodeProto& node, FoldedLayer& layer) {
    layer.weight = tensor(input(node, 1)), layer.bias = tensor(input(node, 2));
    layer.spec.out = layer.weight.size(0), layer.spec.bias = true;
  }

  void read_node(const onnx::NodeProto& node) {
    const std::string& op = node.op_type();
    if (op == "Conv") {
      FoldedLayer& layer = add(node, LayerKind::kConv);
      layer.spec.size = same(node, "kernel_shape"), layer.spec.padding = same(node, "pads");
      for (const char* other : {"strides", "dilations", "group", "auto_pad"}) {
        if (attribute(node, other) != nullptr) throw unknown(node.name() + " has " + other);
      }
      add_parameters(node, layer);
    } else if (op == "Gemm") {
      const onnx::AttributeProto* transposed = attribute(node, "transB");
      if (transposed == nullptr || transposed->i() != 1 || node.attribute_size() != 1) {
        throw unknown(node.name() + " is another Gemm");
      }
      add_parameters(node, add(node, LayerKind::kDense));
    } else if (op == "Relu") {
      add(node, LayerKind::kRelu);
    } else if (op == "MaxPool") {
      FoldedLayer& layer = add(node, LayerKind::kMaxPool);
      layer.spec.size = same(node, "kernel_shape");
      if (same(node, "strides") != layer.spec.size || node.attribute_size() != 2) {
        throw unknown(node.name() + " is another MaxPool");
      }
    } else if (op == "GlobalAveragePool") {
      add(node, LayerKind::kGlobalAverage);
    } else if (op == "Flatten") {  // what follows an average is a part of it
      const bool averaged =
          !layers_.empty() && layers_.back().spec.kind == LayerKind::kGlobalAverage;
      if (!averaged) add(node, LayerKind::kFlatten);
    } else if (op == "Cast") {
      tensors_[node.output(0)] = tensor(input(node, 0)).to(torch::kFloat32);
    } else if (op == "DequantizeLinear") {
      dequantize(node);
    } else if (op == "QuantizeLinear") {  // the input's rounds what lies between bytes: left out
      const torch::Tensor scale = tensor(input(node, 1));
      if (scale.numel() != 1) throw unknown(node.name() + " has several scales");
      if (!layers_.empty()) layers_.back().output_scale = scale.item<double>();
    } else if (op != "Softmax") {
      throw unknown("it has a " + op);
    }
  }

  // Of a weight or bias; what follows a QuantizeLinear was told by that.
  void dequantize(const onnx::NodeProto& node) {
    const auto found = tensors_.find(input(node, 0));
    if (found == tensors_.end()) return;
    const torch::Tensor stored = found->second, scales = tensor(input(node, 1));
    if (stored.dim() == 0 || scales.sizes() != torch::IntArrayRef{stored.size(0)} ||
        node.input_size() != 2) {
      throw unknown(node.name() + " is another DequantizeLinear");
    }
    std::vector<std::int64_t> by_channel(static_cast<std::size_t>(stored.dim()), 1);
    by_channel[0] = -1;
    tensors_[node.output(0)] = stored.to(torch::kFloat32) * scales.view(by_channel);
  }

  const std::string& file_;
  std::map<std::string, torch::Tensor> tensors_;
  std::vector<FoldedLayer> layers_;
};

}  // namespace

std::vector<FoldedLayer> from_onnx(const std::string& bytes, const std::string& name) {
  const EngineRunner readable(bytes, name);
  onnx::ModelProto model;
  if (!model.ParseFromString(bytes) || model.producer_name() != "inkling") {
    throw Failure(name +
                  " was not written by inkling export or inkling quantize; name such a file, or a "
                  "run's folder");
  }
  return GraphReader(model.graph(), name).read(model.graph());
}

}  // namespace inkling
