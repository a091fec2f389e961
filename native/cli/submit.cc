// `inkling submit`: Kaggle's test.csv in, Kaggle's submission.csv out.
#include <cstdio>

#include "cli/classifier.h"
#include "cli/commands.h"
#include "data/csv.h"
#include "data/file.h"

namespace inkling {
namespace {

struct SubmitFlags {
  ClassifierOptions classifier;
  std::string model, data, out;
  std::vector<std::string> more_models;
};

void run_submit(SubmitFlags flags) {
  flags.classifier.models = {flags.model};
  flags.classifier.models.insert(flags.classifier.models.end(), flags.more_models.begin(),
                                 flags.more_models.end());
  std::vector<std::filesystem::path> read = {flags.data};
  read.insert(read.end(), flags.classifier.models.begin(), flags.classifier.models.end());
  require_not_read(flags.out, read);
  const Classifier classifier(flags.classifier);
  classifier.require_input_scale();
  const CsvImages csv = read_csv(flags.data);
  if (csv.has_labels()) {
    throw Failure(flags.data +
                  " has labels: a submission is for images without (Kaggle's test.csv); to score "
                  "these, use inkling evaluate --kaggle " +
                  flags.data);
  }
  const torch::Tensor answers = classifier.probabilities(csv.images).argmax(1).contiguous();
  // Every image gets a digit, never "?": Kaggle counts a missing one as wrong.
  std::string text = "ImageId,Label\n";
  for (std::int64_t i = 0; i < answers.size(0); ++i) {
    text +=
        std::to_string(i + 1) + "," + std::to_string(answers.data_ptr<std::int64_t>()[i]) + "\n";
  }
  write_file(flags.out, text);
  if (const std::string how = classifier.description(); !how.empty()) {
    std::printf("%s\n", how.c_str());
  }
  std::printf("%s: %lld answers in Kaggle's format\n", flags.out.c_str(),
              static_cast<long long>(answers.size(0)));
}

}  // namespace

void add_submit(CLI::App& app) {
  auto flags = std::make_shared<SubmitFlags>();
  CLI::App* command = app.add_subcommand(
      "submit", "Answer Kaggle's test.csv as the file that Kaggle asks for: ImageId,Label");
  command->add_option("model", flags->model, "The .onnx file or the run's folder")->required();
  command
      ->add_option("data", flags->data, "Images without labels: Kaggle's test.csv, gzipped or not")
      ->required();
  command->add_option("-o,--out", flags->out, "The submission.csv to write")->required();
  command
      ->add_option("--with", flags->more_models,
                   "Average with this model too; may be given several times")
      ->allow_extra_args(false);
  add_reading_flags(*command, flags->classifier);
  command->callback([flags] { run_submit(*flags); });
}

}  // namespace inkling
