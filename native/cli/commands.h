// The subcommands of `inkling`, one file each. Each function adds its flags to the application and
// a callback that does the work; callbacks throw Failure, which main turns into a sentence and exit
// code 1.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "data/sources.h"

namespace inkling {

void add_train(CLI::App& app, const std::string& command_line);
void add_evaluate(CLI::App& app);
#ifdef INKLING_HAS_EXPORT
void add_export(CLI::App& app);
#endif
#ifdef INKLING_HAS_FETCH
void add_fetch(CLI::App& app);
#endif

// --mnist DIR and --strokes FILE, the same everywhere.
inline void add_source_flags(CLI::App& command, Sources& sources) {
  command.add_option("--mnist", sources.mnist,
                     "Folder with MNIST's four IDX files, gzipped or not (inkling fetch mnist); "
                     "train reads the training part, evaluate the test part");
  command.add_option("--strokes", sources.strokes,
                     "Stroke file, JSON Lines, gzipped or not; may be given several times");
}

}  // namespace inkling
