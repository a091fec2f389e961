// Loads, folds, checks.
#include "cli/exporting.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "data/dataset.h"
#include "data/file.h"
#include "train/safetensors.h"
#include "train/scoring.h"

namespace inkling {
namespace {

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

}  // namespace

Exportable load_exportable(const std::string& folder) {
  Run run = load_run(folder);
  Network network = load_best(run, folder);
  network->eval();
  std::vector<FoldedLayer> layers = fold(network, run.temperature);
  const torch::Tensor images = probe_images(folder);
  // The folded layers against the network as it was trained, both in LibTorch.
  const torch::Tensor trained = (predict_logits(network, images) / run.temperature).softmax(1);
  require_same(largest_difference(trained, run_folded(layers, to_pixels(images))), kMaxDifference,
               "the folded network's probabilities differ from the trained one's", images);
  return {std::move(run), std::move(layers), images};
}

std::map<std::string, std::string> metadata_of(const Run& run, const std::string& weights,
                                               bool with_scores) {
  const nlohmann::json details = run.details.is_object() ? run.details : nlohmann::json::object();
  std::map<std::string, std::string> metadata = {
      {"preset", run.network.preset},
      {"command", run.command},
      {"seed", std::to_string(run.seed)},
      {"weights", weights},
      {"rejection_threshold", nlohmann::json(run.rejection_threshold).dump()}};
  for (const char* key : {"data", "parameters"}) {
    if (!details.contains(key)) continue;
    const nlohmann::json& value = details[key];
    metadata[key] = value.is_string() ? value.get<std::string>() : to_text(value);
  }
  for (const char* part : {"validation", "mnist_test"}) {
    if (!with_scores) break;
    const nlohmann::json scores = details.value(part, nlohmann::json::object());
    if (!scores.is_object() || !scores.contains("accuracy")) continue;
    metadata[std::string(part) + "_accuracy"] = to_text(scores["accuracy"]);
  }
  for (auto& [key, value] : metadata)
    value = nlohmann::json::parse(to_text(value)).get<std::string>();
  return metadata;
}

double largest_difference(const torch::Tensor& a, const torch::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

void require_same(double difference, double most, const std::string& what,
                  const torch::Tensor& images) {
  if (difference <= most) return;
  throw Failure("nothing was written: on " + std::to_string(images.size(0)) + " held-out images " +
                what + " by " + std::to_string(difference) + " (at most " + std::to_string(most) +
                " is allowed)");
}

}  // namespace inkling
