// Pictures to PNG files: sheets of what the network sees.
#pragma once

#include <torch/types.h>

#include <filesystem>

namespace inkling {

// image: uint8 on the CPU, grey [H,W] or red, green, blue [H,W,3]. The file is written as a whole
// or not at all. Throws Failure when it cannot be written.
void write_png(const std::filesystem::path& path, const torch::Tensor& image);

}  // namespace inkling
