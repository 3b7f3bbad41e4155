#!/bin/bash
# Builds the image of Dockerfile with a Docker engine of its own, runs containers and tries them:
# `./dev docker-test [--keep]`. Needs root, docker.io, mmdebstrap and Debian's mirror; takes a few
# minutes. Everything lies in a directory of its own, in a mount namespace that ends with it; the
# base image is kept in /var/tmp/basehttpd-docker, with --keep the layers of the build as well.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
KEPT=/var/tmp/basehttpd-docker

skip() { echo "SKIPPED: $*"; exit 0; }
((EUID == 0)) || skip "only root can start a Docker engine"
for program in dockerd mmdebstrap curl; do
    command -v "$program" >/dev/null || skip "$program is missing; ./dev docker-test installs it"
done
if [[ -z ${IN_NAMESPACE-} ]]; then
    IN_NAMESPACE=1 exec timeout -k 30 1500 unshare --mount --propagation private "$0" "$@"
fi

mkdir -p "$KEPT"
W=$(mktemp -d "$KEPT/run.XXXXXX")
DATA=$W/data
[[ ${1-} != --keep ]] || DATA=$KEPT/data
ENGINE=""
# Not the client of another engine, which may come first in PATH.
docker() { timeout 900 /usr/bin/docker -H "unix://$W/socket" "$@"; }

clean_up() {
    local status=$? left
    trap - EXIT
    if [[ -n $ENGINE ]]; then
        left=$(docker ps -aq 2>/dev/null || true)
        [[ -z $left ]] || docker rm -f $left >/dev/null 2>&1 || true
        kill "$ENGINE" 2>/dev/null || true
        timeout 30 tail --pid="$ENGINE" -f /dev/null || kill -9 "$ENGINE"
    fi
    awk -v at="$KEPT/" 'index($5, at) == 1 { print $5 }' /proc/self/mountinfo | sort -r |
        xargs -r umount -l 2>/dev/null || true
    find /sys/fs/cgroup -depth -type d -path "*/$CGROUP*" -exec rmdir {} + 2>/dev/null || true
    rm -rf "$W"
    exit "$status"
}
CGROUP=basehttpd-docker-$$
trap clean_up EXIT
trap 'exit 1' INT TERM

passed=0 failed=0
# check WHAT COMMAND...: counts and prints it.
check() {
    local what=$1; shift
    if "$@" >"$W/output" 2>&1; then passed=$((passed + 1)); echo "ok    $what"
    else failed=$((failed + 1)); echo "FAIL  $what"; tail -n 5 "$W/output"
    fi
}
# ends_well PROCESS COMMAND...: both, the process being a child of ours.
ends_well() { wait "$1" && "${@:2}"; }
# until_true SECONDS COMMAND...
until_true() {
    local end=$((SECONDS + $1)); shift
    until "$@" >/dev/null 2>&1; do ((SECONDS < end)) || return 1; sleep 0.1; done
}

start_engine() {
    dockerd --data-root "$DATA" --exec-root "$W/exec" --pidfile "$W/pid" --host "unix://$W/socket" \
        --iptables=false --ip6tables=false --bridge=none --cgroup-parent "/$CGROUP" \
        --default-ulimit nofile=4096:4096 >"$W/engine.log" 2>&1 &
    ENGINE=$!
    until_true 60 docker info || { tail -n 20 "$W/engine.log"; echo "the engine does not start"; exit 1; }
}

build_image() {
    if [[ ! -s $KEPT/base.tar ]]; then
        echo "making the base image"
        timeout 300 mmdebstrap --quiet --variant=apt bookworm "$W/base.tar"
        mv "$W/base.tar" "$KEPT/base.tar"
    fi
    docker image inspect base >/dev/null 2>&1 || docker import "$KEPT/base.tar" base >/dev/null
    echo "building the image"
    if ! docker build --network host --build-arg BASE=base -t app . >"$W/build.log" 2>&1; then
        tail -n 40 "$W/build.log"
        echo "FAIL  docker build"
        exit 1
    fi
}

size_of() { docker image inspect -f '{{.Size}}' "$1"; }
above_base() { echo $(($(size_of app) - $(size_of base))); }

