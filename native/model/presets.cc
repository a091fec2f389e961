// The networks that can be trained by name, each with its shapes, [C,H,W] after the layer.
#include "model/presets.h"

#include <algorithm>
#include <cmath>

#include "data/file.h"

namespace inkling {
namespace {

using Kind = LayerKind;

// Makes MNIST's pixels (standard deviation 0.3081) about unit variance. The mean stays: subtracting
// it would not fold through zero padding.
constexpr double kUnitVariance = 1.0 / 0.3081;
// What Keras notebooks feed: ink is 1.
constexpr double kUnitRange = 1.0;

enum class Border { kSame, kValid };  // zero padding that keeps the side, or none

// Adds layers to a spec, in the field's names, with the variation applied.
class Builder {
 public:
  Builder(const char* name, double input_scale, const Variation& variation)
      : spec_{name, input_scale, {}}, variation_(variation) {}

  std::int64_t depth(std::int64_t usual) const { return variation_.depth.value_or(usual); }

  void conv_relu(std::int64_t out, std::int64_t kernel, Border border = Border::kSame) {
    conv(out, kernel, border, /*bias=*/true);
    add({Kind::kRelu});
  }
  void conv_norm_relu(std::int64_t out, std::int64_t kernel, Border border = Border::kSame) {
    conv(out, kernel, border, /*bias=*/false);
    add({Kind::kBatchNorm});
    add({Kind::kRelu});
  }
  void pool() { add({Kind::kMaxPool, 0, 2}); }
  void flatten() { add({Kind::kFlatten}); }
  void global_average() { add({Kind::kGlobalAverage}); }
  void dropout(double probability) {
    add({Kind::kDropout, 0, 0, 0, variation_.dropout.value_or(probability)});
    has_dropout_ = true;
  }
  void dense_relu(std::int64_t out) {
    add({Kind::kDense, wide(out)});
    add({Kind::kRelu});
  }
  // The last layer: a logit for each digit.
  NetworkSpec finish() {
    if (!has_dropout_ && variation_.dropout) dropout(0);
    add({Kind::kDense, 10});
    return std::move(spec_);
  }

 private:
  void add(const LayerSpec& layer) { spec_.layers.push_back(layer); }
  std::int64_t wide(std::int64_t out) const {
    return std::max<std::int64_t>(1, std::llround(static_cast<double>(out) * variation_.width));
  }
  void conv(std::int64_t out, std::int64_t kernel, Border border, bool bias) {
    const std::int64_t side = variation_.kernel.value_or(kernel);
    add({Kind::kConv, wide(out), side, border == Border::kSame ? side / 2 : 0, 0, bias});
  }

