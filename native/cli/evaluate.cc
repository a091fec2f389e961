// `inkling evaluate`: how often a model, or a run's network, is right.
#include <torch/cuda.h>
#include <torch/utils.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "data/file.h"
#include "train/run.h"
#include "train/scoring.h"
#ifdef INKLING_HAS_EXPORT
#include "export/engine_runner.h"
#endif

namespace inkling {
namespace {

namespace fs = std::filesystem;

struct EvaluateFlags {
  Sources sources;
  std::string model;
  std::string probabilities;  // file for raw float32 [N,10]
  bool json = false;
};

struct Classifier {
  std::function<torch::Tensor(const torch::Tensor& images)> probabilities;  // [N,28,28] -> [N,10]
  double threshold = 0;
};

Classifier from_run(const std::string& folder) {
  const Run run = load_run(folder);
  Network network(run.network);
  load_weights(network, checkpoint_path(folder, "best"));
  network->to(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  return {[network, temperature = run.temperature](const torch::Tensor& images) mutable {
            return (predict_logits(network, images) / temperature).softmax(1);
          },
          run.rejection_threshold};
}

Classifier from_model(const std::string& path) {
  if (fs::is_directory(path)) return from_run(path);
#ifdef INKLING_HAS_EXPORT
  auto runner = std::make_shared<EngineRunner>(read_file(path), path);
  return {[runner](const torch::Tensor& images) { return runner->probabilities(images); },
          runner->threshold()};
#else
  throw Failure(path + " is not a run's folder, and this build has no engine to read ONNX with");
#endif
}

void print_table(const std::string& name, const Score& s) {
  std::printf(
      "%s: %.2f %% of %lld right (%lld wrong); \"?\" for %.2f %%; %.2f %% if \"?\" counts as "
      "wrong\n",
      name.c_str(), 100 * s.accuracy(), static_cast<long long>(s.count),
      static_cast<long long>(s.count - s.correct), 100 * s.refused_share(),
      100 * s.answered_accuracy());
  for (std::size_t digit = 0; digit < s.digit_count.size(); ++digit) {
    if (s.digit_count[digit] == 0) continue;
    std::printf("  %zu  %6.2f %% of %lld\n", digit,
                100.0 * static_cast<double>(s.digit_correct[digit]) /
                    static_cast<double>(s.digit_count[digit]),
                static_cast<long long>(s.digit_count[digit]));
  }
}

nlohmann::json to_json(const std::string& name, const Score& s) {
  return {{"name", name},
          {"images", s.count},
          {"correct", s.correct},
          {"accuracy", s.accuracy()},
          {"loss", s.loss},
          {"refused", s.refused_share()},
          {"accuracy_refused_wrong", s.answered_accuracy()},
          {"digit_count", s.digit_count},
          {"digit_correct", s.digit_correct}};
}

void run_evaluate(const EvaluateFlags& flags) {
  const Classifier classifier = from_model(flags.model);
  nlohmann::json report = {{"model", flags.model}, {"threshold", classifier.threshold}};
  std::string raw;
  for (const NamedDataset& set : load_evaluation_data(flags.sources)) {
    const torch::Tensor p = classifier.probabilities(set.data.images).contiguous();
    const Score s = score(p, set.data.labels, classifier.threshold);
    if (!flags.json) print_table(set.name, s);
    report["sets"].push_back(to_json(set.name, s));
    raw.append(static_cast<const char*>(p.data_ptr()), p.nbytes());
  }
  if (!flags.probabilities.empty()) write_file(flags.probabilities, raw);
  if (flags.json) std::printf("%s\n", to_text(report).c_str());
}

}  // namespace

void add_evaluate(CLI::App& app) {
  auto flags = std::make_shared<EvaluateFlags>();
  CLI::App* command = app.add_subcommand(
      "evaluate", "Score a model (.onnx) or a run on MNIST's test part, CSV and stroke files");
  command->add_option("model", flags->model, "The .onnx file or the run's folder")->required();
  add_source_flags(*command, flags->sources);
  command->add_option("--probabilities", flags->probabilities,
                      "Write every answer as raw float32 [N,10], in the order of the data");
  command->add_flag("--json", flags->json, "Print JSON for programs");
  command->callback([flags] { run_evaluate(*flags); });
}

}  // namespace inkling
