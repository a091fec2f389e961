// Reads the protobuf wire format with protozero, which checks every length against the buffer and
// throws. Functions here throw too (ReadError); read_onnx catches all of it. Field numbers are
// those of onnx.proto. switch is on tag_and_type(), so that a field of an unexpected wire type is
// skipped, never misread.
#include "onnx_reader.h"
#include "text.h"

#include <protozero/pbf_message.hpp>

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>

namespace inkling {
namespace {

using protozero::data_view;
using protozero::tag_and_type;
constexpr auto kVarint = protozero::pbf_wire_type::varint;
constexpr auto kBytes = protozero::pbf_wire_type::length_delimited;
constexpr auto kFixed32 = protozero::pbf_wire_type::fixed32;

// protozero compares a field's length as ptrdiff_t: where that has 32 bits, as in WebAssembly, a
// length of 2^31 or more turns negative and passes its check; one of 2^32 or more is cut to 32
// bits. So the length is looked at before protozero does.
class Reader : public protozero::pbf_reader {
 public:
  Reader(const char* bytes, std::size_t size) : pbf_reader(bytes, size) {}
  explicit Reader(data_view view) : pbf_reader(view) {}

  bool next() {
    if (!pbf_reader::next()) return false;
    if (wire_type() == kBytes) {
      const data_view rest = data();
      const char* at = rest.data();
      const char* const end = at + rest.size();
      const std::uint64_t length = protozero::decode_varint(&at, end);
      if (length > static_cast<std::uint64_t>(end - at)) throw protozero::end_of_buffer_exception();
    }
    return true;
  }
};

constexpr std::size_t kMaxRank = 8;             // dims of a tensor; digit classifiers need 4
constexpr std::size_t kMaxNameBytes = 4096;     // of any one name
constexpr std::size_t kMaxListEntries = 65536;  // inputs of a node, numbers in an attribute

struct ReadError {
  Status status;
};

[[noreturn]] void malformed(const std::string& what) {
  throw ReadError{Status::malformed_model(cat("The model file is damaged: ", what, "."))};
}

[[noreturn]] void too_large(const std::string& what) {
  throw ReadError{Status::limit_exceeded(cat("The model is larger than allowed: ", what, "."))};
}

std::string read_name(Reader& reader) {
  const data_view view = reader.get_view();
  if (view.size() > kMaxNameBytes) too_large(cat("a name of ", view.size(), " bytes"));
  return {view.data(), view.size()};
}

std::span<const std::byte> as_bytes(data_view view) {
  return {reinterpret_cast<const std::byte*>(view.data()), view.size()};
}

// Appends, whether the file packs the numbers or writes one field each.
void read_ints(Reader& reader, std::vector<std::int64_t>& out, std::size_t limit) {
  if (reader.wire_type() == kVarint) {
    out.push_back(reader.get_int64());
  } else {
    for (const std::int64_t value : reader.get_packed_int64()) {
      if (out.size() >= limit) break;
      out.push_back(value);
    }
  }
  if (out.size() >= limit) too_large(cat("a list of more than ", limit - 1, " numbers"));
}

void read_floats(Reader& reader, std::vector<float>& out, std::size_t limit) {
  if (reader.wire_type() == kFixed32) {
    out.push_back(reader.get_float());
  } else {
    const auto values = reader.get_packed_float();
    if (values.size() >= limit) too_large(cat("a list of ", values.size(), " numbers"));
    out.insert(out.end(), values.begin(), values.end());
  }
  if (out.size() >= limit) too_large(cat("a list of more than ", limit - 1, " numbers"));
}

// StringStringEntryProto
std::pair<std::string, std::string> read_entry(Reader reader) {
  std::pair<std::string, std::string> entry;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(1, kBytes):
        entry.first = read_name(reader);
        break;
      case tag_and_type(2, kBytes):
        entry.second = reader.get_string();
        break;
      default:
        reader.skip();
    }
  }
  return entry;
}

// What TensorProto's typed fields held, before it is known which of them the element type uses.
struct TypedData {
  std::vector<float> floats;
  std::vector<std::int64_t> ints;  // int32_data or int64_data
  bool any() const { return !floats.empty() || !ints.empty(); }
};

template <typename T, typename From>
std::vector<std::byte> to_bytes(const std::vector<From>& values) {
  std::vector<std::byte> bytes(values.size() * sizeof(T));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const T value = static_cast<T>(values[i]);
    std::memcpy(bytes.data() + i * sizeof(T), &value, sizeof(T));
  }
  return bytes;
}

