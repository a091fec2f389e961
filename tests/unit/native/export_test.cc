// From a trained network to ONNX and back through the engine: folding changes no answer, the file
// is what the design says, and the engine reads it with the same result.
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>
#include <torch/utils.h>

#include <algorithm>

#include "data/dataset.h"
#include "export/engine_runner.h"
#include "export/fold.h"
#include "export/onnx_reader.h"
#include "export/onnx_writer.h"
#include "export/quantize.h"
#include "model/presets.h"
#include "real_images.h"
#include "synthetic.h"
#include "temp_folder.h"
#include "train/scoring.h"

namespace inkling {
namespace {

constexpr double kTemperature = 0.7;
constexpr double kSameAnswer = 1e-5;  // float32 sums in another order

// A network whose batch norm has seen something, so that a wrong fold shows.
Network lived_in(const std::string& name) {
  torch::manual_seed(9);
  Network network(preset(name));
  for (auto& item : network->named_buffers()) {
    if (!item.value().is_floating_point()) continue;
    item.value().copy_(torch::rand_like(item.value()) + 0.3);
  }
  torch::NoGradGuard no_grad;
  for (auto& item : network->named_parameters()) {
    if (item.value().dim() == 1) item.value().copy_(torch::rand_like(item.value()) + 0.5);
  }
  network->eval();
  return network;
}

torch::Tensor images() {
  torch::manual_seed(10);
  return torch::randint(0, 256, {40, 28, 28}, torch::kUInt8);
}

torch::Tensor expected(Network& network) {
  return (predict_logits(network, images()) / kTemperature).softmax(1);
}

class EveryPreset : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Export, EveryPreset, testing::ValuesIn(preset_names()),
                         [](const auto& preset_info) {
                           std::string name = preset_info.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST_P(EveryPreset, FoldingChangesNoAnswer) {
  Network network = lived_in(GetParam());
  const torch::Tensor folded = run_folded(fold(network, kTemperature), to_pixels(images()));
  EXPECT_LE((folded - expected(network)).abs().max().item<double>(), kSameAnswer);
}

TEST_P(EveryPreset, TheEngineGivesLibTorchsAnswers) {
  Network network = lived_in(GetParam());
  EngineRunner engine(to_onnx(fold(network, kTemperature), {}), "model");
  EXPECT_LE((engine.probabilities(images()) - expected(network)).abs().max().item<double>(),
            kSameAnswer);
}

TEST_P(EveryPreset, HalfWeightsHalveTheFileAndGiveTheAnswersOfTheRoundedWeights) {
  Network network = lived_in(GetParam());
  std::vector<FoldedLayer> layers = fold(network, kTemperature);
  const std::size_t full_size = to_onnx(layers, {}).size();
  round_weights_to_half(layers);
  const std::string half = to_onnx(layers, {true, {}});
  EXPECT_LT(half.size(), 0.55 * static_cast<double>(full_size));
  const torch::Tensor rounded = run_folded(layers, to_pixels(images()));
  EngineRunner engine(half, "model");
  EXPECT_LE((engine.probabilities(images()) - rounded).abs().max().item<double>(), kSameAnswer);
}

TEST_P(EveryPreset, Int8WeightsQuarterTheFileAndGiveTheAnswersOfTheRoundedWeights) {
  Network network = lived_in(GetParam());
  std::vector<FoldedLayer> layers = fold(network, kTemperature);
  const std::size_t full_size = to_onnx(layers, {}).size();
  quantize_weights(layers);
  const std::string rounded = to_onnx(layers, {});
  EXPECT_LT(rounded.size(), 0.3 * static_cast<double>(full_size));
  const torch::Tensor said = run_folded(layers, to_pixels(images()));
  EngineRunner engine(rounded, "model");
  EXPECT_LE((engine.probabilities(images()) - said).abs().max().item<double>(), kSameAnswer);
}

void expect_read_back(const std::string& preset_name) {
  Network network = lived_in(preset_name);
  std::vector<FoldedLayer> layers = fold(network, kTemperature);
  const auto expect_same = [&](const OnnxOptions& options) {
    const std::vector<FoldedLayer> read = from_onnx(to_onnx(layers, options), "model");
    ASSERT_EQ(read.size(), layers.size());
    const torch::Tensor before = run_folded(layers, to_pixels(images()));
    const torch::Tensor after = run_folded(read, to_pixels(images()));
    EXPECT_LE((after - before).abs().max().item<double>(), kSameAnswer);
  };
  expect_same({});
  quantize_weights(layers);
  expect_same({});
  round_weights_to_half(layers);
  for (FoldedLayer& layer : layers) layer.scales = torch::Tensor();
  expect_same({true, {}});
}

TEST(OnnxFile, IsReadBackAsItWasWritten) {
  for (const char* name : {"compact", "mlp", "cnn-basic", "deep"}) {
    SCOPED_TRACE(name);
    expect_read_back(name);
  }
}

TEST(Quantized, WhatWasWrittenIsReadBack) {
  Network network = lived_in("two-stage");
  std::vector<FoldedLayer> layers = fold(network, kTemperature);
  quantize_weights(layers);
  calibrate_activations(layers, to_pixels(images()));
  const std::vector<FoldedLayer> read = from_onnx(to_onnx(layers, {}), "model");
  ASSERT_EQ(read.size(), layers.size());
  for (std::size_t i = 0; i < read.size(); ++i) {
    EXPECT_FLOAT_EQ(static_cast<float>(read[i].output_scale),
                    static_cast<float>(layers[i].output_scale));
    if (!read[i].bias.defined()) continue;
    // Whole numbers of the input's scale times the weights'.
    EXPECT_LE((read[i].bias - layers[i].bias).abs().max().item<double>(), 1e-3);
    EXPECT_LE((read[i].weight - rounded_weight(layers[i])).abs().max().item<double>(), 1e-6);
  }
}

TEST(OnnxFile, OfOthersIsNotReadBack) {
  Network network = lived_in("two-stage");
  onnx::ModelProto model;
  ASSERT_TRUE(model.ParseFromString(to_onnx(fold(network, kTemperature), {})));
  const auto refused = [](const onnx::ModelProto& changed, const std::string& reason) {
    expect_failure([&] { from_onnx(changed.SerializeAsString(), "theirs.onnx"); }, reason);
  };
  onnx::ModelProto theirs = model;
  theirs.set_producer_name("pytorch");
  refused(theirs, "theirs.onnx was not written by inkling export");
  onnx::ModelProto other = model;
  other.mutable_graph()->mutable_node(1)->set_op_type("Sigmoid");
  refused(other, "it has a Sigmoid");
  onnx::ModelProto typed = model;
  auto& bias = *typed.mutable_graph()->mutable_initializer(1);
  for (std::int64_t i = 0; i < bias.dims(0); ++i) bias.add_float_data(0);
  bias.clear_raw_data();
  refused(typed, "raw bytes");
  expect_failure([] { from_onnx("no ONNX", "junk.onnx"); }, "junk.onnx");
  std::vector<FoldedLayer> layers = fold(network, kTemperature);
  quantize_weights(layers);
  onnx::ModelProto shifted;
  ASSERT_TRUE(shifted.ParseFromString(to_onnx(layers, {})));
  auto& zero = *shifted.mutable_graph()->add_initializer();
  zero.set_name("zero"), zero.set_data_type(onnx::TensorProto::INT8), zero.set_raw_data("\x01");
  shifted.mutable_graph()->mutable_node(0)->add_input("zero");
  refused(shifted, "another DequantizeLinear");
}

// A convolution, its ReLU, its pool: one scale from the ReLU on.
TEST(Quantized, ActivationsAreRoundedWhereTheirScaleIsKnown) {
  Network network = lived_in("two-stage");
  std::vector<FoldedLayer> layers = fold(network, kTemperature);
  quantize_weights(layers);
  calibrate_activations(layers, to_pixels(images()));
  double relu_scale = 0;
  for (const FoldedLayer& layer : layers) {
    const LayerKind kind = layer.spec.kind;
    if (kind == LayerKind::kRelu) relu_scale = layer.output_scale;
    if (kind == LayerKind::kMaxPool) {
      EXPECT_EQ(layer.output_scale, relu_scale);
    }
    EXPECT_EQ(layer.output_scale > 0, kind == LayerKind::kRelu || kind == LayerKind::kMaxPool);
  }
  const torch::Tensor said = run_folded(layers, to_pixels(images()));
  EngineRunner engine(to_onnx(layers, {}), "model");
  constexpr double kAStepApart = 0.05;  // sums between two steps may be rounded to either
  EXPECT_LE((engine.probabilities(images()) - said).abs().max().item<double>(), kAStepApart);
}

TEST(Quantized, NoOtherRangeOfAKernelLosesLess) {
  Network network = lived_in("mlp");
  const std::vector<FoldedLayer> whole = fold(network, 1.0);
  std::vector<FoldedLayer> layers = whole;
  quantize_weights(layers);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (!layers[i].scales.defined()) continue;
    const auto loss = [&](const FoldedLayer& layer) {  // float32 [out]
      return (rounded_weight(layer) - whole[i].weight).square().sum(1);
    };
    for (const double share : {1.0, 0.9, 0.7}) {
      FoldedLayer other = whole[i];
      other.scales = whole[i].weight.abs().amax(1) * (share / kInt8Most);
      EXPECT_TRUE((loss(layers[i]) <= loss(other) * 1.0001).all().item<bool>()) << share;
    }
  }
}

// Rounded to two bits or so (by scales that are far too wide) a network is wrong; training through
// the rounding mends most of it.
TEST(Quantized, TrainingThroughTheRoundingMendsIt) {
  torch::manual_seed(4);
  Variation narrow;
  narrow.width = 0.1;
  Network network(preset("mlp", narrow));
  network->eval();
  const std::vector<FoldedLayer> whole = fold(network, 0.02);  // sure of its answers
  std::vector<FoldedLayer> layers = whole;
  quantize_weights(layers);
  for (FoldedLayer& layer : layers) {
    if (!layer.scales.defined()) continue;
    layer.scales = layer.scales * 40;
    layer.weight = rounded_weight(layer);
  }
  TrainingData data;
  data.drawings = synthetic_drawings(40, 1);
  BatchOptions options;
  options.batch = 40;
  Batches batches(data, options, torch::kCPU);
  const torch::Tensor pixels =
      to_pixels(render(data.drawings, [](std::size_t) { return kPenWidth; }).images);
  const auto closeness = [&](const std::vector<FoldedLayer>& some, std::int64_t) {
    return -(run_folded(some, pixels) - run_folded(whole, pixels)).abs().mean().item<double>();
  };
  const double before = closeness(layers, 0);
  EXPECT_GT(tune_quantized(layers, whole, batches, {.epochs = 5, .learning_rate = 2e-3}, closeness),
            0);
  EXPECT_GT(closeness(layers, 0), 0.7 * before);  // both are below 0
}

// LibTorch = native engine; tests/parity goes on from there to WebAssembly and ONNX Runtime.
TEST(RealImages, LibTorchAndTheEngineGiveTheSameProbabilities) {
  SKIP_UNLESS(has_mnist(), "mnist/");
  constexpr double kSameProbability = 1e-4;  // what the exporter allows
  const torch::Tensor real = mnist_test_images().images.slice(0, 0, 1000);
  for (const std::string& name : preset_names()) {
    Network network = lived_in(name);
    EngineRunner engine(to_onnx(fold(network, kTemperature), {}), "model");
    const torch::Tensor torch_says = (predict_logits(network, real) / kTemperature).softmax(1);
    const double difference = (engine.probabilities(real) - torch_says).abs().max().item<double>();
    RecordProperty("difference", std::to_string(difference));
    EXPECT_LE(difference, kSameProbability) << name;
  }
}

TEST(OnnxFile, IsWhatTheDesignSays) {
  Network network = lived_in("compact");
  const std::string bytes =
      to_onnx(fold(network, 1.0), {false, {{"preset", "compact"}, {"rejection_threshold", "0.5"}}});
  onnx::ModelProto model;
  ASSERT_TRUE(model.ParseFromString(bytes));
  EXPECT_EQ(model.opset_import(0).version(), 17);
  const onnx::GraphProto& graph = model.graph();
  EXPECT_EQ(graph.input(0).name(), "image");
  EXPECT_EQ(graph.output(0).name(), "probabilities");
  EXPECT_EQ(graph.input(0).type().tensor_type().shape().dim(0).dim_param(), "N");
  for (const onnx::NodeProto& node : graph.node()) {
    EXPECT_NE(node.op_type(), "BatchNormalization");
    EXPECT_NE(node.op_type(), "Dropout");
    EXPECT_NE(node.op_type(), "Mul");
  }
  EXPECT_DOUBLE_EQ(EngineRunner(bytes, "model").threshold(), 0.5);
}

TEST(OnnxFile, IsTheSameBytesEachTime) {
  Network network = lived_in("compact");
  const OnnxOptions options{true, {{"b", "2"}, {"a", "1"}}};
  EXPECT_EQ(to_onnx(fold(network, 1.0), options), to_onnx(fold(network, 1.0), options));
}

TEST(HalfWeights, RefuseAWeightTooLargeForFloat16) {
  Network network = lived_in("compact");
  std::vector<FoldedLayer> layers = fold(network, 1.0);
  layers[0].weight[0][0][0][0] = 1e6;
  expect_failure([&] { round_weights_to_half(layers); }, "conv1", "--fp16");
}

TEST(EngineRunner, NamesTheFileAndTheReason) {
  expect_failure([] { EngineRunner("not onnx at all", "model.onnx"); }, "model.onnx: ");
}

}  // namespace
}  // namespace inkling
