// The learning rate's course, schedule by schedule.
#include "train/schedule.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "temp_folder.h"

namespace inkling {
namespace {

constexpr double kExact = 1e-12;

ScheduleOptions of(ScheduleKind kind, double warmup = 0) {
  ScheduleOptions options;
  options.kind = kind, options.learning_rate = 1.0, options.warmup_epochs = warmup;
  return options;
}

TEST(Schedule, CosineRisesToThePeakAndFallsToZero) {
  const Schedule schedule(of(ScheduleKind::kCosine, 1), 10, 10);
  EXPECT_NEAR(schedule.rate(0), 0.1, kExact);
  EXPECT_NEAR(schedule.rate(9), 1.0, kExact);
  EXPECT_NEAR(schedule.rate(55), 0.5, kExact);
  EXPECT_LT(schedule.rate(99), 1e-3);
  for (int step = 11; step < 100; ++step) EXPECT_LT(schedule.rate(step), schedule.rate(step - 1));
}

TEST(Schedule, StepFallsEverySoManyEpochs) {
  ScheduleOptions options = of(ScheduleKind::kStep);
  options.step_epochs = 3;
  const Schedule schedule(options, 9, 5);
  EXPECT_NEAR(schedule.rate(14), 1.0, kExact);
  EXPECT_NEAR(schedule.rate(15), 0.1, kExact);
  EXPECT_NEAR(schedule.rate(30), 0.01, kExact);
}

TEST(Schedule, ExponentialFallsEveryEpochByItsFactor) {
  ScheduleOptions options = of(ScheduleKind::kExponential);
  options.factor = 0.5;
  const Schedule schedule(options, 9, 5);
  EXPECT_NEAR(schedule.rate(4), 1.0, kExact);
  EXPECT_NEAR(schedule.rate(5), 0.5, kExact);
  EXPECT_NEAR(schedule.rate(14), 0.25, kExact);
}

TEST(Schedule, OneCycleStartsAtATwentyFifthPeaksAtThreeTenthsAndEndsNearZero) {
  const Schedule schedule(of(ScheduleKind::kOneCycle, 5), 10, 10);  // its own rise, no warm-up
  EXPECT_NEAR(schedule.rate(0), 1.0 / 25, kExact);
  double highest = 0;
  std::int64_t at = 0;
  for (int step = 0; step < 100; ++step) {
    if (schedule.rate(step) > highest) highest = schedule.rate(step), at = step;
  }
  EXPECT_NEAR(highest, 1.0, 1e-3);
  EXPECT_NEAR(static_cast<double>(at), 0.3 * 99, 1.0);
  EXPECT_NEAR(schedule.rate(99), 1.0 / 25 / 1e4, kExact);
}

TEST(Schedule, ConstantStaysAfterTheWarmUp) {
  const Schedule schedule(of(ScheduleKind::kConstant, 2), 5, 10);
  EXPECT_NEAR(schedule.rate(9), 0.5, kExact);
  EXPECT_NEAR(schedule.rate(20), 1.0, kExact);
  EXPECT_NEAR(schedule.rate(49), 1.0, kExact);
}

TEST(Schedule, PlateauFallsWhenPatienceIsAtAnEndAndNoLowerThanTheFloor) {
  ScheduleOptions options = of(ScheduleKind::kPlateau);
  options.patience = 1, options.factor = 0.1, options.floor = 0.05;
  Schedule schedule(options, 100, 1);
  schedule.end_epoch(1.0);
  schedule.end_epoch(0.5);
  schedule.end_epoch(0.5);  // not better: one of patience
  EXPECT_NEAR(schedule.rate(3), 1.0, kExact);
  schedule.end_epoch(0.49999);  // less than 0.01 % better is not better
  EXPECT_NEAR(schedule.rate(4), 0.1, kExact);
  schedule.end_epoch(0.6), schedule.end_epoch(0.6);
  EXPECT_NEAR(schedule.rate(6), 0.05, kExact);
  schedule.end_epoch(0.6), schedule.end_epoch(0.6);
  EXPECT_NEAR(schedule.rate(8), 0.05, kExact);
}

TEST(Schedule, PlateauDoesNotCountEpochsOfTheCooldown) {
  ScheduleOptions options = of(ScheduleKind::kPlateau);
  options.patience = 0, options.cooldown = 2, options.factor = 0.5;
  Schedule schedule(options, 100, 1);
  schedule.end_epoch(1.0);
  schedule.end_epoch(1.0);
  EXPECT_NEAR(schedule.rate(2), 0.5, kExact);
  schedule.end_epoch(1.0), schedule.end_epoch(1.0);
  EXPECT_NEAR(schedule.rate(4), 0.5, kExact);
  schedule.end_epoch(1.0);
  EXPECT_NEAR(schedule.rate(5), 0.25, kExact);
}

TEST(Schedule, GoesOnFromItsState) {
  ScheduleOptions options = of(ScheduleKind::kPlateau);
  options.patience = 2, options.cooldown = 1;
  const std::vector<double> losses = {1, 0.9, 0.95, 0.97, 0.99, 0.9, 0.9, 0.9, 0.9, 0.8, 0.9, 0.9};
  for (std::size_t cut = 0; cut < losses.size(); ++cut) {
    Schedule a(options, 100, 1), b(options, 100, 1);
    for (std::size_t i = 0; i < cut; ++i) a.end_epoch(losses[i]);
    b.restore(nlohmann::json::parse(a.state().dump()));
    for (std::size_t i = cut; i < losses.size(); ++i)
      a.end_epoch(losses[i]), b.end_epoch(losses[i]);
    EXPECT_EQ(a.rate(50), b.rate(50)) << cut;
  }
}

TEST(Schedule, AnUnknownNameIsRefused) {
  expect_failure([] { schedule_kind("zigzag"); }, "zigzag");
  for (const std::string& name : schedule_names()) schedule_kind(name);
}

}  // namespace
}  // namespace inkling
