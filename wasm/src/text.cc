// Text from pieces. Numbers are written by hand: to_chars brings tables that nothing else here
// needs.
#include "text.h"

namespace inkling {
namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

}  // namespace

void Piece::append_to(std::string& out) const {
  if (!is_number_) {
    // Names come from a stranger's file: nothing that would move a cursor gets into a sentence.
    for (const char c : text_) out += is_control(c) ? '?' : c;
    return;
  }
  char digits[24];
  char* const end = digits + sizeof(digits);
  char* begin = end;
  // Unsigned, so that the smallest number can be negated too.
  std::uint64_t rest =
      number_ < 0 ? 0 - static_cast<std::uint64_t>(number_) : static_cast<std::uint64_t>(number_);
  do {
    *--begin = static_cast<char>('0' + rest % 10);
    rest /= 10;
  } while (rest != 0);
  if (number_ < 0) *--begin = '-';
  out.append(begin, end);
}

void append_pieces(std::string& out, std::initializer_list<Piece> pieces) {
  for (const Piece& piece : pieces) piece.append_to(out);
}

std::string cat_pieces(std::initializer_list<Piece> pieces) {
  std::string out;
  append_pieces(out, pieces);
  return out;
}

}  // namespace inkling
