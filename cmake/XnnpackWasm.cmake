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
# all, the others are optional to XNNPACK, and leaving them out saves a tenth of the module. So are those for dense
# layers of fewer than eight outputs.
set(prelude "${CMAKE_BINARY_DIR}/xnnpack_wasm_prelude.h")
file(READ "${CMAKE_CURRENT_LIST_DIR}/xnnpack_wasm_prelude.h" prelude_text)
foreach(config gemm dwconv)
  file(READ "${XNNPACK_SOURCE_DIR}/src/configs/${config}-config.c" config_text)
  string(REGEX MATCHALL "xnn_f32_(gemm|igemm|dwconv)((_relu)?_ukernel_|_minmax_ukernel_4x2c4__)[0-9a-z_]*wasm[0-9a-z_]+" optional
    "${config_text}")
  list(REMOVE_DUPLICATES optional)
  foreach(kernel IN LISTS optional)
    string(APPEND prelude_text "#define ${kernel} NULL\n")
  endforeach()
endforeach()
# The variants of these for ARM and x86 give the same but for NaN, and are as fast: one will do. Weights are
# packed when a model is loaded, by plain loops: those with SIMD are 4 KB.
foreach(kernel f32_maxpool_minmax_ukernel_9p8x f32_vmulcaddc_minmax_ukernel_c4)
  set(end)
  if(kernel MATCHES "maxpool")
    set(end _c4)
  elseif(kernel MATCHES "vmulcaddc")
    set(end _2x)
  endif()
  string(APPEND prelude_text "#define xnn_${kernel}__wasmsimd_arm${end} xnn_${kernel}__wasmsimd_x86${end}\n")
endforeach()
# Weights always come in the order that these pack.
string(APPEND prelude_text "#define xnn_pack_f32_gemm_gio_w xnn_pack_f32_gemm_goi_w\n")
string(APPEND prelude_text "#define xnn_pack_f32_dwconv_hwg_w xnn_pack_f32_dwconv_ghw_w\n")
foreach(tile x8 x2c4)
  string(APPEND prelude_text "#define xnn_x32_packw_gemm_goi_ukernel_${tile}__wasmsimd_u4 xnn_pack_f32_gemm_goi_w\n")
endforeach()
file(CONFIGURE OUTPUT "${prelude}" CONTENT "${prelude_text}" @ONLY)
set(configs gemm dwconv maxpool vmulcaddc)
list(TRANSFORM configs REPLACE "(.+)" "${XNNPACK_SOURCE_DIR}/src/configs/\\1-config.c")
set_source_files_properties(${configs} "${XNNPACK_SOURCE_DIR}/src/operators/convolution-nhwc.c" PROPERTIES
  COMPILE_OPTIONS "-include;${prelude}" OBJECT_DEPENDS "${prelude}")
# The names of operators and kernels, which XNNPACK only logs, are 3 KB.
list(REMOVE_ITEM operators
  "${XNNPACK_SOURCE_DIR}/src/enums/microkernel-type.c" "${XNNPACK_SOURCE_DIR}/src/enums/operator-type.c")
list(APPEND operators "${CMAKE_CURRENT_LIST_DIR}/xnnpack_wasm_names.c")
inkling_xnnpack_library(${kernels})
# Most of what an operator can do is never asked for: the linker sees that, and leaves it out.
target_compile_options(xnnpack_operators PRIVATE -flto)