// The typed fields in the encoding that raw_data would have.
std::vector<std::byte> encode(DataType type, const TypedData& typed) {
  switch (type) {
    case DataType::kFloat:
      return to_bytes<float>(typed.floats);
    case DataType::kUint8:
    case DataType::kBool:
      return to_bytes<std::uint8_t>(typed.ints);
    case DataType::kInt8:
      return to_bytes<std::int8_t>(typed.ints);
    case DataType::kInt32:
      return to_bytes<std::int32_t>(typed.ints);
    case DataType::kInt64:
      return to_bytes<std::int64_t>(typed.ints);
    case DataType::kFloat16:
      return to_bytes<std::uint16_t>(typed.ints);  // its bits, in int32_data
    default:
      return {};
  }
}

// Sets tensor.elements from the dims as the file has them.
void set_dims(Tensor& tensor, const std::vector<std::int64_t>& dims, const Limits& limits) {
  if (dims.size() > kMaxRank) {
    too_large(cat("tensor '", tensor.name, "' has ", dims.size(), " dimensions"));
  }
  std::size_t elements = 1;
  for (const std::int64_t dim : dims) {
    if (dim < 0) malformed(cat("tensor '", tensor.name, "' has the negative size ", dim));
    const auto size = static_cast<std::uint64_t>(dim);
    // Both factors are at most the limit before they are multiplied, so the product cannot wrap.
    if (size > limits.tensor_elements || (size != 0 && elements > limits.tensor_elements / size)) {
      too_large(
          cat("tensor '", tensor.name, "' has more than ", limits.tensor_elements, " elements"));
    }
    elements *= static_cast<std::size_t>(size);
    tensor.dims.push_back(static_cast<std::size_t>(size));
  }
  tensor.elements = elements;
}

void finish_tensor(Tensor& tensor, const std::vector<std::int64_t>& dims, const TypedData& typed,
                   const Limits& limits) {
  set_dims(tensor, dims, limits);
  const std::size_t size = data_type_size(tensor.type);
  if (size == 0) {
    throw ReadError{Status::unsupported_model(
        cat("Tensor '", tensor.name, "' holds ", data_type_name(tensor.type),
            " values; this engine reads float32, float16, int8, uint8, int32, int64 and bool."))};
  }
  if (typed.any()) {
    if (!tensor.bytes.empty()) malformed(cat("tensor '", tensor.name, "' has its values twice"));
    tensor.owned = encode(tensor.type, typed);
    tensor.bytes = tensor.owned;
  }
  if (tensor.bytes.size() != tensor.elements * size) {
    malformed(cat("tensor '", tensor.name, "' should have ", tensor.elements * size,
                  " bytes of values and has ", tensor.bytes.size()));
  }
}

// TensorProto
Tensor read_tensor(Reader reader, const Limits& limits) {
  Tensor tensor;
  std::vector<std::int64_t> dims;
  TypedData typed;
  bool external = false;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(1, kVarint):
      case tag_and_type(1, kBytes):
        read_ints(reader, dims, kMaxListEntries);
        break;
      case tag_and_type(2, kVarint):
        tensor.type = static_cast<DataType>(reader.get_int32());
        break;
      case tag_and_type(4, kFixed32):
      case tag_and_type(4, kBytes):
        read_floats(reader, typed.floats, limits.tensor_elements + 1);
        break;
      case tag_and_type(5, kVarint):
      case tag_and_type(5, kBytes):
      case tag_and_type(7, kVarint):
      case tag_and_type(7, kBytes):
        read_ints(reader, typed.ints, limits.tensor_elements + 1);
        break;
      case tag_and_type(8, kBytes):
        tensor.name = read_name(reader);
        break;
      case tag_and_type(9, kBytes):
        tensor.bytes = as_bytes(reader.get_view());
        break;
      case tag_and_type(13, kBytes):
        external = true;
        reader.skip();
        break;
      case tag_and_type(14, kVarint):
        external = reader.get_int32() == 1 || external;
        break;
      default:
        reader.skip();
    }
  }
  if (external) {
    throw ReadError{Status::unsupported_model(
        cat("Tensor '", tensor.name,
            "' keeps its values in another file (external data); save the model "
            "as one file."))};
  }
  finish_tensor(tensor, dims, typed, limits);
  return tensor;
}

// AttributeProto
std::pair<std::string, Attribute> read_attribute(Reader reader, const Limits& limits) {
  std::pair<std::string, Attribute> result;
  Attribute& attribute = result.second;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(1, kBytes):
        result.first = read_name(reader);
        break;
      case tag_and_type(2, kFixed32):
        attribute.f = reader.get_float();
        break;
      case tag_and_type(3, kVarint):
        attribute.i = reader.get_int64();
        break;
      case tag_and_type(4, kBytes):
        attribute.s = read_name(reader);
        break;
      case tag_and_type(5, kBytes):
        attribute.t = read_tensor(Reader(reader.get_view()), limits);
        break;
      case tag_and_type(7, kFixed32):
      case tag_and_type(7, kBytes):
        read_floats(reader, attribute.floats, kMaxListEntries);
        break;
      case tag_and_type(8, kVarint):
      case tag_and_type(8, kBytes):
        read_ints(reader, attribute.ints, kMaxListEntries);
        break;
      default:
        reader.skip();
    }
  }
  return result;
}