  NetworkSpec spec_;
  const Variation& variation_;
  bool has_dropout_ = false;
};

// What the page loads: 42,954 parameters, 5.9 M multiply-adds.
NetworkSpec compact(Builder net) {
  for (std::int64_t i = net.depth(2); i > 0; --i) net.conv_norm_relu(16, 3);
  net.pool();  // [16,14,14]
  for (std::int64_t i = net.depth(2); i > 0; --i) net.conv_norm_relu(32, 3);
  net.pool();  // [32,7,7]
  for (std::int64_t i = net.depth(2); i > 0; --i) net.conv_norm_relu(40, 3);
  net.global_average();  // [40]
  return net.finish();
}

// compact's shape with two to three times its channels, for those who want the best answer: 288,170
// parameters, 29.1 M multiply-adds.
NetworkSpec large(Builder net) {
  for (std::int64_t i = net.depth(2); i > 0; --i) net.conv_norm_relu(32, 3);
  net.pool();  // [32,14,14]
  for (std::int64_t i = net.depth(2); i > 0; --i) net.conv_norm_relu(64, 3);
  net.pool();  // [64,7,7]
  for (std::int64_t i = net.depth(2); i > 0; --i) net.conv_norm_relu(128, 3);
  net.global_average();  // [128]
  return net.finish();
}

// Two stages and a dense layer: the shape that most published MNIST benchmarks of small engines
// use. 32,154 parameters, 4.6 M multiply-adds.
NetworkSpec two_stage(Builder net) {
  for (std::int64_t i = net.depth(2); i > 0; --i) net.conv_norm_relu(16, 3);
  net.pool();  // [16,14,14]
  for (std::int64_t i = net.depth(2); i > 0; --i) net.conv_norm_relu(32, 3);
  net.pool();     // [32,7,7]
  net.flatten();  // [1568]
  net.dropout(0.2);
  return net.finish();
}

// The first network of most digit-recognizer notebooks.
NetworkSpec mlp(Builder net) {
  net.flatten();                                                        // [784]
  for (std::int64_t i = net.depth(2); i > 0; --i) net.dense_relu(512);  // [512]
  return net.finish();
}

// The second: convolutions, each with a pool and a dropout after it.
NetworkSpec cnn_basic(Builder net) {
  for (std::int64_t i = net.depth(1); i > 0; --i) net.conv_relu(32, 5);
  net.pool();  // [32,14,14]
  net.dropout(0.25);
  for (std::int64_t i = net.depth(1); i > 0; --i) net.conv_relu(64, 3);
  net.pool();  // [64,7,7]
  net.dropout(0.25);
  net.flatten();        // [3136]
  net.dense_relu(128);  // [128]
  return net.finish();
}

// Two pairs of convolutions and two very wide dense layers: 42,579,946 parameters, nearly all of
// them in the first dense layer.
NetworkSpec keras_0995(Builder net) {
  for (std::int64_t i = net.depth(2); i > 0; --i) net.conv_relu(32, 5);
  net.pool();  // [32,14,14]
  net.dropout(0.25);
  for (std::int64_t i = net.depth(2); i > 0; --i) net.conv_relu(64, 3);
  net.pool();  // [64,7,7]
  net.dropout(0.25);
  net.flatten();         // [3136]
  net.dense_relu(8192);  // [8192]
  net.dropout(0.5);
  net.dense_relu(2048);  // [2048]
  net.dropout(0.5);
  return net.finish();
}

// Pairs of 3x3 convolutions, pools and dropouts, and one dense layer.
NetworkSpec deepdigits(Builder net) {
  for (std::int64_t i = net.depth(2); i > 0; --i) net.conv_relu(32, 3);
  net.pool();  // [32,14,14]
  net.dropout(0.25);
  for (std::int64_t i = net.depth(2); i > 0; --i) net.conv_relu(64, 3);
  net.pool();  // [64,7,7]
  net.dropout(0.25);
  net.flatten();        // [3136]
  net.dense_relu(256);  // [256]
  net.dropout(0.5);
  return net.finish();
}

// Four convolutions with batch norm, two dense layers.
NetworkSpec bn_4conv(Builder net) {
  for (std::int64_t i = net.depth(2); i > 0; --i) net.conv_norm_relu(32, 3);
  net.pool();  // [32,14,14]
  for (std::int64_t i = net.depth(2); i > 0; --i) net.conv_norm_relu(64, 3);
  net.pool();           // [64,7,7]
  net.flatten();        // [3136]
  net.dense_relu(512);  // [512]
  net.dropout(0.4);
  net.dense_relu(256);  // [256]
  net.dropout(0.4);
  return net.finish();
}

// Ten 3x3 convolutions without padding or pools, 32 channels growing by 16 to 176: the M3 network
// of An et al., "An Ensemble of Simple Convolutional Neural Network Models for MNIST Digit
// Recognition", 2020. 173 M multiply-adds.
NetworkSpec deep(Builder net) {
  for (std::int64_t i = 0; i < net.depth(10); ++i) {
    net.conv_norm_relu(32 + 16 * i, 3, Border::kValid);  // [32,26,26] ... [176,8,8]
  }
  net.flatten();  // [11264]
  return net.finish();
}

struct Preset {
  const char* name;
  double input_scale;
  NetworkSpec (*make)(Builder);
  const char* summary;
};
constexpr Preset kPresets[] = {
    {"compact", kUnitVariance, compact, "what the page loads: small and quick"},
    {"large", kUnitVariance, large, "compact's shape, wider: five times the work"},
    {"two-stage", kUnitVariance, two_stage, "the shape of most small engines' MNIST benchmarks"},
    {"mlp", kUnitRange, mlp, "two dense layers, no convolution"},
    {"cnn-basic", kUnitRange, cnn_basic, "two convolutions, each with a pool and a dropout"},
    {"keras-0995", kUnitRange, keras_0995, "four convolutions, dense 8192 and 2048"},
    {"deepdigits", kUnitRange, deepdigits, "four 3x3 convolutions, dropouts, one dense layer"},
    {"bn-4conv", kUnitRange, bn_4conv, "four convolutions with batch norm, two dense layers"},
    {"deep", kUnitVariance, deep, "ten convolutions without pools: the most accurate, the slowest"},
};

const Preset& find(const std::string& name) {
  std::string known;
  for (const Preset& entry : kPresets) {
    if (name == entry.name) return entry;
    known += (known.empty() ? "" : ", ") + std::string(entry.name);
  }
  throw Failure("there is no preset '" + name + "'; there are: " + known);
}

}  // namespace

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  for (const Preset& entry : kPresets) names.emplace_back(entry.name);
  return names;
}

std::string preset_summary(const std::string& name) { return find(name).summary; }

NetworkSpec preset(const std::string& name, const Variation& variation) {
  const Preset& entry = find(name);
  NetworkSpec spec = entry.make(Builder(entry.name, entry.input_scale, variation));
  layer_shapes(spec);  // throws when they do not fit
  return spec;
}

}  // namespace inkling
