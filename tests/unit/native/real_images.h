// MNIST's test part for tests that need real images, from the folder that INKLING_DATA names.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "data/idx.h"

namespace inkling {

// The folder that INKLING_DATA names, or an empty path.
inline std::filesystem::path data_folder() {
  const char* folder = std::getenv("INKLING_DATA");
  return folder != nullptr ? folder : "";
}

inline bool has_mnist() { return std::filesystem::exists(data_folder() / "mnist"); }

inline Dataset mnist_test_images() { return read_mnist(data_folder() / "mnist", MnistPart::kTest); }

}  // namespace inkling

// Ends the test, named as skipped, where the folder has no `what`.
#define SKIP_UNLESS(condition, what) \
  if (!(condition)) GTEST_SKIP() << "INKLING_DATA names no folder with " what " in it"
