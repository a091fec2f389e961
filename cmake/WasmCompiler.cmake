# How everything is compiled for WebAssembly, XNNPACK and the tests included: SIMD on every file (XNNPACK's
# headers and ours must agree), exceptions as instructions so that bad_alloc can be
# caught, and small code; only XNNPACK's kernels (XnnpackWasm.cmake) are compiled for speed.
set(CMAKE_POSITION_INDEPENDENT_CODE OFF)
set(CMAKE_C_FLAGS_RELEASE "-Oz -DNDEBUG")
set(CMAKE_CXX_FLAGS_RELEASE "-Oz -DNDEBUG")
set(INKLING_KERNEL_OPTIONS -O2)

set(wasm_variants simd relaxed)
if(NOT INKLING_WASM_VARIANT IN_LIST wasm_variants)
  message(FATAL_ERROR "INKLING_WASM_VARIANT is \"${INKLING_WASM_VARIANT}\"; it can be simd or relaxed.")
endif()
add_compile_options(-msimd128 -fwasm-exceptions)
add_link_options(-msimd128 -fwasm-exceptions)
if(INKLING_WASM_VARIANT STREQUAL "relaxed")
  add_compile_options(-mrelaxed-simd)
  add_link_options(-mrelaxed-simd)
endif()
