// Loads the named sources and holds out the validation part.
#include "data/sources.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <random>

#include "data/file.h"
#include "data/idx.h"

namespace inkling {
namespace {

// A permutation that is the same on every platform and LibTorch (std::shuffle's is not specified).
template <typename T>
void shuffle(std::vector<T>& items, std::mt19937_64& random) {
  for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[random() % i]);
}

void split_images(const Dataset& all, double share, std::mt19937_64& random, TrainingData& data) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(all.size()));
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int64_t>(i);
  shuffle(order, random);
  const torch::Tensor indices = torch::tensor(order, torch::kInt64);
  const auto held_out = static_cast<std::int64_t>(share * static_cast<double>(all.size()));
  if (held_out > 0) {
    data.validation.push_back({"mnist", all.select(indices.slice(0, 0, held_out))});
  }
  data.images = concatenate(data.images, all.select(indices.slice(0, held_out)));
}

// Which drawings are held out: those of whole writers, as many as it takes for the share, but never
// of the last writer. With fewer than two writers there are no strangers to ask: drawings at
// random.
std::vector<bool> choose_held_out(const std::vector<Drawing>& drawings, double share,
                                  std::mt19937_64& random) {
  std::map<std::string, std::vector<std::size_t>> by_writer;
  for (std::size_t i = 0; i < drawings.size(); ++i) by_writer[drawings[i].writer].push_back(i);
  std::vector<std::vector<std::size_t>> groups;
  groups.reserve(drawings.size());
  for (auto& [writer, indices] : by_writer) groups.push_back(std::move(indices));
  if (groups.size() < 2) {
    groups.clear();
    for (std::size_t i = 0; i < drawings.size(); ++i) groups.push_back({i});
  }
  shuffle(groups, random);
  std::vector<bool> held_out(drawings.size(), false);
  std::size_t count = 0;
  for (std::size_t g = 0; g + 1 < groups.size(); ++g) {
    if (static_cast<double>(count) >= share * static_cast<double>(drawings.size())) break;
    for (std::size_t i : groups[g]) held_out[i] = true;
    count += groups[g].size();
  }
  return held_out;
}

void split_drawings(const std::string& path, double share, std::int64_t repeat,
                    std::mt19937_64& random, TrainingData& data) {
  std::vector<Drawing> all = read_strokes(path);
  std::erase_if(all, [](const Drawing& drawing) { return drawing.label < 0; });
  const std::vector<bool> is_held_out = choose_held_out(all, share, random);
  std::vector<Drawing> held_out;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (is_held_out[i]) {
      held_out.push_back(all[i]);
    } else {
      data.drawings.insert(data.drawings.end(), static_cast<std::size_t>(repeat), all[i]);
    }
  }
  if (held_out.empty()) return;
  data.validation.push_back({std::filesystem::path(path).filename().string(),
                             render(held_out, [](std::size_t) { return kPenWidth; })});
}

}  // namespace

Dataset TrainingData::all_validation() const {
  Dataset all;
  for (const NamedDataset& set : validation) all = concatenate(all, set.data);
  return all;
}

TrainingData load_training_data(const Sources& sources, double share, std::int64_t seed,
                                std::int64_t drawing_repeat) {
  if (sources.empty()) throw Failure("no data; name some with --mnist DIR or --strokes FILE");
  std::mt19937_64 random(static_cast<std::uint64_t>(seed));
  TrainingData data;
  if (!sources.mnist.empty()) {
    split_images(read_mnist(sources.mnist, MnistPart::kTrain), share, random, data);
  }
  for (const std::string& path : sources.strokes) {
    split_drawings(path, share, drawing_repeat, random, data);
  }
  if (data.validation.empty()) {
    throw Failure(
        "nothing could be held out for validation: there are too few images and drawings");
  }
  return data;
}

std::vector<NamedDataset> load_evaluation_data(const Sources& sources) {
  if (sources.empty()) throw Failure("no data; name some with --mnist DIR or --strokes FILE");
  std::vector<NamedDataset> sets;
  if (!sources.mnist.empty()) {
    sets.push_back({"mnist test", read_mnist(sources.mnist, MnistPart::kTest)});
  }
  for (const std::string& path : sources.strokes) {
    Dataset data = render(read_strokes(path), [](std::size_t) { return kPenWidth; });
    if (data.size() == 0) throw Failure(path + " holds no drawing with a digit for a label");
    sets.push_back({std::filesystem::path(path).filename().string(), std::move(data)});
  }
  return sets;
}

}  // namespace inkling
