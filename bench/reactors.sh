#!/bin/bash
# CPU time per request of four ways to wait for sockets (reactors.cpp), as ratios to the bare epoll
# loop: each pinned to core 0, wrk with 64 connections on core 1, taking turns; medians.
#     bench/reactors.sh [ROUNDS]        default 7; about half a minute
set -euo pipefail
cd "$(dirname "$0")/.."
program=${REACTORS:-build/release/reactors} rounds=${1:-7} port=9280
modes=(bare nested callbacks coroutines)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cpu() { awk '{sum += $1} END {print sum}' "/proc/$1/task/"*/schedstat; }
for ((round = 0; round < rounds; round++)); do
    for mode in "${modes[@]}"; do
        port=$((port + 1))
        taskset -c 0 "$program" "$mode" "$port" & pid=$!
        until curl -sf -o /dev/null "http://127.0.0.1:$port/"; do :; done
        before=$(cpu $pid)
        count=$(taskset -c 1 wrk -t1 -c64 -d1s "http://127.0.0.1:$port/" | awk '/requests in/ {print $1}')
        after=$(cpu $pid)
        kill $pid; wait $pid 2>/dev/null || true
        echo "$(((after - before) / count))" >>"$work/$mode"
    done
done
for mode in "${modes[@]}"; do
    paste "$work/$mode" "$work/bare" | awk '{printf "%.3f %d\n", $1 / $2, $1}' | sort -n |
        awk -v m="$mode" '{r[NR] = $1; t[NR] = $2} END {i = int((NR + 1) / 2); printf "%-11s %.3f x bare (%.2f us)\n", m, r[i], t[i] / 1000}'
done
