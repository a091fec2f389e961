// TensorProto: a constant. Its values stand in raw_data or, number by number, in a field for their
// type; either way they must be as many as the dims say, and the dims no more than the limits
// allow.
#include <algorithm>
#include <cstring>

#include "onnx_wire.h"

namespace inkling {

std::string_view data_type_name(DataType type) {
  if (kIsCore) return {};  // no sentence is made of it
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
    case DataType::kInt16:
    case DataType::kUint16:
      return kIsCore ? 0 : 2;
    case DataType::kFloat16:
      return 2;
    case DataType::kFloat:
    case DataType::kInt32:
      return 4;
    case DataType::kDouble:
      return kIsCore ? 0 : 8;
    case DataType::kInt64:
      return 8;
    default:
      return 0;
  }
}

namespace onnx {
namespace {

constexpr std::size_t kMaxSideFiles = 16;  // named in one message

// What TensorProto's typed fields held, before it is known which of them the element type uses.
struct TypedData {
  std::vector<float> floats;
  std::vector<std::int64_t> ints;  // int32_data or int64_data
  std::vector<double> doubles;
  bool any() const { return !floats.empty() || !ints.empty() || !doubles.empty(); }
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
      return to_bytes<std::uint8_t>(typed.ints);
    case DataType::kInt16:
      return to_bytes<std::uint16_t>(typed.ints);
    case DataType::kInt32:
      return to_bytes<std::int32_t>(typed.ints);
    case DataType::kInt64:
      return to_bytes<std::int64_t>(typed.ints);
    case DataType::kUint16:
    case DataType::kFloat16:
      return to_bytes<std::uint16_t>(typed.ints);  // float16: its bits, in int32_data
    case DataType::kDouble:
      if constexpr (!kIsCore) return to_bytes<double>(typed.doubles);
      return {};
    default:
      return {};
  }
}

// Sets tensor.elements from the dims as the file has them.
void set_dims(Tensor& tensor, const std::vector<std::int64_t>& dims, const Context& context) {
  if (dims.size() > kMaxRank) {
    return too_large(context, "tensor '", tensor.name, "' has ", dims.size(), " dimensions");
  }
  std::size_t elements = 1;
  for (const std::int64_t dim : dims) {
    if (dim < 0)
      return malformed(context, "tensor '", tensor.name, "' has the negative size ", dim);
    const auto size = static_cast<std::uint64_t>(dim);
    // Both factors are at most the limit before they are multiplied, so the product cannot wrap.
    if (size > context.tensor_elements ||
        (size != 0 && elements > context.tensor_elements / size)) {
      return too_large(context, "tensor '", tensor.name, "' has more than ",
                       context.tensor_elements, " elements");
    }
    elements *= static_cast<std::size_t>(size);
    tensor.dims.push_back(static_cast<std::size_t>(size));
  }
  tensor.elements = elements;
}

// Where TensorProto.external_data says that the values are.
struct External {
  std::string location;
  std::uint64_t offset = 0, length = 0;
  bool has_length = false;
};

std::uint64_t parse_number(const std::string& text, const Tensor& tensor, const Context& context) {
  std::uint64_t value = 0;
  if (text.empty() || text.size() > 15 ||
      text.find_first_not_of("0123456789") != std::string::npos) {
    malformed(context, "tensor '", tensor.name, "' has '", text.substr(0, 40),
              "' as a place in another file");
    return 0;
  }
  for (const char c : text) {
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

void read_external_entry(Reader reader, const Tensor& tensor, External& external) {
  auto [key, value] = read_entry(reader);
  if (key == "location") external.location = std::move(value);
  if (key == "offset") external.offset = parse_number(value, tensor, reader.context());
  if (key == "length") {
    external.length = parse_number(value, tensor, reader.context());
    external.has_length = true;
  }
}

std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// The values' bytes in the side file of that name; false when it was not given.
bool find_external(Tensor& tensor, const External& external, std::uint64_t wanted,
                   const Context& context) {
  for (const SideFile& file : context.files) {
    if (file_name(file.name) != file_name(external.location)) continue;
    const std::uint64_t length = external.has_length ? external.length : wanted;
    if (external.offset > file.bytes.size() || length > file.bytes.size() - external.offset) {
      malformed(context, "tensor '", tensor.name, "' lies beyond the end of '", file.name, "'");
      return false;
    }
    tensor.bytes = file.bytes.subspan(static_cast<std::size_t>(external.offset),
                                      static_cast<std::size_t>(length));
    return true;
  }
  std::vector<std::string>& missing = context.missing;
  if (missing.size() < kMaxSideFiles &&
      std::find(missing.begin(), missing.end(), external.location) == missing.end()) {
    missing.push_back(external.location);
  }
  return false;
}

void finish_tensor(Tensor& tensor, const std::vector<std::int64_t>& dims, const TypedData& typed,
                   const External& external, const Context& context) {
  set_dims(tensor, dims, context);
  if (context.failed) return;
  const std::size_t size = data_type_size(tensor.type);
  if (size == 0) {
    context.failed = true;
    context.failure =
        load_error(StatusCode::kUnsupportedModel, "Tensor '", tensor.name, "' holds ",
                   data_type_name(tensor.type),
                   " values; this engine reads float32, float16, float64, whole numbers and bool.");
    return;
  }
  if (typed.any()) {
    if (!tensor.bytes.empty()) {
      return malformed(context, "tensor '", tensor.name, "' has its values twice");
    }
    tensor.owned = encode(tensor.type, typed);
    tensor.bytes = tensor.owned;
  }
  const std::uint64_t wanted = std::uint64_t{tensor.elements} * size;
  if (!kIsCore && !external.location.empty() && !find_external(tensor, external, wanted, context))
    return;
  if (tensor.bytes.size() != wanted) {
    malformed(context, "tensor '", tensor.name, "' should have ", wanted,
              " bytes of values and has ", tensor.bytes.size());
  }
}

}  // namespace

Tensor read_tensor(Reader reader) {
  const Context& context = reader.context();
  Tensor tensor;
  std::vector<std::int64_t> dims;
  TypedData typed;
  External external;
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
        read_floats(reader, typed.floats, context.tensor_elements + 1);
        break;
      case tag_and_type(5, kVarint):
      case tag_and_type(5, kBytes):
      case tag_and_type(7, kVarint):
      case tag_and_type(7, kBytes):
        read_ints(reader, typed.ints, context.tensor_elements + 1);
        break;
      case tag_and_type(8, kBytes):
        tensor.name = reader.get_name();
        break;
      case tag_and_type(10, kFixed64):
      case tag_and_type(10, kBytes):
        if (kIsCore) {
          too_large(context, "a tensor of float64");
        } else {
          read_doubles(reader, typed.doubles, context.tensor_elements + 1);
        }
        break;
      case tag_and_type(9, kBytes):
        tensor.bytes = as_bytes(reader.get_view());
        break;
      case tag_and_type(13, kBytes):
        if (kIsCore) {
          too_large(context, "a tensor in another file");
        } else {
          read_external_entry(reader.get_message(), tensor, external);
        }
        break;
      default:
        reader.skip();
    }
  }
  if (!context.failed) finish_tensor(tensor, dims, typed, external, context);
  return tensor;
}

}  // namespace onnx
}  // namespace inkling
