// Included before XNNPACK's gemm-config.c, which asks JavaScript for the number of cores: it takes more than
// four to mean AVX, and then prefers kernels that load and splat in one instruction. The module imports
// nothing, so the answer is fixed: every x86 machine of the last decade has AVX.
#pragma once

#include <emscripten.h>

#undef EM_JS
#define EM_JS(result, name, parameters, ...) \
  static result name parameters { return 8; }
