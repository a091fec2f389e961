# What the engine needs: XNNPACK (target inkling_xnnpack), natively from a package or its source, for WebAssembly from
# its source. The tests write ONNX files with protozero (target inkling_protozero).

if(EMSCRIPTEN)
  include(WasmCompiler)
endif()

# System headers must not be named with -I/usr/include when cross-compiling: that would bring in the
# host's C library. So the few header-only packages are linked into a folder of their own.
# inkling_link_headers(NAME ...): leaves links to /usr/include/NAME (or under CMAKE_PREFIX_PATH).
set(INKLING_HEADER_LINKS "${CMAKE_BINARY_DIR}/header_links")
function(inkling_link_headers package)
  foreach(name IN LISTS ARGN)
    find_path(INKLING_${name}_DIR ${name} PATHS ${CMAKE_PREFIX_PATH} /usr /usr/local
      PATH_SUFFIXES include NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH)
    inkling_require("${name}" ${package} INKLING_${name}_DIR)
    file(MAKE_DIRECTORY "${INKLING_HEADER_LINKS}")
    file(CREATE_LINK "${INKLING_${name}_DIR}/${name}" "${INKLING_HEADER_LINKS}/${name}" SYMBOLIC)
    mark_as_advanced(INKLING_${name}_DIR)
  endforeach()
endfunction()

add_library(inkling_protozero INTERFACE)
if(EMSCRIPTEN)
  inkling_link_headers(libprotozero-dev protozero)
  target_include_directories(inkling_protozero SYSTEM INTERFACE "${INKLING_HEADER_LINKS}")
  include(XnnpackWasm)
else()
  find_path(PROTOZERO_INCLUDE_DIR protozero/pbf_reader.hpp)
  inkling_require("protozero (1.7 or later)" libprotozero-dev PROTOZERO_INCLUDE_DIR)
  target_include_directories(inkling_protozero SYSTEM INTERFACE "${PROTOZERO_INCLUDE_DIR}")
endif()
if(INKLING_XNNPACK_SOURCE AND NOT CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  message(STATUS "INKLING_XNNPACK_SOURCE knows x86-64 only: the package's XNNPACK is used")
  set(INKLING_XNNPACK_SOURCE OFF)
endif()
if(NOT EMSCRIPTEN AND INKLING_XNNPACK_SOURCE)
  include(XnnpackNative)
elseif(NOT EMSCRIPTEN)

  find_path(XNNPACK_INCLUDE_DIR xnnpack.h)
  find_library(XNNPACK_LIBRARY XNNPACK)
  inkling_require("XNNPACK (2024-11-08)" libxnnpack-dev XNNPACK_LIBRARY)
  find_path(PTHREADPOOL_INCLUDE_DIR pthreadpool.h)
  inkling_require("pthreadpool.h" libpthreadpool-dev PTHREADPOOL_INCLUDE_DIR)
  # Debian's XNNPACK is one shared library. A build of one's own is static, and then needs these too.
  find_library(XNNPACK_MICROKERNELS_LIBRARY microkernels-prod)
  find_library(PTHREADPOOL_LIBRARY pthreadpool)
  find_library(CPUINFO_LIBRARY cpuinfo)

  add_library(inkling_xnnpack INTERFACE)
  target_include_directories(inkling_xnnpack SYSTEM INTERFACE
    "${XNNPACK_INCLUDE_DIR}" "${PTHREADPOOL_INCLUDE_DIR}")
  target_link_libraries(inkling_xnnpack INTERFACE "${XNNPACK_LIBRARY}")
  if(XNNPACK_LIBRARY MATCHES "\\.a$")
    foreach(library XNNPACK_MICROKERNELS_LIBRARY PTHREADPOOL_LIBRARY CPUINFO_LIBRARY)
      if(${library})
        target_link_libraries(inkling_xnnpack INTERFACE "${${library}}")
      endif()
    endforeach()
  endif()
endif()
