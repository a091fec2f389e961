// `inkling report`: a run's folder in, one HTML page out.
#include "report/report.h"

#include <cstdio>
#include <filesystem>

#include "cli/classifier.h"
#include "cli/commands.h"
#include "data/file.h"
#include "data/leaks.h"

namespace inkling {
namespace {

namespace fs = std::filesystem;

struct ReportFlags {
  Sources sources;
  std::string run, out;
};

// The run's network on sets that are named now.
std::vector<ReportedSet> ask(const ReportFlags& flags) {
  std::vector<ReportedSet> sets;
  if (flags.sources.empty()) return sets;
  ClassifierOptions options;
  options.models = {flags.run};
  const Classifier classifier(options);
  for (const NamedDataset& set : load_evaluation_data(flags.sources)) {
    torch::Tensor answers = classifier.probabilities(set.data.images);
    ReportedSet reported{set.name, {set.name, set.note, set.data, std::move(answers)}};
    if (const std::optional<SeenImages> seen = all_seen_images(flags.run)) {
      const LeakCount leaks = count_leaks(*seen, set.name, set.data.images);
      reported.notes = {describe(leaks)};
      reported.leaks = leaks.any();
    } else {
      reported.notes = {"the run did not keep what it was trained on, so leaks are not known"};
    }
    sets.push_back(std::move(reported));
  }
  return sets;
}

void run_report(const ReportFlags& flags) {
  const std::string out =
      flags.out.empty() ? (fs::path(flags.run) / "report.html").string() : flags.out;
  std::vector<fs::path> read = flags.sources.paths();
  read.emplace_back(flags.run);
  require_not_read(out, read);
  const std::string page = report_page(report_of(flags.run, ask(flags)));
  write_file(out, page);
  std::printf("%s: %zu bytes; open it in a browser, it needs no network\n", out.c_str(),
              page.size());
}

}  // namespace

void add_report(CLI::App& app) {
  auto flags = std::make_shared<ReportFlags>();
  CLI::App* command = app.add_subcommand(
      "report",
      "Show a run as one HTML page: curves, confusion, calibration, the hardest images. It shows "
      "the answers that the run kept, and those on the images named here");
  command->add_option("run", flags->run, "The run's folder")->required();
  command->add_option("-o,--out", flags->out, "The page to write; else report.html in the folder");
  add_source_flags(*command, flags->sources);
  command->callback([flags] { run_report(*flags); });
}

}  // namespace inkling
