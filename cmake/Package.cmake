# `cpack` in a build directory makes basehttpd_VERSION_ARCH.deb: program, units, man pages, bash
# completion and settings, without the library. CMAKE_INSTALL_PREFIX does not matter.
set(CPACK_GENERATOR DEB)
set(CPACK_COMPONENTS_ALL Unspecified)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/packaging/before_build.cmake)
set(CPACK_VERBATIM_VARIABLES ON)

set(CPACK_PACKAGE_CONTACT "basehttpd maintainers <maintainers@basehttpd.invalid>")
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION httpd)
set(CPACK_DEBIAN_UNSPECIFIED_PACKAGE_NAME basehttpd)
set(CPACK_DEBIAN_UNSPECIFIED_DESCRIPTION
"web server for static files and CGI scripts
Serves directories over HTTP/1.1 and TLS with virtual hosts, listings, byte
ranges and compression, and runs CGI/1.1 scripts under supervision. It runs
as a systemd service without privileges, and is reloaded and upgraded without
a failed request.")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# kill, for the unit's reload; the user and /srv/www are made at installation.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "procps, \
systemd | systemd-standalone-sysusers | systemd-sysusers, \
systemd | systemd-standalone-tmpfiles | systemd-tmpfiles")
set(CPACK_DEBIAN_PACKAGE_PROVIDES httpd)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS media-types)
set(CPACK_DEBIAN_UNSPECIFIED_PACKAGE_CONTROL_EXTRA)
foreach(file conffiles postinst prerm postrm)
  list(APPEND CPACK_DEBIAN_UNSPECIFIED_PACKAGE_CONTROL_EXTRA
      ${PROJECT_SOURCE_DIR}/packaging/${file})
endforeach()
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
