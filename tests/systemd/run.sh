#!/bin/bash
# Boots systemd in a container with basehttpd installed by `cmake --install`, and tries its units:
# `./dev systemd-test [BUILD]`, BUILD being build/release. Needs root, systemd-nspawn, mmdebstrap
# and, once, Debian's mirror; takes a minute. The root file system is kept, untouched, in
# /var/tmp/basehttpd-systemd; all else is gone with this script and its mount namespace.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."
KEPT=/var/tmp/basehttpd-systemd
BUILD=${1-build/release}

skip() { echo "SKIPPED: $*"; exit 0; }
((EUID == 0)) || skip "only root can boot a container"
for program in systemd-nspawn systemd-analyze mmdebstrap; do
    command -v "$program" >/dev/null || skip "$program is missing; ./dev systemd-test installs it"
done
[[ -x $BUILD/basehttpd ]] || { echo "$BUILD/basehttpd is missing; ./dev build makes it"; exit 2; }
if [[ -z ${IN_NAMESPACE-} ]]; then
    IN_NAMESPACE=1 exec timeout -k 20 600 unshare --mount --propagation private "$0" "$@"
fi

PACKAGES=systemd,dbus,iproute2,curl,procps,kmod,openssl,libssl3,libspdlog1.10,libfmt9,libbrotli1
PACKAGES+=,libzstd1,zlib1g,libboost-program-options1.81.0
if [[ ! -e $KEPT/rootfs/etc/debian_version ]]; then
    echo "making the root file system"
    rm -rf "$KEPT"
    mkdir -p "$KEPT"
    timeout 400 mmdebstrap --quiet --variant=apt --include="$PACKAGES" bookworm "$KEPT/rootfs"
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

mkdir "$W/upper" "$W/work" "$W/root"
mount -t overlay overlay -o "lowerdir=$KEPT/rootfs,upperdir=$W/upper,workdir=$W/work" "$W/root"
root=$W/root

# Installed as from a package: files, user, directories.
DESTDIR=$root cmake --install "$BUILD" --component Unspecified >/dev/null
systemd-sysusers --root="$root" >/dev/null 2>&1
units=$root/usr/local/lib/systemd/system
[[ -d $units ]] || units=$root/usr/lib/systemd/system

passed=0 failed=0
check() {
    local what=$1 output; shift
    if output=$("$@" 2>&1); then passed=$((passed + 1)); echo "ok    $what"
    else failed=$((failed + 1)); echo "FAIL  $what"; [[ -z $output ]] || echo "$output" | tail -n 5
    fi
}
verify() {
    # Without recursive errors unknown keys pass.
    systemd-analyze verify --man=no --recursive-errors=yes --root="$root" "$units/$1"
}
for unit in basehttpd.service basehttpd.socket basehttpd-https.socket; do
    check "systemd-analyze verify $unit" verify "$unit"
done
check "systemd-analyze security: at most 1.0" \
    systemd-analyze security --offline=true --threshold=10 --no-pager "$units/basehttpd.service"

# What inside.sh needs.
g++ -O1 -static -o "$root/usr/local/bin/hold_thread" -x c++ "$here/hold_thread.cpp"
install -m 755 "$here/inside.sh" "$root/root/inside.sh"
mkdir -p "$root/srv/www/cgi-bin"
head -c 24000000 /dev/urandom >"$root/srv/www/big.bin"
echo hello >"$root/srv/www/hello.txt"
cat >"$root/srv/www/cgi-bin/id.sh" <<'END'
#!/bin/sh
echo "Content-Type: text/plain"; echo
id -un; cat /proc/self/cgroup; grep -E '^(NoNewPrivs|CapBnd|Seccomp):' /proc/self/status
END
chmod -R a+rX "$root/srv/www"; chmod 755 "$root/srv/www/cgi-bin/id.sh"
cat >"$root/etc/systemd/system/test.target" <<'END'
[Unit]
Requires=multi-user.target test.service
After=multi-user.target
AllowIsolate=yes
END
cat >"$root/etc/systemd/system/test.service" <<'END'
[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/bash /root/inside.sh
ExecStopPost=/bin/systemctl --no-block poweroff -f
TimeoutStartSec=300
StandardOutput=file:/root/result
StandardError=inherit
END

mount -t tmpfs tmpfs /run
umount -R /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
mkdir "$GROUP"
echo $$ >"$GROUP/cgroup.procs"
timeout -k 10 400 systemd-nspawn -q -D "$root" --register=no --keep-unit --boot --console=pipe \
    --private-network \
    --system-call-filter="landlock_create_ruleset landlock_add_rule landlock_restrict_self" systemd.unit=test.target </dev/null >"$W/console" 2>&1 || true
grep -v '^end' "$root/root/result" 2>/dev/null || { echo "FAIL  boot"; tail -n 30 "$W/console"; failed=$((failed + 1)); }
more=$(grep -c '^FAIL' "$root/root/result" || true)
passed=$((passed + $(grep -c '^ok' "$root/root/result" || true))) failed=$((failed + more))
grep -q '^end' "$root/root/result" || { echo "FAIL  inside.sh did not reach its end"; failed=$((failed + 1)); }
echo "$passed passed, $failed failed"
((failed == 0))
