#!/bin/bash
# tests/package/completion.sh BASEHTTPD: the bash completion against the program and
# docs/configuration.md. Prints what is wrong; nothing when all is well.
program=$(realpath "$1")
cd "$(dirname "$0")/../.." || exit 2
compopt() { :; }  # outside of a completion it only complains
source completions/basehttpd
wrong=0
fail() { echo "$*"; wrong=1; }

# completes "WORD WORD..." EXPECTED...: the last word is the one at the cursor; [] is an empty one.
complete_words() {
    COMP_WORDS=($1)
    COMP_WORDS=("${COMP_WORDS[@]/#\[\]/}")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    COMPREPLY=()
    _basehttpd "$program"
}
completes() {
    local line=$1 expected; shift
    complete_words "$line"
    expected=$(printf '%s\n' "$@" | sort)
    [[ $(printf '%s\n' "${COMPREPLY[@]}" | sort) == "$expected" ]] ||
        fail "'$line' completes to '${COMPREPLY[*]}' and not to '$*'"
}
contains() {
    local line=$1 word; shift
    complete_words "$line"
    for word in "$@"; do
        [[ " ${COMPREPLY[*]} " == *" $word "* ]] || fail "'$line' does not complete to '$word'"
    done
}

completes "basehttpd --limit-b" --limit-body --limit-body-memory
completes "basehttpd --directory=[]"
completes "basehttpd --root = tests/pac" tests/package
completes "basehttpd --config tests/package/r" tests/package/run.sh
completes "basehttpd --listing o" on off
completes "basehttpd --listing = [] " on off
completes "basehttpd --cgi-sandbox []" off strict
completes "basehttpd h" healthcheck
completes "basehttpd healthcheck --time" --timeout
completes "basehttpd cgi --show" --show-env
completes "basehttpd cgi --body tests/package/r" tests/package/run.sh
completes "basehttpd cgi tests/package/r" tests/package/run.sh
completes "basehttpd --port 80"
contains "basehttpd -" -p -d -c -h --check-config --tls-certificate
contains "basehttpd cgi --" --method --root
contains "basehttpd --user r" root

# Every option of every setting, and every choice of one, as docs/configuration.md names them.
while IFS='|' read -r _ _ _ values options _; do
    [[ $options =~ ^\ \`--([a-z-]+)\` ]] || continue
    option=--${BASH_REMATCH[1]}
    contains "basehttpd $option" "$option"
    values=${values//\`/} values=${values//,/}
    case $values in
        " switch ") completes "basehttpd $option []" on off ;;
        *auto*format*) completes "basehttpd $option []" ${values% format } ;;
        *off* | *HTTP/* | *warning* | *1.3*)
            contains "basehttpd $option []" ${values/ file / } ;;
    esac
done <docs/configuration.md
exit $wrong
