// `inkling export`: a run's best weights to an ONNX file, which is written only when the engine,
// reading it back, gives the same answers as LibTorch.
#include <cstdio>
#include <filesystem>

#include "cli/commands.h"
#include "data/dataset.h"
#include "data/file.h"
#include "export/engine_runner.h"
#include "export/fold.h"
#include "export/onnx_writer.h"
#include "train/run.h"
#include "train/safetensors.h"
#include "train/scoring.h"

namespace inkling {
namespace {

// Float32 sums in another order differ by about 1e-6; ten times the next decade is a wrong export.
constexpr double kMaxDifference = 1e-4;

struct ExportFlags {
  std::string run, out;
  bool half_weights = false;
};

std::map<std::string, std::string> metadata_of(const Run& run, bool half_weights) {
  const nlohmann::json details = run.details.is_object() ? run.details : nlohmann::json::object();
  std::map<std::string, std::string> metadata = {
      {"preset", run.network.preset},
      {"command", run.command},
      {"seed", std::to_string(run.seed)},
      {"weights", half_weights ? "float16" : "float32"},
      {"rejection_threshold", nlohmann::json(run.rejection_threshold).dump()}};
  for (const char* key : {"data", "parameters"}) {
    if (!details.contains(key)) continue;
    const nlohmann::json& value = details[key];
    metadata[key] = value.is_string() ? value.get<std::string>() : to_text(value);
  }
  for (const char* part : {"validation", "mnist_test"}) {
    const nlohmann::json scores = details.value(part, nlohmann::json::object());
    if (!scores.is_object() || !scores.contains("accuracy")) continue;
    metadata[std::string(part) + "_accuracy"] = to_text(scores["accuracy"]);
  }
  for (auto& [key, value] : metadata)
    value = nlohmann::json::parse(to_text(value)).get<std::string>();
  return metadata;
}

bool is_pictures(const torch::Tensor& images) {
  return images.scalar_type() == torch::kUInt8 && images.dim() == 3 && images.size(0) > 0 &&
         images.size(1) == kSide && images.size(2) == kSide;
}

torch::Tensor probe_images(const std::string& run) {
  const std::filesystem::path path = checkpoint_path(run, "probe");
  const auto tensors = load_tensors(path).tensors;
  const auto images = tensors.find("images");
  if (images == tensors.end() || !is_pictures(images->second)) {
    throw Failure(path.string() + " holds no 28x28 images; train again");
  }
  return images->second;
}

double largest_difference(const torch::Tensor& a, const torch::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

// `what` gives other probabilities than it should: nothing is written.
void require_same(double difference, const std::string& what, const torch::Tensor& images) {
  if (difference <= kMaxDifference) return;
  throw Failure("nothing was written: on " + std::to_string(images.size(0)) + " held-out images " +
                what + " by " + std::to_string(difference) + " (at most 0.0001 is allowed)");
}

// The folded layers against the network as it was trained, both in LibTorch.
void check_folding(Network& network, const Run& run, const std::vector<FoldedLayer>& layers,
                   const torch::Tensor& images) {
  const torch::Tensor trained = (predict_logits(network, images) / run.temperature).softmax(1);
  require_same(largest_difference(trained, run_folded(layers, to_pixels(images))),
               "the folded network's probabilities differ from the trained one's", images);
}

void run_export(const ExportFlags& flags) {
  require_not_read(flags.out, {flags.run});
  const Run run = load_run(flags.run);
  Network network(run.network);
  load_weights(network, checkpoint_path(flags.run, "best"));
  network->eval();
  std::vector<FoldedLayer> layers = fold(network, run.temperature);
  const torch::Tensor images = probe_images(flags.run);
  check_folding(network, run, layers, images);
  if (flags.half_weights) round_weights_to_half(layers);
  const std::string onnx =
      to_onnx(layers, {flags.half_weights, metadata_of(run, flags.half_weights)});

  // The file against the layers it was made of (with --fp16: of the weights so rounded).
  const double difference = largest_difference(run_folded(layers, to_pixels(images)),
                                               EngineRunner(onnx, flags.out).probabilities(images));
  require_same(difference, "the engine's probabilities differ from LibTorch's", images);
  write_file(flags.out, onnx);
  std::printf("%s: %zu bytes; engine and LibTorch agree within %.1e on %lld held-out images\n",
              flags.out.c_str(), onnx.size(), difference, static_cast<long long>(images.size(0)));
}

}  // namespace

void add_export(CLI::App& app) {
  auto flags = std::make_shared<ExportFlags>();
  CLI::App* command =
      app.add_subcommand("export", "Write a run's network as an ONNX file, checked");
  command->add_option("run", flags->run, "The run's folder")->required();
  command->add_option("-o,--out", flags->out, "The .onnx file to write")->required();
  command->add_flag("--fp16", flags->half_weights, "Store weights as float16: half the size");
  command->callback([flags] { run_export(*flags); });
}

}  // namespace inkling
