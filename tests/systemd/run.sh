#!/bin/bash
# Boots systemd in a container with basehttpd installed by `cmake --install`, and tries its units:
# `./dev systemd-test [BUILD]`, BUILD being build/release. Takes a minute; see container.sh for what
# it needs.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."
BUILD=${1-build/release}
[[ -x $BUILD/basehttpd ]] || { echo "$BUILD/basehttpd is missing; ./dev build makes it"; exit 2; }
[[ $0 == /* ]] || exec "$here/run.sh" "$@"
source "$here/container.sh"

# Installed as from a package: files, user, directories.
DESTDIR=$root cmake --install "$BUILD" --component Unspecified >/dev/null
systemd-sysusers --root="$root" >/dev/null 2>&1
units=$root/usr/local/lib/systemd/system
[[ -d $units ]] || units=$root/usr/lib/systemd/system

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
mkdir -p "$root/srv/www/cgi-bin"
head -c 24000000 /dev/urandom >"$root/srv/www/big.bin"
echo hello >"$root/srv/www/hello.txt"
cat >"$root/srv/www/cgi-bin/id.sh" <<'END'
#!/bin/sh
echo "Content-Type: text/plain"; echo
id -un; cat /proc/self/cgroup; grep -E '^(NoNewPrivs|CapBnd|Seccomp):' /proc/self/status
END
chmod -R a+rX "$root/srv/www"; chmod 755 "$root/srv/www/cgi-bin/id.sh"

boot_container "$here/inside.sh"
echo "$passed passed, $failed failed"
((failed == 0))
