// Loads the named sources and holds out the validation part.
#include "data/sources.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <map>
#include <random>

#include "data/csv.h"
#include "data/file.h"
#include "data/image_hashes.h"
#include "data/kaggle_like.h"
#include "data/shuffle.h"

namespace inkling {
namespace {

std::string file_name(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

const char* name_of(MnistPart part) {
  switch (part) {
    case MnistPart::kTrain:
      return "train";
    case MnistPart::kTest:
      return "test";
    case MnistPart::kAll:
      break;
  }
  return "train and test";
}

// What --mnist and --kaggle name, each a set; labels may be undefined.
std::vector<NamedDataset> read_images(const Sources& sources, MnistPart part) {
  std::vector<NamedDataset> sets;
  for (const std::string& folder : sources.mnist) {
    const std::string name = part == MnistPart::kTest ? "mnist test" : "mnist";
    sets.push_back(
        {sources.mnist.size() == 1 ? name : name + " " + folder, read_mnist(folder, part), ""});
  }
  for (const std::string& path : sources.kaggle) {
    CsvImages csv = read_csv(path);
    sets.push_back({sources.name_of(path), {csv.images, csv.labels}, simulation_note(path)});
  }
  return sets;
}

// Rows with the same image, byte by byte; groups in the order of their first rows.
std::vector<std::vector<std::int64_t>> group_equal(const torch::Tensor& images) {
  const std::vector<ImageHash> hashes = hash_images(images);
  std::map<ImageHash, std::size_t> group_of;
  std::vector<std::vector<std::int64_t>> groups;
  for (std::size_t row = 0; row < hashes.size(); ++row) {
    const auto [known, is_new] = group_of.try_emplace(hashes[row], groups.size());
    if (is_new) groups.emplace_back();
    groups[known->second].push_back(static_cast<std::int64_t>(row));
  }
  return groups;
}

// The rows of `all` that come from the rows [begin, end), in the order of `rows`.
Dataset select_range(const Dataset& all, const std::vector<std::int64_t>& rows, std::int64_t begin,
                     std::int64_t end) {
  std::vector<std::int64_t> chosen;
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(chosen),
               [&](std::int64_t row) { return row >= begin && row < end; });
  return all.select(torch::tensor(chosen, torch::kInt64));
}

void split_images(const std::vector<NamedDataset>& sets, double share, std::mt19937_64& random,
                  TrainingData& data) {
  Dataset all;
  for (const NamedDataset& set : sets) all = concatenate(all, set.data);
  if (all.size() == 0) return;
  std::vector<std::vector<std::int64_t>> groups = group_equal(all.images);
  shuffle(groups, random);
  const auto held_out_groups = static_cast<std::size_t>(share * static_cast<double>(groups.size()));
  std::vector<std::int64_t> held_out, learned;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    auto& rows = g < held_out_groups ? held_out : learned;
    rows.insert(rows.end(), groups[g].begin(), groups[g].end());
  }
  data.images = select_range(all, learned, 0, all.size());
  std::int64_t begin = 0;
  for (const NamedDataset& set : sets) {
    Dataset part = select_range(all, held_out, begin, begin + set.data.size());
    if (part.size() > 0) data.validation.push_back({set.name, std::move(part), set.note});
    begin += set.data.size();
  }
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

void split_drawings(const std::string& path, const std::string& name, double share,
                    std::int64_t repeat, std::mt19937_64& random, TrainingData& data) {
  const std::vector<Drawing> all = read_labelled_strokes(path);
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
  data.validation.push_back({name, render(held_out, [](std::size_t) { return kPenWidth; }), ""});
}

const Failure& no_data() {
  static const Failure kFailure(
      "no data; name some with --mnist DIR, --kaggle FILE or --strokes FILE");
  return kFailure;
}

}  // namespace

std::vector<Drawing> read_labelled_strokes(const std::string& path) {
  std::vector<Drawing> all = read_strokes(path);
  const std::size_t count = all.size();
  std::erase_if(all, [](const Drawing& drawing) { return drawing.label < 0; });
  if (all.size() < count) {
    std::fprintf(stderr,
                 "note: %zu of %zu drawings in %s have no label from 0 to 9 and are left out\n",
                 count - all.size(), count, path.c_str());
  }
  return all;
}

std::string Sources::name_of(const std::string& path) const {
  std::int64_t count = 0;
  for (const auto& files : {kaggle, strokes}) {
    for (const std::string& file : files) count += file_name(file) == file_name(path) ? 1 : 0;
  }
  return count > 1 ? path : file_name(path);
}

std::vector<std::filesystem::path> Sources::paths() const {
  std::vector<std::filesystem::path> all(mnist.begin(), mnist.end());
  all.insert(all.end(), kaggle.begin(), kaggle.end());
  all.insert(all.end(), strokes.begin(), strokes.end());
  return all;
}

Dataset TrainingData::all_validation() const {
  Dataset all;
  for (const NamedDataset& set : validation) all = concatenate(all, set.data);
  return all;
}

TrainingData load_training_data(const Sources& sources, double share, std::int64_t seed,
                                std::int64_t drawing_repeat) {
  if (sources.empty()) throw no_data();
  std::mt19937_64 random(static_cast<std::uint64_t>(seed));
  TrainingData data;
  data.drawing_repeat = drawing_repeat;
  const std::vector<NamedDataset> sets =
      read_images(sources, sources.mnist_part.value_or(MnistPart::kTrain));
  for (std::size_t i = 0; i < sets.size(); ++i) {
    if (sets[i].data.labels.defined()) continue;
    throw Failure(sources.kaggle[i - sources.mnist.size()] +
                  " has no labels (its first column is not \"label\"), so nothing can be learned "
                  "from it; name Kaggle's train.csv");
  }
  split_images(sets, share, random, data);
  for (const std::string& path : sources.strokes) {
    split_drawings(path, sources.name_of(path), share, drawing_repeat, random, data);
  }
  if (data.validation.empty()) {
    throw Failure(
        "nothing could be held out for validation: there are too few images and drawings");
  }
  return data;
}

std::vector<NamedDataset> load_evaluation_data(const Sources& sources) {
  if (sources.empty()) throw no_data();
  std::vector<NamedDataset> sets =
      read_images(sources, sources.mnist_part.value_or(MnistPart::kTest));
  for (std::size_t i = 0; i < sets.size(); ++i) {
    Dataset& data = sets[i].data;
    if (data.labels.defined()) continue;
    const std::string& path = sources.kaggle[i - sources.mnist.size()];
    data.labels = withheld_labels(path, data.images.size(0));
    if (data.labels.defined()) continue;
    throw Failure(path +
                  " has no labels (its first column is not \"label\"), so no answer can be "
                  "judged; inkling submit writes the answers");
  }
  for (const std::string& path : sources.strokes) {
    Dataset data = render(read_labelled_strokes(path), [](std::size_t) { return kPenWidth; });
    if (data.size() == 0) throw Failure(path + " holds no drawing with a digit for a label");
    sets.push_back({sources.name_of(path), std::move(data), ""});
  }
  return sets;
}

std::string describe(const Sources& sources, MnistPart part) {
  std::string text;
  const auto add = [&text](const std::string& piece) {
    text += (text.empty() ? "" : " + ") + piece;
  };
  for (const std::string& folder : sources.mnist) {
    const std::string where = sources.mnist.size() == 1 ? "" : " (" + folder + ")";
    add(std::string("MNIST ") + name_of(sources.mnist_part.value_or(part)) + where);
  }
  for (const std::string& path : sources.kaggle) {
    const std::string note = simulation_note(path);
    add(sources.name_of(path) + (note.empty() ? "" : " (" + note + ")"));
  }
  for (const std::string& path : sources.strokes) add(sources.name_of(path));
  return text;
}

}  // namespace inkling
