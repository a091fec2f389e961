// Step 1 of loading: ONNX bytes -> Model. Knows the wire format and nothing of what operators mean.
#pragma once

#include "inkling/engine.h"
#include "model.h"

namespace inkling {

// The Model points into `file`. Errors: kMalformedModel for bytes that are no complete ONNX file;
// kUnsupportedModel for external data and element types not read here; kLimitExceeded.
Status read_onnx(std::span<const std::byte> file, std::span<const SideFile> side_files,
                 const Limits& limits, Model& model);

}  // namespace inkling
