#!/bin/bash
# Makes the Debian package and a newer one, looks at it with lintian, and installs, boots, upgrades,
# removes and purges it in a container: `./dev package-test [BUILD]`, BUILD being build/release.
# Takes a minute; see ../systemd/container.sh for what it needs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
BUILD=${1-build/release}
[[ -x $BUILD/basehttpd ]] || { echo "$BUILD/basehttpd is missing; ./dev build makes it"; exit 2; }
set -- "$BUILD"
[[ $0 == /* ]] || exec "$PWD/tests/package/run.sh" "$@"
source tests/systemd/container.sh

# make_package RELEASE: its path.
make_package() {
    (cd "$BUILD" && umask 077 && cpack -D CPACK_DEBIAN_PACKAGE_RELEASE="$1" -B "$W/package$1") \
        >"$W/cpack.log" 2>&1 || { tail "$W/cpack.log" >&2; exit 1; }
    echo "$W/package$1"/*.deb
}
first=$(make_package 1)
second=$(make_package 2)
# A third whose settings are others, as a newer version's may be.
dpkg-deb -R "$second" "$W/third"
sed -i 's/^Version: .*/&.1/' "$W/third/DEBIAN/control"
echo '# new in this version' >>"$W/third/etc/basehttpd/basehttpd.ini"
dpkg-deb -b "$W/third" "$W/third.deb" >/dev/null

no_tags() { local tags; tags=$("$@" 2>&1) || true; [[ -z $tags ]] || { echo "$tags"; return 1; }; }
if command -v lintian >/dev/null; then
    # The closed bug would be Debian's wish for a package in its archive.
    check "lintian has nothing to say" no_tags lintian --allow-root --profile debian \
        --suppress-tags initial-upload-closes-no-bugs "$first"
else
    echo "SKIPPED: lintian is missing; ./dev package-test installs it"
fi

for number in 1 2 3; do
    file=$first
    ((number == 1)) || file=$second
    ((number < 3)) || file=$W/third.deb
    install -m 644 "$file" "$root/root/$number.deb"
done

# In a tree that is not running: nothing is left of an installation but /srv/www and the user.
inside() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    DEBIAN_FRONTEND=noninteractive "$@" </dev/null; }
files() { (cd "$root" && find . -xdev | grep -vE '^\./(dev|proc|sys|run|tmp)/|^\./var/(log|cache|lib)/(apt|dpkg.log|ldconfig)' | sort); }
mount -t proc proc "$root/proc"
files >"$W/before"
check "apt installs it in a tree that does not run" \
    inside apt-get -qq install -y --no-install-recommends /root/1.deb
check "its settings are in order" inside basehttpd --config /etc/basehttpd/basehttpd.ini --check-config
check "dpkg finds nothing changed" no_tags inside dpkg --verify basehttpd
check "a purge" inside dpkg --purge basehttpd
files >"$W/after"
# The other names are copies that passwd and dpkg keep of their files as they were.
left_over() { diff "$W/before" "$W/after" | grep '^[<>]' |
    grep -vxE '> \./(srv/www|etc/\.pwd\.lock|etc/(passwd|group|g?shadow)-|var/lib/dpkg/[a-z]+-old)'; }
check "leaves no file but an empty /srv/www" no_tags left_over

check "installed once more" inside apt-get -qq install -y --no-install-recommends /root/1.deb
echo hello >"$root/srv/www/hello.txt"
head -c 24000000 /dev/urandom >"$root/srv/www/big.bin"
chmod a+r "$root"/srv/www/*
umount "$root/proc"
boot_container tests/package/inside.sh
echo "$passed passed, $failed failed"
((failed == 0))
