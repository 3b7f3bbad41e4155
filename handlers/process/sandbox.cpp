#include "handlers/process/sandbox.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <system_error>

#include "handlers/process/sandbox_paths.hpp"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#endif

namespace basehttp {
namespace {

// The kernel's interface, whatever headers this is built with (linux/landlock.h of 6.12).
struct RulesetAttributes {
    std::uint64_t files = 0, network = 0, scoped = 0;
};
struct [[gnu::packed]] PathRule {
    std::uint64_t allowed = 0;
    std::int32_t parent = -1;
};
constexpr unsigned version_flag = 1;
constexpr int path_rule = 1;

constexpr std::uint64_t execute = 1u << 0, write_file = 1u << 1, read_file = 1u << 2,
                        read_directory = 1u << 3, remove_directory = 1u << 4, remove_file = 1u << 5,
                        make_directory = 1u << 7, make_regular = 1u << 8, make_socket = 1u << 9,
                        make_fifo = 1u << 10, make_symlink = 1u << 12, refer = 1u << 13,
                        truncate = 1u << 14, ioctl_device = 1u << 15;
constexpr std::uint64_t all_files_1 = (1u << 13) - 1;  // ABI 1, devices included
constexpr std::uint64_t all_network = 3;               // bind, connect
constexpr std::uint64_t all_scopes = 3;                // abstract unix sockets, signals

constexpr std::uint64_t readable = execute | read_file | read_directory;
constexpr std::uint64_t writable = read_file | read_directory | write_file | remove_directory |
                                   remove_file | make_directory | make_regular | make_socket |
                                   make_fifo | make_symlink | refer | truncate;
constexpr std::uint64_t for_files = execute | write_file | read_file | truncate | ioctl_device;

/// What this kernel can hold of a strict sandbox.
RulesetAttributes attributes_of(int abi, bool network) {
    RulesetAttributes attributes{all_files_1, 0, 0};
    if (abi >= 2) attributes.files |= refer;
    if (abi >= 3) attributes.files |= truncate;
    if (abi >= 5) attributes.files |= ioctl_device;
    if (abi >= 4 && !network) attributes.network = all_network;
    if (abi >= 6) attributes.scoped = all_scopes;
    return attributes;
}

/// Older kernels know shorter structures.
std::size_t size_of_attributes(int abi) {
    if (abi >= 6) return sizeof(RulesetAttributes);
    return abi >= 4 ? offsetof(RulesetAttributes, scoped) : offsetof(RulesetAttributes, network);
}

int landlock_abi() {
    return static_cast<int>(
        ::syscall(SYS_landlock_create_ruleset, nullptr, std::size_t{0}, version_flag));
}

std::string describe(int abi, bool network) {
    if (abi < 1) return "the kernel lacks Landlock: only no_new_privs and limits hold";
    std::string text = "Landlock ABI " + std::to_string(abi) + ": files";
    if (abi >= 4 && !network) text += ", TCP";
    if (abi >= 6) text += ", signals";
    if (abi < 3) text += "; the kernel cannot keep files from being emptied";
    if (abi < 4 && !network) text += "; the kernel cannot deny TCP";
    if (abi < 6) text += "; the kernel cannot deny signals";
    return text;
}

/// Adds what `wanted` means for a file or for a directory. False: no such path.
bool allow(int ruleset, std::uint64_t handled, const std::string& path, std::uint64_t wanted) {
    const Fd place(::open(path.c_str(), O_PATH | O_CLOEXEC));
    if (!place) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
            throw std::system_error(errno, std::generic_category(), path);
        }
        return false;
    }
    struct stat info {};
    if (::fstat(place.get(), &info) != 0) return false;
    if (!S_ISDIR(info.st_mode)) wanted &= for_files;
    const PathRule rule{wanted & handled, place.get()};
    if (::syscall(SYS_landlock_add_rule, ruleset, path_rule, &rule, 0u) != 0) {
        throw std::system_error(errno, std::generic_category(), "Landlock: " + path);
    }
    return true;
}

}  // namespace

std::shared_ptr<const Sandbox> Sandbox::strict(const Options& options) {
    std::shared_ptr<Sandbox> sandbox(new Sandbox);
    const int abi = landlock_abi();
    sandbox->description_ = describe(abi, options.network);
    if (abi < 1) return sandbox;

    const RulesetAttributes attributes = attributes_of(abi, options.network);
    sandbox->ruleset_.reset(static_cast<int>(
        ::syscall(SYS_landlock_create_ruleset, &attributes, size_of_attributes(abi), 0u)));
    if (!sandbox->ruleset_) {
        throw std::system_error(errno, std::generic_category(), "Landlock");
    }
    const auto add = [&](const std::string& path, std::uint64_t rights) {
        return allow(sandbox->ruleset_.get(), attributes.files, path, rights);
    };
    for (const char* path : sandbox_programs()) add(path, readable);
    for (const char* path : sandbox_data()) add(path, read_file | read_directory);
    add("/dev/null", read_file | write_file | truncate | ioctl_device);
    const auto add_asked = [&](const std::string& path, std::uint64_t rights) {
        if (!add(path, rights)) sandbox->skipped_.push_back(path);
    };
    if (!options.document_root.empty()) add_asked(options.document_root, readable);
    for (const std::string& path : options.read) add_asked(path, readable);
    for (const std::string& path : options.write) add_asked(path, writable);
    return sandbox;
}

}  // namespace basehttp
