#!/bin/bash
# Scripts per second, and what the server adds to the time of one script.
#     bench/cgi.sh [BLOCKS [ROUNDS]]        default 3 blocks of 3 rounds; about a minute
# The same static C program (cgi_hello.c) as a script of basehttpd, lighttpd (mod_cgi) and Apache
# (event, mod_cgid). Servers and scripts share core 0 and take turns; wrk is on core 1. All write an
# access log and keep connections open. Two figures:
#   requests per second with 8 connections, as ratios basehttpd : other, the median of the rounds;
#   wall time of one request after the other on one connection, as ratio to bare_spawn.cpp, which
#   starts the same program on the same core without a server.
# A machine may be slower for a while: each round gives one ratio. Each block starts the servers
# anew. With CHECK=1 it fails unless basehttpd is at most 1.15 x bare, at least 1.3 x lighttpd and
# 2 x Apache.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin
blocks=${1:-3} rounds=${2:-3} seconds=${SECONDS_EACH:-1}
program=${BASEHTTPD:-build/release/basehttpd} bare=${BARE_SPAWN:-build/release/bare_spawn}
port=${PORT:-9380}
work=$(mktemp -d)
declare -A pid url
end() {
    local p
    for p in "${pid[@]}"; do kill "$p" 2>/dev/null || true; done
    wait
    rm -rf "$work"
}
trap end EXIT

chmod 755 "$work"
mkdir -p "$work/site/cgi-bin"
cc -O2 -static -o "$work/site/cgi-bin/hello" bench/cgi_hello.c
others=()
for name in lighttpd apache2; do
    if command -v $name >/dev/null; then others+=($name); else echo "$name is not installed" >&2; fi
done

start() {  # start NAME COMMAND...
    local name=$1; shift
    taskset -c 0 "$@" >>"$work/$name.out" 2>&1 &
    pid[$name]=$!
    for _ in {1..100}; do
        if [[ $(curl -sf "${url[$name]}") == hello ]]; then return; fi
        sleep 0.05
    done
    echo "$name does not answer:" >&2; cat "$work/$name"*.out "$work/$name"-error.log >&2 || true; exit 1
}

start_basehttpd() {
    start basehttpd "$program" --root "$work/site" --cgi --bind 127.0.0.1 --port $((port)) \
        --loops 1 --access-log "$work/basehttpd.log" --error-log "$work/basehttpd-error.log"
}

start_lighttpd() {
    cat >"$work/lighttpd.conf" <<-END
	server.modules = ("mod_accesslog", "mod_cgi")
	server.document-root = "$work/site"
	server.bind = "127.0.0.1"
	server.port = $((port + 1))
	server.max-keep-alive-requests = 1000000
	server.errorlog = "$work/lighttpd-error.log"
	accesslog.filename = "$work/lighttpd.log"
	\$HTTP["url"] =~ "^/cgi-bin/" { cgi.assign = ("" => "") }
	END
    start lighttpd lighttpd -D -f "$work/lighttpd.conf"
}

start_apache2() {
    local modules=/usr/lib/apache2/modules
    cat >"$work/apache2.conf" <<-END
	ServerRoot $work
	ServerName localhost
	PidFile $work/apache2.pid
	Listen 127.0.0.1:$((port + 2))
	LoadModule mpm_event_module $modules/mod_mpm_event.so
	LoadModule authz_core_module $modules/mod_authz_core.so
	LoadModule alias_module $modules/mod_alias.so
	LoadModule cgid_module $modules/mod_cgid.so
	User www-data
	Group www-data
	ScriptSock $work/cgid.sock
	KeepAlive On
	MaxKeepAliveRequests 0
	EnableMMAP On
	ErrorLog $work/apache2-error.log
	LogFormat "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\"" combined
	BufferedLogs On
	CustomLog $work/apache2.log combined
	ScriptAlias /cgi-bin/ $work/site/cgi-bin/
	<Directory $work/site>
	AllowOverride None
	Options None
	</Directory>
	<Directory $work/site/cgi-bin>
	Options ExecCGI
	</Directory>
	END
    start apache2 apache2 -D FOREGROUND -f "$work/apache2.conf"
}

