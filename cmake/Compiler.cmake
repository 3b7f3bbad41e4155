# How everything is compiled: standard, warnings, hardening, sanitizers, coverage.
set(BASEHTTPD_SANITIZE "" CACHE STRING "Sanitizers as for -fsanitize=, such as address,undefined")
option(BASEHTTPD_COVERAGE "Count executed lines (gcov)" OFF)
option(BASEHTTPD_FUZZ "Link tests/fuzz with libFuzzer (clang) instead of the replay loop" OFF)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)  # what the library exports says BASEHTTP_API
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
include(CheckPIESupported)
check_pie_supported()

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  add_compile_options(-Wno-restrict)  # false alarms for `"text" + std::string` (GCC bug 105651)
endif()

if(BASEHTTPD_SANITIZE)
  add_compile_options(-fsanitize=${BASEHTTPD_SANITIZE} -fno-sanitize-recover=all
      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${BASEHTTPD_SANITIZE})
  if(BASEHTTPD_SANITIZE STREQUAL "thread")
    # ThreadSanitizer does not know fences (and GCC warns); the mutex of the queue orders enough.
    add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
  endif()
elseif(BASEHTTPD_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
else()
  # Hardening, as Debian and the OpenSSF guide have it. _FORTIFY_SOURCE needs optimisation.
  add_compile_options(-fstack-protector-strong -fstack-clash-protection -fcf-protection
      -D_GLIBCXX_ASSERTIONS "$<$<CONFIG:Release,RelWithDebInfo>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=3>")
  add_link_options(-Wl,-z,relro,-z,now -Wl,-z,noexecstack)
endif()

# Link-time optimisation for the program and the libraries in it, in Release only. The libraries
# keep ordinary code as well (fat objects), so that the tests link quickly.
function(basehttpd_optimise)
  include(CheckIPOSupported)
  check_ipo_supported(RESULT supported OUTPUT reason LANGUAGES CXX)
  if(NOT supported OR NOT CMAKE_BUILD_TYPE STREQUAL Release OR NOT CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    return()
  endif()
  set_target_properties(${ARGN} PROPERTIES INTERPROCEDURAL_OPTIMIZATION ON)
  foreach(target ${ARGN})
    target_compile_options(${target} PRIVATE -ffat-lto-objects)
  endforeach()
endfunction()
