// CSV files of images: Kaggle's train.csv (header label,pixel0..pixel783) and test.csv (no label),
// and MNIST as CSV (label first, 784 values, with or without a header). Gzipped or not.
#pragma once

#include <torch/types.h>

#include <filesystem>
#include <string>

#include "data/dataset.h"

namespace inkling {

struct CsvImages {
  torch::Tensor images;  // uint8 [N,28,28], N > 0
  torch::Tensor labels;  // int64 [N], 0..9; undefined where the file has no labels

  bool has_labels() const { return labels.defined(); }
};

// Accepts CRLF, a last line without its end, empty lines, quoted and padded values. Throws Failure
// that names the file, the row (as a spreadsheet counts: the header is row 1) and the column.
CsvImages read_csv(const std::filesystem::path& path);

// The same of bytes that are already in memory; `name` stands for the file in a Failure.
CsvImages parse_csv(const std::string& bytes, const std::string& name);

// Kaggle's header; with labels it begins with "label".
std::string csv_header(bool with_labels);

}  // namespace inkling
