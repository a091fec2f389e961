// Checkpoints in the safetensors layout (https://github.com/huggingface/safetensors): 8 bytes
// little-endian header length, a JSON header, raw tensors. Any LibTorch and Python's `safetensors`
// read it. The metadata's "crc32" is of the header without it and of the tensors' bytes.
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

// Throws Failure naming the file when it is missing, cut short, not of this layout, or when its
// bytes are not those that the checksum in it was made of (files by others have none).
enum class Checksum { kIfThere, kRequired };
TensorFile load_tensors(const std::filesystem::path& path, Checksum need = Checksum::kIfThere);

}  // namespace inkling
