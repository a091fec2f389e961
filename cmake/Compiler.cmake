# How every target is compiled: the language level, warnings as people want them, the sanitizers.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

# Linked PRIVATE by each of our own targets, so that others' headers are not judged by our warnings.
add_library(inkling_warnings INTERFACE)
target_compile_options(inkling_warnings INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor)

if(INKLING_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
  add_link_options(-fsanitize=address,undefined)
endif()

# Clang's libFuzzer is led by which branches were taken; the targets alone link its main().
if(INKLING_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,float-cast-overflow)
  add_link_options(-fsanitize=float-cast-overflow)
endif()
