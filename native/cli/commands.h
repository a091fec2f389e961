// The subcommands of `inkling`, one file each. Each function adds its flags to the application and
// a callback that does the work; callbacks throw Failure, which main turns into a sentence and exit
// code 1.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>

#include "data/sources.h"

namespace inkling {

void add_train(CLI::App& app, const std::string& command_line);
void add_evaluate(CLI::App& app);
void add_submit(CLI::App& app);
#ifdef INKLING_HAS_EXPORT
void add_export(CLI::App& app);
void add_quantize(CLI::App& app);
#endif
#ifdef INKLING_HAS_FETCH
void add_fetch(CLI::App& app);
#endif
#ifdef INKLING_HAS_PICTURES
void add_predict(CLI::App& app);
void add_preview(CLI::App& app);
#endif
#ifdef INKLING_HAS_REPORT
void add_report(CLI::App& app);
#endif

// --mnist DIR, --mnist-part, --kaggle FILE and --strokes FILE, the same everywhere; with a prefix
// ("--test-") for a second kind of sources in one command.
inline void add_source_flags(CLI::App& command, Sources& sources,
                             const std::string& prefix = "--") {
  command
      .add_option(prefix + "mnist", sources.mnist,
                  "Folder with MNIST's four IDX files, gzipped or not (inkling fetch mnist); "
                  "may be given several times")
      ->allow_extra_args(false);  // what follows a value is the next argument
  command
      .add_option(prefix + "mnist-part", sources.mnist_part,
                  "What to read of it: train, test or all (both: 70,000); without it train reads "
                  "the training part, evaluate the test part")
      ->transform(
          CLI::CheckedTransformer(std::map<std::string, MnistPart>{{"train", MnistPart::kTrain},
                                                                   {"test", MnistPart::kTest},
                                                                   {"all", MnistPart::kAll}},
                                  CLI::ignore_case)
              .description("train|test|all"));
  command
      .add_option(prefix + "kaggle", sources.kaggle,
                  "CSV file, gzipped or not: Kaggle's train.csv (label,pixel0..pixel783), or "
                  "MNIST's (label first, 784 values); may be given several times")
      ->allow_extra_args(false);
  command
      .add_option(prefix + "strokes", sources.strokes,
                  "Stroke file, JSON Lines, gzipped or not; may be given several times")
      ->allow_extra_args(false);
}

}  // namespace inkling
