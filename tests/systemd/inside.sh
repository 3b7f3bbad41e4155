#!/bin/bash
# In the booted container, as a unit: uses basehttpd as an operator would. Each line of its output
# is "ok ..." or "FAIL ..."; "end" is the last. See run.sh.
ini=$(systemctl cat basehttpd.service | sed -n 's/^ExecStart=.* --config //p')
dropins=/run/systemd/system/basehttpd.service.d

check() {
    local what=$1; shift
    if "$@" >/tmp/output 2>&1; then echo "ok    $what"
    else echo "FAIL  $what"; tail -n 5 /tmp/output
    fi
}
# ends_well PROCESS COMMAND...: both, the process being a child of ours.
ends_well() { wait "$1" && "${@:2}"; }
until_true() {
    local end=$((SECONDS + $1)); shift
    until "$@" >/dev/null 2>&1; do ((SECONDS < end)) || return 1; sleep 0.1; done
}
fails() { ! "$@"; }
ctl() { timeout 30 systemctl -q "$@"; }
property() { systemctl show -P "$1" basehttpd.service; }
is() { [[ $(property "$1") == "$2" ]]; }
get() { timeout 20 curl -sS --fail "http://localhost$1" "${@:2}"; }
has_header() { get /hello.txt -D - -o /dev/null | tr -d '\r' | grep -qx "$1"; }
processes() {
    find "/sys/fs/cgroup$(property ControlGroup)" -name cgroup.procs -exec cat {} + | paste -sd,
}
# drop_in NAME LINE...: as systemctl edit --runtime.
drop_in() {
    mkdir -p "$dropins"
    printf '%s\n' '[Service]' "${@:2}" >"$dropins/$1.conf"
    systemctl daemon-reload
}
# start_download RATE: client is its process, and its answer has begun.
start_download() {
    rm -f /tmp/download
    get /big.bin --limit-rate "$1" -o /tmp/download & client=$!
    until_true 10 test -s /tmp/download
}
same_download() { ends_well "$client" cmp /tmp/download /srv/www/big.bin; }
journal() { journalctl -q -o cat -u basehttpd.service "$@"; }

write_ini() {
    printf '[server]\nport = 80\n[site]\nroot = /srv/www\n[cgi]\ndirectories = /cgi-bin\n' >"$ini"
    printf '%b' "${1-}" >>"$ini"
}

start() {
    write_ini
    check "it starts and says that it is ready" ctl enable --now basehttpd.service
    check "port 80 answers" eval '[[ $(get /hello.txt) == hello ]]'
    check "the status tells something" eval '[[ -n $(property StatusText) ]]'
    echo "      status: $(property StatusText)"
    check "no process of it is root's" eval '[[ $(ps -o user= -p "$(processes)" | sort -u) == basehttpd ]]'
}

scripts() {
    local answer; answer=$(get /cgi-bin/id.sh)
    check "a script runs, as the user" grep -qx basehttpd <<<"$answer"
    check "in a cgroup of its own" grep -qE 'basehttpd.service/script-[0-9]+-[0-9]+$' <<<"$answer"
    check "without privileges" grep -qx 'NoNewPrivs:.1' <<<"$answer"
    check "or capabilities" grep -qxE 'CapBnd:.0+' <<<"$answer"
    check "Landlock and seccomp let it confine itself" eval 'journal | grep -q "Confined by Landlock"'
    check "the journal says nothing bad" eval '[[ -z $(journal | grep -iE "error|warning|cannot|not permitted") ]]'
}

reloads() {
    write_ini '[site]\nheader = X-Test: one\n'
    check "a reload succeeds" ctl reload basehttpd.service
    check "and has an effect" until_true 10 has_header "X-Test: one"
    local pid; pid=$(property MainPID)
    write_ini '[site]\nheader = X-Test: two\nrooot = /\n'
    check "a bad reload is reported as failed" fails ctl reload basehttpd.service
    check "with file and line in the journal" eval 'journal | grep -q "basehttpd.ini:9: unknown key"'
    systemctl kill -s HUP --kill-who=main basehttpd.service
    check "SIGHUP alone writes it as an error, for the journal too" \
        until_true 5 eval 'journal -p err | grep -q "basehttpd.ini:9: unknown key"'
    check "the old settings go on" has_header "X-Test: one"
    check "in the same process" is MainPID "$pid"
    check "which is active" is ActiveState active
    write_ini '[site]\nheader = X-Test: three\n'
    check "a good one follows" ctl reload basehttpd.service
    check "and counts" until_true 10 has_header "X-Test: three"
    write_ini
    ctl reload basehttpd.service
}

activation() {
    ctl stop basehttpd.service
    check "stopped, its socket goes on" systemctl is-active basehttpd.socket
    check "the first request starts it" eval '[[ $(get /hello.txt) == hello ]]'
    check "and is answered by it" is ActiveState active
}

