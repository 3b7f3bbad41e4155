# cpack runs this when the files of the package are together: what Debian wants besides.
set(share ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/Unspecified/usr/share)
set(doc ${share}/doc/basehttpd)
set(here ${CMAKE_CURRENT_LIST_DIR})
file(REMOVE ${doc}/LICENSE)  # it is in copyright
file(COPY_FILE ${here}/copyright ${doc}/copyright)
file(RENAME ${doc}/CHANGELOG.md ${doc}/changelog)
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(WRITE ${doc}/changelog.Debian
"basehttpd (${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) unstable; urgency=medium

  * Built from the project's own tree; see changelog.gz for its changes.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
file(GLOB files ${share}/man/man*/* ${doc}/changelog*)
execute_process(COMMAND gzip -9nf ${files} COMMAND_ERROR_IS_FATAL ANY)
# Whatever the umask: nobody but root writes, all read.
execute_process(COMMAND chmod -R u=rwX,go=rX ${CPACK_TEMPORARY_INSTALL_DIRECTORY}
    COMMAND_ERROR_IS_FATAL ANY)
