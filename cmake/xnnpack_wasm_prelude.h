// Included before XNNPACK's configurations of kernels; XnnpackWasm.cmake appends the
// kernels that are left out or stand for others. gemm-config.c asks JavaScript for the number of
// cores: it takes more than four to mean AVX, and then prefers kernels that load and splat in one
// instruction. The module imports nothing, so the answer is fixed: every x86 machine of the last
// decade has AVX.
#pragma once

#include <emscripten.h>
#include <stddef.h>

#include "xnnpack/dwconv.h"
#include "xnnpack/gemm.h"
#include "xnnpack/igemm.h"
#include "xnnpack/pack.h"
#include "xnnpack/packw.h"

#undef EM_JS
#define EM_JS(result, name, parameters, ...) \
  static result name parameters { return 8; }