void push_name(Reader& reader, std::vector<std::string>& names) {
  if (names.size() >= kMaxListEntries) too_large("a node with more than 65536 inputs or outputs");
  names.push_back(read_name(reader));
}

// NodeProto
Node read_node(Reader reader, const Limits& limits) {
  Node node;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(1, kBytes):
        push_name(reader, node.inputs);
        break;
      case tag_and_type(2, kBytes):
        push_name(reader, node.outputs);
        break;
      case tag_and_type(3, kBytes):
        node.name = read_name(reader);
        break;
      case tag_and_type(4, kBytes):
        node.op_type = read_name(reader);
        break;
      case tag_and_type(5, kBytes):
        node.attributes.insert(read_attribute(Reader(reader.get_view()), limits));
        break;
      case tag_and_type(7, kBytes):
        node.domain = read_name(reader);
        break;
      default:
        reader.skip();
    }
  }
  if (node.op_type.empty()) malformed(cat("node '", node.name, "' names no operator"));
  if (node.domain == "ai.onnx") node.domain.clear();
  return node;
}

// TensorShapeProto.Dimension
std::int64_t read_dimension(Reader reader) {
  std::int64_t value = kDynamicDim;
  while (reader.next()) {
    if (reader.tag_and_type() == tag_and_type(1, kVarint)) {
      value = reader.get_int64();
    } else {
      reader.skip();  // dim_param, a name: dynamic
    }
  }
  return value;
}

// TypeProto.Tensor
void read_tensor_type(Reader reader, ValueInfo& info) {
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(1, kVarint):
        info.type = static_cast<DataType>(reader.get_int32());
        break;
      case tag_and_type(2, kBytes): {
        info.has_shape = true;
        Reader shape(reader.get_view());
        while (shape.next()) {
          if (shape.tag_and_type() != tag_and_type(1, kBytes)) {
            shape.skip();
            continue;
          }
          if (info.dims.size() >= kMaxRank)
            too_large(cat("'", info.name, "' has too many dimensions"));
          info.dims.push_back(read_dimension(Reader(shape.get_view())));
        }
        break;
      }
      default:
        reader.skip();
    }
  }
}

// ValueInfoProto
ValueInfo read_value_info(Reader reader) {
  ValueInfo info;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(1, kBytes):
        info.name = read_name(reader);
        break;
      case tag_and_type(2, kBytes): {
        Reader type(reader.get_view());  // TypeProto
        while (type.next()) {
          if (type.tag_and_type() == tag_and_type(1, kBytes)) {
            read_tensor_type(Reader(type.get_view()), info);
          } else {
            type.skip();
          }
        }
        break;
      }
      default:
        reader.skip();
    }
  }
  return info;
}

template <typename T>
void push_limited(std::vector<T>& list, T item, std::size_t limit, const char* what) {
  if (list.size() >= limit) too_large(cat("more than ", limit, " ", what));
  list.push_back(std::move(item));
}

// GraphProto
void read_graph(Reader reader, Model& model, const Limits& limits) {
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(1, kBytes):
        push_limited(model.nodes, read_node(Reader(reader.get_view()), limits), limits.nodes,
                     "nodes");
        break;
      case tag_and_type(5, kBytes):
        push_limited(model.initializers, read_tensor(Reader(reader.get_view()), limits),
                     4 * limits.nodes, "initializers");  // no operator here takes more than four
        break;
      case tag_and_type(11, kBytes):
        push_limited(model.inputs, read_value_info(Reader(reader.get_view())), 5 * limits.nodes,
                     "inputs");  // old files list initializers as inputs too
        break;
      case tag_and_type(12, kBytes):
        push_limited(model.outputs, read_value_info(Reader(reader.get_view())), limits.nodes,
                     "outputs");
        break;
      default:
        reader.skip();
    }
  }
}

// OperatorSetIdProto
void read_opset(Reader reader, Model& model) {
  std::string domain;
  std::int64_t version = 0;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(1, kBytes):
        domain = read_name(reader);
        break;
      case tag_and_type(2, kVarint):
        version = reader.get_int64();
        break;
      default:
        reader.skip();
    }
  }
  if (domain.empty() || domain == "ai.onnx") model.opset = version;
}

