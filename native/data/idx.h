// The IDX files of MNIST (http://yann.lecun.com/exdb/mnist, "FILE FORMATS"): big-endian counts,
// bytes.
#pragma once

#include <torch/types.h>

#include <filesystem>

#include "data/dataset.h"

namespace inkling {

// uint8 [N,28,28] from magic 0x00000803. Throws Failure naming the file and what disagrees.
torch::Tensor read_idx_images(const std::filesystem::path& path);

// int64 [N], each 0..9, from magic 0x00000801. Throws Failure.
torch::Tensor read_idx_labels(const std::filesystem::path& path);

enum class MnistPart { kTrain, kTest, kAll };

// The two files of a part in a folder, each gzipped or not ("train-images-idx3-ubyte[.gz]", ...);
// kAll: the training part, then the test part. Throws Failure.
Dataset read_mnist(const std::filesystem::path& folder, MnistPart part);

}  // namespace inkling
