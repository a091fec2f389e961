// The networks that can be trained by name, each with its shapes, [C,H,W] after the layer.
#include "model/presets.h"

#include "data/file.h"

namespace inkling {
namespace {

using Kind = LayerKind;

// Makes MNIST's pixels (standard deviation 0.3081) about unit variance. The mean stays: subtracting
// it would not fold through zero padding.
constexpr double kUnitVariance = 1.0 / 0.3081;

void conv_norm_relu(NetworkSpec& spec, std::int64_t out, std::int64_t size = 3) {
  spec.layers.push_back({Kind::kConv, out, size, size / 2});
  spec.layers.push_back({Kind::kBatchNorm});
  spec.layers.push_back({Kind::kRelu});
}

// Two convolutions, then half the side.
void stage(NetworkSpec& spec, std::int64_t channels) {
  conv_norm_relu(spec, channels);
  conv_norm_relu(spec, channels);
  spec.layers.push_back({Kind::kMaxPool, 0, 2});
}

// What the page loads: 30,874 parameters, 5.3 M multiply-adds.
NetworkSpec compact() {
  NetworkSpec spec{"compact", kUnitVariance, {}};
  stage(spec, 16);                                // [16,14,14]
  stage(spec, 32);                                // [32,7,7]
  conv_norm_relu(spec, 48);                       // [48,7,7]
  spec.layers.push_back({Kind::kGlobalAverage});  // [48]
  spec.layers.push_back({Kind::kDense, 10});      // [10]
  return spec;
}

// Two stages and a dense layer: the shape that most published MNIST benchmarks of small engines
// use. 32,154 parameters, 4.6 M multiply-adds.
NetworkSpec two_stage() {
  NetworkSpec spec{"two-stage", kUnitVariance, {}};
  stage(spec, 16);                          // [16,14,14]
  stage(spec, 32);                          // [32,7,7]
  spec.layers.push_back({Kind::kFlatten});  // [1568]
  spec.layers.push_back({Kind::kDropout, 0, 0, 0, 0.2});
  spec.layers.push_back({Kind::kDense, 10});  // [10]
  return spec;
}

struct Preset {
  const char* name;
  NetworkSpec (*make)();
};
constexpr Preset kPresets[] = {{"compact", compact}, {"two-stage", two_stage}};

}  // namespace

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  for (const Preset& entry : kPresets) names.emplace_back(entry.name);
  return names;
}

NetworkSpec preset(const std::string& name) {
  std::string known;
  for (const Preset& entry : kPresets) {
    if (name == entry.name) return entry.make();
    known += (known.empty() ? "" : ", ") + std::string(entry.name);
  }
  throw Failure("there is no preset '" + name + "'; there are: " + known);
}

}  // namespace inkling
