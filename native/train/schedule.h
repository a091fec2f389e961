// The learning rate over the course of a run: a function of the step, and for the plateau schedule
// of the validation losses so far.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace inkling {

enum class ScheduleKind {
  kConstant,
  kStep,         // times `factor` every `step_epochs`
  kExponential,  // times `factor` every epoch
  kCosine,       // half a cosine down to 0 (Loshchilov and Hutter, "SGDR", 2017, without restarts)
  kOneCycle,     // up and down along cosines (Smith, "Super-Convergence", 2018)
  kPlateau,      // times `factor` when the validation loss has not fallen for `patience` epochs
};

// "constant", "step", "exponential", "cosine", "one-cycle", "plateau": as on the command line.
std::vector<std::string> schedule_names();
ScheduleKind schedule_kind(const std::string& name);  // throws Failure

struct ScheduleOptions {
  ScheduleKind kind = ScheduleKind::kCosine;
  double learning_rate = 4e-3;   // the peak
  double warmup_epochs = 1;      // of linear rise; one-cycle has a rise of its own
  std::optional<double> factor;  // not given: 0.1 for step, 0.95 exponential, 0.5 plateau
  std::int64_t step_epochs = 10;
  std::int64_t patience = 3, cooldown = 0;  // epochs
  double floor = 1e-5;                      // plateau goes no lower
};

class Schedule {
 public:
  Schedule(const ScheduleOptions& options, std::int64_t epochs, std::int64_t steps_per_epoch);

  // step counts from 0 over the whole run.
  double rate(std::int64_t step) const;

  // Tells the plateau schedule how the epoch went. An improvement is a fall by more than 0.01 % of
  // the best loss, as PyTorch's ReduceLROnPlateau has it.
  void end_epoch(double validation_loss);

  // What end_epoch has gathered, for a checkpoint.
  nlohmann::json state() const;
  void restore(const nlohmann::json& state);

 private:
  double shape(double step) const;

  ScheduleOptions options_;
  double factor_, warmup_, total_, steps_per_epoch_;  // in steps, but for the factor
  double plateau_rate_;
  std::optional<double> best_loss_;
  std::int64_t bad_epochs_ = 0, cooling_epochs_ = 0;
};

}  // namespace inkling
