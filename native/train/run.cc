// Saves and loads a run's folder.
#include "train/run.h"

#include <torch/autograd.h>
#include <torch/utils.h>

#include <cmath>
#include <sstream>

#include "data/file.h"
#include "train/safetensors.h"

namespace inkling {
namespace fs = std::filesystem;
namespace {

// What no training writes, and what would make every answer nonsense.
void require_sound(const Run& run, const fs::path& path) {
  const auto require = [&](bool condition, const char* what) {
    if (!condition) throw Failure(path.string() + " is damaged: " + what);
  };
  require(std::isfinite(run.temperature) && run.temperature >= 0.01 && run.temperature <= 100,
          "the temperature must be between 0.01 and 100");
  require(run.rejection_threshold >= 0 && run.rejection_threshold <= 1,
          "the rejection threshold must be between 0 and 1");
  require(std::isfinite(run.network.input_scale) && run.network.input_scale != 0,
          "the input's scale must be a number other than 0");
}

}  // namespace

std::string to_text(const nlohmann::json& json) {
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

void save_run(const Run& run, const fs::path& folder) {
  const nlohmann::json json = {{"format", 1},
                               {"network", run.network},
                               {"command", run.command},
                               {"seed", run.seed},
                               {"temperature", run.temperature},
                               {"rejection_threshold", run.rejection_threshold},
                               {"details", run.details}};
  write_file(folder / "run.json", to_text(json) + "\n");
}

Run load_run(const fs::path& folder) {
  const fs::path path = folder / "run.json";
  if (!fs::exists(path)) {
    throw Failure(folder.string() +
                  " holds no run (there is no run.json in it); train one with: "
                  "inkling train --mnist DIR --out " +
                  folder.string());
  }
  Run run;
  try {
    const nlohmann::json json = nlohmann::json::parse(read_file(path));
    if (json.at("format") != 1) {
      throw Failure(path.string() + " was written by another version of inkling");
    }
    run = {json.at("network").get<NetworkSpec>(),        json.at("command").get<std::string>(),
           json.at("seed").get<std::int64_t>(),          json.at("temperature").get<double>(),
           json.at("rejection_threshold").get<double>(), json.at("details")};
  } catch (const nlohmann::json::exception&) {
    throw Failure(path.string() + " is damaged: a value is missing or of the wrong type");
  }
  require_sound(run, path);
  return run;
}

void save_weights(Network& network, const fs::path& path) {
  TensorFile file;
  for (const auto& item : network->named_parameters()) file.tensors[item.key()] = item.value();
  for (const auto& item : network->named_buffers()) file.tensors[item.key()] = item.value();
  file.metadata = {{"preset", network->spec().preset}};
  save_tensors(file, path);
}

void load_weights(Network& network, const fs::path& path) {
  torch::NoGradGuard no_grad;
  const TensorFile file = load_tensors(path);
  const auto load = [&](const auto& items) {
    for (const auto& item : items) {
      const auto found = file.tensors.find(item.key());
      if (found == file.tensors.end() || found->second.sizes() != item.value().sizes()) {
        std::ostringstream shape;
        shape << item.value().sizes();
        throw Failure(path.string() + " has no tensor " + item.key() + " of shape " + shape.str() +
                      "; it belongs to another network");
      }
      torch::Tensor target = item.value();
      target.copy_(found->second);
    }
  };
  load(network->named_parameters());
  load(network->named_buffers());
}

}  // namespace inkling
