# XNNPACK compiled for WebAssembly: target inkling_xnnpack.
include(XnnpackSource)
set(kernels)
inkling_xnnpack_kernels(scalar kernels)
inkling_xnnpack_kernels(wasm kernels)
inkling_xnnpack_kernels(wasmsimd kernels)
if(INKLING_WASM_VARIANT STREQUAL "relaxed")
  inkling_xnnpack_kernels(wasmrelaxedsimd kernels)
endif()

# XNNPACK holds each matrix kernel three times: clamping, with Relu alone, and without either. Clamping does for
# all, the others are optional to XNNPACK, and leaving them out saves a tenth of the module.
set(prelude "${CMAKE_BINARY_DIR}/xnnpack_wasm_prelude.h")
file(READ "${CMAKE_CURRENT_LIST_DIR}/xnnpack_wasm_prelude.h" prelude_text)
foreach(config gemm dwconv)
  file(READ "${XNNPACK_SOURCE_DIR}/src/configs/${config}-config.c" config_text)
  string(REGEX MATCHALL "xnn_f32_(gemm|igemm|dwconv)(_relu)?_ukernel_[0-9a-z_]+wasm[0-9a-z_]+" optional "${config_text}")
  list(REMOVE_DUPLICATES optional)
  foreach(kernel IN LISTS optional)
    string(APPEND prelude_text "#define ${kernel} NULL\n")
  endforeach()
endforeach()
file(CONFIGURE OUTPUT "${prelude}" CONTENT "${prelude_text}" @ONLY)
set_source_files_properties("${XNNPACK_SOURCE_DIR}/src/configs/gemm-config.c"
  "${XNNPACK_SOURCE_DIR}/src/configs/dwconv-config.c" PROPERTIES
  COMPILE_OPTIONS "-include;${prelude}" OBJECT_DEPENDS "${prelude}")
inkling_xnnpack_library(${kernels})
