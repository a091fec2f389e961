// An ONNX file as plain data: what onnx_reader produces and graph consumes. Names follow
// onnx.proto. Tensor bytes may point into the file, so the file must outlive its Model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dims.h"

namespace inkling {

// TensorProto.DataType; the numbers are those of onnx.proto. Others are kept as they are and
// refused by name.
enum class DataType : int32_t {
  kUndefined = 0,
  kFloat = 1,
  kUint8 = 2,
  kInt8 = 3,
  kUint16 = 4,
  kInt16 = 5,
  kInt32 = 6,
  kInt64 = 7,
  kBool = 9,
  kFloat16 = 10,
  kDouble = 11,
};

std::string_view data_type_name(DataType type);  // "float32", "type 16"
std::size_t data_type_size(DataType type);       // bytes of an element; 0 for a type not read here

// A constant. Moved, never copied: `bytes` may point into `owned`.
struct Tensor {
  Tensor() = default;
  Tensor(Tensor&&) = default;
  Tensor& operator=(Tensor&&) = default;
  Tensor(const Tensor&) = delete;
  Tensor& operator=(const Tensor&) = delete;

  std::string name;
  DataType type = DataType::kUndefined;
  Dims dims;                         // empty: a scalar
  std::size_t elements = 0;          // the product of dims
  std::span<const std::byte> bytes;  // elements * data_type_size(type), little-endian, row-major
  std::vector<std::byte> owned;      // backs `bytes` where the file holds another encoding
};

struct Subgraph;

struct Attribute {
  std::string name;
  std::string reference;  // inside a function: the caller's attribute that this one is
  std::shared_ptr<Subgraph> g;
  float f = 0;
  std::int64_t i = 0;
  std::string s;
  Tensor t;
  std::vector<float> floats;
  std::vector<std::int64_t> ints;
};

struct Node {
  std::string name;  // may be empty
  std::string op_type;
  std::string domain;               // empty: ONNX's own operators
  std::vector<std::string> inputs;  // an empty name is an omitted optional input
  std::vector<std::string> outputs;
  std::vector<Attribute> attributes;
  std::vector<std::string> captures;  // names that its subgraphs may read from around it
};

// The first attribute of that name; null when there is none.
const Attribute* find_attribute(const std::vector<Attribute>& attributes, std::string_view name);

// A branch of an If.
struct Subgraph {
  std::vector<Node> nodes;
  std::vector<Tensor> initializers;
  std::vector<std::string> outputs;
};

inline constexpr std::int64_t kDynamicDim = -1;  // a name instead of a number, or nothing

struct ValueInfo {
  std::string name;
  DataType type = DataType::kUndefined;
  bool has_shape = false;
  std::vector<std::int64_t> dims;
};

struct Model {
  std::int64_t ir_version = 0;
  std::int64_t opset = 0;  // of ONNX's own operators
  std::map<std::string, std::string, std::less<>> metadata;
  std::vector<Node> nodes;  // in an order in which they can run; functions are written out
  std::vector<Tensor> initializers;
  std::vector<ValueInfo> inputs;
  std::vector<ValueInfo> outputs;
};

}  // namespace inkling
