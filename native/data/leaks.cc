// Counts images that are on both sides, says so, and takes them out.
#include "data/leaks.h"

#include <algorithm>

#include "data/file.h"

namespace inkling {
namespace {

// 28000 -> "28,000".
std::string grouped(std::int64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

std::string were(std::int64_t count) { return count == 1 ? " was " : " were "; }

}  // namespace

LeakCount count_leaks(const SeenImages& seen, const std::string& name,
                      const torch::Tensor& images) {
  LeakCount count{name, images.size(0)};
  for (const ImageHash& hash : hash_images(images)) {
    if (seen.training.contains(hash)) {
      ++count.in_training;
    } else if (seen.validation.contains(hash)) {
      ++count.in_validation;
    }
  }
  return count;
}

std::string describe(const LeakCount& count) {
  const std::string all = grouped(count.images);
  const std::string kind = count.is_validation ? " held-out images" : " evaluation images";
  if (!count.any()) return "none of " + all + kind + " was in the training data";
  std::string text;
  if (count.in_training > 0) {
    text = grouped(count.in_training) + " of " + all + kind + were(count.in_training) +
           "in the training data";
  }
  if (count.in_validation > 0) {
    text += text.empty()
                ? grouped(count.in_validation) + " of " + all + kind + were(count.in_validation)
                : " and " + grouped(count.in_validation) + " ";
    text += "in the held-out part, by which the epoch was chosen";
  }
  return text + (count.is_validation ? ": this validation accuracy is too high"
                                     : ": this is not a test score");
}

bool LeakReport::any() const {
  return std::any_of(sets.begin(), sets.end(), [](const LeakCount& set) { return set.any(); });
}

std::string LeakReport::describe() const {
  std::string text;
  const auto add = [&text](const std::string& line) { text += (text.empty() ? "" : "\n") + line; };
  for (const LeakCount& set : sets) {
    if (set.any()) add(set.name + ": " + inkling::describe(set));
  }
  if (dropped > 0) {
    add(grouped(dropped) + " images that are also held out or evaluated on" + were(dropped) +
        "dropped from the training data");
  }
  if (training_repeats > 0) {
    add(grouped(training_repeats) + " of " + grouped(training_images) +
        " training images repeat an earlier one");
  }
  if (text.empty()) text = "no evaluation or held-out image was in the training data";
  if (inherited > 0) {
    add("counted with " + grouped(inherited) +
        " images that --start-from or --teacher had learned from or was chosen by");
  }
  for (const std::string& name : unknown) {
    add("not known: what " + name + " had learned from, and so whether these images were among it");
  }
  return text;
}

namespace {

// A training drawing's image is the one that the page's pen draws, as held-out ones are drawn.
std::vector<ImageHash> hash_drawings(const TrainingData& data) {
  std::vector<Drawing> once;
  const auto repeat = static_cast<std::size_t>(data.drawing_repeat);
  for (std::size_t i = 0; i < data.drawings.size(); i += repeat) once.push_back(data.drawings[i]);
  if (once.empty()) return {};
  return hash_images(render(once, [](std::size_t) { return kPenWidth; }).images);
}

void append_hashes(std::vector<ImageHash>& hashes, const Dataset& set) {
  if (set.size() == 0) return;
  const std::vector<ImageHash> more = hash_images(set.images);
  hashes.insert(hashes.end(), more.begin(), more.end());
}

std::vector<ImageHash> hash_sets(const std::vector<NamedDataset>& sets) {
  std::vector<ImageHash> hashes;
  for (const NamedDataset& set : sets) append_hashes(hashes, set.data);
  return hashes;
}

std::vector<ImageHash> hash_training(const TrainingData& data) {
  std::vector<ImageHash> hashes = hash_drawings(data);
  append_hashes(hashes, data.images);
  return hashes;
}

// Rows whose hash is not among `unwanted`, int64 [M].
torch::Tensor rows_without(const std::vector<ImageHash>& hashes, const ImageHashes& unwanted) {
  std::vector<std::int64_t> rows;
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    if (!unwanted.contains(hashes[i])) rows.push_back(static_cast<std::int64_t>(i));
  }
  return torch::tensor(rows, torch::kInt64);
}

// Returns how many rows it took out.
std::int64_t drop_from(Dataset& set, const ImageHashes& unwanted) {
  if (set.size() == 0) return 0;
  const std::int64_t before = set.size();
  set = set.select(rows_without(hash_images(set.images), unwanted));
  return before - set.size();
}

std::int64_t drop_drawings(TrainingData& data, const ImageHashes& unwanted) {
  const std::vector<ImageHash> hashes = hash_drawings(data);
  std::vector<Drawing> kept;
  std::int64_t dropped = 0;
  const auto repeat = static_cast<std::size_t>(data.drawing_repeat);
  for (std::size_t i = 0; i < data.drawings.size(); ++i) {
    if (unwanted.contains(hashes[i / repeat])) {
      dropped += i % repeat == 0 ? 1 : 0;
    } else {
      kept.push_back(std::move(data.drawings[i]));
    }
  }
  data.drawings = std::move(kept);
  return dropped;
}

}  // namespace

Inheritance inherit(const std::vector<std::string>& models) {
  Inheritance all;
  for (const std::string& model : models) {
    if (const std::optional<SeenImages> seen = all_seen_images(model)) {
      all.seen.add(*seen);
    } else {
      all.unknown.push_back(model);
    }
  }
  return all;
}

SeenImages seen_images(const TrainingData& data) {
  return {ImageHashes(hash_training(data)), ImageHashes(hash_sets(data.validation))};
}

LeakReport find_leaks(const TrainingData& data, const std::vector<NamedDataset>& evaluation,
                      const Inheritance& before) {
  SeenImages seen = seen_images(data);
  LeakReport report;
  report.training_images = data.images.size() + std::ssize(data.drawings) / data.drawing_repeat;
  report.training_repeats = report.training_images - seen.training.size();
  report.inherited = before.seen.training.size() + before.seen.validation.size();
  report.unknown = before.unknown;
  seen.add(before.seen);
  for (const NamedDataset& set : data.validation) {
    LeakCount count = count_leaks({seen.training, {}}, set.name, set.data.images);
    count.is_validation = true;
    report.sets.push_back(count);
  }
  for (const NamedDataset& set : evaluation) {
    report.sets.push_back(count_leaks(seen, set.name, set.data.images));
  }
  return report;
}

LeakReport drop_leaks(TrainingData& data, const std::vector<NamedDataset>& evaluation,
                      const Inheritance& before) {
  std::int64_t dropped = 0;
  std::vector<ImageHash> unwanted = hash_sets(evaluation);
  const ImageHashes evaluated(unwanted);
  for (NamedDataset& set : data.validation) dropped += drop_from(set.data, evaluated);
  std::erase_if(data.validation, [](const NamedDataset& set) { return set.data.size() == 0; });

  const std::vector<ImageHash> held_out = hash_sets(data.validation);
  unwanted.insert(unwanted.end(), held_out.begin(), held_out.end());
  const ImageHashes judged_by(std::move(unwanted));
  dropped += drop_from(data.images, judged_by) + drop_drawings(data, judged_by);
  if (data.validation.empty() || data.images.size() + std::ssize(data.drawings) == 0) {
    throw Failure(
        "--drop-leaks leaves nothing to learn from, or nothing to choose by: the images are in "
        "the evaluation sets too; name other data");
  }
  LeakReport report = find_leaks(data, evaluation, before);
  report.dropped = dropped;
  return report;
}

void to_json(nlohmann::json& json, const LeakReport& report) {
  json = {{"training_images", report.training_images},
          {"training_repeats", report.training_repeats},
          {"dropped", report.dropped},
          {"inherited", report.inherited},
          {"unknown", report.unknown},
          {"sets", nlohmann::json::array()},
          {"text", report.describe()}};
  for (const LeakCount& set : report.sets) {
    json["sets"].push_back({{"name", set.name},
                            {"images", set.images},
                            {"in_training", set.in_training},
                            {"in_validation", set.in_validation},
                            {"is_validation", set.is_validation},
                            {"text", describe(set)}});
  }
}

void from_json(const nlohmann::json& json, LeakReport& report) {
  report = {json.at("training_images").get<std::int64_t>(),
            json.at("training_repeats").get<std::int64_t>(),
            json.at("dropped").get<std::int64_t>(),
            json.value("inherited", std::int64_t{0}),  // runs of earlier versions lack these two
            {},
            json.value("unknown", std::vector<std::string>{})};
  for (const nlohmann::json& set : json.at("sets")) {
    report.sets.push_back({set.at("name").get<std::string>(), set.at("images").get<std::int64_t>(),
                           set.at("in_training").get<std::int64_t>(),
                           set.at("in_validation").get<std::int64_t>(),
                           set.at("is_validation").get<bool>()});
  }
}

}  // namespace inkling
