// What an engine says of its own work to people: the time that each step takes, and the plan as
// text. Nothing in the WebAssembly module calls it, and so it is not in there: a clock would be an
// import.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <map>
#include <new>

#include "graph.h"
#include "inkling/engine.h"
#include "text.h"

namespace inkling {
namespace {

double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::string decimal(double value, const char* unit) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.1f%s", value, unit);
  return text.data();
}

using Row = std::vector<std::string>;

Row row_of(const PlanStep& step) {
  return {step.op, cat(Dims(step.shape.begin(), step.shape.end())),
          std::to_string(step.multiply_adds), std::to_string(step.weight_bytes), step.name};
}

std::string memory_line(std::span<const PlanStep> plan) {
  if (plan.empty()) return {};
  std::map<std::size_t, std::size_t> pieces;
  for (const PlanStep& step : plan) {
    pieces[step.memory] = std::max(pieces[step.memory], step.memory_bytes);
  }
  std::size_t bytes = 0;
  for (const auto& [piece, size] : pieces) bytes += size;
  return cat("results of one image: ", bytes, " bytes in ", pieces.size(), " pieces of memory") +
         '\n';
}

// Columns as wide as their widest cell, two blanks between; words to the left, numbers to the
// right.
std::string aligned(const std::vector<Row>& rows) {
  constexpr std::size_t kFirstNumber = 2, kName = 4;
  std::vector<std::size_t> widths(rows[0].size());
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string blanks(widths[i] - row[i].size(), ' ');
      const bool to_the_left = i < kFirstNumber || i == kName;
      line += to_the_left ? row[i] + blanks : blanks + row[i];
      line += "  ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
  return out;
}

}  // namespace

Result<std::vector<double>> Engine::profile(std::span<const float> pixels, std::size_t times) try {
  constexpr std::size_t kMostImages = 64;
  if (times == 0 || pixels.empty() || pixels.size() > kMostImages * input_size()) {
    return Status::invalid_argument("A profile needs one run or more, of 1 to 64 images.");
  }
  std::vector<float> outputs(pixels.size() / input_size() * classes());
  INKLING_RETURN_IF_ERROR(classify_batch(pixels, outputs));
  std::vector<std::vector<double>> took(plan().size());
  using Clock = std::chrono::steady_clock;
  for (std::size_t run = 0; run < times; ++run) {
    auto before = Clock::now();
    for (std::size_t i = 0; i < took.size(); ++i) {
      INKLING_RETURN_IF_ERROR(run_step(i));
      const auto after = Clock::now();
      took[i].push_back(std::chrono::duration<double, std::micro>(after - before).count());
      before = after;
    }
  }
  std::vector<double> medians;
  for (auto& values : took) medians.push_back(median(values));
  return medians;
} catch (const std::bad_alloc&) {
  return Status::out_of_memory("Profiling: there is not enough memory.");
}

std::string to_string(std::span<const PlanStep> plan, std::span<const double> microseconds) {
  PlanStep all;
  all.op = "all";
  double sum = 0;
  for (const PlanStep& step : plan) {
    all.multiply_adds += step.multiply_adds;
    all.weight_bytes += step.weight_bytes;
  }
  for (const double us : microseconds) sum += us;
  std::vector<Row> rows{{"step", "output", "multiply-adds", "weight bytes", "name"}};
  for (const PlanStep& step : plan) rows.push_back(row_of(step));
  rows.push_back(row_of(all));
  rows.back()[1].clear();
  if (microseconds.size() == plan.size() && !plan.empty()) {
    rows[0].insert(rows[0].end(), {"microseconds", "share"});
    const auto add = [&](Row& row, double us) {
      row.insert(row.end(), {decimal(us, ""), decimal(sum > 0 ? 100 * us / sum : 0, " %")});
    };
    for (std::size_t i = 0; i < plan.size(); ++i) add(rows[i + 1], microseconds[i]);
    add(rows.back(), sum);
  }
  return aligned(rows) + memory_line(plan);
}

}  // namespace inkling
