// XNNPACK's layers of eight bits, for plan_operators.cc: bytes by bytes into float32
// ("qd8_f32_qc8w").
#pragma once

#include <xnnpack.h>

#include <vector>

#include "kernels.h"

namespace inkling {

xnn_status create_int8_layer(const Step& step, xnn_operator_t* op);

// For `count` images; *rows: as many quantisation parameters as a run needs.
xnn_status reshape_int8_layer(const Step& step, xnn_operator_t op, std::size_t count, Map* out,
                              std::size_t* workspace_bytes, std::size_t* rows);

// `parameters` has room for what reshape asked for.
xnn_status run_int8_layer(const Step& step, xnn_operator_t op, const Memory& memory,
                          void* workspace, std::vector<xnn_quantization_params>& parameters);

}  // namespace inkling
