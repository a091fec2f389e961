// `inkling quantize`: a run's network with int8 weights, and int8 activations if they are wanted,
// as a standard ONNX file; by rounding alone, or with training through the rounding.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "cli/augment_flags.h"
#include "cli/commands.h"
#include "cli/exporting.h"
#include "cli/numbers.h"
#include "data/dataset.h"
#include "data/file.h"
#include "data/leaks.h"
#include "export/engine_runner.h"
#include "export/onnx_writer.h"
#include "export/quantize.h"
#include "train/scoring.h"

namespace inkling {
namespace {

namespace fs = std::filesystem;

// Where a sum lies between two steps of 1/255, runtimes round it to one or the other, and the next
// layers carry the step on. What is wrong rather than rounded differs by far more.
constexpr double kMaxStepDifference = 0.1;

struct QuantizeFlags {
  std::string run, out;
  bool weights_only = false;
  Sources sources;
  BatchOptions batches;
  TuneOptions tuning{.epochs = 0};
  double validation_share = 0.1, refuse_share = 0.01;
  std::int64_t drawing_repeat = 1;
};

// The run's data held out as the run did, or nothing said of the held-out part would be true.
void require_held_out(const TrainingData& data, const SeenImages& seen, const std::string& run) {
  std::int64_t learned = 0;
  const Dataset held_out = data.all_validation();
  for (const ImageHash& hash : hash_images(held_out.images)) {
    learned += seen.training.contains(hash) && !seen.validation.contains(hash) ? 1 : 0;
  }
  if (learned == 0) return;
  throw Failure(std::to_string(learned) + " of the " + std::to_string(held_out.size()) +
                " images that would be held out are among those that the run in " + run +
                " learned from; name the data, --mnist-part and --validation that it was trained "
                "with (its run.json has the command)");
}

// By which seed the run held out: its own unless --validation-seed named another.
std::int64_t validation_seed_of(const Run& run) {
  const nlohmann::json::json_pointer kept("/validation_seed");
  if (!run.details.contains(kept) || !run.details[kept].is_number_integer()) return run.seed;
  return run.details[kept].get<std::int64_t>();
}

double accuracy_of(const std::vector<FoldedLayer>& layers, const Dataset& data) {
  constexpr std::int64_t kChunk = 500;
  std::vector<torch::Tensor> parts;
  for (std::int64_t first = 0; first < data.size(); first += kChunk) {
    parts.push_back(run_folded(layers, to_pixels(data.images.slice(0, first, first + kChunk))));
  }
  return score(torch::cat(parts), data.labels).accuracy();
}

// With the data that the run learned from: the held-out part says what the rounding costs, and
// training mends it.
void tune(const QuantizeFlags& flags, const Exportable& from, const std::vector<FoldedLayer>& whole,
          std::vector<FoldedLayer>& layers, const TrainingData& data) {
  const Dataset held_out = data.all_validation();
  std::printf("held out, %lld images: %.3f %% right before, %.3f %% rounded\n",
              static_cast<long long>(held_out.size()), 100 * accuracy_of(whole, held_out),
              100 * accuracy_of(layers, held_out));
  if (flags.tuning.epochs == 0) return;
  BatchOptions options = flags.batches;
  options.seed = from.run.seed;
  Batches batches(data, options, torch::kCPU);
  const std::int64_t best =
      tune_quantized(layers, whole, batches, flags.tuning,
                     [&](const std::vector<FoldedLayer>& tuned, std::int64_t epoch) {
                       const double accuracy = accuracy_of(tuned, held_out);
                       if (epoch > 0) {
                         std::printf("epoch %lld/%lld: %.3f %% of the held-out images right\n",
                                     static_cast<long long>(epoch),
                                     static_cast<long long>(flags.tuning.epochs), 100 * accuracy);
                         std::fflush(stdout);
                       }
                       return accuracy;
                     });
  std::printf("epoch %lld is kept\n", static_cast<long long>(best));
}

// What the file says of itself besides: the threshold and the accuracies of these weights.
void add_scores(const QuantizeFlags& flags, EngineRunner& runner, const TrainingData& data,
                std::optional<SeenImages> seen, std::map<std::string, std::string>& metadata) {
  const Dataset held_out = data.all_validation();
  const torch::Tensor p = runner.probabilities(held_out.images);
  metadata["rejection_threshold"] =
      nlohmann::json(confidence_quantile(p, flags.refuse_share)).dump();
  metadata["validation_accuracy"] = nlohmann::json(score(p, held_out.labels).accuracy()).dump();
  if (flags.sources.mnist.empty()) return;
  const Dataset test = read_mnist(flags.sources.mnist.front(), MnistPart::kTest);
  if (!seen) return;
  seen->add(seen_images(data));
  if (count_leaks(*seen, "", test.images).any()) return;  // that would be no test
  metadata["mnist_test_accuracy"] =
      nlohmann::json(score(runner.probabilities(test.images), test.labels).accuracy()).dump();
}

void run_quantize(const QuantizeFlags& flags) {
  std::vector<std::filesystem::path> read = flags.sources.paths();
  read.emplace_back(flags.run);
  require_not_read(flags.out, read);
  if (flags.sources.empty() && flags.tuning.epochs > 0) {
    throw Failure(
        "--epochs: name the data to train with: --mnist DIR, --kaggle FILE or --strokes "
        "FILE, as the run did");
  }
  Exportable from = load_exportable(flags.run);
  const std::vector<FoldedLayer> whole = from.layers;
  std::vector<FoldedLayer> layers = whole;
  quantize_weights(layers);
  if (!flags.weights_only) calibrate_activations(layers, to_pixels(from.images));
  TrainingData data;
  std::optional<SeenImages> seen;  // runs of early versions do not say
  if (fs::exists(seen_images_path(flags.run))) seen = load_seen_images(seen_images_path(flags.run));
  if (!flags.sources.empty()) {
    data = load_training_data(flags.sources, flags.validation_share, validation_seed_of(from.run),
                              flags.drawing_repeat);
    if (seen) require_held_out(data, *seen, flags.run);
    tune(flags, from, whole, layers, data);
  }
  std::map<std::string, std::string> metadata =
      metadata_of(from.run, flags.weights_only ? "int8" : "int8, activations too", false);
  if (!flags.sources.empty()) {
    EngineRunner runner(to_onnx(layers, {}), flags.out);
    add_scores(flags, runner, data, all_seen_images(flags.run), metadata);
  }
  const std::string onnx = to_onnx(layers, {false, metadata});
  const torch::Tensor p = EngineRunner(onnx, flags.out).probabilities(from.images);
  const torch::Tensor expected = run_folded(layers, to_pixels(from.images));
  const double difference = largest_difference(expected, p);
  require_same(difference, flags.weights_only ? kMaxDifference : kMaxStepDifference,
               "the engine's probabilities differ from LibTorch's", from.images);
  write_file(flags.out, onnx);
  const torch::Tensor before = run_folded(whole, to_pixels(from.images));
  std::printf(
      "%s: %zu bytes; on %lld held-out images engine and LibTorch agree within %.1e, and "
      "%.2f %% of the answers are those of the float32 network\n",
      flags.out.c_str(), onnx.size(), static_cast<long long>(from.images.size(0)), difference,
      100 * (p.argmax(1) == before.argmax(1)).to(torch::kFloat64).mean().item<double>());
}

}  // namespace

void add_quantize(CLI::App& app) {
  using Int = std::int64_t;
  auto flags = std::make_shared<QuantizeFlags>();
  CLI::App* command = app.add_subcommand(
      "quantize", "Write a run's network in 8 bits, as an ONNX file; rounded, or trained to be");
  command->add_option("run", flags->run, "The run's folder")->required();
  command->add_option("-o,--out", flags->out, "The .onnx file to write")->required();
  command->add_flag("--weights-only", flags->weights_only,
                    "Round the weights alone and compute in float32: a quarter of the size, and "
                    "nearly the same answers");
  add_source_flags(*command, flags->sources);
  add_number(*command, "--validation", flags->validation_share, 0.001, 0.9, "As in train");
  add_number(*command, "--repeat-strokes", flags->drawing_repeat, Int{1}, Int{1000}, "As in train");
  add_number(*command, "--refuse", flags->refuse_share, 0.0, 0.5, "As in train");
  add_number(*command, "--epochs", flags->tuning.epochs, Int{0}, Int{1000},
             "Train through the rounding for so many epochs (needs the run's data); 0: round only");
  add_number(*command, "--learning-rate", flags->tuning.learning_rate, 1e-9, 1.0,
             "At its peak; falls to 0 by a cosine");
  add_number(*command, "--batch", flags->batches.batch, Int{1}, Int{1'000'000}, "Images a step");
  command->option_defaults()->group("Augmentation");
  add_augment_flags(*command, flags->batches);
  command->callback([flags] { run_quantize(*flags); });
}

}  // namespace inkling
