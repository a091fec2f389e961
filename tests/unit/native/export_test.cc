// From a trained network to ONNX and back through the engine: folding changes no answer, the file
// is what the design says, and the engine reads it with the same result.
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>
#include <torch/utils.h>

#include "data/dataset.h"
#include "export/engine_runner.h"
#include "export/fold.h"
#include "export/onnx_writer.h"
#include "model/presets.h"
#include "real_images.h"
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