restarts() {
    local before; before=$(property NRestarts)
    systemctl kill -s KILL --kill-who=main basehttpd.service
    check "after kill -9 a request is answered" eval '[[ $(get /hello.txt) == hello ]]'
    check "by a new process" is NRestarts $((before + 1))
}

# A thread that waits in epoll_wait or epoll_pwait and is not the first, which waits for signals.
event_loop() {
    local pid; pid=$(property MainPID)
    grep -lE '^(232|281) ' /proc/"$pid"/task/*/syscall | cut -d/ -f5 | grep -vx "$pid" | tail -n 1
}

watchdog() {
    drop_in watchdog WatchdogSec=2s TimeoutStopSec=5s TimeoutAbortSec=2s
    ctl restart basehttpd.service
    sleep 5
    check "a watchdog of 2 s is fed" is NRestarts 0
    timeout 20 hold_thread "$(event_loop)" 15 &
    check "an event loop that hangs is restarted" until_true 14 is NRestarts 1
    kill $! 2>/dev/null; wait $! 2>/dev/null
    check "by the watchdog" eval 'journal | grep -q "Watchdog timeout"'
    check "and answers again" until_true 10 get /hello.txt
    rm "$dropins/watchdog.conf"; systemctl daemon-reload
    ctl restart basehttpd.service
}

stop_while_serving() {
    drop_in stop TimeoutStopSec=2s
    local client; start_download 5M
    check "systemctl stop waits for a download, longer than TimeoutStopSec" ctl stop basehttpd.service
    check "which arrives whole" same_download
    check "and is a success" is Result success
    check "with exit status 0" is ExecMainStatus 0
    check "and the last of it" is ActiveState inactive
    rm "$dropins/stop.conf"; systemctl daemon-reload
}

restart_while_serving() {
    ctl start basehttpd.service
    local i
    for i in $(seq 300); do get /hello.txt -o /dev/null || echo "request $i"; done >/tmp/lost 2>&1 &
    local client=$!
    for i in 1 2 3; do ctl restart basehttpd.service; done
    wait $client
    check "three restarts lose none of 300 requests" fails grep . /tmp/lost
}

upgrade() {
    local pid; pid=$(property MainPID)
    local client; start_download 8M
    systemctl kill -s USR2 --kill-who=main basehttpd.service
    check "SIGUSR2 makes another process the main one" until_true 15 fails is MainPID "$pid"
    check "which answers" eval '[[ $(get /hello.txt) == hello ]]'
    check "a download of the old one arrives whole" same_download
    check "the old one goes" until_true 20 fails test -d "/proc/$pid"
    check "the unit stays active" is ActiveState active
    check "and was not restarted" is NRestarts 0
    check "a reload reaches the new one" ctl reload basehttpd.service
}

certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
        -keyout /root/key.pem -out /root/cert.pem 2>/dev/null
    chmod 600 /root/key.pem
}
speaks_tls() { [[ $(curl -sS --cacert /root/cert.pem https://localhost/hello.txt) == hello ]]; }

credentials() {
    certificate
    drop_in tls LoadCredential=cert.pem:/root/cert.pem LoadCredential=key.pem:/root/key.pem \
        'Environment=BASEHTTPD_TLS_CERT=%d/cert.pem BASEHTTPD_TLS_KEY=%d/key.pem' \
        Environment=BASEHTTPD_TLS_PORT=443
    ctl stop basehttpd.service
    ctl start basehttpd-https.socket
    check "with a key that is a credential it starts" ctl start basehttpd.service
    check "port 443 speaks TLS" speaks_tls
    check "port 80 does not" eval '[[ $(get /hello.txt) == hello ]]'
    check "and it reloads" ctl reload basehttpd.service
    check "still with TLS" speaks_tls
    certificate
    ctl reload basehttpd.service
    echo "      a renewed certificate is served after a reload: $(until_true 3 speaks_tls && echo yes || echo no)"
    ctl stop basehttpd.service basehttpd-https.socket
    rm "$dropins/tls.conf"; systemctl daemon-reload
}

bad_start() {
    ctl stop basehttpd.service
    write_ini 'nonsense\n'
    check "a start with a bad file fails" fails ctl start basehttpd.service
    sleep 2
    check "and is not tried again" is NRestarts 0
    check "since its status is 2" is ExecMainStatus 2
    write_ini
    systemctl reset-failed
}

alone() {
    ctl stop basehttpd.service basehttpd.socket
    systemctl -q mask --runtime basehttpd.socket
    write_ini '[server]\nbind = 127.0.0.1:8080\n'
    sed -i '/^port = 80$/d' "$ini"
    check "without its socket it listens as its settings say" ctl start basehttpd.service
    check "there" eval '[[ $(curl -sS http://127.0.0.1:8080/hello.txt) == hello ]]'
    ctl stop basehttpd.service
    systemctl -q unmask --runtime basehttpd.socket
}

start
scripts
reloads
activation
restarts
ctl restart basehttpd.service; systemctl reset-failed
watchdog
upgrade
stop_while_serving
restart_while_serving
credentials
bad_start
alone
echo end
