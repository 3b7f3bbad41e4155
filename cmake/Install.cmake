# What `cmake --install` puts where. Two kinds of library; BUILD_SHARED_LIBS chooses the one that is
# installed unless --component static or shared is asked for.
include(CMakePackageConfigHelpers)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/basehttp)
set(generated ${PROJECT_BINARY_DIR}/package)

# The program.
install(TARGETS basehttpd RUNTIME)
install(FILES README.md CHANGELOG.md LICENSE TYPE DOC OPTIONAL)
install(FILES config/basehttpd.ini TYPE DOC)

install(DIRECTORY docs/ TYPE DOC FILES_MATCHING PATTERN "*.md")
install(FILES completions/basehttpd DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)

# Its man pages.
install(CODE "
  set(source [==[${PROJECT_SOURCE_DIR}]==])
  set(generated [==[${generated}]==])
  set(version [==[${PROJECT_VERSION}]==])
  set(mandir [==[${CMAKE_INSTALL_MANDIR}]==])")
install(SCRIPT cmake/InstallPages.cmake)

# The service: units, its user, its directories, and settings unless there are some already.
install(CODE "
  set(source [==[${PROJECT_SOURCE_DIR}]==])
  set(generated [==[${generated}]==])
  set(bindir [==[${CMAKE_INSTALL_BINDIR}]==])
  set(etc [==[${CMAKE_INSTALL_SYSCONFDIR}]==])")
install(SCRIPT cmake/InstallService.cmake)
install(FILES systemd/sysusers.conf DESTINATION lib/sysusers.d RENAME basehttpd.conf)
install(FILES systemd/tmpfiles.conf DESTINATION lib/tmpfiles.d RENAME basehttpd.conf)

# Headers, and what both kinds of library share.
install(CODE "
  set(source [==[${PROJECT_SOURCE_DIR}]==])
  set(staging [==[${generated}/include]==])
  set(destination [==[${CMAKE_INSTALL_INCLUDEDIR}]==])" COMPONENT headers)
install(SCRIPT cmake/InstallHeaders.cmake COMPONENT headers)
configure_package_config_file(cmake/basehttpConfig.cmake.in ${generated}/basehttpConfig.cmake
    INSTALL_DESTINATION ${package} NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${generated}/basehttpConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES ${generated}/basehttpConfig.cmake ${generated}/basehttpConfigVersion.cmake
    DESTINATION ${package} COMPONENT headers)

# The libraries. A program that links the static one needs its libraries too, which pkg-config must
# say without --static, for there is no other basehttp.
cmake_path(ABSOLUTE_PATH CMAKE_INSTALL_LIBDIR BASE_DIRECTORY /prefix OUTPUT_VARIABLE directory)
file(RELATIVE_PATH BASEHTTP_PC_PREFIX ${directory}/pkgconfig /prefix)
set_target_properties(basehttp basehttp_shared PROPERTIES EXPORT_NAME basehttp)
foreach(kind static shared)
  set(target basehttp)
  set(BASEHTTP_PC_REQUIRES Requires)
  if(kind STREQUAL shared)
    set(target basehttp_shared)
    set(BASEHTTP_PC_REQUIRES Requires.private)
  endif()
  set(component COMPONENT ${kind})
  if(NOT kind STREQUAL BASEHTTP_KIND)
    list(APPEND component EXCLUDE_FROM_ALL)
  endif()
  install(TARGETS ${target} EXPORT basehttp-${kind} ARCHIVE ${component} LIBRARY ${component}
      INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  install(EXPORT basehttp-${kind} NAMESPACE basehttp:: DESTINATION ${package} ${component})
  configure_file(cmake/basehttp.pc.in ${generated}/${kind}/basehttp.pc @ONLY)
  install(FILES ${generated}/${kind}/basehttp.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
      ${component})
  if(kind STREQUAL static AND CMAKE_STRIP)
    # Without the link-time optimiser's part, which no other version of the compiler can read.
    install(CODE "
      execute_process(COMMAND ${CMAKE_STRIP} -R .gnu.lto_* -R .gnu.debuglto_* -N __gnu_lto_v1
          \$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/libbasehttp.a
          COMMAND_ERROR_IS_FATAL ANY)" ${component})
  endif()
endforeach()
