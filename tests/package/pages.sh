#!/bin/bash
# tests/package/pages.sh BASEHTTPD: the man pages name every option of --help, and groff and mandoc
# have nothing to say about them. Prints what is wrong; nothing when all is well.
program=$(realpath "$1")
cd "$(dirname "$0")/../.." || exit 2
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
wrong=0
fail() { echo "$*"; wrong=1; }

for page in basehttpd.8 basehttpd.ini.5; do
    awk -v text=docs/configuration.md -v version=0 -f man/make_page.awk "man/$page.in" \
        >"$directory/$page" || fail "awk fails for $page"
    if command -v groff >/dev/null; then
        said=$(groff -man -Tutf8 -ww -rLL=200n "$directory/$page" 2>&1 >"$directory/$page.txt")
        [[ -z $said ]] || fail "groff: $said"
    fi
    if command -v mandoc >/dev/null; then
        said=$(mandoc -Tlint -W warning "$directory/$page") || fail "$said"
    fi
done
text=$(sed 's/\\-/-/g; s/\\f[A-Z]//g' "$directory/basehttpd.8")
while read -r option; do
    grep -qE -- "(^|[ ,\"])$option([ ,\"]|$)" <<<"$text" || fail "basehttpd.8 does not name $option"
done < <(for verb in "" cgi healthcheck; do "$program" $verb --help; done |
    sed -nE 's/^ +(-.*)/\1/; T; s/  +.*//; p' | grep -oE -- '--[a-z-]+' | sort -u)
exit $wrong
