// The report: its numbers are the run's, nothing in it can run as script or ask a network, and a
// damaged run is named.
#include "report/report.h"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include "command.h"
#include "model/presets.h"
#include "temp_folder.h"
#include "train/run.h"

namespace inkling {
namespace {

using Json = nlohmann::json;

constexpr char kHostile[] = "</script><script>alert(1)</script><!-- & \xff \"@DATA@ @SCRIPT@";

// A finished run as training leaves it, without the weights, which a report does not read.
class FinishedRun {
 public:
  FinishedRun() {
    Run run;
    run.network = preset("mlp");
    run.command = "inkling train --out " + std::string(kHostile);
    run.seed = 7, run.temperature = 1.25, run.rejection_threshold = 0.95;
    run.details = {{"best_epoch", 2}, {"data", kHostile}, {"hardware", "two cores"}};
    save_run(run, path());
    write("metrics.jsonl", epoch(1, 0.5, 0.8) + epoch(2, 0.25, 0.9) + epoch(3, 0.3, 0.85));
    // Three of four right; the 7 is read as a 1, with confidence 0.91.
    torch::Tensor p = torch::full({4, 10}, 0.01f);
    for (const auto& [row, answer] : {std::pair{0, 0}, {1, 1}, {2, 2}, {3, 1}}) {
      p[row][answer] = 0.91f;
    }
    const Dataset data{torch::full({4, 28, 28}, 255, torch::kUInt8),
                       torch::tensor({0, 1, 2, 7}, torch::kInt64)};
    save_answers(path(), "validation", {{"mnist", data, ""}}, p);
  }

  std::filesystem::path path() const { return folder_.path(); }
  void write(const std::string& name, const std::string& bytes) const {
    folder_.write(name, bytes);
  }

  static std::string epoch(int number, double loss, double accuracy) {
    return Json{{"epoch", number},         {"learning_rate", 0.001 * number},
                {"train_loss", 2 * loss},  {"train_accuracy", accuracy},
                {"validation_loss", loss}, {"validation_accuracy", accuracy},
                {"seconds", 10 * number}}
               .dump() +
           "\n";
  }

