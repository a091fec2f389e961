// The shapes of the schedules.
#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "data/file.h"

namespace inkling {
namespace {

struct KindName {
  ScheduleKind kind;
  const char* name;
  double factor;  // when none is given
};
constexpr KindName kKinds[] = {
    {ScheduleKind::kConstant, "constant", 1.0},        {ScheduleKind::kStep, "step", 0.1},
    {ScheduleKind::kExponential, "exponential", 0.95}, {ScheduleKind::kCosine, "cosine", 1.0},
    {ScheduleKind::kOneCycle, "one-cycle", 1.0},       {ScheduleKind::kPlateau, "plateau", 0.5},
};

// One-cycle's usual numbers: PyTorch's defaults.
constexpr double kRiseShare = 0.3, kStartDivisor = 25.0, kEndDivisor = 1e4;
constexpr double kImprovement = 1e-4;  // of the best loss

double usual_factor(ScheduleKind kind) {
  for (const KindName& entry : kKinds) {
    if (entry.kind == kind) return entry.factor;
  }
  return 1.0;
}

// From a at done = 0 to b at done = 1 along half a cosine.
double along_cosine(double a, double b, double done) {
  return b + (a - b) * 0.5 * (1.0 + std::cos(std::numbers::pi * std::clamp(done, 0.0, 1.0)));
}

}  // namespace

std::vector<std::string> schedule_names() {
  std::vector<std::string> names;
  for (const KindName& entry : kKinds) names.emplace_back(entry.name);
  return names;
}

ScheduleKind schedule_kind(const std::string& name) {
  for (const KindName& entry : kKinds) {
    if (name == entry.name) return entry.kind;
  }
  throw Failure("there is no schedule '" + name + "'");
}

Schedule::Schedule(const ScheduleOptions& options, std::int64_t epochs,
                   std::int64_t steps_per_epoch)
    : options_(options),
      factor_(options.factor.value_or(usual_factor(options.kind))),
      warmup_(std::floor(options.kind == ScheduleKind::kOneCycle
                             ? 0.0
                             : options.warmup_epochs * static_cast<double>(steps_per_epoch))),
      total_(static_cast<double>(epochs * steps_per_epoch)),
      steps_per_epoch_(static_cast<double>(steps_per_epoch)),
      plateau_rate_(options.learning_rate) {}

double Schedule::rate(std::int64_t step) const {
  const auto at = static_cast<double>(step);
  if (at < warmup_) return options_.learning_rate * (at + 1) / warmup_;
  return shape(at);
}

double Schedule::shape(double step) const {
  const double peak = options_.learning_rate;
  const double epoch = std::floor(step / steps_per_epoch_);  // whole epochs done
  switch (options_.kind) {
    case ScheduleKind::kConstant:
      return peak;
    case ScheduleKind::kStep:
      return peak *
             std::pow(factor_, std::floor(epoch / static_cast<double>(options_.step_epochs)));
    case ScheduleKind::kExponential:
      return peak * std::pow(factor_, epoch);
    case ScheduleKind::kCosine:
      return along_cosine(peak, 0.0, (step - warmup_) / std::max(1.0, total_ - warmup_));
    case ScheduleKind::kOneCycle: {
      const double done = step / std::max(1.0, total_ - 1), start = peak / kStartDivisor;
      if (done < kRiseShare) return along_cosine(start, peak, done / kRiseShare);
      return along_cosine(peak, start / kEndDivisor, (done - kRiseShare) / (1 - kRiseShare));
    }
    case ScheduleKind::kPlateau:
      return plateau_rate_;
  }
  return peak;
}

void Schedule::end_epoch(double validation_loss) {
  if (!best_loss_ || validation_loss < *best_loss_ * (1 - kImprovement)) {
    best_loss_ = validation_loss, bad_epochs_ = 0;
  } else {
    ++bad_epochs_;
  }
  if (cooling_epochs_ > 0) --cooling_epochs_, bad_epochs_ = 0;
  if (bad_epochs_ <= options_.patience) return;
  plateau_rate_ = std::max(plateau_rate_ * factor_, std::min(options_.floor, plateau_rate_));
  cooling_epochs_ = options_.cooldown, bad_epochs_ = 0;
}

nlohmann::json Schedule::state() const {
  nlohmann::json json = {{"plateau_rate", plateau_rate_},
                         {"bad_epochs", bad_epochs_},
                         {"cooling_epochs", cooling_epochs_}};
  if (best_loss_) json["best_loss"] = *best_loss_;
  return json;
}

void Schedule::restore(const nlohmann::json& state) {
  plateau_rate_ = state.at("plateau_rate").get<double>();
  bad_epochs_ = state.at("bad_epochs").get<std::int64_t>();
  cooling_epochs_ = state.at("cooling_epochs").get<std::int64_t>();
  best_loss_.reset();
  if (state.contains("best_loss")) best_loss_ = state.at("best_loss").get<double>();
}

}  // namespace inkling
