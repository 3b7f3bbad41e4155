# A throw-away Debian that boots systemd, for scripts to source. Gives: $root, its root directory,
# and boot_container. Needs root, systemd-nspawn, mmdebstrap and, once, Debian's mirror. The root
# file system is kept, untouched, in /var/tmp/basehttpd-systemd; all else is gone with the script
# and its mount namespace.
KEPT=/var/tmp/basehttpd-systemd

skip() { echo "SKIPPED: $*"; exit 0; }
((EUID == 0)) || skip "only root can boot a container"
for program in systemd-nspawn mmdebstrap; do
    command -v "$program" >/dev/null || skip "$program is missing; ./dev installs it"
done
if [[ -z ${IN_NAMESPACE-} ]]; then
    IN_NAMESPACE=1 exec timeout -k 20 600 unshare --mount --propagation private "$0" "$@"
fi

if [[ ! -e $KEPT/rootfs/etc/debian_version ]]; then
    echo "making the root file system"
    rm -rf "$KEPT"
    mkdir -p "$KEPT"
    packages=systemd,dbus,iproute2,curl,procps,kmod,openssl,libssl3,libspdlog1.10,libfmt9,libbrotli1
    packages+=,libzstd1,zlib1g,libboost-program-options1.81.0
    timeout 400 mmdebstrap --quiet --variant=apt --include="$packages" bookworm "$KEPT/rootfs"
fi

W=$(mktemp -d "$KEPT/run.XXXXXX")
GROUP=/sys/fs/cgroup/basehttpd-test-$$
clean_up() {
    local status=$?
    trap - EXIT
    cd /
    echo $$ >/sys/fs/cgroup/cgroup.procs 2>/dev/null || true
    [[ ! -d $GROUP ]] || { echo 1 >"$GROUP/cgroup.kill"; sleep 0.2
        find "$GROUP" -depth -type d -exec rmdir {} + 2>/dev/null || true; }
    umount -R "$W/root" 2>/dev/null || true
    rm -rf "$W"
    exit "$status"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

root=$W/root
mkdir "$W/upper" "$W/work" "$root"
mount -t overlay overlay -o "lowerdir=$KEPT/rootfs,upperdir=$W/upper,workdir=$W/work" "$root"

passed=0 failed=0
check() {
    local what=$1 output; shift
    if output=$("$@" 2>&1); then passed=$((passed + 1)); echo "ok    $what"
    else failed=$((failed + 1)); echo "FAIL  $what"; [[ -z $output ]] || echo "$output" | tail -n 5
    fi
}

# boot_container SCRIPT: runs it in there once all is up. It writes lines "ok ..." and "FAIL ...",
# and at last "end"; they are shown and counted.
boot_container() {
    install -m 755 "$1" "$root/root/inside.sh"
    cat >"$root/etc/systemd/system/test.target" <<'END_UNIT'
[Unit]
Requires=multi-user.target test.service
After=multi-user.target
AllowIsolate=yes
END_UNIT
    cat >"$root/etc/systemd/system/test.service" <<'END_UNIT'
[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/bash /root/inside.sh
ExecStopPost=/bin/systemctl --no-block poweroff -f
TimeoutStartSec=300
StandardOutput=file:/root/result
StandardError=inherit
END_UNIT
    mount -t tmpfs tmpfs /run
    umount -R /sys/fs/cgroup
    mount -t cgroup2 none /sys/fs/cgroup
    mkdir "$GROUP"
    echo $$ >"$GROUP/cgroup.procs"
    timeout -k 10 400 systemd-nspawn -q -D "$root" --register=no --keep-unit --boot --console=pipe \
        --private-network \
        --system-call-filter="landlock_create_ruleset landlock_add_rule landlock_restrict_self" \
        systemd.unit=test.target </dev/null >"$W/console" 2>&1 || true
    local result=$root/root/result
    if [[ ! -s $result ]]; then
        echo "FAIL  boot"; tail -n 30 "$W/console"; failed=$((failed + 1)); return
    fi
    grep -v '^end$' "$result" || true
    passed=$((passed + $(grep -c '^ok' "$result" || true)))
    failed=$((failed + $(grep -c '^FAIL' "$result" || true)))
    grep -q '^end$' "$result" || { echo "FAIL  $1 did not reach its end"; failed=$((failed + 1)); }
}
