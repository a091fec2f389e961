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

}  // namespace inkling
