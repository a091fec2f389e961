// Walks ModelProto down to its nodes; field numbers are those of onnx.proto. Constants are read in
// onnx_tensor.cc.
#include "onnx_reader.h"

#include <algorithm>

#include "onnx_wire.h"
#include "text.h"

namespace inkling {
namespace {

using namespace onnx;

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
        Reader shape = reader.get_message();
        while (shape.next()) {
          if (shape.tag_and_type() != tag_and_type(1, kBytes)) {
            shape.skip();
            continue;
          }
          if (info.dims.size() >= kMaxRank) {
            return too_large(reader.context(), "'", info.name, "' has too many dimensions");
          }
          info.dims.push_back(read_dimension(shape.get_message()));
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
        info.name = reader.get_name();
        break;
      case tag_and_type(2, kBytes): {
        Reader type = reader.get_message();  // TypeProto
        while (type.next()) {
          if (type.tag_and_type() == tag_and_type(1, kBytes)) {
            read_tensor_type(type.get_message(), info);
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
void push_limited(const Context& context, std::vector<T>& list, T item, std::size_t limit,
                  const char* what) {
  if (list.size() >= limit) return too_large(context, "more than ", limit, " ", what);
  list.push_back(std::move(item));
}

// GraphProto
void read_graph(Reader reader, Model& model) {
  const Context& limits = reader.context();
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(1, kBytes):
        push_limited(limits, model.nodes, read_node(reader.get_message(), 0), limits.nodes,
                     "nodes");
        break;
      case tag_and_type(5, kBytes):
        push_limited(limits, model.initializers, read_tensor(reader.get_message()),
                     4 * limits.nodes, "initializers");  // no operator here takes more than four
        break;
      case tag_and_type(11, kBytes):
        push_limited(limits, model.inputs, read_value_info(reader.get_message()), 5 * limits.nodes,
                     "inputs");  // old files list initializers as inputs too
        break;
      case tag_and_type(12, kBytes):
        push_limited(limits, model.outputs, read_value_info(reader.get_message()), limits.nodes,
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
        domain = reader.get_name();
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
void read_model(Reader reader, Model& model, bool& has_graph) {
  const Context& limits = reader.context();
  std::vector<Function> functions;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(1, kVarint):
        model.ir_version = reader.get_int64();
        break;
      case tag_and_type(7, kBytes): {
        const Reader graph = reader.get_message();
        if (has_graph) return malformed(limits, "it has two graphs");
        has_graph = true;
        read_graph(graph, model);
        break;
      }
      case tag_and_type(8, kBytes):
        read_opset(reader.get_message(), model);
        break;
      case tag_and_type(14, kBytes): {
        if (model.metadata.size() >= kMaxListEntries) {
          return too_large(limits, "more than 65536 metadata entries");
        }
        auto [key, value] = read_entry(reader.get_message());
        model.metadata.insert_or_assign(std::move(key), std::move(value));
        break;
      }
      case tag_and_type(25, kBytes):
        if (kIsCore) return too_large(limits, "functions");
        push_limited(limits, functions, read_function(reader.get_message()), limits.nodes,
                     "functions");
        break;
      default:
        reader.skip();
    }
  }
  if (!kIsCore && !limits.failed) inline_functions(model, functions, limits);
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
  if (kIsCore) return leave_to_full();
  const std::string_view head(reinterpret_cast<const char*>(file.data()), file.size());
  const std::string_view kind = known_kind(head);
  if (kind.empty())
    return load_error(StatusCode::kMalformedModel, "The model file is not an ONNX file.");
  return load_error(StatusCode::kMalformedModel,
                    "The model file is not an ONNX file: it looks like ", kind, ".");
}

Status cut_off(std::size_t size) {
  return load_error(StatusCode::kMalformedModel,
                    "The model file is cut off or damaged: it ends, after ", size,
                    " bytes, before it is complete.");
}

Status missing_files(const std::vector<std::string>& names) {
  if (kIsCore) return leave_to_full();
  std::string text = "The model keeps weights in another file";
  const char* separator = ": '";
  for (const std::string& name : names) {
    append(text, separator, name);
    separator = "', '";
  }
  return load_error(StatusCode::kUnsupportedModel, text, "'; load it together with that.");
}

Status check_parts(const Model& model, bool has_graph, std::span<const std::byte> file) {
  if (model.ir_version <= 0) return not_onnx(file);
  if (!has_graph || model.opset <= 0 || model.nodes.empty()) return cut_off(file.size());
  return {};
}

}  // namespace

Status read_onnx(std::span<const std::byte> file, std::span<const SideFile> side_files,
                 const Limits& limits, Model& model) {
  if (file.empty())
    return load_error(StatusCode::kMalformedModel, "The model file is empty (0 bytes).");
  if (file.size() > limits.file_bytes) {
    return load_error(StatusCode::kLimitExceeded, "The model file has ", file.size(),
                      " bytes; at most ", limits.file_bytes, " are allowed.");
  }
  const Context context(limits, side_files);
  bool has_graph = false;
  const std::string_view bytes(reinterpret_cast<const char*>(file.data()), file.size());
  read_model(Reader(bytes, context), model, has_graph);
  if (context.failed) {
    if (model.ir_version <= 0) return not_onnx(file);
    return context.failure.ok() ? cut_off(file.size()) : std::move(context.failure);
  }
  if (Status status = check_parts(model, has_graph, file); !status.ok()) return status;
  if (!context.missing.empty()) return missing_files(context.missing);
  return {};
}

}  // namespace inkling
