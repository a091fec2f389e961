// `inkling train`: data in, a run's folder out.
#include <torch/cuda.h>
#include <torch/utils.h>

#include <cstdio>
#include <filesystem>
#include <limits>
#include <sstream>

#include "cli/commands.h"
#include "data/file.h"
#include "data/idx.h"
#include "model/presets.h"
#include "train/run.h"
#include "train/scoring.h"
#include "train/trainer.h"

namespace inkling {
namespace {

namespace fs = std::filesystem;

struct TrainFlags {
  Sources sources;
  TrainOptions options;
  std::string out;
  std::string preset = "compact";
  Variation variation;
  std::string device = "auto";
  double validation_share = 0.1;
  std::int64_t drawing_repeat = 1;
  bool list_presets = false;
};

void print_presets(const std::vector<std::string>& names, const Variation& variation) {
  for (const std::string& name : names) {
    const NetworkSpec spec = preset(name, variation);
    std::int64_t parameters = 0, multiply_adds = 0;
    std::printf("%s: %s\n  %-12s %-14s %12s %14s\n", name.c_str(), preset_summary(name).c_str(),
                "layer", "shape", "parameters", "multiply-adds");
    for (const LayerShape& row : layer_shapes(spec)) {
      std::string shape;
      for (std::int64_t side : row.shape)
        shape += (shape.empty() ? "" : "x") + std::to_string(side);
      std::printf("  %-12s %-14s %12lld %14lld\n", row.name.c_str(), shape.c_str(),
                  static_cast<long long>(row.parameters),
                  static_cast<long long>(row.multiply_adds));
      parameters += row.parameters, multiply_adds += row.multiply_adds;
    }
    std::printf("  %-12s %-14s %12lld %14lld\n\n", "total", "", static_cast<long long>(parameters),
                static_cast<long long>(multiply_adds));
  }
}

std::string known_presets() {
  std::string names;
  for (const std::string& name : preset_names()) names += (names.empty() ? "" : ", ") + name;
  return names;
}

torch::Device choose_device(const std::string& name) {
  if (name == "cpu" || (name == "auto" && !torch::cuda::is_available())) return torch::kCPU;
  if (!torch::cuda::is_available()) {
    throw Failure("--device cuda: this LibTorch sees no GPU; use --device cpu or auto");
  }
  return torch::kCUDA;
}

// The one time a run sees the test set: after every choice was made.
void test_once(Network& network, const std::vector<std::string>& mnist, Run& run) {
  if (mnist.empty()) return;
  const Dataset test = read_mnist(mnist.front(), MnistPart::kTest);
  const torch::Tensor logits = predict_logits(network, test.images);
  const Score s =
      score((logits / run.temperature).softmax(1), test.labels, run.rejection_threshold);
  run.details["mnist_test"] = {{"images", s.count},
                               {"accuracy", s.accuracy()},
                               {"refused", s.refused_share()},
                               {"accuracy_refused_wrong", s.answered_accuracy()}};
  std::printf("MNIST test: %.2f %% of %lld (\"?\" for %.2f %%; %.2f %% if \"?\" counts as wrong)\n",
              100 * s.accuracy(), static_cast<long long>(s.count), 100 * s.refused_share(),
              100 * s.answered_accuracy());
}

void run_train(const TrainFlags& flags, const std::string& command_line) {
  if (flags.list_presets) return print_presets(preset_names(), flags.variation);
  if (flags.out.empty()) throw Failure("where should the run go? Name a folder with --out DIR");
  // A run is one training's; two in a folder would mix one's weights with the other's calibration.
  if (fs::exists(fs::path(flags.out) / "run.json")) {
    throw Failure(flags.out + " already holds a run; name another folder with --out, or remove it");
  }
  // Read for its soundness alone: what is wrong with it is said now rather than after the training.
  for (const std::string& folder : flags.sources.mnist) read_mnist(folder, MnistPart::kTest);
  torch::manual_seed(flags.options.seed);
  const torch::Device device = choose_device(flags.device);
  Network network(preset(flags.preset, flags.variation));
  network->to(device);
  const TrainingData data = load_training_data(flags.sources, flags.validation_share,
                                               flags.options.seed, flags.drawing_repeat);
  std::error_code error;
  fs::create_directories(flags.out, error);
  if (error) throw Failure("cannot make the folder " + flags.out + ": " + error.message());

  std::printf(
      "%s: %lld parameters on %s; %lld images and %zu drawings to learn from, %lld held out\n",
      flags.preset.c_str(), static_cast<long long>(network->parameter_count()),
      device.is_cuda() ? "the GPU" : "the CPU", static_cast<long long>(data.images.size()),
      data.drawings.size(), static_cast<long long>(data.all_validation().size()));
  Run run;
  run.network = network->spec(), run.command = command_line;
  run.details["data"] = describe(flags.sources);
  train(network, data, flags.options, flags.out, run);
  std::printf("best epoch %lld: validation %.3f %%; temperature %.3f, \"?\" below %.3f\n",
              run.details["best_epoch"].get<long long>(),
              100 * run.details["validation"]["accuracy"].get<double>(), run.temperature,
              run.rejection_threshold);
  test_once(network, flags.sources.mnist, run);
  save_run(run, flags.out);
  std::printf("run kept in %s; next: inkling export %s -o model.onnx\n", flags.out.c_str(),
              flags.out.c_str());
}

// A number from low to high; unlike CLI::Range it refuses "nan".
template <typename Number>
void add_number(CLI::App& command, const char* flag, Number& value, Number low, Number high,
                const std::string& help) {
  const auto check = [low, high](const std::string& text) -> std::string {
    Number number{};
    if (CLI::detail::lexical_cast(text, number) && number >= low && number <= high) return "";
    std::ostringstream sentence;
    sentence << text << " is not a number from " << low << " to " << high;
    return sentence.str();
  };
  command.add_option(flag, value, help)->check(CLI::Validator(check, ""))->capture_default_str();
}

void add_variation_flags(CLI::App& command, Variation& v) {
  command.add_option("--width", v.width, "Factor of every hidden layer's channels or features")
      ->check(CLI::Range(0.01, 64.0))
      ->capture_default_str();
  command
      .add_option("--depth", v.depth, "Layers a block: convolutions between pools, hidden layers")
      ->check(CLI::Range(0, 100));
  command.add_option("--kernel", v.kernel, "Side of every convolution's kernel: 1, 3, 5 or 7")
      ->check(CLI::IsMember({1, 3, 5, 7}));
  command.add_option("--dropout", v.dropout, "Of every dropout; before the last layer if none is")
      ->check(CLI::Range(0.0, 0.95));
}

void add_recipe_flags(CLI::App& command, TrainOptions& o) {
  using Int = std::int64_t;
  constexpr Int kLargestSeed = std::numeric_limits<std::int32_t>::max();
  add_number(command, "--epochs", o.epochs, Int{1}, Int{100'000}, "Passes over the data");
  add_number(command, "--batch", o.batch, Int{1}, Int{1'000'000}, "Images a step");
  add_number(command, "--learning-rate", o.learning_rate, 1e-9, 1e3, "Peak of the schedule");
  add_number(command, "--weight-decay", o.weight_decay, 0.0, 10.0, "AdamW's decay of the kernels");
  add_number(command, "--warmup-epochs", o.warmup_epochs, 0.0, 1000.0, "Epochs of linear rise");
  add_number(command, "--label-smoothing", o.label_smoothing, 0.0, 0.99,
             "Share given to the other digits");
  add_number(command, "--average-decay", o.average_decay, 0.0, 1.0,
             "Moving average of the weights, a step");
  add_number(command, "--rotation", o.affine.rotation, 0.0, 180.0,
             "Augmentation: up to so many degrees");
  add_number(command, "--scale", o.affine.scale, 0.0, 0.9,
             "Augmentation: up to this share of the size");
  add_number(command, "--shear", o.affine.shear, 0.0, 2.0, "Augmentation: slant up to this");
  add_number(command, "--shift", o.affine.shift, 0.0, 14.0, "Augmentation: up to so many pixels");
  add_number(command, "--refuse", o.refuse_share, 0.0, 0.5,
             "Share of held-out digits that may be answered \"?\"");
  add_number(command, "--seed", o.seed, Int{0}, kLargestSeed,
             "Of the split, the start and the order");
}

}  // namespace

void add_train(CLI::App& app, const std::string& command_line) {
  auto flags = std::make_shared<TrainFlags>();
  CLI::App* command = app.add_subcommand("train", "Train a network and keep it as a run");
  add_source_flags(*command, flags->sources);
  command->add_option(
      "--out", flags->out,
      "Folder for the run, new or without one: checkpoints, metrics, run.json; required");
  command->add_option("--preset", flags->preset, "Which network: " + known_presets())
      ->capture_default_str();
  add_variation_flags(*command, flags->variation);
  command->add_flag("--list-presets", flags->list_presets, "Show every network, layer by layer");
  command->add_option("--device", flags->device, "auto, cpu or cuda")
      ->check(CLI::IsMember({"auto", "cpu", "cuda"}))
      ->capture_default_str();
  add_number(*command, "--validation", flags->validation_share, 0.001, 0.9,
             "Share of the data held out");
  add_number(*command, "--repeat-strokes", flags->drawing_repeat, std::int64_t{1},
             std::int64_t{1000},
             "Show each drawing so many times an epoch, each time with another pen");
  add_recipe_flags(*command, flags->options);
  command->callback([flags, command_line] { run_train(*flags, command_line); });
}

}  // namespace inkling
