// Gathers a run's files into the JSON that the page draws.
#include "report/report.h"

#include <algorithm>
#include <sstream>

#include "data/file.h"
#include "data/json.h"
#include "data/leaks.h"
#include "report/statistics.h"
#include "train/run.h"
#include "train/scoring.h"

namespace inkling {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::json;

// RFC 4648, section 4.
std::string base64(const std::uint8_t* bytes, std::size_t size) {
  constexpr char kLetters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < size; i += 3) {
    std::uint32_t word = 0;
    for (std::size_t k = 0; k < 3; ++k) word = word << 8 | (i + k < size ? bytes[i + k] : 0);
    for (std::size_t k = 0; k < 4; ++k) {
      text += i + k <= size ? kLetters[word >> (18 - 6 * k) & 63] : '=';
    }
  }
  return text;
}

// line[key], null unless it is a number.
Json number_in(const Json& line, const char* key) {
  const auto value = line.find(key);
  return value != line.end() && value->is_number() ? *value : Json();
}

Json epoch_of(const Json& line) {
  Json epoch;
  for (const char* key :
       {"epoch", "learning_rate", "train_loss", "train_accuracy", "validation_loss",
        "validation_accuracy", "images_per_second", "seconds"}) {
    epoch[key] = number_in(line, key);
  }
  return epoch;
}

// A run that was killed may have left half a line at the end; any other is damage.
Json read_epochs(const fs::path& path) {
  Json epochs = Json::array();
  if (!fs::exists(path)) return epochs;
  std::istringstream lines(read_file(path));
  std::string text;
  for (std::size_t number = 1; std::getline(lines, text); ++number) {
    if (text.empty()) continue;
    const Json line = parse_json(text, /*throws=*/false);
    if (line.is_object() && !number_in(line, "epoch").is_null()) {
      epochs.push_back(epoch_of(line));
    } else if (!lines.eof()) {
      throw Failure(path.string() + ", line " + std::to_string(number) +
                    " is damaged: it is not an epoch's JSON");
    }
  }
  return epochs;
}

// Marks the epoch whose weights were kept, and leaves out so many others that a browser can draw
// it.
Json thinned(const Json& epochs, const Json& details) {
  const Json best = details.value("best_epoch", Json());
  const std::size_t stride = epochs.size() / kMaxReportedEpochs + 1;
  Json result = Json::array();
  for (std::size_t i = 0; i < epochs.size(); ++i) {
    const bool is_best = epochs[i]["epoch"] == best;
    if (i % stride != 0 && !is_best && i + 1 != epochs.size()) continue;
    result.push_back(epochs[i]);
    result.back()["best_of_all"] = is_best;
  }
  return result;
}

Json run_json(const Run& run, const fs::path& folder, const Json& details) {
  Json layers = Json::array();
  std::int64_t parameters = 0, multiply_adds = 0;
  for (const LayerShape& layer : layer_shapes(run.network)) {
    layers.push_back({{"name", layer.name},
                      {"shape", layer.shape},
                      {"parameters", layer.parameters},
                      {"multiply_adds", layer.multiply_adds}});
    parameters += layer.parameters, multiply_adds += layer.multiply_adds;
  }
  const fs::path name = fs::weakly_canonical(folder).filename();
  return {{"name", name.string()},
          {"preset", run.network.preset},
          {"command", run.command},
          {"seed", run.seed},
          {"temperature", run.temperature},
          {"rejection_threshold", run.rejection_threshold},
          {"parameters", parameters},
          {"multiply_adds", multiply_adds},
          {"layers", layers},
          {"details", details}};
}

Json calibration_json(const Answers& answers) {
  const auto bins = reliability_of(answers.probabilities, answers.data.labels);
  Json rows = Json::array();
  for (const ReliabilityBin& bin : bins) {
    const Interval interval = wilson_interval(bin.correct, bin.count);
    rows.push_back({{"low", bin.low},
                    {"high", bin.high},
                    {"count", bin.count},
                    {"wrong", bin.count - bin.correct},
                    {"confidence", bin.confidence},
                    {"accuracy", bin.accuracy()},
                    {"interval", {interval.low, interval.high}}});
  }
  return {{"error", expected_calibration_error(bins)}, {"bins", rows}};
}

