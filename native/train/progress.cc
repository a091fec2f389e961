// Prints progress and writes metrics.jsonl.
#include "train/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "data/file.h"
#include "train/run.h"

namespace inkling {
namespace {

constexpr auto kRedraw = std::chrono::milliseconds(250);

std::string clock_text(double seconds) {
  const auto s = static_cast<long>(seconds + 0.5);
  char text[32];
  std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
  return text;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The first `count` lines of a file; fewer when it has fewer.
std::string first_lines(const std::filesystem::path& path, std::int64_t count) {
  if (!std::filesystem::exists(path)) return "";
  const std::string text = read_file(path);
  std::size_t end = 0;
  for (; count > 0 && end < text.size(); --count) {
    const std::size_t newline = text.find('\n', end);
    end = newline == std::string::npos ? text.size() : newline + 1;
  }
  return text.substr(0, end);
}

}  // namespace

Progress::Progress(const std::filesystem::path& folder, std::int64_t epochs,
                   std::int64_t steps_per_epoch, std::int64_t done_epochs, double seconds_before)
    : epochs_(epochs),
      steps_per_epoch_(steps_per_epoch),
      first_step_(done_epochs * steps_per_epoch),
      seconds_before_(seconds_before),
      terminal_(isatty(STDOUT_FILENO) != 0),
      start_(Clock::now()),
      last_drawn_(start_) {
  const std::filesystem::path path = folder / "metrics.jsonl";
  write_file(path, done_epochs > 0 ? first_lines(path, done_epochs) : "");
  log_.open(path, std::ios::app);
  if (!log_) throw Failure("cannot write " + path.string());
}

double Progress::seconds() const { return seconds_before_ + seconds_since(start_); }

double Progress::seconds_left(std::int64_t steps_done) const {
  const double total = static_cast<double>(epochs_ * steps_per_epoch_ - first_step_);
  const double done = static_cast<double>(steps_done - first_step_);
  return done > 0 ? seconds_since(start_) * (total - done) / done : 0;
}

void Progress::step(std::int64_t epoch, std::int64_t step, double loss, double accuracy,
                    double images_per_second) {
  if (!terminal_ || Clock::now() - last_drawn_ < kRedraw) return;
  last_drawn_ = Clock::now();
  const std::int64_t done = (epoch - 1) * steps_per_epoch_ + step;
  std::printf(
      "\r\033[Kepoch %lld/%lld  step %lld/%lld  loss %.4f  accuracy %.2f %%  %.0f images/s  %s "
      "left",
      static_cast<long long>(epoch), static_cast<long long>(epochs_), static_cast<long long>(step),
      static_cast<long long>(steps_per_epoch_), loss, 100 * accuracy, images_per_second,
      clock_text(seconds_left(done)).c_str());
  std::fflush(stdout);
}

void Progress::epoch(const EpochMetrics& m) {
  std::string sets;  // only when there are several
  nlohmann::json by_set;
  for (const auto& [name, accuracy] : m.validation_sets) {
    char text[64];
    // A path's end tells more than its beginning.
    const std::size_t cut = name.size() - std::min<std::size_t>(name.size(), 24);
    std::snprintf(text, sizeof text, "%s%s %.2f", sets.empty() ? "" : ", ", name.c_str() + cut,
                  100 * accuracy);
    sets += text;
    by_set[name] = accuracy;
  }
  sets = m.validation_sets.size() > 1 ? "; " + sets : "";
  std::printf(
      "%sepoch %lld/%lld  loss %.4f  accuracy %.2f %%  validation %.3f %% (loss %.4f%s)%s  "
      "%.0f images/s  %s left\n",
      terminal_ ? "\r\033[K" : "", static_cast<long long>(m.epoch), static_cast<long long>(epochs_),
      m.train_loss, 100 * m.train_accuracy, 100 * m.validation.accuracy(), m.validation.loss,
      sets.c_str(), m.best ? " best" : "", m.images_per_second,
      clock_text(seconds_left(m.epoch * steps_per_epoch_)).c_str());
  std::fflush(stdout);
  log_ << to_line({{"epoch", m.epoch},
                   {"learning_rate", m.learning_rate},
                   {"train_loss", m.train_loss},
                   {"train_accuracy", m.train_accuracy},
                   {"validation_accuracy", m.validation.accuracy()},
                   {"validation_loss", m.validation.loss},
                   {"validation_sets", by_set},
                   {"best", m.best},
                   {"images_per_second", m.images_per_second},
                   {"seconds", seconds()}})
       << std::endl;
}

}  // namespace inkling
