#include "handlers/process/landlock.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <system_error>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

namespace basehttp {
namespace {

// The kernel's interface (linux/landlock.h of 6.12).
struct RulesetAttributes {
    std::uint64_t files = 0, network = 0, scoped = 0;
};
struct [[gnu::packed]] PathRule {
    std::uint64_t allowed = 0;
    std::int32_t parent = -1;
};
constexpr unsigned version_flag = 1;
constexpr int path_rule = 1;

constexpr std::uint64_t all_files_1 = (1u << 13) - 1;  // ABI 1, devices included
constexpr std::uint64_t for_files = landlock::execute | landlock::write_file | landlock::read_file |
                                    landlock::truncate | landlock::ioctl_device;

std::uint64_t files_of(int abi) {
    std::uint64_t files = all_files_1;
    if (abi >= 2) files |= landlock::refer;
    if (abi >= 3) files |= landlock::truncate;
    if (abi >= 5) files |= landlock::ioctl_device;
    return files;
}

/// Older kernels know shorter structures.
std::size_t size_of_attributes(int abi) {
    if (abi >= 6) return sizeof(RulesetAttributes);
    return abi >= 4 ? offsetof(RulesetAttributes, scoped) : offsetof(RulesetAttributes, network);
}

[[noreturn]] void fail(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

int landlock::abi() {
    const long version =
        ::syscall(SYS_landlock_create_ruleset, nullptr, std::size_t{0}, version_flag);
    return static_cast<int>(std::max(version, 0L));
}

LandlockRuleset::LandlockRuleset(int abi, const Denied& denied) : handled_(files_of(abi)) {
    const RulesetAttributes attributes{handled_, abi >= 4 ? denied.network : 0,
                                       abi >= 6 ? denied.scoped : 0};
    ruleset_.reset(static_cast<int>(
        ::syscall(SYS_landlock_create_ruleset, &attributes, size_of_attributes(abi), 0u)));
    if (!ruleset_) fail("Landlock");
}

bool LandlockRuleset::allow(const std::string& path, std::uint64_t rights) {
    const Fd place(::open(path.c_str(), O_PATH | O_CLOEXEC));
    if (!place) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) fail(path);
        return false;
    }
    struct stat info {};
    if (::fstat(place.get(), &info) != 0) return false;
    if (!S_ISDIR(info.st_mode)) rights &= for_files;
    rights &= handled_;
    if (rights == 0) return true;  // the kernel wants some
    const PathRule rule{rights, place.get()};
    const long done = ::syscall(SYS_landlock_add_rule, ruleset_.get(), path_rule, &rule, 0u);
    // EBADFD: a pipe or the like behind /dev/stderr, of which Landlock holds nobody back.
    if (done != 0 && errno != EBADFD) fail("Landlock: " + path);
    return true;
}

void LandlockRuleset::enter() const {
    if (::syscall(SYS_landlock_restrict_self, ruleset_.get(), 0u) != 0) fail("Landlock");
}

}  // namespace basehttp