void add_hardest(const Answers& answers, Json& set) {
  const torch::Tensor images = answers.data.images.contiguous();
  const torch::Tensor probabilities = answers.probabilities.contiguous();
  const torch::Tensor labels = answers.data.labels.contiguous();
  constexpr std::int64_t kBytes = kSide * kSide;
  std::string bytes;
  set["hardest"] = Json::array();
  for (std::int64_t row : hardest_rows(probabilities, labels, kHardestImages)) {
    const float* p = probabilities.data_ptr<float>() + row * kClasses;
    set["hardest"].push_back({{"row", row},
                              {"label", labels.data_ptr<std::int64_t>()[row]},
                              {"probabilities", std::vector<float>(p, p + kClasses)}});
    const auto* image = images.data_ptr<std::uint8_t>() + row * kBytes;
    bytes.append(reinterpret_cast<const char*>(image), kBytes);
  }
  set["pixels"] = base64(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

Json set_json(const ReportedSet& reported, double threshold) {
  const Answers& answers = reported.answers;
  std::vector<std::string> notes = reported.notes;
  if (!answers.note.empty()) notes.push_back(answers.note);
  const Score s = score(answers.probabilities, answers.data.labels, threshold);
  const Interval interval = wilson_interval(s.correct, s.count);
  const Confusion confusion = confusion_of(answers.probabilities, answers.data.labels);
  Json set = {{"title", reported.title},
              {"notes", notes},
              {"held_out", reported.held_out},
              {"leaks", reported.leaks},
              {"images", s.count},
              {"correct", s.correct},
              {"accuracy", s.accuracy()},
              {"interval", {interval.low, interval.high}},
              {"loss", s.loss},
              {"threshold", threshold},
              {"refused", s.refused_share()},
              {"accuracy_refused_wrong", s.answered_accuracy()},
              {"confusion", confusion},
              {"calibration", calibration_json(answers)}};
  for (std::size_t digit = 0; digit < kClasses; ++digit) {
    set["precision"].push_back(precision_of(confusion, digit));
    set["recall"].push_back(recall_of(confusion, digit));
  }
  add_hardest(answers, set);
  return set;
}

// What the run recorded of leaks, in words; what it recorded in another form, as it stands.
void add_leaks(const Json& details, Json& report, LeakReport& leaks) {
  report["leaks"] = details.value("leaks", Json());
  if (!report["leaks"].is_object()) return;
  try {
    leaks = report["leaks"].get<LeakReport>();
  } catch (const Json::exception&) {
    return;
  }
  report["leaks"] = leaks.describe();
  for (const LeakCount& count : leaks.sets) {
    if (count.any()) report["warnings"].push_back(count.name + ": " + describe(count));
  }
}

// A set whose answers the run kept, with what the run knows of its leaks.
ReportedSet kept_set(Answers answers, const LeakReport& leaks, bool held_out) {
  ReportedSet set{
      (held_out ? "held out: " : "") + answers.name, std::move(answers), {}, held_out, false};
  for (const LeakCount& count : leaks.sets) {
    if (count.name != set.answers.name || count.is_validation != held_out) continue;
    set.notes = {describe(count)};
    set.leaks = count.any();
  }
  return set;
}

}  // namespace

Json report_of(const fs::path& folder, const std::vector<ReportedSet>& asked) {
  const Run run = load_run(folder);
  const Json details = run.details.is_object() ? run.details : Json::object();
  Json report = {{"run", run_json(run, folder, details)},
                 {"epochs", thinned(read_epochs(folder / "metrics.jsonl"), details)},
                 {"sets", Json::array()},
                 {"warnings", Json::array()}};
  LeakReport leaks;
  add_leaks(details, report, leaks);
  const auto add = [&](const ReportedSet& set) {
    if (set.answers.data.size() > 0) {
      report["sets"].push_back(set_json(set, run.rejection_threshold));
    }
  };
  for (Answers& answers : load_answers(folder, "validation")) {
    add(kept_set(std::move(answers), leaks, true));
  }
  for (Answers& answers : load_answers(folder, "test")) {
    add(kept_set(std::move(answers), leaks, false));
  }
  for (const ReportedSet& set : asked) add(set);
  return report;
}

}  // namespace inkling
