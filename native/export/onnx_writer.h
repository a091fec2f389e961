// Folded layers to the bytes of an ONNX file, through the official classes, checker and shape
// inference. The engine's reader for it is wasm/src/onnx_reader.cc.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "export/fold.h"

namespace inkling {

inline constexpr int kOpset = 17;

struct OnnxOptions {
  bool half_weights = false;                    // store kernels as float16 with a Cast beside each
  std::map<std::string, std::string> metadata;  // metadata_props
};

// Input `image` float32 [N,1,28,28], output `probabilities` float32 [N,10]. Throws Failure when the
// checker or shape inference refuses the result.
std::string to_onnx(const std::vector<FoldedLayer>& layers, const OnnxOptions& options);

}  // namespace inkling
