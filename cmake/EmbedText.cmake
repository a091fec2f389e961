# inkling_embed_text(TARGET HEADER NAME FILE ...): compiles text files into TARGET. The generated HEADER
# declares, for each file, one std::string_view named after it: kPageCss for page.css, with the NAMEs given.
#   inkling_embed_text(trainer report_page.h kPageCss page.css kPageJs page.js)
set(INKLING_EMBED_SCRIPT "${CMAKE_CURRENT_LIST_DIR}/EmbedTextScript.cmake")

function(inkling_embed_text target header)
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/embedded")
  set(declarations "#pragma once\n#include <string_view>\nnamespace inkling {\n")
  while(ARGN)
    list(POP_FRONT ARGN name file)
    get_filename_component(file "${file}" ABSOLUTE)
    set(source "${folder}/${name}.cc")
    add_custom_command(OUTPUT "${source}"
      COMMAND "${CMAKE_COMMAND}" -DNAME=${name} "-DFILE=${file}" "-DSOURCE=${source}"
        -P "${INKLING_EMBED_SCRIPT}"
      DEPENDS "${file}" "${INKLING_EMBED_SCRIPT}"
      COMMENT "Embedding ${file}" VERBATIM)
    target_sources(${target} PRIVATE "${source}")
    set_source_files_properties("${source}" PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
    string(APPEND declarations "extern const std::string_view ${name};\n")
  endwhile()
  file(CONFIGURE OUTPUT "${folder}/${header}" CONTENT "${declarations}}\n" @ONLY)
  target_include_directories(${target} PRIVATE "${folder}")
endfunction()
