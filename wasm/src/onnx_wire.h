// Inside of step 1: what the files onnx_*.cc share. The wire format is protozero's business, which
// checks every length against the buffer and throws; functions here throw too (ReadError), and
// read_onnx catches all of it. switch is on tag_and_type(), so that a field of an unexpected wire
// type is skipped, never misread.
#pragma once

#include <cstdint>
#include <protozero/pbf_message.hpp>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "inkling/engine.h"
#include "model.h"
#include "text.h"

namespace inkling::onnx {

using protozero::data_view;
using protozero::tag_and_type;
inline constexpr auto kVarint = protozero::pbf_wire_type::varint;
inline constexpr auto kBytes = protozero::pbf_wire_type::length_delimited;
inline constexpr auto kFixed32 = protozero::pbf_wire_type::fixed32;
inline constexpr auto kFixed64 = protozero::pbf_wire_type::fixed64;

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

inline constexpr std::size_t kMaxRank = 8;             // dims of a tensor; digit classifiers need 4
inline constexpr std::size_t kMaxNameBytes = 4096;     // of any one name
inline constexpr std::size_t kMaxListEntries = 65536;  // inputs of a node, numbers in an attribute

struct ReadError {
  Status status;
};

[[noreturn]] inline void malformed(const std::string& what) {
  throw ReadError{Status::malformed_model(cat("The model file is damaged: ", what, "."))};
}

[[noreturn]] inline void too_large(const std::string& what) {
  throw ReadError{Status::limit_exceeded(cat("The model is larger than allowed: ", what, "."))};
}

inline std::string read_name(Reader& reader) {
  const data_view view = reader.get_view();
  if (view.size() > kMaxNameBytes) too_large(cat("a name of ", view.size(), " bytes"));
  return {view.data(), view.size()};
}

inline std::span<const std::byte> as_bytes(data_view view) {
  return {reinterpret_cast<const std::byte*>(view.data()), view.size()};
}

// Appends, whether the file packs the numbers or writes one field each.
inline void read_ints(Reader& reader, std::vector<std::int64_t>& out, std::size_t limit) {
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

inline void read_floats(Reader& reader, std::vector<float>& out, std::size_t limit) {
  if (reader.wire_type() == kFixed32) {
    out.push_back(reader.get_float());
  } else {
    const auto values = reader.get_packed_float();
    if (values.size() >= limit) too_large(cat("a list of ", values.size(), " numbers"));
    out.insert(out.end(), values.begin(), values.end());
  }
  if (out.size() >= limit) too_large(cat("a list of more than ", limit - 1, " numbers"));
}

inline void read_doubles(Reader& reader, std::vector<double>& out, std::size_t limit) {
  if (reader.wire_type() == kFixed64) {
    out.push_back(reader.get_double());
  } else {
    const auto values = reader.get_packed_double();
    if (values.size() >= limit) too_large(cat("a list of ", values.size(), " numbers"));
    out.insert(out.end(), values.begin(), values.end());
  }
  if (out.size() >= limit) too_large(cat("a list of more than ", limit - 1, " numbers"));
}

// What reading needs to know besides the bytes.
struct Context : Limits {
  Context(const Limits& limits, std::span<const SideFile> side_files)
      : Limits(limits), files(side_files) {}
  std::span<const SideFile> files;
  mutable std::set<std::string> missing;  // files that were not given
};

inline constexpr std::size_t kMaxNesting = 16;  // of branches in branches, and of function calls

// TensorProto -> Tensor, its values checked against its dims.
Tensor read_tensor(Reader reader, const Context& limits);

// NodeProto, `depth` graphs deep.
Node read_node(Reader reader, const Context& limits, std::size_t depth);
std::pair<std::string, Attribute> read_attribute(Reader reader, const Context& limits,
                                                 std::size_t depth);
// StringStringEntryProto
std::pair<std::string, std::string> read_entry(Reader reader);

// A function that the file brings along (FunctionProto). Its nodes are read anew for every call.
struct Function {
  std::string name, domain;
  std::vector<std::string> inputs, outputs;
  std::vector<data_view> defaults;  // AttributeProto
  std::vector<data_view> nodes;     // NodeProto
};
Function read_function(Reader reader);

// Writes every call of a function out as the function's nodes, and notes what branches read.
void inline_functions(Model& model, const std::vector<Function>& functions, const Context& limits);

}  // namespace inkling::onnx
