# What `cmake --install` leaves for other projects: headers, the two libraries and a package that
# find_package(Inkling) finds, as targets Inkling::ink and Inkling::engine.
# XNNPACK is linked, and so the package finds it again.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)
set(INKLING_PACKAGE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/Inkling")

install(DIRECTORY "${CMAKE_CURRENT_LIST_DIR}/../wasm/include/inkling" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(TARGETS ink EXPORT InklingInk ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(EXPORT InklingInk NAMESPACE Inkling:: DESTINATION "${INKLING_PACKAGE_DIR}")
if(TARGET engine)
  install(TARGETS engine EXPORT InklingEngine ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  install(EXPORT InklingEngine NAMESPACE Inkling:: DESTINATION "${INKLING_PACKAGE_DIR}")
endif()

configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/InklingConfig.cmake.in"
  "${CMAKE_BINARY_DIR}/InklingConfig.cmake" INSTALL_DESTINATION "${INKLING_PACKAGE_DIR}")
write_basic_package_version_file("${CMAKE_BINARY_DIR}/InklingConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_BINARY_DIR}/InklingConfig.cmake" "${CMAKE_BINARY_DIR}/InklingConfigVersion.cmake"
  DESTINATION "${INKLING_PACKAGE_DIR}")
