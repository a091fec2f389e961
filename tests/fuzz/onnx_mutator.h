// Changes ONNX files so that most stay readable: a field is changed, doubled, dropped or replaced
// by another of its kind, and every length around it is written anew. Bytes that are no protobuf
// are left to libFuzzer's own mutations.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace inkling::fuzz {

// The file with a few changes, at most `max_size` bytes; empty when it cannot be read, or grew
// beyond that.
std::string mutate_onnx(const std::string& file, std::size_t max_size, unsigned int seed);

// The first file with some of its parts replaced by parts of the second's.
std::string cross_onnx(const std::string& file, const std::string& other, std::size_t max_size,
                       unsigned int seed);

}  // namespace inkling::fuzz