start_all() {
    port=$((port + 3))
    url=([basehttpd]=http://127.0.0.1:$port/cgi-bin/hello
        [lighttpd]=http://127.0.0.1:$((port + 1))/cgi-bin/hello
        [apache2]=http://127.0.0.1:$((port + 2))/cgi-bin/hello)
    local name
    for name in basehttpd "${others[@]}"; do "start_$name"; done
}

stop_all() {
    kill "${pid[@]}"; wait "${pid[@]}" 2>/dev/null || true
    pid=()
    rm -f "$work"/*.log
}

# ask NAME CONNECTIONS: answers per second.
ask() {
    taskset -c 1 wrk -t1 -c"$2" -d"${seconds}s" "${url[$1]}" >"$work/wrk"
    awk '/requests in/ { n = $1; t = $4 + 0; if ($4 ~ /ms/) t /= 1000 }
        /Non-2xx|Socket errors/ { bad = 1 }
        END { if (bad || !n) exit 1; printf "%.2f\n", n / t }' "$work/wrk" && return
    echo "$1 gave wrong answers:" >&2
    grep -E "requests in|Non-2xx|Socket errors" "$work/wrk" >&2
    tail -n 3 "$work/$1-error.log" >&2
    exit 1
}

median() { sort -n | awk '{ a[NR] = $1 } END { print (a[int((NR + 1) / 2)] + a[int(NR / 2) + 1]) / 2 }'; }

for ((block = 0; block < blocks; ++block)); do
    start_all
    for name in basehttpd "${others[@]}"; do ask "$name" 8 >/dev/null; done  # warm
    for ((round = 0; round < rounds; ++round)); do
        names=(basehttpd "${others[@]}")
        for ((i = 0; i < ${#names[@]}; ++i)); do
            name=${names[(i + round) % ${#names[@]}]}
            ask "$name" 8 >>"$work/$name.rate"
        done
        # Before and after, so that neither always comes first.
        taskset -c 0 "$bare" "$work/site/cgi-bin/hello" "$seconds" | awk '{ print $2 }' >"$work/one"
        for name in "${names[@]}"; do
            ask "$name" 1 | awk '{ printf "%.2f\n", 1e6 / $1 }' >>"$work/$name.wall"
        done
        taskset -c 0 "$bare" "$work/site/cgi-bin/hello" "$seconds" | awk '{ print $2 }' >>"$work/one"
        awk '{ sum += $1 } END { print sum / NR }' "$work/one" >>"$work/bare.wall"
    done
    stop_all
done

ratio() { paste "$1" "$2" | awk '{ print $1 / $2 }' | median; }
over=""
limit() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a > b) }' && over+=" $3" || true; }

printf '%-10s %7.1f us a run\n' bare "$(median <"$work/bare.wall")"
for name in basehttpd "${others[@]}"; do
    printf '%-10s %7.1f us a request, %.3f x bare; %7.1f requests a second' "$name" \
        "$(median <"$work/$name.wall")" "$(ratio "$work/$name.wall" "$work/bare.wall")" \
        "$(median <"$work/$name.rate")"
    if [[ $name == basehttpd ]]; then echo
    else printf ', basehttpd has %.2f x that\n' "$(ratio "$work/basehttpd.rate" "$work/$name.rate")"; fi
done
limit "$(ratio "$work/basehttpd.wall" "$work/bare.wall")" 1.15 bare
for name in "${others[@]}"; do
    least=1.3; [[ $name == lighttpd ]] || least=2
    limit $least "$(ratio "$work/basehttpd.rate" "$work/$name.rate")" "$name"
done
if [[ -n $over ]]; then
    echo "not reached:$over"
    [[ -z ${CHECK-} ]]
fi
