#!/bin/bash
# consumer.sh STEP KIND BUILD PREFIX: one step of using the KIND (static, shared) of library that
# `cmake --install BUILD` puts below PREFIX. The environment names CMAKE, CXX and CXXFLAGS.
set -euo pipefail
step=$1 kind=$2 build=$3 prefix=$4
app=$(cd "$(dirname "$0")/app" && pwd)
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig LD_LIBRARY_PATH=$prefix/lib

fail() { printf '%s\n' "$*"; exit 1; }

install() {
    rm -rf "$prefix"
    "$CMAKE" --install "$build" --prefix "$prefix" --component headers
    "$CMAKE" --install "$build" --prefix "$prefix" --component "$kind"
}

find-package() {
    rm -rf "$prefix/app"
    "$CMAKE" -G Ninja -S "$app" -B "$prefix/app" -DCMAKE_PREFIX_PATH="$prefix" \
        -DCMAKE_CXX_COMPILER_LAUNCHER=
    "$CMAKE" --build "$prefix/app"
    timeout 30 "$prefix/app/app"
}

pkg-config() {
    "$CXX" -std=c++20 $CXXFLAGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor \
        -Werror "$app/main.cpp" $(command pkg-config --cflags --libs basehttp) \
        -o "$prefix/app-by-pkg-config"
    timeout 30 "$prefix/app-by-pkg-config"
}

# They include no other library. Each compiles alone; a .cpp that includes its own first shows it.
headers() {
    local source=${app%/tests/consumer/app} header first foreign alone=()
    cd "$prefix/include"
    echo '#include <basehttp/basehttp.hpp>' >"$prefix/all.cpp"
    "$CXX" -std=c++20 -I. -M "$prefix/all.cpp" >"$prefix/all.d"
    foreign=$(grep -oE '[^ ]*/(boost|openssl|spdlog|fmt|brotli)/[^ ]*|[^ ]*/(zlib|zstd)\.h' \
        "$prefix/all.d") && fail "<basehttp/basehttp.hpp> includes other libraries:" "$foreign"
    while IFS= read -r header; do
        first=$(grep -m1 '^#include' "$source/${header%.hpp}.cpp" 2>/dev/null) || true
        [[ $first == "#include \"$header\"" ]] || alone+=("basehttp/$header")
    done < <(find basehttp -name '*.hpp' -printf '%P\n')
    printf '%s\0' "${alone[@]}" |
        xargs -0 -P2 -I@ "$CXX" -std=c++20 -I. -fsyntax-only -include @ -x c++ /dev/null
    echo "${#alone[@]} headers compiled"
}

# The shared library exports our public names and no other: each is declared in an installed header
# as BASEHTTP_API, and code in the headers finds all that it calls.
exports() {
    local name foreign="" undefined
    python3 "${app%/app}/mark_exports.py" || fail "see above"
    # "T basehttp::Log::flush()", "V vtable for basehttp::Log"
    nm -DC --defined-only "$prefix/lib/libbasehttp.so" | grep -v ' A BASEHTTP_' |
        sed -E 's/^[0-9a-f]+ //; s/@.*//; s/ (.* (for|to) )?/ /' >"$prefix/exports"
    foreign=$(grep -v '^[A-Za-z] basehttp::' "$prefix/exports") &&
        fail "The shared library exports what is not ours:" "$foreign"
    for name in $(grep -oP '^. basehttp::(urllib::)?\K\w+' "$prefix/exports" | sort -u); do
        grep -rqE "BASEHTTP_API.*\b$name\b" "$prefix/include" || foreign+=" $name"
    done
    [[ -z $foreign ]] || fail "Exported, but in no header as BASEHTTP_API:$foreign"
    if "$CXX" --version | grep -q clang; then
        echo "SKIPPED: the code in the headers, for clang has no -fkeep-inline-functions"
        return
    fi
    cat >"$prefix/inline.cpp" <<'END'
#include <basehttp/basehttp.hpp>
template class basehttp::ThreadingMixIn<basehttp::HTTPServer>;
template class basehttp::ForkingMixIn<basehttp::HTTPSServer>;
END
    undefined=$("$CXX" -std=c++20 -fPIC -shared -fkeep-inline-functions -Wl,--no-undefined \
        -I"$prefix/include" "$prefix/inline.cpp" -L"$prefix/lib" -lbasehttp \
        -o "$prefix/inline.so" 2>&1) ||
        fail "Code in the headers calls what is not exported:" \
            "$(grep -o 'undefined reference.*' <<<"$undefined" | sort -u)"
}

"$step"
