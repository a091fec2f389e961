// Checkpoints in the safetensors layout (https://github.com/huggingface/safetensors): 8 bytes
// little-endian header length, a JSON header, raw tensors. Any LibTorch and Python's `safetensors`
// read it.
#pragma once

#include <torch/types.h>

#include <filesystem>
#include <map>
#include <string>

namespace inkling {

struct TensorFile {
  std::map<std::string, torch::Tensor> tensors;  // on the CPU; float32, int64 or uint8
  std::map<std::string, std::string> metadata;   // the header's "__metadata__"
};

// Written whole: beside the old file, flushed, renamed. Throws Failure.
void save_tensors(const TensorFile& file, const std::filesystem::path& path);

// Throws Failure naming the file when it is missing, cut short or not of this layout.
TensorFile load_tensors(const std::filesystem::path& path);

}  // namespace inkling
