# What compiling XNNPACK (2024-11-08) and the single-threaded build of pthreadpool takes, for WebAssembly
# (XnnpackWasm.cmake) and natively (XnnpackNative.cmake). XNNPACK's own CMakeLists.txt does not know Emscripten, and
# compiles ten times as much. Only what the engine calls is compiled: the operators and configurations named here, and
# float kernels; the linker drops the rest.
set(fetched "${CMAKE_SOURCE_DIR}/build/third_party/xnnpack")
if(DEFINED ENV{XNNPACK_SOURCE_DIR})
  set(fetched "$ENV{XNNPACK_SOURCE_DIR}")
endif()
set(XNNPACK_SOURCE_DIR "${fetched}" CACHE PATH
  "XNNPACK's source (default: the variable of that name, or what was fetched); pthreadpool's beside it")
get_filename_component(third_party "${XNNPACK_SOURCE_DIR}" DIRECTORY)
set(PTHREADPOOL_SOURCE_DIR "${third_party}/pthreadpool" CACHE PATH "pthreadpool's source")
foreach(source XNNPACK PTHREADPOOL)
  if(NOT EXISTS "${${source}_SOURCE_DIR}/LICENSE")
    message(FATAL_ERROR "There is no source in ${source}_SOURCE_DIR (${${source}_SOURCE_DIR}). "
      "On Debian 13 run cmake/fetch_sources.sh, elsewhere name XNNPACK's folder (pthreadpool's beside it): XNNPACK_SOURCE_DIR=... ./run site")
  endif()
endforeach()
inkling_link_headers(libfxdiv-dev fxdiv.h)
inkling_link_headers(libfp16-dev fp16.h fp16)

# inkling_xnnpack_kernels(SET LIST): adds to LIST the kernels of a set (scalar, wasmsimd, avx ...) that XNNPACK's
# configurations may choose (its PROD_..._MICROKERNEL_SRCS) and the engine may call.
function(inkling_xnnpack_kernels kernel_set list)
  include("${XNNPACK_SOURCE_DIR}/cmake/gen/${kernel_set}_microkernels.cmake")
  string(TOUPPER "PROD_${kernel_set}_MICROKERNEL_SRCS" list_name)
  set(added ${${list_name}})
  list(FILTER added INCLUDE REGEX
    "^src/(qd8-f32-qc8w-(gemm|igemm)|f32-(gemm|igemm|dwconv|maxpool|raddstoreexpminusmax|rminmax|vmulcaddc|vbinary)|x32-packw)/")
  list(TRANSFORM added PREPEND "${XNNPACK_SOURCE_DIR}/")
  set(${list} ${${list}} ${added} PARENT_SCOPE)
endfunction()

set(operators
  src/allocator.c
  src/cache.c
  src/configs/binary-elementwise-config.c
  src/configs/dwconv-config.c
  src/configs/gemm-config.c
  src/configs/hardware-config.c
  src/configs/maxpool-config.c
  src/configs/raddstoreexpminusmax-config.c
  src/configs/rmax-config.c
  src/configs/vmulcaddc-config.c
  src/enums/microkernel-type.c
  src/enums/operator-type.c
  src/im2col.c
  src/indirection.c
  src/init.c
  src/memory.c
  src/microkernel-utils.c
  src/microparams-init.c
  src/mutex.c
  src/operator-delete.c
  src/operator-run.c
  src/operator-utils.c
  src/operators/convolution-nhwc.c
  src/operators/fully-connected-nc.c
  src/operators/max-pooling-nhwc.c
  src/operators/softmax-nc.c
  src/params.c
  src/reference/packing.cc)

function(inkling_third_party_library name)
  add_library(${name} STATIC ${ARGN})
  target_compile_definitions(${name} PRIVATE XNN_LOG_LEVEL=0 XNN_ENABLE_CPUINFO=$<NOT:$<BOOL:${EMSCRIPTEN}>> XNN_ENABLE_ASSEMBLY=0
    XNN_ENABLE_MEMOPT=1 XNN_ENABLE_SPARSE=0 XNN_ENABLE_GEMM_M_SPECIALIZATION=1
    XNN_ENABLE_DWCONV_MULTIPASS=0 XNN_ENABLE_KLEIDIAI=0)
  target_include_directories(${name}
    PUBLIC "${XNNPACK_SOURCE_DIR}/include" "${PTHREADPOOL_SOURCE_DIR}/include"
    PRIVATE "${XNNPACK_SOURCE_DIR}/src" "${PTHREADPOOL_SOURCE_DIR}/src" "${INKLING_HEADER_LINKS}")
  # Others' code: compiled as it is, without a word about its style.
  target_compile_options(${name} PRIVATE -w -fno-math-errno -ffunction-sections -fdata-sections)
endfunction()
list(TRANSFORM operators PREPEND "${XNNPACK_SOURCE_DIR}/")
list(APPEND operators
  "${PTHREADPOOL_SOURCE_DIR}/src/legacy-api.c" "${PTHREADPOOL_SOURCE_DIR}/src/shim.c")

# inkling_xnnpack_library(KERNEL...): target inkling_xnnpack.
function(inkling_xnnpack_library)
  inkling_third_party_library(xnnpack_kernels ${ARGN})
  target_compile_options(xnnpack_kernels PRIVATE ${INKLING_KERNEL_OPTIONS})
  inkling_third_party_library(xnnpack_operators ${operators})
  target_link_libraries(xnnpack_operators PRIVATE xnnpack_kernels)
  add_library(inkling_xnnpack INTERFACE)
  target_include_directories(inkling_xnnpack SYSTEM INTERFACE
    "${XNNPACK_SOURCE_DIR}/include" "${PTHREADPOOL_SOURCE_DIR}/include")
  target_link_libraries(inkling_xnnpack INTERFACE xnnpack_operators)
endfunction()
