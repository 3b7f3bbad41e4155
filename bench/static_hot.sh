#!/bin/bash
# CPU time per request for a hot 1 KiB file, as a ratio to a bare epoll loop (bare_epoll.cpp).
#     bench/static_hot.sh [BLOCKS [ROUNDS]]        default 5 blocks of 4 rounds; about a minute
# Servers share core 0 and take turns, wrk (64 connections) is on core 1. basehttpd has one loop and
# its access log goes to a file; so does nginx's, which is shown for comparison when installed.
# CPU time is that of all threads, from /proc/PID/task/*/schedstat, over wrk's count of answers.
# A machine may be slower for a while: each round gives one ratio, the median of them counts. Each
# block starts the servers anew. With LIMIT=1.25 a higher ratio is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."
blocks=${1:-5} rounds=${2:-4}
program=${BASEHTTPD:-build/release/basehttpd} floor=${BARE_EPOLL:-build/release/bare_epoll}
port=${PORT:-9180}
work=$(mktemp -d)
declare -A pid url
trap 'kill "${pid[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT

mkdir "$work/site"
head -c 1024 /dev/zero | tr '\0' x >"$work/site/page.html"
nginx=$(PATH=$PATH:/usr/sbin command -v nginx || true)
names=(bare basehttpd ${nginx:+nginx})

start() {  # start NAME COMMAND...
    local name=$1; shift
    taskset -c 0 "$@" >>"$work/$name.out" 2>&1 &
    pid[$name]=$!
    for _ in {1..100}; do
        if curl -sf -o /dev/null "${url[$name]}"; then return; fi
        sleep 0.05
    done
    echo "$name does not answer:" >&2; cat "$work/$name.out" >&2; exit 1
}

start_all() {
    port=$((port + 3))
    url=([bare]=http://127.0.0.1:$port/ [basehttpd]=http://127.0.0.1:$((port + 1))/page.html
        [nginx]=http://127.0.0.1:$((port + 2))/page.html)
    start bare "$floor" "$port"
    start basehttpd "$program" --root "$work/site" --bind 127.0.0.1 --port $((port + 1)) --loops 1 \
        --access-log "$work/basehttpd.log" --error-log "$work/basehttpd-error.log"
    [[ -z $nginx ]] && return
    cat >"$work/nginx.conf" <<END
daemon off; master_process off; worker_processes 1; pid $work/nginx.pid;
error_log $work/nginx-error.log;
events { worker_connections 1024; }
http { include /etc/nginx/mime.types; sendfile on; keepalive_requests 1000000000;
  open_file_cache max=1000; access_log $work/nginx.log combined buffer=64k flush=1s;
  server { listen 127.0.0.1:$((port + 2)); root $work/site; } }
END
    start nginx "$nginx" -c "$work/nginx.conf"
}

stop_all() {
    kill "${pid[@]}"; wait "${pid[@]}" 2>/dev/null || true
    pid=()
    rm -f "$work"/*.log
}

cpu_time() { cat "/proc/${pid[$1]}/task/"*/schedstat | awk '{ sum += $1 } END { printf "%.0f\n", sum }'; }

# measure NAME: CPU nanoseconds per answer of one short run.
measure() {
    local before after answers
    before=$(cpu_time "$1")
    answers=$(taskset -c 1 wrk -t1 -c64 -d1s "${url[$1]}" |
        awk '/requests in/ { n = $1 } /Non-2xx|Socket errors/ { bad = 1 } END { print bad ? 0 : n }')
    sleep 0.1  # the log is written
    after=$(cpu_time "$1")
    ((answers > 0)) || { echo "$1 gave wrong answers" >&2; exit 1; }
    [[ ! -f $work/$1.log ]] || : >"$work/$1.log"
    echo $(((after - before) / answers))
}

median() { sort -n | awk '{ a[NR] = $1 } END { print (a[int((NR + 1) / 2)] + a[int(NR / 2) + 1]) / 2 }'; }

for ((block = 0; block < blocks; ++block)); do
    start_all
    for name in "${names[@]}"; do measure "$name" >/dev/null; done  # warm
    for ((round = 0; round < rounds; ++round)); do
        for ((i = 0; i < ${#names[@]}; ++i)); do
            name=${names[(i + round) % ${#names[@]}]}
            measure "$name" >>"$work/$name.times"
        done
    done
    stop_all
done

for name in "${names[@]}"; do
    ratio=$(paste "$work/$name.times" "$work/bare.times" | awk '{ print $1 / $2 }' | median)
    median <"$work/$name.times" |
        awk -v name="$name" -v ratio="$ratio" '{ printf "%-10s %6.2f us a request, %.3f x bare\n", name, $1 / 1000, ratio }'
    if [[ $name == basehttpd && -n ${LIMIT-} ]]; then
        awk -v ratio="$ratio" -v limit="$LIMIT" 'BEGIN { exit ratio > limit }' || over=1
    fi
done
[[ -z ${over-} ]] || { echo "basehttpd is over $LIMIT x bare"; exit 1; }
