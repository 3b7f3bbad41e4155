#!/bin/bash
# Do the two commands of the README work on a bare Debian 12 that has git and nothing else?
#     tests/fresh_machine.sh [serve] [test]        default both; as root, wants mmdebstrap and curl
# Makes a small root file system with this machine's apt sources, clones the last commit of this
# checkout into it and runs `./dev serve` (asked with curl from outside) and `./dev test` there, in
# mount and process namespaces of its own, so that nothing outlives it. The network is shared: apt
# needs it. About 10 minutes, most of them apt and the compiler.
set -euo pipefail
source_dir=$(cd "$(dirname "$0")/.." && pwd)
[[ $EUID == 0 ]] || { echo "run this as root" >&2; exit 2; }
command -v mmdebstrap >/dev/null || { echo "wants: apt-get install mmdebstrap" >&2; exit 2; }
work=$(mktemp -d "${TMPDIR:-/tmp}/fresh-machine.XXXXXX")
root=$work/root port=${PORT:-9188} server=
cleanup() {
    [[ -z $server ]] || { kill -KILL "$server" && wait "$server"; } 2>/dev/null || true
    rm -rf --one-file-system "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
step() { printf '\n== %s (%ds)\n' "$*" "$SECONDS"; }

step "a bare bookworm with git"
mmdebstrap --quiet --variant=minbase --include=git,ca-certificates bookworm "$root" \
    </dev/null $(ls /etc/apt/sources.list /etc/apt/sources.list.d/*.{sources,list} 2>/dev/null)
apt-config dump | grep -iE '^Acquire::(http|https)::Proxy |^Acquire::Check' \
    >"$root/etc/apt/apt.conf.d/90outside" || true
cp /etc/resolv.conf /etc/hosts "$root/etc/"
git clone --quiet "$source_dir" "$root/root/basehttpd"
git -C "$root/root/basehttpd" log -1 --format='%h %s'

proxies=$(env | grep -iE '^(https?|no)_proxy=' | sed "s/.*/'&'/" | tr '\n' ' ') || true
# inside COMMAND...: process 1 of new namespaces; when it ends the kernel ends all of the rest.
inside() {
    exec unshare --mount --pid --fork --kill-child --propagation private sh -euc '
        mount -t proc proc "$0/proc"
        mount --rbind /dev "$0/dev"
        cd "$0/root/basehttpd"
        exec chroot "$0" /usr/bin/env -i HOME=/root TERM=dumb LANG=C.UTF-8 \
            PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin '"$proxies"' \
            sh -c "cd /root/basehttpd && exec \"\$@\"" sh "$@"' "$root" "$@"
}

wanted=${*:-serve test}
if [[ $wanted == *serve* ]]; then
    step "./dev serve"
    (inside ./dev serve --port "$port") >"$work/serve.log" 2>&1 &
    server=$!
    until curl -sf -o "$work/page" "http://127.0.0.1:$port/"; do
        kill -0 "$server" 2>/dev/null || { cat "$work/serve.log"; echo "./dev serve ended"; exit 1; }
        ((SECONDS < 1800)) || { cat "$work/serve.log"; echo "no answer in half an hour"; exit 1; }
        sleep 1
    done
    cmp "$work/page" "$source_dir/examples/site/index.html"
    grep -n "http://.*$port" "$work/serve.log" || { echo "no URL was printed"; exit 1; }
    step "it serves the sample site; SIGTERM"
    # The daemon is a child of chroot's process 1 by exec: the only child of unshare.
    kill -TERM "$(cat "/proc/$server/task/$server/children" | tr -d ' ')"
    wait "$server" || { tail "$work/serve.log"; echo "basehttpd ended with $?"; exit 1; }
    server=
fi
if [[ $wanted == *test* ]]; then
    step "./dev test"
    (inside ./dev test) >"$work/test.log" 2>&1 && result=0 || result=$?
    tail -n 25 "$work/test.log"
    if [[ $result != 0 ]]; then
        mkdir -p "$source_dir/build" && cp "$work/test.log" "$source_dir/build/fresh-machine-test.log"
        echo "all of it is in build/fresh-machine-test.log"
        exit 1
    fi
    grep -qE '^[0-9]+ passed, 0 failed' <(tail -n 1 "$work/test.log")
fi
step "good"
