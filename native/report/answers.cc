// Saves and loads answers; what is loaded is checked, since a report indexes by it.
#include "report/answers.h"

#include <nlohmann/json.hpp>

#include "data/file.h"
#include "data/json.h"
#include "train/run.h"
#include "train/safetensors.h"

namespace inkling {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::json;

constexpr char kSets[] = "sets";  // metadata: [["mnist", 6000, ""], ...]: name, rows, note

torch::Tensor tensor_of(const TensorFile& file, const char* name, torch::ScalarType type,
                        const std::vector<std::int64_t>& shape) {
  const auto found = file.tensors.find(name);
  const bool fits = found != file.tensors.end() && found->second.scalar_type() == type &&
                    found->second.sizes() == shape;
  if (!fits) throw Failure(std::string("it has no ") + name + " of the right shape");
  return found->second;
}

void require_sound(const torch::Tensor& labels, const torch::Tensor& probabilities) {
  if (labels.numel() == 0) return;
  if (labels.min().item<std::int64_t>() < 0 || labels.max().item<std::int64_t>() >= kClasses) {
    throw Failure("a label is not 0 to 9");
  }
  // Also false for NaN.
  if (!((probabilities >= 0) & (probabilities <= 1)).all().item<bool>()) {
    throw Failure("a probability is not between 0 and 1");
  }
}

std::vector<Answers> split_sets(const TensorFile& file) {
  const auto labels_entry = file.tensors.find("labels");
  const std::int64_t n = labels_entry == file.tensors.end() ? 0 : labels_entry->second.numel();
  const torch::Tensor images = tensor_of(file, "images", torch::kUInt8, {n, kSide, kSide});
  const torch::Tensor labels = tensor_of(file, "labels", torch::kInt64, {n});
  const torch::Tensor probabilities =
      tensor_of(file, "probabilities", torch::kFloat32, {n, kClasses});
  require_sound(labels, probabilities);
  std::vector<Answers> sets;
  std::int64_t at = 0;
  for (const Json& entry : parse_json(file.metadata.at(kSets))) {
    const auto rows = entry.at(1).get<std::int64_t>();
    if (rows < 0 || rows > n - at) throw Failure("its sets have more rows than its images");
    const auto part = [&](const torch::Tensor& all) { return all.slice(0, at, at + rows); };
    sets.push_back({entry.at(0).get<std::string>(),
                    entry.at(2).get<std::string>(),
                    {part(images), part(labels)},
                    part(probabilities)});
    at += rows;
  }
  if (at != n) throw Failure("its sets have fewer rows than its images");
  return sets;
}

}  // namespace

void save_answers(const fs::path& folder, const std::string& part,
                  const std::vector<NamedDataset>& sets, const torch::Tensor& probabilities) {
  Dataset all;
  Json names = Json::array();
  for (const NamedDataset& set : sets) {
    all = concatenate(all, set.data);
    names.push_back({set.name, set.data.size(), set.note});
  }
  if (all.size() == 0 || probabilities.sizes() != std::vector<std::int64_t>{all.size(), kClasses}) {
    throw Failure("the answers of " + (folder / part).string() + " are not ten for each image");
  }
  // Names come from file names, which may hold bytes that are no UTF-8.
  const std::string text = names.dump(-1, ' ', false, Json::error_handler_t::replace);
  save_tensors({{{"images", all.images},
                 {"labels", all.labels},
                 {"probabilities", probabilities.to(torch::kFloat32)}},
                {{kSets, text}}},
               checkpoint_path(folder, part));
}

std::vector<Answers> load_answers(const fs::path& folder, const std::string& part) {
  const fs::path path = checkpoint_path(folder, part);
  if (!fs::exists(path)) return {};
  const TensorFile file = load_tensors(path);
  try {
    return split_sets(file);
  } catch (const Failure& failure) {
    throw Failure(path.string() + " is damaged: " + failure.what());
  } catch (const std::exception&) {  // the metadata: absent, no JSON, or of another form
    throw Failure(path.string() + " is damaged: it does not say which sets its rows belong to");
  }
}

}  // namespace inkling
