// Images that were read wrong, as one picture for people: each with its label and what was read.
#pragma once

#include <torch/types.h>

#include "report/answers.h"

namespace inkling {

inline constexpr std::int64_t kSheetImages = 400;  // at most; the hardest first

// uint8 [H,W,3] in red, green, blue: a grid of the images whose most probable digit is not their
// label, dark ink on light paper, each above "label > answer" with the answer in red. A blank sheet
// of one tile when none is wrong.
torch::Tensor error_sheet(const Answers& answers);

}  // namespace inkling