# run NAME [OPTION...]: as hardened as it is meant to be run.
run() {
    local name=$1; shift
    docker run -d --name "$name" --network none --read-only --cap-drop ALL --pids-limit 64 \
        --security-opt no-new-privileges --memory 64m --memory-swap 64m \
        -v "$W/site:/srv/www:ro" "$@" app >/dev/null
}
field() { docker inspect -f "{{.State.$2}}" "$1"; }
is() { [[ $(field "$1" "$2") == "$3" ]]; }
# as_client NAME CURL_ARGUMENT...: a client beside the server; it has no other network.
as_client() {
    local pid; pid=$(field "$1" Pid); shift
    timeout 60 nsenter -t "$pid" -n curl -sS --fail-with-body "$@"
}
logged() { docker logs "$1" 2>&1 | grep "$2"; }
same_file() { as_client "$1" http://localhost:8080/big.bin | cmp - "$W/site/big.bin"; }
script_says() { as_client "$1" http://localhost:8080/cgi-bin/hello.sh | grep -x "$2"; }

make_site() {
    mkdir -p "$W/site/cgi-bin"
    head -c 24000000 /dev/urandom >"$W/site/big.bin"
    head -c 300000 /dev/urandom >"$W/upload"
    printf '#!/bin/sh\necho "Content-Type: text/plain"; echo\necho "uid $(id -u)"\nexec grep -E "^(NoNewPrivs|CapBnd)" /proc/self/status\n' >"$W/site/cgi-bin/hello.sh"
    printf '#!/bin/sh\necho "Content-Type: text/plain"; echo\nexec wc -c\n' >"$W/site/cgi-bin/count.sh"
    printf '#!/bin/sh\necho complaint >&2; exit 3\n' >"$W/site/cgi-bin/broken.sh"
    chmod 755 "$W" "$W/site/cgi-bin/"*.sh "$W/site" "$W/site/cgi-bin"
}

try_serving() {
    run any -e BASEHTTPD_CGI=on --user 12345
    check "it becomes healthy" until_true 40 is any Health.Status healthy
    check "a file arrives whole" same_file any
    check "a script runs as any user" script_says any "uid 12345"
    check "with no_new_privs" script_says any "NoNewPrivs:.1"
    check "and without a capability" script_says any "CapBnd:.0*"
    check "a request is in the log" until_true 5 logged any 'GET /big.bin HTTP/1.1" 200 24000000'
    as_client any -o /dev/null http://localhost:8080/cgi-bin/broken.sh 2>/dev/null || true
    check "and a script's failure, as an error" \
        until_true 5 logged any ' error: Script /cgi-bin/broken.sh .*exit status 3; stderr: complaint'
    docker exec any sh -c '(sleep 0.2 &)'
    check "orphans are reaped" until_true 10 no_zombies any
}
zombies() { docker exec "$1" sh -c 'cat /proc/[0-9]*/stat' | grep ') Z '; }
no_zombies() { ! zombies "$1" && ! docker exec "$1" sh -c 'cat /proc/[0-9]*/comm' | grep -x sleep; }

upload() {
    as_client "$1" -o "$W/answer" -w '%{http_code}' --data-binary "@$W/upload" \
        http://localhost:8080/cgi-bin/count.sh || true
}
try_uploads() {
    local status; status=$(upload any 2>/dev/null)
    check "an upload without a writable /tmp gets 503" eval '[[ $status == 503 ]]'
    check "and the log says why" until_true 5 logged any \
        ' error: Cannot store a request body in /tmp: Read-only file system'
    run tmp -e BASEHTTPD_CGI=on --tmpfs /tmp:size=8m
    until_true 40 as_client tmp -o /dev/null http://localhost:8080/
    check "an upload through a tmpfs arrives" eval '[[ $(upload tmp) == 200 && $(cat "$W/answer") == 300000 ]]'
    docker rm -f tmp >/dev/null
}

download_slowly() {
    as_client any --limit-rate 6M http://localhost:8080/big.bin >"$W/download"
}
try_stop() {
    download_slowly & local client=$!
    until_true 10 eval '[[ -s $W/download ]]'
    check "docker stop waits for a download" docker stop -t 30 any
    check "which arrives whole" ends_well $client cmp "$W/download" "$W/site/big.bin"
    check "and the exit status is 0" is any ExitCode 0
    check "without the memory limit" is any OOMKilled false
    docker rm any >/dev/null
}

try_sickness() {
    run sick --health-interval 1s --health-timeout 2s --health-retries 1
    until_true 40 is sick Health.Status healthy
    docker pause sick >/dev/null; docker unpause sick >/dev/null
    kill -STOP "$(field sick Pid)"
    check "a server that hangs becomes unhealthy" until_true 40 is sick Health.Status unhealthy
    kill -CONT "$(field sick Pid)"
    check "and healthy when it goes on" until_true 40 is sick Health.Status healthy
    docker kill -s HUP sick >/dev/null
    check "docker kill -s HUP reloads" until_true 5 logged sick 'info: Reloaded'
    docker kill -s USR2 sick >/dev/null
    check "SIGUSR2, an upgrade, is refused there" until_true 5 logged sick "Not upgraded"
    check "and it goes on" same_file sick
    docker rm -f sick >/dev/null
}

try_settings() {
    local status=0
    docker run --name typo --network none -e BASEHTTPD_PROT=80 app >"$W/typo" 2>&1 || status=$?
    check "a variable with a typo ends it with 2" eval '[[ $status == 2 ]]'
    check "and one sentence" grep -qx "basehttpd: unknown environment variable 'BASEHTTPD_PROT'; did you mean BASEHTTPD_PORT?" "$W/typo"
    docker rm typo >/dev/null
    run set -e BASEHTTPD_PORT=8090 -e BASEHTTPD_HEALTH_BIND= -e BASEHTTPD_ACCESS_LOG=/dev/stdout \
        --user 1:2 --read-only=false
    check "settings by variables reach server and health check" until_true 40 is set Health.Status healthy
    check "as they say" eval 'as_client set http://localhost:8090/ >/dev/null'
    check "/dev/stdout is a log, too" until_true 5 eval 'docker logs set 2>/dev/null | grep "GET / HTTP"'
    check "nothing is written, although /tmp could be" eval '[[ -z $(docker diff set) ]]'
    docker rm -f set >/dev/null
}

make_site
start_engine
build_image
echo "      $(($(above_base) / 1000)) kB above its base of $(($(size_of base) / 1000)) kB"
check "the image is below 40 MB above its base" eval '(($(above_base) < 40000000))'
try_serving
try_uploads
try_stop
try_sickness
try_settings
echo "$passed passed, $failed failed"
((failed == 0))
