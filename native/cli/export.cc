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
  const nlohmann::json& details = run.details;
  std::map<std::string, std::string> metadata = {
      {"preset", run.network.preset},
      {"command", run.command},
      {"seed", std::to_string(run.seed)},
      {"weights", half_weights ? "float16" : "float32"},
      {"rejection_threshold", nlohmann::json(run.rejection_threshold).dump()}};
  for (const char* key : {"data", "parameters"}) {
    if (!details.contains(key)) continue;
    const nlohmann::json& value = details[key];
    metadata[key] = value.is_string() ? value.get<std::string>() : value.dump();
  }
  for (const char* part : {"validation", "mnist_test"}) {
    if (!details.contains(part)) continue;
    metadata[std::string(part) + "_accuracy"] = details[part].at("accuracy").dump();
  }
  return metadata;
}

// LibTorch's answers: of the network as trained, or, with rounded weights, of those weights.
torch::Tensor expected_probabilities(Network& network, const Run& run,
                                     const std::vector<FoldedLayer>& layers, bool half_weights,
                                     const torch::Tensor& images) {
  if (half_weights) return run_folded(layers, to_pixels(images));
  return (predict_logits(network, images) / run.temperature).softmax(1);
}

void run_export(const ExportFlags& flags) {
  const Run run = load_run(flags.run);
  Network network(run.network);
  load_weights(network, checkpoint_path(flags.run, "best"));
  network->eval();
  std::vector<FoldedLayer> layers = fold(network, run.temperature);
  if (flags.half_weights) round_weights_to_half(layers);
  const std::string onnx =
      to_onnx(layers, {flags.half_weights, metadata_of(run, flags.half_weights)});

  const std::filesystem::path probe_path = checkpoint_path(flags.run, "probe");
  const auto probe = load_tensors(probe_path).tensors;
  if (!probe.contains("images")) throw Failure(probe_path.string() + " holds no images");
  const torch::Tensor& images = probe.at("images");
  const torch::Tensor expected =
      expected_probabilities(network, run, layers, flags.half_weights, images);
  const torch::Tensor actual = EngineRunner(onnx, flags.out).probabilities(images);
  const double difference = (expected - actual).abs().max().item<double>();
  if (!(difference <= kMaxDifference)) {
    throw Failure("nothing was written: on " + std::to_string(images.size(0)) +
                  " held-out images the engine's probabilities differ from LibTorch's by " +
                  std::to_string(difference) + " (at most 0.0001 is allowed)");
  }
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
