// Saves and loads a run's folder.
#include "train/run.h"

#include <torch/autograd.h>
#include <torch/utils.h>

#include <cmath>
#include <sstream>

#include "data/file.h"
#include "data/json.h"
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

std::string to_line(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
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
    const nlohmann::json json = parse_json(read_file(path));
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

std::vector<std::string> unknown_teachers(const Run& run) {
  try {
    return run.details.at("leaks").at("unknown").get<std::vector<std::string>>();
  } catch (const nlohmann::json::exception&) {
    return {};  // a run of an earlier version
  }
}

namespace {

constexpr char kTemperature[] = "temperature", kThreshold[] = "rejection_threshold";

void save_network(Network& network, std::map<std::string, std::string> metadata,
                  const fs::path& path) {
  TensorFile file;
  for (const auto& item : network->named_parameters()) file.tensors[item.key()] = item.value();
  for (const auto& item : network->named_buffers()) file.tensors[item.key()] = item.value();
  file.metadata = std::move(metadata);
  file.metadata["preset"] = network->spec().preset;
  save_tensors(file, path);
}

void copy_weights(Network& network, const TensorFile& file, const fs::path& path) {
  torch::NoGradGuard no_grad;
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

// Weights of earlier versions say nothing: run.json's hold.
void take_calibration(Run& run, const TensorFile& file, const fs::path& path) {
  if (!file.metadata.contains(kTemperature)) return;
  try {
    run.temperature = parse_json(file.metadata.at(kTemperature)).get<double>();
    run.rejection_threshold = parse_json(file.metadata.at(kThreshold)).get<double>();
  } catch (const std::exception&) {
    throw Failure(path.string() + " is damaged: its temperature or threshold is no number");
  }
  require_sound(run, path);
}

}  // namespace

void save_weights(Network& network, const fs::path& path) { save_network(network, {}, path); }

void save_best(Network& network, const Run& run, const fs::path& folder) {
  save_network(network,
               {{kTemperature, nlohmann::json(run.temperature).dump()},
                {kThreshold, nlohmann::json(run.rejection_threshold).dump()}},
               checkpoint_path(folder, "best"));
}

void load_weights(Network& network, const fs::path& path) {
  copy_weights(network, load_tensors(path), path);
}

void load_best(Network& network, Run& run, const fs::path& folder) {
  const fs::path path = checkpoint_path(folder, "best");
  const TensorFile file = load_tensors(path);
  copy_weights(network, file, path);
  take_calibration(run, file, path);
}

Network load_best(Run& run, const fs::path& folder) {
  const fs::path path = checkpoint_path(folder, "best");
  const TensorFile file = load_tensors(path);
  std::int64_t wanted = 0, there = 0;
  for (const LayerShape& row : layer_shapes(run.network)) wanted += row.parameters;
  for (const auto& [name, tensor] : file.tensors) there += tensor.numel();
  if (wanted > there) {
    throw Failure(path.string() + " holds " + std::to_string(there) +
                  " numbers, and the network of " + (folder / "run.json").string() + " has " +
                  std::to_string(wanted) + " parameters: it belongs to another network");
  }
  Network network(run.network);
  copy_weights(network, file, path);
  take_calibration(run, file, path);
  return network;
}

}  // namespace inkling
