#include "handlers/process/sandbox_paths.hpp"

namespace basehttp {
namespace {

// /usr/local and /opt: programs that were not packaged. /nix, /gnu: where those systems keep all.
constexpr const char* programs[] = {
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/opt",
    "/nix/store",
    "/gnu/store",
    "/run/current-system/sw",
};

// /proc is closed but for some numbers of the machine. Landlock knows files and not "the process
// itself": a rule for /proc would show every process's command line, users' passwords among them.
// /dev/stdin, /dev/stdout, /dev/stderr and /dev/fd work without it: they lead to what is already
// open (but for a regular file, which must be in an open place by itself).
constexpr const char* data[] = {
    // the dynamic linker, names, time and language
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/ld-musl-x86_64.path",
    "/etc/ld-musl-aarch64.path",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/group",
    "/etc/hostname",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/resolv.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/protocols",
    "/etc/networks",
    "/etc/rpc",
    "/etc/localtime",
    "/etc/timezone",
    "/etc/locale.alias",
    "/etc/locale.conf",
    "/etc/default/locale",
    "/etc/os-release",
    "/etc/debian_version",
    "/etc/machine-info",
    "/etc/alternatives",
    "/etc/mime.types",
    "/etc/magic",
    "/etc/magic.mime",
    "/etc/inputrc",
    "/etc/terminfo",
    "/etc/papersize",
    "/run/systemd/resolve",
    // certificates, not /etc/ssl/private
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/ssl/cert.pem",
    "/etc/pki/tls/certs",
    "/etc/pki/tls/cert.pem",
    "/etc/pki/tls/openssl.cnf",
    "/etc/pki/ca-trust/extracted",
    "/etc/ca-certificates",
    "/etc/crypto-policies",
    "/var/lib/ca-certificates",
    // languages and programs
    "/etc/perl",
    "/etc/python3",
    "/etc/python3.7",
    "/etc/python3.8",
    "/etc/python3.9",
    "/etc/python3.10",
    "/etc/python3.11",
    "/etc/python3.12",
    "/etc/python3.13",
    "/etc/python3.14",
    "/etc/python3.15",
    "/etc/php",
    "/etc/php.ini",
    "/etc/php.d",
    "/etc/gitconfig",
    "/etc/gitweb.conf",
    "/etc/gitweb-common.conf",
    "/etc/cgitrc",
    "/etc/hgrc",
    "/etc/mercurial",
    "/etc/fonts",
    "/etc/ImageMagick-6",
    "/etc/ImageMagick-7",
    "/etc/java-11-openjdk",
    "/etc/java-17-openjdk",
    "/etc/java-21-openjdk",
    "/etc/java-25-openjdk",
    "/etc/texmf",
    "/var/lib/texmf",
    "/var/cache/fontconfig",
    "/var/lib/ghostscript",
    // devices without a state
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    // the machine
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/loadavg",
    "/proc/uptime",
    "/proc/version",
    "/proc/filesystems",
    "/proc/sys/kernel/osrelease",
    "/proc/sys/kernel/ostype",
    "/proc/sys/kernel/version",
    "/proc/sys/kernel/cap_last_cap",
    "/proc/sys/kernel/ngroups_max",
    "/proc/sys/kernel/random/boot_id",
    "/proc/sys/kernel/random/uuid",
    "/proc/sys/kernel/pid_max",
    "/proc/sys/vm/overcommit_memory",
    "/proc/sys/vm/max_map_count",
    "/sys/devices/system/cpu",
    "/sys/kernel/mm/transparent_hugepage",
};

}  // namespace

std::span<const char* const> sandbox_programs() { return programs; }

std::span<const char* const> sandbox_data() { return data; }

}  // namespace basehttp
