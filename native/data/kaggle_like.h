// A stand-in for Kaggle's Digit Recognizer files, which cannot be fetched without an account:
// MNIST's 70,000 cut by seed into 42,000 labelled and 28,000 unlabelled rows. A file beside them
// (kaggle-like.json) says so, and whatever reads them carries that on.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <string>

namespace inkling {

inline constexpr const char* kKaggleLikeMarker = "kaggle-like.json";

// "a simulation of Kaggle's files, cut from MNIST by seed 7" where the CSV file lies in such a
// folder (links are followed), else empty. Throws Failure when kaggle-like.json is damaged.
std::string simulation_note(const std::filesystem::path& csv);

// The labels, int64 [rows], that were withheld from `csv`; undefined where none were. Throws
// Failure when they are damaged, or are not as many.
torch::Tensor withheld_labels(const std::filesystem::path& csv, std::int64_t rows);

// Cuts MNIST's 70,000 images in `mnist`, shuffled by the seed, into `folder`'s train.csv (42,000
// rows, label first), test.csv (28,000, no labels), withheld-labels.csv (ImageId,Label) and the
// marker, which is written first. Throws Failure; refuses to write over CSV files that are not of a
// simulation.
void write_kaggle_like(const std::filesystem::path& mnist, std::int64_t seed,
                       const std::filesystem::path& folder);

}  // namespace inkling
