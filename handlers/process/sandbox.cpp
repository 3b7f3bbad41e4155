#include "handlers/process/sandbox.hpp"

#include "handlers/process/landlock.hpp"
#include "handlers/process/sandbox_paths.hpp"

namespace basehttp {
namespace {

using namespace landlock;

constexpr std::uint64_t readable = execute | read_file | read_directory;
constexpr std::uint64_t writable = read_file | read_directory | write_file | remove_directory |
                                   remove_file | make_directory | make_regular | make_socket |
                                   make_fifo | make_symlink | refer | truncate;

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

}  // namespace

std::shared_ptr<const Sandbox> Sandbox::strict(const Options& options) {
    std::shared_ptr<Sandbox> sandbox(new Sandbox);
    const int abi = landlock::abi();
    sandbox->description_ = describe(abi, options.network);
    if (abi < 1) return sandbox;

    LandlockRuleset ruleset(
        abi, {options.network ? 0 : bind_tcp | connect_tcp, abstract_sockets | signals});
    const auto add = [&](const std::string& path, std::uint64_t rights) {
        return ruleset.allow(path, rights);
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
    sandbox->ruleset_ = ruleset.take();
    return sandbox;
}

}  // namespace basehttp