// ModelProto. `model` is filled as far as the bytes go, so that the caller can tell what was there.
void read_model(Reader reader, Model& model, bool& has_graph, const Limits& limits) {
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(1, kVarint):
        model.ir_version = reader.get_int64();
        break;
      case tag_and_type(7, kBytes): {
        const data_view graph = reader.get_view();
        if (has_graph) malformed("it has two graphs");
        has_graph = true;
        read_graph(Reader(graph), model, limits);
        break;
      }
      case tag_and_type(8, kBytes):
        read_opset(Reader(reader.get_view()), model);
        break;
      case tag_and_type(14, kBytes): {
        if (model.metadata.size() >= kMaxListEntries) too_large("more than 65536 metadata entries");
        auto [key, value] = read_entry(Reader(reader.get_view()));
        model.metadata.insert_or_assign(std::move(key), std::move(value));
        break;
      }
      default:
        reader.skip();
    }
  }
}

// What the first bytes say that the file is, if it is one of those that people mistake for a model.
std::string_view known_kind(std::string_view head) {
  struct Kind {
    std::string_view magic, name;
  };
  static constexpr Kind kKinds[] = {
      {"\x89PNG", "a PNG picture"},
      {"\xff\xd8\xff", "a JPEG picture"},
      {"GIF8", "a GIF picture"},
      {"\x1f\x8b", "gzip-compressed: unpack it first"},
      {"PK\x03\x04", "a ZIP archive (perhaps a PyTorch checkpoint: export it as ONNX)"},
      {"\x89HDF", "an HDF5 file (perhaps a Keras model: export it as ONNX)"},
      {"<", "an HTML or XML page (perhaps an error page of a server)"},
      {"{", "JSON text"},
      {"version https://git-lfs", "a Git LFS pointer"},
  };
  head.remove_prefix(
      std::min(head.find_first_not_of(" \t\r\n"), head.size()));  // web pages begin with blanks
  for (const Kind& kind : kKinds) {
    if (head.substr(0, kind.magic.size()) == kind.magic) return kind.name;
  }
  return {};
}

Status not_onnx(std::span<const std::byte> file) {
  const std::string_view head(reinterpret_cast<const char*>(file.data()), file.size());
  const std::string_view kind = known_kind(head);
  if (kind.empty()) return Status::malformed_model("The model file is not an ONNX file.");
  return Status::malformed_model(
      cat("The model file is not an ONNX file: it looks like ", kind, "."));
}

Status cut_off(std::size_t size) {
  return Status::malformed_model(cat("The model file is cut off or damaged: it ends, after ", size,
                                     " bytes, before it is complete."));
}

Status check_parts(const Model& model, bool has_graph, std::span<const std::byte> file) {
  if (model.ir_version <= 0) return not_onnx(file);
  if (!has_graph || model.opset <= 0 || model.nodes.empty()) return cut_off(file.size());
  return {};
}

}  // namespace

std::string_view data_type_name(DataType type) {
  static constexpr std::string_view kNames[] = {
      "undefined", "float32", "uint8",     "int8",       "uint16",  "int16",
      "int32",     "int64",   "string",    "bool",       "float16", "float64",
      "uint32",    "uint64",  "complex64", "complex128", "bfloat16"};
  const auto index = static_cast<std::size_t>(type);
  return index < std::size(kNames) ? kNames[index] : std::string_view("unknown");
}

std::size_t data_type_size(DataType type) {
  switch (type) {
    case DataType::kUint8:
    case DataType::kInt8:
    case DataType::kBool:
      return 1;
    case DataType::kFloat16:
      return 2;
    case DataType::kFloat:
    case DataType::kInt32:
      return 4;
    case DataType::kInt64:
      return 8;
    default:
      return 0;
  }
}

Result<Model> read_onnx(std::span<const std::byte> file, const Limits& limits) {
  if (file.empty()) return Status::malformed_model("The model file is empty (0 bytes).");
  if (file.size() > limits.file_bytes) {
    return Status::limit_exceeded(cat("The model file has ", file.size(), " bytes; at most ",
                                      limits.file_bytes, " are allowed."));
  }
  Model model;
  bool has_graph = false;
  try {
    read_model(Reader(reinterpret_cast<const char*>(file.data()), file.size()), model, has_graph,
               limits);
  } catch (const ReadError& error) {
    return model.ir_version > 0 ? error.status : not_onnx(file);
  } catch (const std::bad_alloc&) {
    return Status::out_of_memory("There is not enough memory to read the model.");
  } catch (const std::exception&) {  // protozero's: the bytes are no protobuf, or end early
    return model.ir_version > 0 ? cut_off(file.size()) : not_onnx(file);
  }
  if (Status status = check_parts(model, has_graph, file); !status.ok()) return status;
  return model;
}

}  // namespace inkling
