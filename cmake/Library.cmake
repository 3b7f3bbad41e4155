# The library: `basehttp` (static) and `basehttp_shared`, from the same objects.
# `basehttp::basehttp` is its name for others, here as after find_package.
option(BUILD_SHARED_LIBS "Install the shared library instead of the static one" OFF)
set(BASEHTTP_KIND static)
if(BUILD_SHARED_LIBS)
  set(BASEHTTP_KIND shared)
endif()
set(BASEHTTP_LIBRARIES OpenSSL::SSL spdlog::spdlog ZLIB::ZLIB PkgConfig::BASEHTTP_ENCODERS)

# <basehttp/basehttp.hpp> in the build tree, as it is after installation.
set(BASEHTTP_INCLUDE ${PROJECT_BINARY_DIR}/include)
file(MAKE_DIRECTORY ${BASEHTTP_INCLUDE}/basehttp)
foreach(name server handlers)
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/${name} ${BASEHTTP_INCLUDE}/basehttp/${name} SYMBOLIC)
endforeach()
file(CREATE_LINK ${PROJECT_SOURCE_DIR}/handlers/basehttp.hpp
    ${BASEHTTP_INCLUDE}/basehttp/basehttp.hpp SYMBOLIC)

add_library(basehttp_objects OBJECT ${LIBRARY_SOURCES})
target_include_directories(basehttp_objects PRIVATE ${PROJECT_SOURCE_DIR})
target_compile_definitions(basehttp_objects PRIVATE BASEHTTPD_VERSION="${PROJECT_VERSION}")
target_link_libraries(basehttp_objects
    PRIVATE Threads::Threads Boost::headers ${BASEHTTP_LIBRARIES})

add_library(basehttp STATIC $<TARGET_OBJECTS:basehttp_objects>)
add_library(basehttp_shared SHARED $<TARGET_OBJECTS:basehttp_objects>)
foreach(target basehttp basehttp_shared)
  target_compile_features(${target} INTERFACE cxx_std_20)
  target_include_directories(${target} INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
  target_link_libraries(${target} PUBLIC Threads::Threads PRIVATE ${BASEHTTP_LIBRARIES})
  set_target_properties(${target} PROPERTIES LINKER_LANGUAGE CXX)
endforeach()
set(map ${PROJECT_SOURCE_DIR}/cmake/basehttp.map)
target_link_options(basehttp_shared PRIVATE -Wl,--version-script=${map})
if(NOT BASEHTTPD_SANITIZE)  # whose functions are in the program
  target_link_options(basehttp_shared PRIVATE -Wl,--no-undefined)
endif()
set_target_properties(basehttp_shared PROPERTIES OUTPUT_NAME basehttp SOVERSION 0
    VERSION ${PROJECT_VERSION} LIBRARY_OUTPUT_DIRECTORY shared LINK_DEPENDS ${map})
# The name of the build directory stays out of the tests' command lines: build directories share
# what ccache has.
add_library(basehttp_public INTERFACE)
target_link_libraries(basehttp_public INTERFACE basehttp)
target_include_directories(basehttp_public INTERFACE ${BASEHTTP_INCLUDE})
add_library(basehttp::basehttp ALIAS basehttp_public)
