# Runs at `cmake --install` and in cpack: makes the man pages from docs/configuration.md, which a
# test keeps in step with the settings. Given: source, generated, version, mandir.
cmake_path(ABSOLUTE_PATH mandir BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX})
foreach(page basehttpd.8 basehttpd.ini.5)
  execute_process(COMMAND awk -v text=docs/configuration.md -v version=${version}
      -f man/make_page.awk man/${page}.in
      WORKING_DIRECTORY ${source} OUTPUT_FILE ${generated}/${page} COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCH "[58]$" section ${page})
  file(INSTALL ${generated}/${page} DESTINATION ${mandir}/man${section})
endforeach()