 private:
  TempFolder folder_;
};

std::string data_block(const std::string& page) {
  const std::string opening = R"(<script type="application/json" id="data">)";
  const std::size_t begin = page.find(opening) + opening.size();
  return page.substr(begin, page.find("</script>", begin) - begin);
}

std::size_t occurrences(const std::string& text, const std::string& piece) {
  std::size_t count = 0;
  for (std::size_t at = text.find(piece); at != std::string::npos; at = text.find(piece, at + 1)) {
    ++count;
  }
  return count;
}

TEST(Report, ItsNumbersAreTheRuns) {
  const FinishedRun run;
  const Json report = report_of(run.path());
  EXPECT_EQ(report["run"]["seed"], 7);
  EXPECT_EQ(report["run"]["parameters"], Network(preset("mlp"))->parameter_count());
  ASSERT_EQ(report["epochs"].size(), 3u);
  EXPECT_EQ(report["epochs"][1]["validation_loss"], 0.25);
  EXPECT_EQ(report["epochs"][1]["validation_accuracy"], 0.9);
  EXPECT_EQ(report["epochs"][1]["best_of_all"], true);
  EXPECT_EQ(report["epochs"][2]["best_of_all"], false);
  ASSERT_EQ(report["sets"].size(), 1u);
  const Json& set = report["sets"][0];
  EXPECT_EQ(set["title"], "held out: mnist");
  EXPECT_EQ(set["held_out"], true);
  EXPECT_EQ(set["correct"], 3);
  EXPECT_EQ(set["accuracy"], 0.75);
  EXPECT_EQ(set["refused"], 1.0);  // 0.91 is below the run's threshold
  EXPECT_EQ(set["confusion"][7][1], 1);
  EXPECT_EQ(set["precision"][1], 0.5);
  EXPECT_TRUE(std::isnan(set["recall"][9].get<double>()));
  EXPECT_NEAR(set["calibration"]["error"].get<double>(), 0.16, 1e-6);
  EXPECT_EQ(set["hardest"][0]["row"], 3);
  EXPECT_EQ(set["hardest"][0]["label"], 7);
  EXPECT_EQ(set["pixels"].get<std::string>().substr(0, 8), "////////");
  EXPECT_EQ(set["pixels"].get<std::string>().size(), 4 * ((4 * 784 + 2) / 3));
}

TEST(Report, ThePageCarriesThoseNumbers) {
  const FinishedRun run;
  const Json report = report_of(run.path());
  const Json carried = Json::parse(data_block(report_page(report)));
  EXPECT_EQ(carried["epochs"], report["epochs"]);
  EXPECT_EQ(carried["sets"][0]["confusion"], report["sets"][0]["confusion"]);
  EXPECT_EQ(
      carried["run"]["command"],
      "inkling train --out </script><script>alert(1)</script><!-- & \uFFFD \"@DATA@ @SCRIPT@");
}

TEST(Report, NothingThatARunRecordedBecomesMarkup) {
  const FinishedRun run;
  const std::string page = report_page(report_of(run.path()));
  EXPECT_EQ(occurrences(page, "<script"), 3u);  // the data, Chart.js and the page's own
  EXPECT_EQ(occurrences(page, "</script"), 3u);
  EXPECT_EQ(occurrences(page, "<!--"), 0u);
  EXPECT_EQ(occurrences(data_block(page), "<"), 0u);
}

TEST(Report, AsksNoNetwork) {
  const FinishedRun run;
  const std::string page = report_page(report_of(run.path()));
  for (const char* piece :
       {"http://", "https://", "<link", " src=", "@import", "url(", "@NONCE@"}) {
    EXPECT_EQ(page.find(piece), std::string::npos) << piece;
  }
  EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
  EXPECT_NE(page.find("Chart.js Contributors"), std::string::npos);  // its licence stays
}

TEST(Report, ShowsARunOfOneEpochWithoutAnswers) {
  const FinishedRun run;
  std::filesystem::remove(run.path() / "validation.safetensors");
  run.write("metrics.jsonl", FinishedRun::epoch(1, 0.5, 0.8));
  const Json report = report_of(run.path());
  EXPECT_TRUE(report["sets"].empty());
  EXPECT_EQ(report["epochs"].size(), 1u);
}

TEST(Report, OfVeryManyEpochsKeepsTheBestAndTheLast) {
  const FinishedRun run;
  std::string lines;
  for (int i = 1; i <= 4500; ++i) lines += FinishedRun::epoch(i, 0.5, 0.8);
  run.write("metrics.jsonl", lines);
  const Json report = report_of(run.path());
  EXPECT_LE(report["epochs"].size(), kMaxReportedEpochs + 2);
  EXPECT_EQ(report["epochs"][1]["epoch"], 2);
  EXPECT_EQ(report["epochs"].back()["epoch"], 4500);
}

TEST(Report, ALineThatAKilledRunLeftHalfWrittenIsPassedOver) {
  const FinishedRun run;
  run.write("metrics.jsonl", FinishedRun::epoch(1, 0.5, 0.8) + R"({"epoch":2,"learni)");
  EXPECT_EQ(report_of(run.path())["epochs"].size(), 1u);
}

TEST(Report, DamageIsNamed) {
  const FinishedRun run;
  const auto report = [&] { report_of(run.path()); };
  run.write("metrics.jsonl",
            FinishedRun::epoch(1, 0.5, 0.8) + "?\n" + FinishedRun::epoch(3, 0.5, 0.8));
  expect_failure(report, "metrics.jsonl, line 2");
  run.write("metrics.jsonl", "");
  run.write("validation.safetensors", "12345");
  expect_failure(report, "validation.safetensors");
  std::filesystem::remove(run.path() / "validation.safetensors");
  run.write("run.json", "{");
  expect_failure(report, "run.json", "damaged");
  std::filesystem::remove(run.path() / "run.json");
  expect_failure(report, "holds no run");
}

TEST(ReportCommand, WritesThePageOrSaysWhyNot) {
  const FinishedRun run;
  const std::string folder = run.path().string();
  EXPECT_EQ(inkling_command("report " + folder).code, 0);
  EXPECT_TRUE(read_file(run.path() / "report.html").starts_with("<!doctype html>"));
  expect_sentence(inkling_command("report " + folder + " -o " + folder), "names a folder");
  expect_sentence(inkling_command("report " + folder + " -o /nonexistent/r.html"), "cannot write");
  expect_sentence(inkling_command("report " + folder + " -o /dev/full"), "/dev/full");
  expect_sentence(inkling_command("report " + folder + "/run.json"), "holds no run");
  EXPECT_EQ(inkling_command("report").code, 2);
}

}  // namespace
}  // namespace inkling
