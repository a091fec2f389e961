// Text from pieces. Numbers are written by hand: to_chars brings tables that nothing else here
// needs.
#include "text.h"

namespace inkling {
namespace {

static_assert(sizeof(Piece) == 16);

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

void append_text(std::string& out, std::string_view text) {
  // Names come from a stranger's file: nothing that would move a cursor gets into a sentence.
  for (const char c : text) out += is_control(c) ? '?' : c;
}

void append_number(std::string& out, std::int64_t number) {
  char digits[24];
  char* const end = digits + sizeof(digits);
  char* begin = end;
  // Unsigned, so that the smallest number can be negated too.
  std::uint64_t rest =
      number < 0 ? 0 - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number);
  do {
    *--begin = static_cast<char>('0' + rest % 10);
    rest /= 10;
  } while (rest != 0);
  if (number < 0) *--begin = '-';
  out.append(begin, end);
}

void append_dims(std::string& out, const Dims& dims) {
  for (std::size_t i = 0; i < dims.size(); ++i) {
    out += i == 0 ? '[' : ',';
    append_number(out, static_cast<std::int64_t>(dims[i]));
  }
  out += dims.empty() ? "[]" : "]";
}

}  // namespace

void Piece::append_to(std::string& out) const {
  switch (size_) {
    case kNumber:
      return append_number(out, number_);
    case kDims:
      return append_dims(out, *dims_);
    case kTerminated:
      return append_text(out, text_);
    default:
      return append_text(out, {text_, size_});
  }
}

void append_pieces(std::string& out, std::initializer_list<Piece> pieces) {
  for (const Piece& piece : pieces) piece.append_to(out);
}

std::string cat_pieces(std::initializer_list<Piece> pieces) {
  std::string out;
  append_pieces(out, pieces);
  return out;
}

Status error_of_pieces(StatusCode code, std::initializer_list<Piece> pieces) {
  return {code, cat_pieces(pieces)};
}

}  // namespace inkling
