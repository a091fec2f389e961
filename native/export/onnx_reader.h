// What onnx_writer.h wrote, read back as folded layers: LibTorch then computes it on any device,
// so that a shipped file can teach a new network. Files of others are the engine's to read.
#pragma once

#include <string>
#include <vector>

#include "export/fold.h"

namespace inkling {

// Weights come back as float32, rounded as they were stored. `name` is for error messages. Throws
// Failure for what `inkling export` and `inkling quantize` do not write.
std::vector<FoldedLayer> from_onnx(const std::string& bytes, const std::string& name);

}  // namespace inkling
