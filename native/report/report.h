// A run as one self-contained HTML page: curves, confusion, precision and recall, calibration, the
// hardest images, and what the run recorded. The page carries its data as JSON, its own script and
// Chart.js; it asks nothing of any network, and its Content-Security-Policy forbids it to.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "report/answers.h"

namespace inkling {

inline constexpr std::int64_t kHardestImages = 100;
inline constexpr std::size_t kMaxReportedEpochs = 2000;  // of more, every n-th is drawn

// One set of images, its answers, and how the report shall call it.
struct ReportedSet {
  std::string title;  // "held out: mnist"
  Answers answers;
  std::vector<std::string> notes = {};  // what must be said beside its accuracy: leaks
  bool held_out = false;                // the run chose its epoch and threshold by it
  bool leaks = false;                   // it has images that the run has seen
};

// Everything that the page shows, by name:
//   run       name, preset, command, seed, temperature, rejection_threshold, parameters,
//             multiply_adds, layers[], details (as recorded)
//   epochs[]  epoch, learning_rate, train_loss, train_accuracy, validation_loss,
//             validation_accuracy, images_per_second, seconds, best_of_all
//   sets[]    title, held_out, leaks, images, correct, accuracy, interval [low, high], loss,
//   threshold, refused,
//             accuracy_refused_wrong, confusion[label][answer], precision[], recall[],
//             calibration {error, bins[]}, hardest [{row, label, probabilities[10]}],
//             pixels (base64 of the hardest's bytes), notes[]
//   leaks (in words), warnings[]
// `asked` are sets beyond those that the run kept. Throws Failure when the run is damaged.
nlohmann::json report_of(const std::filesystem::path& folder,
                         const std::vector<ReportedSet>& asked = {});

// The page for report_of()'s JSON. Nothing in it can leave its data block or run as script.
std::string report_page(const nlohmann::json& report);

}  // namespace inkling
