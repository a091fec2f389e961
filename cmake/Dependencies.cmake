# The only place that names a version or a source of something we did not write. Each dependency becomes
# one target; what is missing is named together with the Debian package that has it.

# inkling_require(WHAT PACKAGE CONDITION_VARIABLE): ends the configuration with what to install.
function(inkling_require what package found)
  if(NOT ${found})
    message(FATAL_ERROR "${what} was not found. On Debian: apt-get install ${package}. "
      "Elsewhere: install it and name its prefix in CMAKE_PREFIX_PATH.")
  endif()
endfunction()

# --- engine -------------------------------------------------------------------------------------------
if(INKLING_ENGINE)
  include(EngineDependencies)
endif()

# --- trainer ------------------------------------------------------------------------------------------
if(INKLING_TRAINER)
  find_package(Torch QUIET)
  inkling_require("LibTorch (2.x)" "libtorch-dev libopenblas0-openmp" Torch_FOUND)
  # c10d's Gloo backend shows its own headers through LibTorch's. pip's PyTorch lacks them: there CPUs train
  # in one process.
  find_path(GLOO_INCLUDE_DIR gloo/algorithm.h)
  if(INKLING_TESTS)
    inkling_require("Gloo's headers" libgloo-dev GLOO_INCLUDE_DIR)
  endif()
  find_package(ZLIB QUIET)
  inkling_require("zlib" zlib1g-dev ZLIB_FOUND)
  find_path(CLI11_INCLUDE_DIR CLI/CLI.hpp)
  inkling_require("CLI11 (2.x)" libcli11-dev CLI11_INCLUDE_DIR)
  find_path(NLOHMANN_JSON_INCLUDE_DIR nlohmann/json.hpp)
  inkling_require("nlohmann-json (3.x)" nlohmann-json3-dev NLOHMANN_JSON_INCLUDE_DIR)

  add_library(inkling_torch INTERFACE)
  target_link_libraries(inkling_torch INTERFACE ${TORCH_LIBRARIES})
  target_include_directories(inkling_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
  if(TARGET torch_cuda)
    target_compile_definitions(inkling_torch INTERFACE INKLING_CUDA)
  endif()
  # Header-only: found by path so that a copied folder of headers serves as well as a package.
  add_library(inkling_headers INTERFACE)
  target_include_directories(inkling_headers SYSTEM INTERFACE
    ${CLI11_INCLUDE_DIR} ${NLOHMANN_JSON_INCLUDE_DIR})

  if(INKLING_EXPORT)
    find_package(ONNX QUIET)
    inkling_require("ONNX (1.17)" "libonnx-dev libprotobuf-dev protobuf-compiler" ONNX_FOUND)
  endif()
  if(INKLING_REPORT)
    # Any 3.x or 4.x, as one minified script: a downloaded chart.umd.js serves as well.
    find_file(CHART_JS NAMES chart.min.js chart.umd.js
      PATHS /usr/share/javascript/chart.js /usr/share/nodejs/chart.js/dist)
    inkling_require("Chart.js (3 or later; CHART_JS names its script)" libjs-chart.js CHART_JS)
  endif()
  if(INKLING_PICTURES)
    find_package(PNG QUIET)
    inkling_require("libpng (1.6)" libpng-dev PNG_FOUND)
    find_path(TURBOJPEG_INCLUDE_DIR turbojpeg.h)
    find_library(TURBOJPEG_LIBRARY turbojpeg)
    inkling_require("libjpeg-turbo's TurboJPEG (2.x)" libturbojpeg0-dev TURBOJPEG_INCLUDE_DIR)
    inkling_require("libjpeg-turbo's TurboJPEG (2.x)" libturbojpeg0-dev TURBOJPEG_LIBRARY)
  endif()
  if(INKLING_FETCH)
    find_package(CURL QUIET)
    inkling_require("libcurl" libcurl4-openssl-dev CURL_FOUND)
    find_package(LibArchive QUIET)
    inkling_require("libarchive" libarchive-dev LibArchive_FOUND)
    find_package(OpenSSL QUIET COMPONENTS Crypto)
    inkling_require("OpenSSL's libcrypto" libssl-dev OpenSSL_FOUND)
  endif()
endif()

# --- tests --------------------------------------------------------------------------------------------
if(INKLING_TESTS)
  include(TestDependencies)
endif()
