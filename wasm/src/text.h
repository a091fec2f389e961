// Building the sentences of errors. error(code, "node '", name, "' has ", n, " inputs") is one call
// with an array of pieces: a chain of operator+ costs ten times the code, and messages would be
// most of the module.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "dims.h"
#include "inkling/status.h"

namespace inkling {

// A string, an integer or dims ("[1,8,14,14]"), as text. Points to what it is made of.
class Piece {
 public:
  Piece(std::string_view text)
      : text_(text.data()),
        size_(static_cast<std::uint32_t>(std::min<std::size_t>(text.size(), kLongest))) {}
  Piece(const std::string& text) : Piece(std::string_view(text)) {}
  Piece(const char* text) : text_(text), size_(kTerminated) {}
  Piece(const Dims& dims) : dims_(&dims), size_(kDims) {}
  template <std::integral T>
  Piece(T number) : number_(static_cast<std::int64_t>(number)), size_(kNumber) {}

  void append_to(std::string& out) const;

 private:
  enum : std::uint32_t { kLongest = 0xfffffff0, kTerminated, kNumber, kDims };
  union {
    const char* text_;
    const Dims* dims_;
    std::int64_t number_;
  };
  std::uint32_t size_;  // of text_, or what else it is
};

std::string cat_pieces(std::initializer_list<Piece> pieces);
void append_pieces(std::string& out, std::initializer_list<Piece> pieces);
Status error_of_pieces(StatusCode code, std::initializer_list<Piece> pieces);

template <typename... T>
std::string cat(const T&... pieces) {
  return cat_pieces({Piece(pieces)...});
}

template <typename... T>
void append(std::string& out, const T&... pieces) {
  append_pieces(out, {Piece(pieces)...});
}

template <typename... T>
Status error(StatusCode code, const T&... pieces) {
  return error_of_pieces(code, {Piece(pieces)...});
}

}  // namespace inkling
