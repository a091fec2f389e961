# inkling_wasm_module(NAME OBJECTS [OPTIONS]): links NAME.wasm, a module that JavaScript instantiates by itself:
# no glue code, no imports.
function(inkling_wasm_module target objects)
  add_executable(${target} $<TARGET_OBJECTS:${objects}>)
  target_link_libraries(${target} PRIVATE ${objects})
  set_target_properties(${target} PROPERTIES
    SUFFIX .wasm RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")
  target_link_options(${target} PRIVATE -Oz --no-entry
    -sSTANDALONE_WASM=1
    -sPURE_WASI=1              # memory grows without telling JavaScript: one import less
    -sFILESYSTEM=0
    -sMALLOC=emmalloc          # 2 KB smaller than the default, and as fast for few, large blocks
    -sALLOW_MEMORY_GROWTH=1
    -sMAXIMUM_MEMORY=2147483648
    -sSTACK_SIZE=262144
    --emit-symbol-map          # names for the breakdown by component; nothing of it is in the module
    ${ARGN})
  find_program(INKLING_NODE NAMES node nodejs NO_CMAKE_FIND_ROOT_PATH)
  inkling_require("Node.js (18 or later)" nodejs INKLING_NODE)
  add_custom_command(TARGET ${target} POST_BUILD
    COMMAND "${INKLING_NODE}" --experimental-wasm-relaxed-simd "${CMAKE_SOURCE_DIR}/cmake/check_wasm_module.mjs"
      "$<TARGET_FILE:${target}>" "${CMAKE_SOURCE_DIR}/wasm/bindings/inkling_c.h"
    COMMENT "Checking ${target}.wasm: imports, exports, size" VERBATIM)
endfunction()
