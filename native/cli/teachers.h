// What --teacher names: runs' folders, and files that `inkling export` wrote.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "train/teacher.h"

namespace inkling {

// Null when nothing is named. Throws Failure when one cannot teach.
std::shared_ptr<const Teacher> load_teacher(const std::vector<std::string>& paths,
                                            torch::Device device);

// SHA-1 of the weights that each would teach with; empty where there is no such file, of which
// load_teacher says what is wrong.
std::vector<std::string> teacher_checksums(const std::vector<std::string>& paths);

}  // namespace inkling
