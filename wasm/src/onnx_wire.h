// Inside of step 1: what the files onnx_*.cc share. Reader walks protobuf's wire format; it throws
// nothing, so that the core module needs no exceptions: the first failure is kept in the Context,
// and from then on there are no more fields anywhere. switch is on tag_and_type(), so that a field
// of an unexpected wire type is skipped, never misread.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "edition.h"
#include "inkling/engine.h"
#include "model.h"
#include "text.h"

namespace inkling::onnx {

inline constexpr std::size_t kMaxRank = kMaxDims;
inline constexpr std::size_t kMaxNameBytes = 4096;     // of any one name
inline constexpr std::size_t kMaxListEntries = 65536;  // inputs of a node, numbers in an attribute
inline constexpr std::size_t kMaxNesting = 16;  // of branches in branches, and of function calls

// What reading needs to know besides the bytes, and how it failed.
struct Context : Limits {
  Context(const Limits& limits, std::span<const SideFile> side_files)
      : Limits(limits), files(side_files) {}
  std::span<const SideFile> files;
  mutable std::vector<std::string> missing;  // files that were not given
  mutable bool failed = false;
  mutable Status failure;  // OK when it is the wire format that is broken: cut off, or no protobuf
};

void fail(const Context& context, StatusCode code, const char* prefix,
          std::initializer_list<Piece> what);

// The caller returns at once.
template <typename... T>
void malformed(const Context& context, const T&... what) {
  if constexpr (kIsCore) {
    fail(context, {}, "", {});
  } else {
    fail(context, StatusCode::kMalformedModel, "The model file is damaged: ", {Piece(what)...});
  }
}

template <typename... T>
void too_large(const Context& context, const T&... what) {
  if constexpr (kIsCore) {
    fail(context, {}, "", {});
  } else {
    fail(context, StatusCode::kLimitExceeded,
         "The model is larger than allowed: ", {Piece(what)...});
  }
}

enum WireType : std::uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

constexpr std::uint32_t tag_and_type(std::uint32_t field, WireType type) {
  return field << 3 | type;
}

// The fields of one message. After next(), exactly one of the get_...() that fit its wire type, or
// skip(), takes the field.
class Reader {
 public:
  Reader(std::string_view message, const Context& context)
      : at_(message.data()), end_(message.data() + message.size()), context_(&context) {}

  const Context& context() const { return *context_; }

  bool next();  // false at the end, and after a failure
  bool has_more() const { return at_ != end_ && !context_->failed; }
  std::uint32_t tag_and_type() const { return tag_and_type_; }
  WireType wire_type() const { return static_cast<WireType>(tag_and_type_ & 7); }

  std::int64_t get_int64() { return static_cast<std::int64_t>(varint()); }
  std::int32_t get_int32() { return static_cast<std::int32_t>(varint()); }
  template <typename T>
  T get_fixed() {  // float, double
    T value{};
    const std::string_view bytes = take(sizeof(T));
    if (!bytes.empty()) std::memcpy(&value, bytes.data(), sizeof(T));
    return value;
  }
  std::string_view get_view() { return take(varint()); }
  Reader get_message() { return {get_view(), *context_}; }
  std::string get_name();
  void skip();

 private:
  std::uint64_t varint();
  std::string_view take(std::uint64_t size);

  const char* at_;
  const char* end_;
  const Context* context_;
  std::uint32_t tag_and_type_ = 0;
};

inline std::span<const std::byte> as_bytes(std::string_view view) {
  return {reinterpret_cast<const std::byte*>(view.data()), view.size()};
}

// Append, whether the file packs the numbers or writes one field each; fewer than `limit` in all.
void read_ints(Reader& reader, std::vector<std::int64_t>& out, std::size_t limit);
void read_floats(Reader& reader, std::vector<float>& out, std::size_t limit);
void read_doubles(Reader& reader, std::vector<double>& out, std::size_t limit);

// TensorProto -> Tensor, its values checked against its dims.
Tensor read_tensor(Reader reader);

// NodeProto, `depth` graphs deep.
Node read_node(Reader reader, std::size_t depth);
Attribute read_attribute(Reader reader, std::size_t depth);
// StringStringEntryProto
std::pair<std::string, std::string> read_entry(Reader reader);

// A function that the file brings along (FunctionProto). Its nodes are read anew for every call.
struct Function {
  std::string name, domain;
  std::vector<std::string> inputs, outputs;
  std::vector<std::string_view> defaults;  // AttributeProto
  std::vector<std::string_view> nodes;     // NodeProto
};
Function read_function(Reader reader);

// Writes every call of a function out as the function's nodes, and notes what branches read.
void inline_functions(Model& model, const std::vector<Function>& functions, const Context& context);

}  // namespace inkling::onnx
