// What the network sees: keyed randomness, augmentation, and batches that are the same however they
// are made.
#include <gtest/gtest.h>
#include <torch/utils.h>

#include "data/augment.h"
#include "data/random.h"
#include "model/presets.h"
#include "synthetic.h"
#include "temp_folder.h"
#include "train/batches.h"
#include "train/benchmark.h"
#include "train/cuda_step.h"

namespace inkling {
namespace {

TEST(Random, IsThePublishedPhilox) {
  // Random123's known answer for counter and key 0: the numbers are the same on every platform.
  at::Philox4_32 engine(0, 0);
  EXPECT_EQ(engine(), 0x6627e8d5u);
  EXPECT_EQ(engine(), 0xe169c58du);
}

TEST(Random, ATableHoldsTheNumbersOfEachKey) {
  const torch::Tensor rows = torch::tensor({5, 0, 5, 1'000'000}, torch::kInt64);
  const torch::Tensor table = keyed_uniform(7, Stream::kAugment, 3, rows, 11);
  EXPECT_TRUE(table[0].equal(table[2]));
  EXPECT_FALSE(table[0].equal(table[1]));
  for (std::int64_t column = 0; column < 11; ++column) {
    EXPECT_EQ(table[3][column].item<float>(), uniform(7, Stream::kAugment, 3, 1'000'000, column));
  }
}

TEST(Random, EveryPartOfTheKeyMatters) {
  const float number = uniform(1, Stream::kPen, 1, 1, 1);
  EXPECT_NE(uniform(2, Stream::kPen, 1, 1, 1), number);
  EXPECT_NE(uniform(1, Stream::kOrder, 1, 1, 1), number);
  EXPECT_NE(uniform(1, Stream::kPen, 2, 1, 1), number);
  EXPECT_NE(uniform(1, Stream::kPen, 1, 2, 1), number);
  EXPECT_NE(uniform(1, Stream::kPen, 1, 1, 2), number);
}

TEST(Random, IsUniformFromZeroToBelowOne) {
  const torch::Tensor table =
      keyed_uniform(1, Stream::kAugment, 1, torch::arange(20'000, torch::kInt64), 5);
  EXPECT_GE(table.min().item<float>(), 0.0f);
  EXPECT_LT(table.max().item<float>(), 1.0f);
  constexpr double kFourSigma = 4 * 0.2887 / 141.4;  // of a column's mean, 20,000 numbers
  for (int column = 0; column < 5; ++column) {
    EXPECT_NEAR(table.select(1, column).mean().item<double>(), 0.5, kFourSigma);
  }
  EXPECT_NEAR(table.var().item<double>(), 1.0 / 12, 0.002);
}

TEST(Random, APermutationHoldsEachOnceAndDiffersByEpoch) {
  const torch::Tensor order = keyed_permutation(1, 1, 1000);
  EXPECT_TRUE(std::get<0>(order.sort()).equal(torch::arange(1000, torch::kInt64)));
  EXPECT_TRUE(order.equal(keyed_permutation(1, 1, 1000)));
  EXPECT_FALSE(order.equal(keyed_permutation(1, 2, 1000)));
  EXPECT_FALSE(order.equal(keyed_permutation(2, 1, 1000)));
  EXPECT_EQ(keyed_permutation(1, 1, 0).size(0), 0);
}

// Smooth blobs: what digits look like to an interpolation.
torch::Tensor blobs(std::int64_t n) {
  torch::manual_seed(3);
  return torch::rand({n, 1, 7, 7}).repeat_interleave(4, 2).repeat_interleave(4, 3).contiguous();
}

torch::Tensor numbers(std::int64_t n, std::int64_t columns = kAugmentColumns) {
  return keyed_uniform(1, Stream::kAugment, 1, torch::arange(n, torch::kInt64), columns);
}

AugmentOptions only(double rotation, double scale, double shear, double shift) {
  AugmentOptions options;
  options.affine = {rotation, scale, shear, shift};
  return options;
}

AugmentOptions everything() {
  AugmentOptions options;
  options.elastic = 1.0, options.cutout = 6;
  return options;
}

TEST(Augment, NothingAskedForChangesNothing) {
  const torch::Tensor pixels = blobs(4);
  EXPECT_TRUE(augment(pixels, numbers(4), only(0, 0, 0, 0)).equal(pixels));
}

TEST(Augment, EverySampleGetsItsOwnMap) {
  torch::Tensor pixels = torch::zeros({8, 1, 28, 28});
  pixels.slice(2, 8, 20).slice(3, 12, 16).fill_(1.0);
  const torch::Tensor turned = augment(pixels, numbers(8), AugmentOptions{});
  for (int i = 1; i < 8; ++i) EXPECT_GT((turned[0] - turned[i]).abs().max().item<double>(), 0.01);
  EXPECT_NEAR(turned.sum().item<double>(), pixels.sum().item<double>(),
              0.15 * pixels.sum().item<double>());
}

TEST(Augment, AnImageDoesNotDependOnItsNeighbours) {
  const torch::Tensor pixels = blobs(9), random = numbers(9);
  const torch::Tensor all = augment(pixels, random, everything());
  for (std::int64_t i = 0; i < 9; ++i) {
    const auto one = [i](const torch::Tensor& t) { return t.slice(0, i, i + 1); };
    EXPECT_TRUE(augment(one(pixels), one(random), everything()).equal(one(all)));
  }
}

TEST(Augment, StaysWithinItsRange) {
  torch::Tensor pixels = torch::zeros({500, 1, 28, 28});
  pixels.slice(2, 13, 15).slice(3, 13, 15).fill_(1.0);  // a dot in the middle
  const torch::Tensor moved = augment(pixels, numbers(500), only(0, 0, 0, 2.0));
  const torch::Tensor columns = torch::arange(28).to(torch::kFloat32) + 0.5;
  const torch::Tensor centre = (moved.sum({1, 2}) * columns).sum(1) / moved.sum({1, 2, 3});
  EXPECT_LE((centre - 14.0).abs().max().item<double>(), 2.01);
  EXPECT_GE((centre - 14.0).abs().max().item<double>(), 1.8);
}

TEST(Augment, AQuarterTurnMovesEveryPixelToItsPlace) {
  const torch::Tensor pixels = blobs(1);
  torch::Tensor random = torch::full({1, kAugmentColumns}, 0.5);
  random[0][0] = 1.0;  // the end of the range
  const torch::Tensor turned = augment(pixels, random, only(90, 0, 0, 0));
  constexpr double kInterpolation = 1e-4;  // the weights are not exactly 0 and 1
  EXPECT_LE((turned - pixels.rot90(1, {2, 3})).abs().max().item<double>(), kInterpolation);
}

TEST(Augment, ElasticMovesPixelsAsFarAsItIsAsked) {
  constexpr std::int64_t n = 400;
  // Ramps: what is read from them is where it was read.
  const torch::Tensor ramp = torch::arange(28).to(torch::kFloat32).expand({n, 1, 28, 28});
  AugmentOptions options = only(0, 0, 0, 0);
  options.elastic = 0.8;
  const torch::Tensor moved = augment(ramp, numbers(n), options) - ramp;
  const torch::Tensor inner = moved.slice(2, 6, 22).slice(3, 6, 22);  // far from the border
  EXPECT_NEAR(inner.square().mean().sqrt().item<double>(), 0.8, 0.08);
  EXPECT_NEAR(inner.mean().item<double>(), 0.0, 0.08);
  // Smooth: neighbours move nearly alike.
  EXPECT_LT(inner.diff(1, 3).square().mean().sqrt().item<double>(), 0.25);
}

TEST(Augment, CutoutZeroesOneSquareAndNothingElse) {
  const torch::Tensor pixels = torch::ones({200, 1, 28, 28});
  AugmentOptions options = only(0, 0, 0, 0);
  options.cutout = 8;
  const torch::Tensor cut = augment(pixels, numbers(200), options);
  const torch::Tensor lost = (1 - cut).sum({1, 2, 3});
  EXPECT_EQ(lost.max().item<double>(), 64.0);
  EXPECT_GE(lost.min().item<double>(), 16.0);  // a corner keeps a quarter of it within
  const torch::Tensor rows = (1 - cut[0][0]).sum(1), columns = (1 - cut[0][0]).sum(0);
  EXPECT_EQ(lost[0].item<double>(),
            ((rows > 0).sum() * (columns > 0).sum()).item<double>());  // a rectangle
}

TEST(Augment, IsTheSameByTensors) {
  constexpr double kRounding = 1e-4;  // of positions: about 1e-6 pixels, times steep edges
  const torch::Tensor pixels = blobs(64), random = numbers(64);
  AugmentOptions elastic = only(0, 0, 0, 0), cutout = elastic;
  elastic.elastic = 1.5, cutout.cutout = 7;
  for (const AugmentOptions& options : {only(30, 0, 0, 0), only(0, 0.3, 0, 0), only(0, 0, 0.4, 0),
                                        only(0, 0, 0, 5), elastic, cutout, everything()}) {
    const torch::Tensor a = augment(pixels, random, options);
    const torch::Tensor b = augment_by_tensors(pixels, random, options);
    EXPECT_LE((a - b).abs().max().item<double>(), kRounding);
    EXPECT_GT((a - pixels).abs().max().item<double>(), 0.1);
  }
}

// 90 ready pictures and 30 drawings.
const TrainingData& made_up() {
  static const TrainingData kData = [] {
    TrainingData data;
    const std::vector<Drawing> drawings = synthetic_drawings(9, 3);
    data.images = render(drawings, [](std::size_t) { return kPenWidth; });
    data.drawings = synthetic_drawings(3, 3, 77);
    return data;
  }();
  return kData;
}

BatchOptions full_options() {
  BatchOptions options;
  options.batch = 17, options.seed = 4, options.augment = everything(), options.mixup = 0.4;
  return options;
}

std::vector<Batch> epoch_of(Batches& batches, std::int64_t epoch, std::int64_t first_step = 0) {
  std::vector<Batch> all;
  batches.begin(epoch, first_step);
  for (std::int64_t step = first_step; step < batches.steps_per_epoch(); ++step) {
    all.push_back(batches.next());
  }
  return all;
}

void expect_equal(const Batch& a, const Batch& b) {
  EXPECT_TRUE(a.pixels.equal(b.pixels));
  EXPECT_TRUE(a.labels.equal(b.labels));
  ASSERT_EQ(a.targets.defined(), b.targets.defined());
  EXPECT_TRUE(!a.targets.defined() || a.targets.equal(b.targets));
}

class BatchesBothWays : public testing::TestWithParam<bool> {
 protected:
  static BatchOptions options() {
    BatchOptions options = full_options();
    options.by_tensors = GetParam();
    return options;
  }
};

TEST_P(BatchesBothWays, AResumedEpochIsTheRestOfAnUninterruptedOne) {
  Batches batches(made_up(), options(), torch::kCPU), resumed(made_up(), options(), torch::kCPU);
  epoch_of(batches, 1);
  const std::vector<Batch> whole = epoch_of(batches, 2);
  ASSERT_EQ(whole.size(), 7u);  // 120 / 17
  const std::vector<Batch> rest = epoch_of(resumed, 2, 3);
  ASSERT_EQ(rest.size(), 4u);
  for (std::size_t i = 0; i < rest.size(); ++i) expect_equal(rest[i], whole[i + 3]);
  // Also after an epoch that was left early.
  resumed.begin(5);
  resumed.next();
  expect_equal(epoch_of(resumed, 2)[6], whole[6]);
}

TEST_P(BatchesBothWays, ProcessesShareTheBatchOfOne) {
  Batches alone(made_up(), options(), torch::kCPU);
  const std::vector<Batch> whole = epoch_of(alone, 3);
  for (const std::int64_t processes : {2, 3, 4, 17}) {
    std::vector<std::vector<Batch>> shares;
    for (std::int64_t rank = 0; rank < processes; ++rank) {
      Batches batches(made_up(), options(), torch::kCPU, rank, processes);
      shares.push_back(epoch_of(batches, 3));
    }
    for (std::size_t step = 0; step < whole.size(); ++step) {
      std::vector<torch::Tensor> pixels, labels, targets;
      for (const auto& share : shares) {
        pixels.push_back(share[step].pixels), labels.push_back(share[step].labels);
        targets.push_back(share[step].targets);
      }
      const Batch together{torch::cat(pixels), torch::cat(labels), torch::cat(targets)};
      // Operators round the ends of their vectors in another way; plain loops do not.
      if (!GetParam()) expect_equal(together, whole[step]);
      EXPECT_TRUE(together.pixels.allclose(whole[step].pixels, 0, 1e-5));
      EXPECT_TRUE(together.labels.equal(whole[step].labels));
    }
  }
}

TEST_P(BatchesBothWays, TheNumberOfThreadsChangesNothing) {
  const int threads = torch::get_num_threads();
  std::vector<std::vector<Batch>> runs;
  for (const int n : {1, 4}) {
    torch::set_num_threads(n);
    Batches batches(made_up(), options(), torch::kCPU);
    runs.push_back(epoch_of(batches, 1));
  }
  torch::set_num_threads(threads);
  for (std::size_t i = 0; i < runs[0].size(); ++i) expect_equal(runs[0][i], runs[1][i]);
}

TEST_P(BatchesBothWays, AnEpochShowsEachRowAtMostOnceAndThePlainOnesAsTheyAre) {
  BatchOptions plain = options();
  plain.augment = only(0, 0, 0, 0), plain.mixup = 0, plain.batch = 120;
  Batches batches(made_up(), plain, torch::kCPU);
  ASSERT_EQ(batches.size(), 120);
  const Batch all = epoch_of(batches, 1).at(0);
  EXPECT_FALSE(all.targets.defined());
  const torch::Tensor order = keyed_permutation(plain.seed, 1, 120);
  for (std::int64_t i = 0; i < 120; ++i) {
    const std::int64_t row = order[i].item<std::int64_t>();
    if (row >= 90) continue;
    EXPECT_TRUE(all.pixels[i][0].equal(to_pixels(made_up().images.images)[row][0]));
    EXPECT_EQ(all.labels[i].item<std::int64_t>(),
              made_up().images.labels[row].item<std::int64_t>());
  }
}

TEST_P(BatchesBothWays, DrawingsGetAnotherPenEachEpoch) {
  TrainingData data;
  data.drawings = synthetic_drawings(2, 1);
  BatchOptions plain = options();
  plain.augment = only(0, 0, 0, 0), plain.mixup = 0, plain.batch = 20;
  Batches batches(data, plain, torch::kCPU);
  const auto ink = [&](std::int64_t epoch) {  // of each drawing, in its own place
    const Batch batch = epoch_of(batches, epoch).at(0);
    torch::Tensor sums = torch::empty({20});
    sums.index_copy_(0, keyed_permutation(plain.seed, epoch, 20), batch.pixels.sum({1, 2, 3}));
    return sums;
  };
  const torch::Tensor first = ink(1), second = ink(2);
  EXPECT_TRUE(ink(1).equal(first));
  EXPECT_EQ((first == second).sum().item<int>(), 0);
}

INSTANTIATE_TEST_SUITE_P(, BatchesBothWays, testing::Bool(),
                         [](const auto& way) { return way.param ? "Tensors" : "Host"; });

TEST(Batches, AreTheSameBothWays) {
  BatchOptions plain = full_options();
  plain.hand.variation = 1, plain.not_digits = 0.3;
  BatchOptions tensors = plain;
  tensors.by_tensors = true;
  Batches a(made_up(), plain, torch::kCPU), b(made_up(), tensors, torch::kCPU);
  EXPECT_EQ(a.size(), 156);  // 120 digits
  const std::vector<Batch> host = epoch_of(a, 2), device = epoch_of(b, 2);
  for (std::size_t i = 0; i < host.size(); ++i) {
    EXPECT_LE((host[i].pixels - device[i].pixels).abs().max().item<double>(), 1e-4);
    EXPECT_TRUE(host[i].labels.equal(device[i].labels));
    EXPECT_TRUE(host[i].targets.allclose(device[i].targets));
  }
}

TEST(Batches, MixupGivesEachImageItsShareOfBothDigits) {
  BatchOptions options = full_options();
  options.mixup = 1.0, options.batch = 120;
  Batches batches(made_up(), options, torch::kCPU);
  const Batch batch = epoch_of(batches, 1).at(0);
  EXPECT_TRUE(batch.targets.sum(1).allclose(torch::ones({120})));
  const torch::Tensor own = batch.targets.gather(1, batch.labels.unsqueeze(1)).squeeze(1);
  const torch::Tensor mixed = own.masked_select(batch.labels != batch.labels.flip(0));
  ASSERT_GT(mixed.size(0), 60);
  EXPECT_GE(mixed.min().item<double>(), 0.5);
  constexpr double kFourSigma = 4 * 0.1443 / 7.7;  // uniform from 0.5 to 1; at least 60 shares
  EXPECT_NEAR(mixed.mean().item<double>(), 0.75, kFourSigma);
}

TEST(Batches, WhatIsNoDigitIsToBeAnsweredEvenly) {
  BatchOptions options;
  options.not_digits = 0.25, options.batch = 150;
  Batches batches(made_up(), options, torch::kCPU);
  const Batch batch = epoch_of(batches, 1).at(0);
  const torch::Tensor others = batch.targets.index({batch.labels < 0});
  ASSERT_EQ(others.size(0), 30);
  EXPECT_TRUE(others.allclose(torch::full({30, kClasses}, 0.1)));
  const torch::Tensor digits = batch.targets.index({batch.labels >= 0});
  EXPECT_TRUE(digits.amax(1).equal(torch::ones({120})));
  EXPECT_TRUE(digits.argmax(1).equal(batch.labels.index({batch.labels >= 0})));
}

TEST(Batches, SayWhenABatchDoesNotFitTheDataOrTheProcesses) {
  BatchOptions options;
  options.batch = 121;
  expect_failure([&] { Batches(made_up(), options, torch::kCPU); }, "121", "120", "--batch");
  options.batch = 3;
  expect_failure([&] { Batches(made_up(), options, torch::kCPU, 0, 4); }, "4 processes", "--batch");
}

TEST(Batches, EndWithTheEpoch) {
  Batches batches(made_up(), full_options(), torch::kCPU);
  EXPECT_THROW(batches.next(), std::out_of_range);
  epoch_of(batches, 1);
  EXPECT_THROW(batches.next(), std::out_of_range);
}

TEST(RepeatedStep, DoesItsWorkOnceACall) {
  int calls = 0;
  RepeatedStep step([&] { ++calls; }, /*capture=*/false);
  for (int i = 0; i < 20; ++i) step();
  EXPECT_EQ(calls, 20);
}

TEST(Benchmark, MeasuresEachPartBesideTheBareStep) {
  torch::manual_seed(1);
  Network network(preset("mlp"));
  TrainOptions options;
  options.batches.batch = 30;
  const std::vector<BenchmarkLine> lines = benchmark(network, made_up(), options, 2, 0.01);
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[2].name, "bare step");
  EXPECT_EQ(lines[2].ratio, 1.0);
  for (const BenchmarkLine& line : lines) EXPECT_GT(line.images_per_second, 0.0) << line.name;
}

}  // namespace
}  // namespace inkling
