// `inkling evaluate`: how often a model, a run's network or several averaged are right.
#include <torch/utils.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/classifier.h"
#include "cli/commands.h"
#include "cli/numbers.h"
#include "data/canvases.h"
#include "data/file.h"
#include "data/idx.h"
#include "report/rejection.h"
#include "report/statistics.h"
#include "train/run.h"
#include "train/scoring.h"
#ifdef INKLING_HAS_PICTURES
#include "data/png.h"
#include "report/sheet.h"
#endif

namespace inkling {
namespace {

using Json = nlohmann::json;

struct EvaluateFlags {
  Sources sources;
  ClassifierOptions classifier;
  std::string probabilities;  // file for raw float32 [N,10]
  std::string errors;         // file for a sheet of what was read wrong
  bool canvases = false;
  std::int64_t not_digits = 0;
  bool json = false;
};

// A set, what was answered, and what the answers are worth.
struct Evaluated {
  std::string name;
  Score score;
  Interval interval;
  double calibration_error = 0;
  std::string leaks, note;  // what must be said beside the accuracy
};

Evaluated evaluate(const NamedDataset& set, const torch::Tensor& probabilities, double threshold,
                   const std::vector<std::string>& models) {
  const Score s = score(probabilities, set.data.labels, threshold);
  return {set.name,
          s,
          wilson_interval(s.correct, s.count),
          expected_calibration_error(reliability_of(probabilities, set.data.labels)),
          leaks_of(models, set),
          set.note};
}

void print_table(const Evaluated& set) {
  const Score& s = set.score;
  std::printf("%s: %.2f %% of %lld right (%lld wrong; 95 %% interval %.2f to %.2f %%)\n",
              set.name.c_str(), 100 * s.accuracy(), static_cast<long long>(s.count),
              static_cast<long long>(s.count - s.correct), 100 * set.interval.low,
              100 * set.interval.high);
  std::printf(
      "  \"?\" for %.2f %%; %.2f %% if \"?\" counts as wrong; loss %.4f; expected calibration "
      "error %.2f %%\n",
      100 * s.refused_share(), 100 * s.answered_accuracy(), s.loss, 100 * set.calibration_error);
  std::printf("  %s\n", set.leaks.c_str());
  if (!set.note.empty()) std::printf("  %s\n", set.note.c_str());
  for (std::size_t digit = 0; digit < s.digit_count.size(); ++digit) {
    if (s.digit_count[digit] == 0) continue;
    std::printf("  %zu  %6.2f %% of %lld\n", digit,
                100.0 * static_cast<double>(s.digit_correct[digit]) /
                    static_cast<double>(s.digit_count[digit]),
                static_cast<long long>(s.digit_count[digit]));
  }
}

Json to_json(const Evaluated& set) {
  const Score& s = set.score;
  return {{"name", set.name},
          {"images", s.count},
          {"correct", s.correct},
          {"accuracy", s.accuracy()},
          {"interval_95", {set.interval.low, set.interval.high}},
          {"loss", s.loss},
          {"expected_calibration_error", set.calibration_error},
          {"leaks", set.leaks},
          {"note", set.note},
          {"refused", s.refused_share()},
          {"accuracy_refused_wrong", s.answered_accuracy()},
          {"digit_count", s.digit_count},
          {"digit_correct", s.digit_correct}};
}

// --- drawings on other canvases ------------------------------------------------------------------

// Each stroke file on every canvas: a line each.
void evaluate_canvases(const EvaluateFlags& flags, const Classifier& classifier, Json& report) {
  for (const std::string& path : flags.sources.strokes) {
    const std::vector<Drawing> drawings = read_labelled_strokes(path);
    const std::string file = flags.sources.name_of(path);
    if (!flags.json) std::printf("%s on other canvases:\n", file.c_str());
    const std::vector<std::string> names = canvas_names();
    for (std::size_t i = 0; i < names.size(); ++i) {
      const Dataset data = draw_on_canvas(drawings, i);
      const Score s =
          score(classifier.probabilities(data.images), data.labels, classifier.threshold());
      report["canvases"].push_back({{"file", file},
                                    {"canvas", names[i]},
                                    {"images", s.count},
                                    {"accuracy", s.accuracy()},
                                    {"refused", s.refused_share()}});
      if (!flags.json) {
        std::printf("  %6.2f %%  \"?\" for %.2f %%  %s\n", 100 * s.accuracy(),
                    100 * s.refused_share(), names[i].c_str());
      }
    }
  }
}

// --- what is no digit
// -----------------------------------------------------------------------------

void print_rejection(const char* what, double caught, const std::vector<CaughtKind>& kinds,
                     const std::vector<RejectionPoint>& curve) {
  constexpr std::size_t kNamed = 5;
  std::printf("%s: \"?\" for %.1f %%; least often for", what, 100 * caught);
  for (std::size_t i = 0; i < std::min(kNamed, kinds.size()); ++i) {
    std::printf("%s %s (%.0f %%)", i == 0 ? "" : ",", kinds[i].name.c_str(), 100 * kinds[i].caught);
  }
  std::printf("\n ");
  for (std::size_t i = 0; i < curve.size(); ++i) {
    std::printf("%s %.1f %% caught where %.1f %% of the digits are refused", i == 0 ? "" : ",",
                100 * curve[i].caught, 100 * curve[i].refused);
  }
  std::printf("\n");
}

// `digits`: the answers to all sets, by whose refusals the curve is drawn.
void evaluate_not_digits(const EvaluateFlags& flags, const Classifier& classifier,
                         const torch::Tensor& digits, Json& report) {
  struct Part {
    NotDigits part;
    const char *name, *words;
  };
  constexpr Part kParts[] = {
      {NotDigits::kLearned, "learned", "letters, shapes and scribbles of kinds to learn from"},
      {NotDigits::kUnseen, "unseen", "of kinds that no network has seen"}};
  for (const Part& part : kParts) {
    const torch::Tensor p = classifier.probabilities(not_digit_images(part.part, flags.not_digits));
    const std::vector<RejectionPoint> curve =
        rejection_curve(digits, p, {0.002, 0.005, 0.01, 0.02, 0.05});
    const double caught = share_below(p, classifier.threshold());
    const std::vector<CaughtKind> kinds = caught_by_kind(part.part, p, classifier.threshold());
    Json json = {{"kinds", part.name}, {"drawings", flags.not_digits}, {"caught", caught}};
    for (const RejectionPoint& point : curve) {
      json["curve"].push_back({{"threshold", point.threshold},
                               {"digits_refused", point.refused},
                               {"caught", point.caught}});
    }
    for (const CaughtKind& kind : kinds) json["each"][kind.name] = kind.caught;
    report["not_digits"].push_back(json);
    if (!flags.json) print_rejection(part.words, caught, kinds, curve);
  }
}

// For --input-scale auto: by training images where there are some, so that the choice does not see
// what is then scored.
std::vector<std::string> resolve_input_scale(const EvaluateFlags& flags, Classifier& classifier,
                                             const std::vector<NamedDataset>& sets) {
  if (!classifier.wants_input_scale()) return {};
  std::vector<std::string> chosen;
  if (!flags.sources.mnist.empty()) {
    chosen =
        classifier.choose_input_scale(read_mnist(flags.sources.mnist.front(), MnistPart::kTrain));
    if (flags.sources.mnist_part.value_or(MnistPart::kTest) == MnistPart::kTest) return chosen;
  } else {
    chosen = classifier.choose_input_scale(sets.front().data);
  }
  for (std::string& sentence : chosen) {
    sentence += "; chosen on " + sets.front().name + " itself, whose score so saw its labels";
  }
  return chosen;
}

// All sets' errors on one sheet, the hardest first.
void write_errors(const std::string& path, [[maybe_unused]] const std::vector<NamedDataset>& sets,
                  [[maybe_unused]] const std::vector<torch::Tensor>& probabilities) {
  if (path.empty()) return;
#ifdef INKLING_HAS_PICTURES
  Answers all;
  for (const NamedDataset& set : sets) all.data = concatenate(all.data, set.data);
  all.probabilities = torch::cat(probabilities);
  write_png(path, error_sheet(all));
#else
  throw Failure("--errors: this build cannot write pictures (INKLING_PICTURES is off)");
#endif
}

void run_evaluate(const EvaluateFlags& flags) {
  std::vector<std::filesystem::path> read = flags.sources.paths();
  read.insert(read.end(), flags.classifier.models.begin(), flags.classifier.models.end());
  for (const std::string& out : {flags.probabilities, flags.errors}) require_not_read(out, read);
  Classifier classifier(flags.classifier);
  const std::vector<NamedDataset> sets = load_evaluation_data(flags.sources);
  const std::vector<std::string> chosen = resolve_input_scale(flags, classifier, sets);
  Json report = {{"models", flags.classifier.models},
                 {"views", flags.classifier.views},
                 {"threshold", classifier.threshold()},
                 {"input_scales", classifier.input_scales()},
                 {"how", classifier.description()}};
  if (!chosen.empty()) report["input_scale_choice"] = chosen;
  if (flags.classifier.models.size() == 1) report["model"] = flags.classifier.models.front();
  if (!flags.json) {
    for (const std::string& sentence : chosen) std::printf("%s\n", sentence.c_str());
    const std::string how = classifier.description();
    if (!how.empty()) std::printf("%s\n", how.c_str());
  }
  std::vector<torch::Tensor> answers;
  std::string raw;
  for (const NamedDataset& set : sets) {
    const torch::Tensor p = classifier.probabilities(set.data.images);
    const Evaluated evaluated = evaluate(set, p, classifier.threshold(), flags.classifier.models);
    if (!flags.json) print_table(evaluated);
    report["sets"].push_back(to_json(evaluated));
    raw.append(static_cast<const char*>(p.data_ptr()), p.nbytes());
    answers.push_back(p);
  }
  if (flags.canvases) evaluate_canvases(flags, classifier, report);
  if (flags.not_digits > 0) {
    evaluate_not_digits(flags, classifier, torch::cat(answers), report);
  }
  if (!flags.probabilities.empty()) write_file(flags.probabilities, raw);
  write_errors(flags.errors, sets, answers);
  if (flags.json) std::printf("%s\n", to_text(report).c_str());
}

}  // namespace

void add_evaluate(CLI::App& app) {
  auto flags = std::make_shared<EvaluateFlags>();
  CLI::App* command = app.add_subcommand(
      "evaluate",
      "Score a model (.onnx), a run, or several averaged, on MNIST's test part, CSV and stroke "
      "files");
  add_classifier_flags(*command, flags->classifier);
  add_source_flags(*command, flags->sources);
  command->add_option("--probabilities", flags->probabilities,
                      "Write every answer as raw float32 [N,10], in the order of the data");
  command->add_option(
      "--errors", flags->errors,
      "Write a picture (.png) of what was read wrong, hardest first: label, answer");
  command->add_flag("--canvases", flags->canvases,
                    "Score each stroke file also as drawn small, huge, in a corner, backwards, and "
                    "as pictures with thin and thick brushes");
  add_number(*command, "--not-digits", flags->not_digits, std::int64_t{0}, std::int64_t{1'000'000},
             "Ask about so many letters, shapes and scribbles too: what share is answered \"?\"");
  command->add_flag("--json", flags->json, "Print JSON for programs");
  command->callback([flags] { run_evaluate(*flags); });
}

}  // namespace inkling
