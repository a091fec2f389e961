// Writes a simulation of Kaggle's files, and reads what lies beside one.
#include "data/kaggle_like.h"

#include <array>
#include <nlohmann/json.hpp>
#include <numeric>
#include <random>
#include <sstream>
#include <vector>

#include "data/csv.h"
#include "data/dataset.h"
#include "data/file.h"
#include "data/idx.h"
#include "data/json.h"
#include "data/shuffle.h"

namespace inkling {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::json;

constexpr const char *kTrainFile = "train.csv", *kTestFile = "test.csv",
                     *kLabelsFile = "withheld-labels.csv";

// The marker's path beside the file, or beside what the file is a link to; empty: an ordinary file.
fs::path marker_of(const fs::path& csv) {
  std::error_code error;
  for (const fs::path& path : {csv, fs::weakly_canonical(csv, error)}) {
    const fs::path marker = path.parent_path() / kKaggleLikeMarker;
    if (fs::exists(marker, error)) return marker;
  }
  return {};
}

Json read_marker(const fs::path& marker) {
  try {
    const Json json = parse_json(read_file(marker));
    json.at("note").get_ref<const std::string&>();
    json.at("withheld").get_ref<const Json::object_t&>();
    return json;
  } catch (const Json::exception&) {
    throw Failure(marker.string() +
                  " is damaged; make the files anew with: inkling fetch kaggle-like");
  }
}

// ImageId,Label, one line an image, as Kaggle's submissions are.
torch::Tensor read_labels(const fs::path& path, std::int64_t rows) {
  std::istringstream lines(read_file(path));
  std::string line;
  std::getline(lines, line);
  std::vector<std::int64_t> labels;
  while (std::getline(lines, line)) {
    if (line.ends_with('\r')) line.pop_back();
    const std::string id = std::to_string(labels.size() + 1) + ",";
    if (line.size() != id.size() + 1 || !line.starts_with(id) || line.back() < '0' ||
        line.back() > '9') {
      throw Failure(path.string() + ": row " + std::to_string(labels.size() + 2) + " is not \"" +
                    id + "LABEL\" with a label from 0 to 9");
    }
    labels.push_back(line.back() - '0');
  }
  if (std::ssize(labels) != rows) {
    throw Failure(path.string() + " holds " + std::to_string(labels.size()) + " labels for " +
                  std::to_string(rows) + " images");
  }
  return torch::tensor(labels, torch::kInt64);
}

// Rows of `data` in Kaggle's format.
std::string to_csv(const Dataset& data, bool with_labels) {
  const torch::Tensor images = data.images.contiguous();
  const auto* pixels = images.data_ptr<std::uint8_t>();
  const auto* labels = data.labels.data_ptr<std::int64_t>();
  std::array<std::string, 256> text;
  for (std::size_t value = 0; value < text.size(); ++value) {
    text[value] = std::to_string(value) + ",";
  }
  std::string csv = csv_header(with_labels) + "\n";
  for (std::int64_t row = 0; row < data.size(); ++row) {
    if (with_labels) csv += text[static_cast<std::size_t>(labels[row])];
    for (std::int64_t i = 0; i < kSide * kSide; ++i) csv += text[*pixels++];
    csv.back() = '\n';
  }
  return csv;
}

std::string to_label_lines(const torch::Tensor& labels) {
  std::string lines = "ImageId,Label\n";
  for (std::int64_t row = 0; row < labels.size(0); ++row) {
    lines += std::to_string(row + 1) + "," + std::to_string(labels[row].item<int>()) + "\n";
  }
  return lines;
}

// Kaggle's own files are not to be lost.
void refuse_others_files(const fs::path& folder) {
  if (fs::exists(folder / kKaggleLikeMarker)) return;
  for (const char* name : {kTrainFile, kTestFile}) {
    if (!fs::exists(folder / name)) continue;
    throw Failure((folder / name).string() +
                  " is there and not a simulation; name another folder with --out");
  }
}

}  // namespace

void write_kaggle_like(const fs::path& mnist, std::int64_t seed, const fs::path& folder) {
  const Dataset all = read_mnist(mnist, MnistPart::kAll);
  std::vector<std::int64_t> order(static_cast<std::size_t>(all.size()));
  std::iota(order.begin(), order.end(), 0);
  std::mt19937_64 random(static_cast<std::uint64_t>(seed));
  shuffle(order, random);
  const torch::Tensor rows = torch::tensor(order, torch::kInt64);
  const std::int64_t train_rows = all.size() * 3 / 5;  // 42,000 of 70,000
  const Dataset train = all.select(rows.slice(0, 0, train_rows));
  const Dataset test = all.select(rows.slice(0, train_rows));

  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw Failure("cannot make the folder " + folder.string() + ": " + error.message());
  refuse_others_files(folder);
  const Json marker = {
      {"note", "a simulation of Kaggle's files, cut from MNIST's " + std::to_string(all.size()) +
                   " images by seed " + std::to_string(seed)},
      {"seed", seed},
      {"withheld", {{kTestFile, kLabelsFile}}}};
  write_file(folder / kKaggleLikeMarker, marker.dump(2) + "\n");
  write_file(folder / kTrainFile, to_csv(train, true));
  write_file(folder / kTestFile, to_csv(test, false));
  write_file(folder / kLabelsFile, to_label_lines(test.labels));
}

std::string simulation_note(const fs::path& csv) {
  const fs::path marker = marker_of(csv);
  return marker.empty() ? "" : read_marker(marker).at("note").get<std::string>();
}

torch::Tensor withheld_labels(const fs::path& csv, std::int64_t rows) {
  const fs::path marker = marker_of(csv);
  if (marker.empty()) return {};
  const Json withheld = read_marker(marker).at("withheld");
  const auto file = withheld.find(csv.filename().string());
  if (file == withheld.end() || !file->is_string()) return {};
  return read_labels(marker.parent_path() / fs::path(file->get<std::string>()).filename(), rows);
}

}  // namespace inkling
