# The library that C programs embed: static and shared, with headers, a CMake package and a pkg-config file.
#
# Compiled apart from mailproto_core: what is shared has to know at compile time which names it offers.

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

add_library(mailproto SHARED ${core_sources})
add_library(mailproto_static STATIC ${core_sources})
foreach(library mailproto mailproto_static)
  add_library(mailproto::${library} ALIAS ${library})
  target_include_directories(${library}
    PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/csrc/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
    PRIVATE csrc/src)
  target_link_libraries(${library} PRIVATE $<BUILD_LOCAL_INTERFACE:mailproto_flags>)
  set_target_properties(${library} PROPERTIES C_VISIBILITY_PRESET hidden)
endforeach()

# Before 1.0 a minor version may change structs, so it is part of the soname.
set_target_properties(mailproto PROPERTIES
  VERSION ${PROJECT_VERSION}
  SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
target_compile_definitions(mailproto PRIVATE MP_BUILDING)
target_compile_definitions(mailproto_static PUBLIC MP_STATIC)
# MSVC's import library of the shared one is called mailproto.lib already.
if(NOT MSVC)
  set_target_properties(mailproto_static PROPERTIES OUTPUT_NAME mailproto)
endif()
if(UNIX AND NOT APPLE)
  set(map ${PROJECT_BINARY_DIR}/mailproto.map)
  configure_file(cmake/mailproto.map.in ${map} @ONLY)
  # Calls within the library go straight: nobody replaces its functions one by one.
  target_link_options(mailproto PRIVATE -Wl,--version-script=${map} -Wl,-z,defs -Wl,-Bsymbolic)
  set_target_properties(mailproto PROPERTIES LINK_DEPENDS ${map})
endif()

install(TARGETS mailproto mailproto_static EXPORT mailproto-targets
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY csrc/include/mailproto DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/mailproto)
install(EXPORT mailproto-targets NAMESPACE mailproto:: DESTINATION ${package_dir})
configure_package_config_file(cmake/mailproto-config.cmake.in ${PROJECT_BINARY_DIR}/mailproto-config.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/mailproto-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/mailproto-config.cmake ${PROJECT_BINARY_DIR}/mailproto-config-version.cmake
  DESTINATION ${package_dir})

# From the folder of the .pc file back to the prefix.
file(RELATIVE_PATH MAILPROTO_PC_PREFIX /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
string(REGEX REPLACE "/$" "" MAILPROTO_PC_PREFIX "${MAILPROTO_PC_PREFIX}")
configure_file(cmake/mailproto.pc.in ${PROJECT_BINARY_DIR}/mailproto.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/mailproto.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
