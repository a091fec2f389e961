// The same drawings as other canvases, brushes and habits would give them: small, huge, coarse,
// backwards, as a picture drawn with a thick or a thin brush. What is read must not depend on it.
#pragma once

#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/strokes.h"

namespace inkling {

// Their names, in words: "a digit 16 pixels high", "drawn backwards", ...
std::vector<std::string> canvas_names();

// The drawings (each with a digit for a label) on that canvas, 0 <= canvas < canvas_names().size(),
// and through the engine's ink code. Throws Failure.
Dataset draw_on_canvas(const std::vector<Drawing>& drawings, std::size_t canvas);

}  // namespace inkling
