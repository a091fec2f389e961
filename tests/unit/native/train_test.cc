// The network, its checkpoints, scores and the training loop on made-up data.
#include <gtest/gtest.h>
#include <torch/utils.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "model/presets.h"
#include "synthetic.h"
#include "temp_folder.h"
#include "train/checkpoint.h"
#include "train/ema.h"
#include "train/run.h"
#include "train/safetensors.h"
#include "train/scoring.h"
#include "train/teacher.h"
#include "train/trainer.h"

namespace inkling {
namespace {

TEST(Presets, HaveTheParametersTheyAreDocumentedWith) {
  EXPECT_EQ(Network(preset("compact"))->parameter_count(), 42954);
  EXPECT_EQ(Network(preset("large"))->parameter_count(), 288170);
  EXPECT_EQ(Network(preset("two-stage"))->parameter_count(), 32154);
}

TEST(Presets, Keras0995HasTheNotebooksParametersLayerByLayer) {
  std::vector<std::int64_t> parameters;
  for (const LayerShape& row : layer_shapes(preset("keras-0995"))) {
    if (row.parameters > 0) parameters.push_back(row.parameters);
  }
  EXPECT_EQ(parameters, (std::vector<std::int64_t>{832, 25'632, 18'496, 36'928, 25'698'304,
                                                   16'779'264, 20'490}));
  EXPECT_EQ(Network(preset("keras-0995"))->parameter_count(), 42'579'946);
}

TEST(Presets, EachTakesAnImageToTenLogitsAndVariesAsAsked) {
  torch::NoGradGuard no_grad;
  Variation narrow;
  narrow.width = 0.1, narrow.depth = 3, narrow.kernel = 3, narrow.dropout = 0.3;
  for (const std::string& name : preset_names()) {
    Network network(preset(name, narrow));
    EXPECT_EQ(network->forward(torch::zeros({2, 1, 28, 28})).sizes(),
              (std::vector<std::int64_t>{2, 10}))
        << name;
    EXPECT_LT(network->parameter_count(), Network(preset(name))->parameter_count()) << name;
    const auto& layers = network->spec().layers;
    EXPECT_TRUE(std::any_of(layers.begin(), layers.end(), [](const LayerSpec& l) {
      return l.kind == LayerKind::kDropout && l.probability == 0.3;
    })) << name;
  }
}

TEST(Presets, ADepthWhoseKernelsOutgrowTheImageIsRefused) {
  Variation endless;
  endless.depth = 20;
  expect_failure([&] { preset("deep", endless); }, "conv14", "kernel larger");
}

TEST(Presets, CountWhatLibTorchCounts) {
  for (const std::string& name : preset_names()) {
    Network network(preset(name));
    std::int64_t count = 0;
    for (const torch::Tensor& p : network->parameters()) count += p.numel();
    EXPECT_EQ(network->parameter_count(), count) << name;
    EXPECT_EQ(network->forward(torch::rand({3, 1, 28, 28})).sizes(),
              (std::vector<std::int64_t>{3, 10}));
  }
}

TEST(Presets, AnUnknownNameListsTheKnown) {
  expect_failure([] { preset("huge"); }, "huge", "compact, large");
}

TEST(NetworkSpec, SurvivesJson) {
  for (const std::string& name : preset_names()) {
    const nlohmann::json json = preset(name);
    EXPECT_EQ(nlohmann::json(json.get<NetworkSpec>()), json);
  }
}

TEST(NetworkSpec, LayersThatDoNotFitAreNamed) {
  NetworkSpec spec{"bad", 1.0, {{LayerKind::kDense, 10}}};
  expect_failure([&] { layer_shapes(spec); }, "dense1", "flatten");
  spec.layers = {{LayerKind::kFlatten}, {LayerKind::kDense, 9}};
  expect_failure([&] { layer_shapes(spec); }, "ten features");
  spec.layers = {{LayerKind::kFlatten}, {LayerKind::kDense, 100'000'000}};
  expect_failure([&] { layer_shapes(spec); }, "dense1", "size");
  spec.layers = {{LayerKind::kConv, 4, 31, 0}};
  expect_failure([&] { layer_shapes(spec); }, "conv1", "larger than its input");
}

TEST(Safetensors, KeepsTensorsAndMetadata) {
  const TempFolder folder;
  const TensorFile file{
      {{"a", torch::rand({2, 3})}, {"b", torch::arange(5)}, {"c", torch::ones({4}, torch::kUInt8)}},
      {{"preset", "compact"}}};
  save_tensors(file, folder / "x.safetensors");
  const TensorFile back = load_tensors(folder / "x.safetensors");
  ASSERT_EQ(back.tensors.size(), 3u);
  for (const auto& [name, tensor] : file.tensors)
    EXPECT_TRUE(back.tensors.at(name).equal(tensor)) << name;
  EXPECT_EQ(back.metadata, file.metadata);
}

TEST(Safetensors, RefusesAFileCutShortAnywhere) {
  const TempFolder folder;
  save_tensors({{{"a", torch::rand({2, 3})}}, {}}, folder / "x");
  const std::string bytes = read_file(folder / "x");
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_NE(failure_of([&] { load_tensors(folder.write("cut", bytes.substr(0, length))); }), "")
        << length << " bytes were taken for a checkpoint";
  }
}

TEST(Safetensors, RefusesOffsetsAndShapesThatLie) {
  const TempFolder folder;
  const auto with_header = [&](std::string header) {
    std::string bytes(8, '\0');
    bytes[0] = static_cast<char>(header.size());
    return folder.write("lie", bytes + header + std::string(24, 'x'));
  };
  for (const char* entry :
       {R"({"a":{"dtype":"F32","shape":[6],"data_offsets":[8,32]}})",
        R"({"a":{"dtype":"F32","shape":[7],"data_offsets":[0,24]}})",
        R"({"a":{"dtype":"F32","shape":[-6],"data_offsets":[0,24]}})",
        R"({"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}})",
        R"({"a":{"dtype":"F99","shape":[6],"data_offsets":[0,24]}})",
        R"({"a":{"dtype":"F32","shape":[6],"data_offsets":[0,24]},)"
        R"("b":{"dtype":"F32","shape":[6],"data_offsets":[0,24]},)"
        R"("c":{"dtype":"F32","shape":[6],"data_offsets":[0,24]}})",
        R"({"a":{"shape":[6],"data_offsets":[0,24]}})", R"({"a":7})", "not json"}) {
    EXPECT_NE(failure_of([&] { load_tensors(with_header(entry)); }), "") << entry;
  }
}

TEST(Checkpoints, BelongToOneNetwork) {
  const TempFolder folder;
  Network compact(preset("compact")), same(preset("compact")), other(preset("two-stage"));
  save_weights(compact, folder / "w");
  load_weights(same, folder / "w");
  const torch::Tensor pixels = torch::rand({2, 1, 28, 28});
  compact->eval(), same->eval();
  EXPECT_TRUE(compact->forward(pixels).equal(same->forward(pixels)));
  expect_failure([&] { load_weights(other, folder / "w"); }, "another network");
}

TEST(WeightAverage, FollowsTheNetworkAndForgetsItsStart) {
  Network network(preset("compact"));
  WeightAverage average(network, 0.9);
  {
    torch::NoGradGuard no_grad;
    for (torch::Tensor p : network->parameters()) p.fill_(2.0);
  }
  for (int i = 0; i < 200; ++i) average.update();
  for (const torch::Tensor& p : average.network()->parameters()) {
    EXPECT_LE((p - 2.0).abs().max().item<double>(), 1e-3);
  }
}

TEST(Teacher, AnswersTheMeanOfItsRunsCalibrated) {
  const TempFolder folder;
  std::vector<Teacher::Member> members;
  torch::Tensor expected;
  const torch::Tensor pixels = torch::rand({3, 1, 28, 28});
  for (const double temperature : {0.5, 2.0}) {
    Network network(preset("mlp"));
    const std::filesystem::path path = folder / std::to_string(temperature);
    std::filesystem::create_directory(path);
    inkling::Run run;
    run.network = network->spec(), run.temperature = temperature;
    save_run(run, path);
    save_weights(network, checkpoint_path(path, "best"));
    members.push_back(teach_by_run(path, torch::kCPU));
    network->eval();
    const torch::Tensor p = (network->forward(pixels) / temperature).softmax(1).detach() / 2;
    expected = expected.defined() ? expected + p : p;
  }
  const Teacher teacher(members);
  EXPECT_TRUE(teacher(pixels).allclose(expected, 1e-5, 1e-6));
  EXPECT_FALSE(teacher(pixels).requires_grad());
  expect_failure([&] { teach_by_run(folder / "none", torch::kCPU); }, "none");
}

TEST(Scores, CountRightRefusedAndBoth) {
  torch::Tensor p = torch::full({3, 10}, 0.01);
  p[0][4] = 0.91;                // right and sure
  p[1][4] = 0.5, p[1][5] = 0.4;  // right but unsure
  p[2][7] = 0.91;                // wrong and sure
  const Score s = score(p, torch::tensor({4, 4, 1}, torch::kInt64), 0.6);
  EXPECT_EQ(s.count, 3);
  EXPECT_EQ(s.correct, 2);
  EXPECT_EQ(s.refused, 1);
  EXPECT_EQ(s.answered_correctly, 1);
  EXPECT_EQ(s.digit_count[4], 2);
  EXPECT_EQ(s.digit_correct[1], 0);
  EXPECT_NEAR(s.loss, -(std::log(0.91) + std::log(0.5) + std::log(0.01)) / 3, 1e-5);
}

TEST(Calibration, FindsTheTemperatureThatWasApplied) {
  torch::manual_seed(3);
  const torch::Tensor truth = torch::randn({20000, 10}) * 2;
  const torch::Tensor labels = torch::multinomial(truth.softmax(1), 1).squeeze(1);
  EXPECT_NEAR(fit_temperature(truth * 2.5, labels), 2.5, 0.1);
  EXPECT_NEAR(fit_temperature(truth * 0.5, labels), 0.5, 0.02);
}

TEST(Calibration, TheThresholdRefusesTheShareAskedFor) {
  torch::manual_seed(4);
  const torch::Tensor p = (torch::randn({5000, 10}) * 3).softmax(1);
  const torch::Tensor labels = torch::zeros({5000}, torch::kInt64);
  EXPECT_EQ(score(p, labels, confidence_quantile(p, 0.01)).refused, 50);
}

// --- the loop
// --------------------------------------------------------------------------------------

TrainingData made_up_data(const TempFolder& folder) {
  Sources sources;
  sources.strokes = {folder.write("s.jsonl", stroke_file(synthetic_drawings(40, 8))).string()};
  return load_training_data(sources, 0.1, 1);
}

TrainOptions quick() {
  TrainOptions options;
  options.epochs = 6, options.batches.batch = 32, options.average_decay = 0.9;
  return options;
}

Run train_made_up(const TempFolder& folder, Network& network, const TrainOptions& options) {
  torch::manual_seed(options.batches.seed);
  network = Network(preset("compact"));
  Run run;
  run.network = network->spec(), run.command = "inkling train";
  train(network, made_up_data(folder), options, folder.path(), run);
  return run;
}

TEST(Training, LearnsMadeUpDrawingsAndLeavesAWholeRun) {
  const TempFolder folder;
  Network network{nullptr};
  const inkling::Run run = train_made_up(folder, network, quick());
  EXPECT_GE(run.details.at("validation").at("accuracy").get<double>(), 0.9);
  EXPECT_GT(run.temperature, 0.0);
  save_run(run, folder.path());
  EXPECT_EQ(load_run(folder.path()).temperature, run.temperature);

  std::istringstream metrics(read_file(folder / "metrics.jsonl"));
  std::string line;
  int lines = 0;
  while (std::getline(metrics, line)) EXPECT_EQ(nlohmann::json::parse(line).at("epoch"), ++lines);
  EXPECT_EQ(lines, 6);
  Network best(preset("compact"));
  load_weights(best, checkpoint_path(folder.path(), "best"));
  best->eval();
  const torch::Tensor pixels = torch::rand({2, 1, 28, 28});
  EXPECT_TRUE(best->forward(pixels).equal(network->forward(pixels)));
}

TEST(Training, TheSameSeedGivesTheSameWeights) {
  const TempFolder a, b;
  Network first{nullptr}, second{nullptr};
  TrainOptions options = quick();
  options.epochs = 2;
  train_made_up(a, first, options), train_made_up(b, second, options);
  EXPECT_EQ(read_file(a / "last.safetensors"), read_file(b / "last.safetensors"));
}

TEST(Training, LearnsInBFloat16TooAndOtherwiseThanInFloat32) {
  const TempFolder a, b, c;
  Network network{nullptr};
  TrainOptions options = quick();
  options.precision = Precision::kBFloat16;
  const inkling::Run run = train_made_up(a, network, options);
  EXPECT_GE(run.details.at("validation").at("accuracy").get<double>(), 0.9);
  options.epochs = 1;
  train_made_up(b, network, options);
  options.precision = Precision::kFloat32;
  train_made_up(c, network, options);
  EXPECT_NE(read_file(b / "last.safetensors"), read_file(c / "last.safetensors"));
}

TEST(Precision, OfAutoIsTheDevices) {
  EXPECT_FALSE(is_bfloat16(precision_of("auto"), torch::kCPU));
  EXPECT_TRUE(is_bfloat16(precision_of("auto"), torch::kCUDA));
  EXPECT_FALSE(is_bfloat16(precision_of("float32"), torch::kCUDA));
  EXPECT_TRUE(is_bfloat16(precision_of("bfloat16"), torch::kCPU));
  expect_failure([] { precision_of("half"); }, "half", "bfloat16");
}

TEST(Training, StopsWhenTheLossIsNoNumber) {
  const TempFolder folder;
  Network network{nullptr};
  TrainOptions options = quick();
  options.schedule.learning_rate = 1e30;
  expect_failure([&] { train_made_up(folder, network, options); }, "not a number",
                 "(epoch 1, step ", "--learning-rate", "No epoch was finished");
}

TEST(Training, ARunThatIsBrokenOffCanBeUsedAsFarAsItCame) {
  const TempFolder folder;
  Network network{nullptr};
  // The first epoch's last checkpoint cannot be written: the training ends there.
  std::filesystem::create_directory(folder / "last.safetensors.part");
  expect_failure([&] { train_made_up(folder, network, quick()); }, "cannot write",
                 "last.safetensors");
  const inkling::Run run = load_run(folder.path());
  EXPECT_EQ(run.details.at("best_epoch"), 1);
  EXPECT_GT(run.temperature, 0.0);
  Network kept(run.network);
  load_weights(kept, checkpoint_path(folder.path(), "best"));
}

TEST(Training, KeepsTheLastGoodCheckpointWhenTheLossIsNoNumber) {
  const TempFolder folder;
  Network network{nullptr};
  TrainOptions options = quick();
  options.schedule.kind = ScheduleKind::kStep, options.schedule.warmup_epochs = 0;
  options.schedule.step_epochs = 1, options.schedule.factor = 1e30;  // the second epoch explodes
  expect_failure([&] { train_made_up(folder, network, options); }, "epoch 2",
                 "last good checkpoint");
  const auto checkpoint = CheckpointFiles(folder.path()).newest();
  ASSERT_TRUE(checkpoint.has_value());
  EXPECT_EQ(checkpoint->position.at("epoch"), 2);
  EXPECT_EQ(checkpoint->position.at("step"), 0);
  for (const auto& [name, tensor] : checkpoint->tensors) {
    EXPECT_TRUE(!tensor.is_floating_point() || tensor.isfinite().all().item<bool>()) << name;
  }
}

TEST(Training, StopsEarlyWhenNoEpochIsBetter) {
  const TempFolder folder;
  Network network{nullptr};
  TrainOptions options = quick();
  options.epochs = 50, options.stop_patience = 2;
  options.schedule.learning_rate = 1e-9;  // learns nothing, so nothing gets better for long
  const inkling::Run run = train_made_up(folder, network, options);
  EXPECT_LT(run.details.at("epochs_trained").get<int>(), 50);
  EXPECT_EQ(run.details.at("epochs_trained").get<int>(),
            run.details.at("best_epoch").get<int>() + 2);
}

TEST(Training, SaysWhenABatchIsLargerThanTheData) {
  const TempFolder folder;
  Network network{nullptr};
  TrainOptions options = quick();
  options.batches.batch = 100000;
  expect_failure([&] { train_made_up(folder, network, options); }, "100000", "--batch");
}

TEST(Runs, AFolderWithoutARunSaysHowToMakeOne) {
  const TempFolder folder;
  expect_failure([&] { load_run(folder.path()); }, "run.json", "inkling train");
  folder.write("run.json", "{\"network\":");
  expect_failure([&] { load_run(folder.path()); }, "run.json is damaged");
  inkling::Run run;
  run.network = preset("compact"),
  run.command = "inkling train --out \xff";  // a name that is no UTF-8
  save_run(run, folder.path());
  EXPECT_EQ(load_run(folder.path()).temperature, 1.0);
  for (const double wrong : {0.0, -1.0, 1e308, std::nan("")}) {
    run.temperature = wrong;
    save_run(run, folder.path());
    expect_failure([&] { load_run(folder.path()); }, "run.json is damaged");
  }
  run.temperature = 1, run.rejection_threshold = 5;
  save_run(run, folder.path());
  expect_failure([&] { load_run(folder.path()); }, "rejection threshold");
}

TEST(Runs, NestingWithoutEndIsNoCrash) {
  const TempFolder folder;
  inkling::Run run;
  run.network = preset("compact");
  save_run(run, folder.path());
  std::string json = read_file(folder / "run.json");
  const std::string deep = std::string(300'000, '[') + std::string(300'000, ']');
  const std::size_t details = json.find("\"details\": null");
  ASSERT_NE(details, std::string::npos) << json;
  json.replace(details, 15, "\"details\": {\"data\": " + deep + "}");
  folder.write("run.json", json);
  expect_failure([&] { load_run(folder.path()); }, "run.json is damaged");
  folder.write("run.json", deep);
  expect_failure([&] { load_run(folder.path()); }, "run.json is damaged");
}

TEST(Runs, TheBestWeightsBringTheirOwnCalibration) {
  const TempFolder folder;
  inkling::Run run;
  run.network = preset("compact");
  Network network(run.network);
  run.temperature = 0.75, run.rejection_threshold = 0.625;
  save_best(network, run, folder.path());
  run.temperature = 2, run.rejection_threshold = 0.5;  // as before the last epoch
  save_run(run, folder.path());
  inkling::Run loaded = load_run(folder.path());
  const Network best = load_best(loaded, folder.path());
  EXPECT_EQ(loaded.temperature, 0.75);
  EXPECT_EQ(loaded.rejection_threshold, 0.625);
  EXPECT_TRUE(best->parameters().front().equal(network->parameters().front()));
}

TEST(Runs, ANetworkLargerThanItsWeightsIsNotBuilt) {
  const TempFolder folder;
  inkling::Run run;
  run.network = preset("compact");
  Network network(run.network);
  save_best(network, run, folder.path());
  run.network = preset("keras-0995");
  save_run(run, folder.path());
  expect_failure(
      [&] {
        inkling::Run loaded = load_run(folder.path());
        load_best(loaded, folder.path());
      },
      "best.safetensors", "42579946 parameters");
}

}  // namespace
}  // namespace inkling
