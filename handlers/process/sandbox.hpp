// What a script may touch: Landlock, prepared once and entered by each child before exec.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/api.hpp"
#include "server/fd.hpp"

namespace basehttp {

/// Immutable; any thread.
class BASEHTTP_API Sandbox {
  public:
    /// What a script may have beyond the usual, see strict().
    struct Options {
        std::vector<std::string> read;   ///< files or directories: read and execute below
        std::vector<std::string> write;  ///< read, write, make, rename, remove; not execute
        bool network = false;            ///< TCP
        std::string document_root;       ///< read and execute below; empty: none
    };

    /// Read and execute: the system's programs and libraries, the files of /etc that programs
    /// commonly need (no secrets: not for root either), the document root, `read`. Write: `write`,
    /// /dev/null. Nothing else, not even /tmp; no /proc (see sandbox.cpp). No TCP unless `network`
    /// (ABI 4); no signals to and no abstract sockets of processes outside (ABI 6). As much of it
    /// as the kernel has. Paths that do not exist are skipped; what stands in both lists has the
    /// rights of both. Rights stick to the file or directory that has the name now.
    /// Not held by any kernel so far: UDP, sockets with a path, chmod and chown of readable files.
    /// Throws std::system_error only when descriptors or memory are short.
    static std::shared_ptr<const Sandbox> strict(const Options& options);

    int ruleset() const { return ruleset_.get(); }  ///< for SpawnRequest; -1: no Landlock here

    /// For the log: "Landlock ABI 7: files, TCP, signals", or what is missing.
    const std::string& description() const { return description_; }

    /// Paths of Options that could not be opened, for a warning.
    const std::vector<std::string>& skipped() const { return skipped_; }

  private:
    Sandbox() = default;

    Fd ruleset_;
    std::string description_;
    std::vector<std::string> skipped_;
};

}  // namespace basehttp
