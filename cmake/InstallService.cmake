# Runs at `cmake --install` and in cpack: the unit with the paths of this very installation, and
# settings unless there are some already. Given: source, generated, bindir, etc.
if(CMAKE_INSTALL_PREFIX STREQUAL /usr AND etc STREQUAL etc)
  set(etc /etc)
endif()
foreach(directory bindir etc)
  cmake_path(ABSOLUTE_PATH ${directory} BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX})
endforeach()
set(CMAKE_INSTALL_FULL_BINDIR ${bindir})
set(BASEHTTPD_CONFIG_FILE ${etc}/basehttpd/basehttpd.ini)
configure_file(${source}/systemd/basehttpd.service.in ${generated}/basehttpd.service @ONLY)
file(INSTALL ${generated}/basehttpd.service ${source}/systemd/basehttpd.socket
    ${source}/systemd/basehttpd-https.socket
    DESTINATION ${CMAKE_INSTALL_PREFIX}/lib/systemd/system)
if(NOT EXISTS $ENV{DESTDIR}${BASEHTTPD_CONFIG_FILE})
  file(INSTALL ${source}/config/service.ini DESTINATION ${etc}/basehttpd RENAME basehttpd.ini)
endif()
