// Protobuf's wire format: keys, varints, lengths. Every length is checked against the message that
// it lies in before a byte of it is touched.
#include "onnx_wire.h"

namespace inkling::onnx {
namespace {

// Numbers of one fixed size, packed or one field each.
template <typename T>
void read_fixed(Reader& reader, std::vector<T>& out, std::size_t limit) {
  if (reader.wire_type() != kBytes) {
    out.push_back(reader.get_fixed<T>());
  } else {
    const std::string_view packed = reader.get_view();
    const std::size_t count = packed.size() / sizeof(T);
    if (packed.size() % sizeof(T) != 0) {
      return malformed(reader.context(), "a list of numbers ends within one");
    }
    if (count >= limit) {
      return too_large(reader.context(), "a list of ", count, " numbers");
    }
    const std::size_t before = out.size();
    out.resize(before + count);
    if (count > 0) std::memcpy(out.data() + before, packed.data(), packed.size());
  }
  if (out.size() >= limit) {
    too_large(reader.context(), "a list of more than ", limit - 1, " numbers");
  }
}

}  // namespace

void fail(const Context& context, StatusCode code, const char* prefix,
          std::initializer_list<Piece> what) {
  if (context.failed) return;
  context.failed = true;
  if constexpr (kIsCore) {
    context.failure = leave_to_full();
  } else {
    context.failure = error(code, prefix, cat_pieces(what), ".");
  }
}

std::uint64_t Reader::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && at_ != end_; shift += 7) {
    const auto byte = static_cast<unsigned char>(*at_++);
    value |= std::uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return value;
  }
  context_->failed = true;
  return 0;
}

std::string_view Reader::take(std::uint64_t size) {
  if (size > static_cast<std::uint64_t>(end_ - at_)) {
    context_->failed = true;
    return {};
  }
  const std::string_view taken(at_, static_cast<std::size_t>(size));
  at_ += taken.size();
  return taken;
}

bool Reader::next() {
  if (!has_more()) return false;
  const std::uint64_t key = varint();
  tag_and_type_ = static_cast<std::uint32_t>(key);
  if (key < 8 || key > 0xffffffff) context_->failed = true;  // fields are counted from 1 on
  return !context_->failed;
}

void Reader::skip() {
  switch (wire_type()) {
    case kVarint:
      varint();
      return;
    case kFixed64:
      take(8);
      return;
    case kFixed32:
      take(4);
      return;
    case kBytes:
      get_view();
      return;
  }
  context_->failed = true;  // groups, which no proto3 file has
}

std::string Reader::get_name() {
  const std::string_view view = get_view();
  if (view.size() > kMaxNameBytes) {
    too_large(*context_, "a name of ", view.size(), " bytes");
    return {};
  }
  return std::string(view);
}

void read_ints(Reader& reader, std::vector<std::int64_t>& out, std::size_t limit) {
  if (reader.wire_type() == kVarint) {
    out.push_back(reader.get_int64());
  } else {
    // A packed list is a message of varints without keys.
    Reader packed = reader.get_message();
    while (packed.has_more() && out.size() < limit) out.push_back(packed.get_int64());
  }
  if (out.size() >= limit) {
    too_large(reader.context(), "a list of more than ", limit - 1, " numbers");
  }
}

void read_floats(Reader& reader, std::vector<float>& out, std::size_t limit) {
  read_fixed(reader, out, limit);
}

void read_doubles(Reader& reader, std::vector<double>& out, std::size_t limit) {
  read_fixed(reader, out, limit);
}

}  // namespace inkling::onnx
