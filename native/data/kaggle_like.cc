// Reads what lies beside a simulated Kaggle file.
#include "data/kaggle_like.h"

#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "data/dataset.h"
#include "data/file.h"

namespace inkling {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::json;

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
    const Json json = Json::parse(read_file(marker));
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

}  // namespace

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
