// Landlock, the kernel's way for a program to give up files and ports: see landlock(7).
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "server/fd.hpp"

namespace basehttp {

/// Rights, as the kernel numbers them, whatever headers this is built with.
namespace landlock {

// clang-format off
constexpr std::uint64_t execute          = 1u << 0;
constexpr std::uint64_t write_file       = 1u << 1;
constexpr std::uint64_t read_file        = 1u << 2;
constexpr std::uint64_t read_directory   = 1u << 3;
constexpr std::uint64_t remove_directory = 1u << 4;
constexpr std::uint64_t remove_file      = 1u << 5;
constexpr std::uint64_t make_directory   = 1u << 7;
constexpr std::uint64_t make_regular     = 1u << 8;
constexpr std::uint64_t make_socket      = 1u << 9;
constexpr std::uint64_t make_fifo        = 1u << 10;
constexpr std::uint64_t make_symlink     = 1u << 12;
constexpr std::uint64_t refer            = 1u << 13;  ///< rename and link between directories
constexpr std::uint64_t truncate         = 1u << 14;
constexpr std::uint64_t ioctl_device     = 1u << 15;

constexpr std::uint64_t bind_tcp    = 1u << 0;
constexpr std::uint64_t connect_tcp = 1u << 1;

constexpr std::uint64_t abstract_sockets = 1u << 0;
constexpr std::uint64_t signals          = 1u << 1;
// clang-format on

/// What this kernel has: 1 to 7 so far; 0: no Landlock, or it is switched off.
int abi();

}  // namespace landlock

/// What its users may do: every right to files is denied but where a rule gives it, to a file or
/// directory and all below. A rule sticks to what has the name now, not to the name. One thread
/// until it is made; then immutable.
class LandlockRuleset {
  public:
    /// Beside files: rights to TCP that are denied everywhere (ABI 4), and what is denied towards
    /// processes outside (ABI 6).
    struct Denied {
        std::uint64_t network = 0, scoped = 0;
    };

    /// `abi`: at least 1, at most landlock::abi(); what it does not know is left out. Throws
    /// std::system_error.
    LandlockRuleset(int abi, const Denied& denied);

    /// Gives `rights`, those that make sense for it, to a path; links are followed. False: it
    /// cannot be opened. Throws std::system_error when descriptors or memory are short.
    bool allow(const std::string& path, std::uint64_t rights);

    int fd() const { return ruleset_.get(); }
    Fd take() { return std::move(ruleset_); }

    /// Confines the calling thread and all threads and programs that it starts from now on, for
    /// good. Needs no_new_privs. Throws std::system_error.
    void enter() const;

  private:
    std::uint64_t handled_;
    Fd ruleset_;
};

}  // namespace basehttp
