// Building the sentences of errors. cat("node '", name, "' has ", n, " inputs") is one call with an
// array of pieces: a chain of operator+ costs ten times the code, and messages would be most of the
// module.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace inkling {

// A string or an integer, as text.
class Piece {
 public:
  Piece(std::string_view text) : text_(text) {}
  Piece(const std::string& text) : text_(text) {}
  Piece(const char* text) : text_(text) {}
  template <std::integral T>
  Piece(T number) : number_(static_cast<std::int64_t>(number)), is_number_(true) {}

  void append_to(std::string& out) const;

 private:
  std::string_view text_;
  std::int64_t number_ = 0;
  bool is_number_ = false;
};

std::string cat_pieces(std::initializer_list<Piece> pieces);
void append_pieces(std::string& out, std::initializer_list<Piece> pieces);

template <typename... T>
std::string cat(const T&... pieces) {
  return cat_pieces({Piece(pieces)...});
}

template <typename... T>
void append(std::string& out, const T&... pieces) {
  append_pieces(out, {Piece(pieces)...});
}

}  // namespace inkling
