#!/bin/bash
# In the booted container, as a unit: the package's whole life. Each line of its output is "ok ..."
# or "FAIL ..."; "end" is the last. See run.sh.
export DEBIAN_FRONTEND=noninteractive
ini=/etc/basehttpd/basehttpd.ini

check() {
    local what=$1; shift
    if "$@" >/tmp/output 2>&1; then echo "ok    $what"
    else echo "FAIL  $what"; tail -n 5 /tmp/output
    fi
}
until_true() {
    local end=$((SECONDS + $1)); shift
    until "$@" >/dev/null 2>&1; do ((SECONDS < end)) || return 1; sleep 0.1; done
}
fails() { ! "$@"; }
empty() { [[ ! -s $1 ]] || { cat "$1"; return 1; }; }
ctl() { timeout 60 systemctl -q "$@"; }
get() { timeout 40 curl -sS --fail "http://localhost$1" "${@:2}"; }
serves() { [[ $(get /hello.txt) == hello ]]; }
speaks_tls() { [[ $(curl -sS --cacert /etc/ssl/site.pem https://localhost/hello.txt) == hello ]]; }
main_pid() { systemctl show -P MainPID basehttpd.service; }
version() { [[ $(dpkg-query -W -f '${Version}' basehttpd) == *-"$1" ]]; }
# Without a question about changed settings: the operator's stay, as unattended upgrades choose.
install() { timeout 100 apt-get -qq install -y --no-install-recommends \
    -o Dpkg::Options::=--force-confold "/root/$1.deb"; }
has_header() { get /hello.txt -D - -o /dev/null | tr -d '\r' | grep -qx "$1"; }

clients() {  # until /tmp/stop; what fails is in /tmp/failures
    while [[ ! -e /tmp/stop ]]; do get /hello.txt -o /dev/null || echo failed; done >>/tmp/failures 2>&1
}

boots() {
    check "it is enabled" ctl is-enabled basehttpd.service basehttpd.socket
    check "port 443 is not" fails ctl is-enabled basehttpd-https.socket
    check "it runs after the boot" ctl is-active basehttpd.service
    check "port 80 answers" serves
    check "as a user without privileges" eval '[[ $(ps -o user= -p "$(main_pid)") == basehttp* ]]'
}

upgrades() {
    printf '[server]\nport = 80\n[site]\nroot = /srv/www\nheader = X-Mine: yes\n' >"$ini"
    check "a reload takes over changed settings" ctl reload basehttpd.service
    check "which show" until_true 5 has_header "X-Mine: yes"
    local before clients=() download n; before=$(main_pid)
    : >/tmp/failures
    for n in 1 2 3 4; do clients & clients+=($!); done
    get /big.bin --limit-rate 2M -o /tmp/download & download=$!  # 12 s: longer than apt needs
    until_true 10 test -s /tmp/download
    check "an upgrade under load" install 2
    check "waits for a download" eval 'journalctl -q -o cat -u basehttpd.service |
        sed "1,/info: Stopping: /d" | grep -q "GET /big.bin"'
    check "is there" version 2
    check "and a new program runs" eval "[[ \$(main_pid) != $before && \$(main_pid) != 0 ]]"
    check "the download of before is whole" eval "wait $download && cmp /tmp/download /srv/www/big.bin"
    check "the new one serves" serves
    touch /tmp/stop; wait "${clients[@]}"
    check "no request failed" empty /tmp/failures
    check "changed settings were kept" has_header "X-Mine: yes"
}

upgrades_with_mistakes() {
    local before; before=$(main_pid)
    echo 'rooot = /' >>"$ini"
    check "an upgrade with wrong settings succeeds" eval 'install 3 >/tmp/said 2>&1'
    check "and says so" grep -q "old one serves on" /tmp/said
    check "the old one serves on" eval "serves && [[ \$(main_pid) == $before ]]"
    check "the package's new settings lie beside" grep -q 'new in this version' "$ini.dpkg-dist"
    sed -i '/rooot/d' "$ini"
    check "mended, a restart is well" ctl restart basehttpd.service
}

add_certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
        -keyout /etc/ssl/site.key -out /etc/ssl/site.pem 2>/dev/null
    chown basehttpd /etc/ssl/site.key
    printf '[tls]\ncertificate = /etc/ssl/site.pem\nkey = /etc/ssl/site.key\nport = 443\n' >>"$ini"
}

stays_stopped() {
    check "stopped and disabled" ctl disable --now basehttpd.service basehttpd.socket
    check "an upgrade" timeout 60 dpkg --force-confold -i /root/2.deb
    check "leaves it stopped" fails ctl is-active basehttpd.service
    check "leaves it disabled" fails ctl is-enabled basehttpd.service
    check "enabled again" ctl enable --now basehttpd.service
    add_certificate
    check "port 443 as basehttpd(8) says" ctl enable basehttpd-https.socket
    check "after a stop" ctl stop basehttpd.socket basehttpd.service
    check "and a start" ctl start basehttpd-https.socket basehttpd.service
    check "speaks TLS" speaks_tls
    check "as port 80 does not" serves
}

leaves() {
    check "a removal" timeout 100 apt-get -qq remove -y basehttpd
    check "ends the server" fails pgrep -u basehttpd
    check "frees the ports" eval '[[ -z $(ss -Hltn "sport = :80 or sport = :443") ]]'
    check "keeps the settings" grep -q X-Mine "$ini"
    check "installed anew" install 1
    check "it serves at once, as before" has_header "X-Mine: yes"
    check "port 443 too" speaks_tls
    check "a purge" timeout 100 apt-get -qq purge -y basehttpd
    check "ends the server" fails pgrep -u basehttpd
    check "keeps what was served" test -s /srv/www/hello.txt
    find / -xdev \( -path /proc -o -path /sys -o -path /root \) -prune -o \
        -name '*basehttpd*' -print >/tmp/left
    check "leaves no file with its name" empty /tmp/left
    check "no unit" eval '[[ -z $(systemctl list-unit-files -q "basehttpd*") ]]'
}

boots; upgrades; upgrades_with_mistakes; stays_stopped; leaves
echo end
