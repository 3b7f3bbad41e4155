#!/bin/bash
# api_reference.sh DIRECTORY: makes the API reference there. A warning of Doxygen is a failure.
cd "$(dirname "$0")/../.." || exit 2
command -v doxygen >/dev/null || { echo "SKIPPED: no doxygen"; exit 0; }
mkdir -p "$1"
(
    cat docs/Doxyfile
    sed -n 's/^#include "\(.*\)"/INPUT += \1/p' handlers/basehttp.hpp
    echo "INPUT += handlers/basehttp.hpp"
    echo "OUTPUT_DIRECTORY = $1"
) | doxygen -
