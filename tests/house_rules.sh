#!/bin/bash
# The rules of the house that a machine can check: which folder may include which, how long a file
# may be, no sleeping in tests. Prints what breaks a rule; nothing when all is well.
cd "$(dirname "$0")/.." || exit 2
shopt -s nullglob
wrong=0
# rule SENTENCE COMMAND...: the command finds lines that break the rule.
rule() {
    local sentence=$1 found; shift
    found=$("$@") || true
    [[ -z $found ]] || { printf '%s:\n%s\n' "$sentence" "$found"; wrong=1; }
}
server=(server/*.[ch]pp server/*/*.[ch]pp)
long_files() { wc -l "$@" | awk '$1 > 300 && $2 != "total"'; }
server_arrows() { grep -nE '#include "(handlers|config)/' "${server[@]}" | grep -v '^server/daemon/'; }

rule "config/ includes nobody" grep -nE '#include "(server|handlers)/' config/*.[ch]pp
rule "server/ knows neither handlers/ nor config/ (server/daemon/ joins them)" server_arrows
rule "handlers/ knows neither config/ nor Asio" grep -nE '#include "config/|asio' handlers/*.[ch]pp handlers/*/*.[ch]pp
rule "A test waits for what it needs, it does not sleep" \
    grep -nE 'sleep_(for|until)|\bu?sleep\(' tests/unit/*.cpp tests/loopback/*.cpp
rule "A file has at most 300 lines" long_files config/*.[ch]pp handlers/*.[ch]pp handlers/*/*.[ch]pp "${server[@]}"
rule "A header says #pragma once" grep -L '^#pragma once' config/*.hpp handlers/*.hpp handlers/*/*.hpp server/*.hpp server/*/*.hpp
exit $wrong
