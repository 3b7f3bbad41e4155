// The part of the system that scripts in a strict sandbox may read.
#pragma once

#include <span>

namespace basehttp {

/// Directories of programs and libraries: to read and execute.
std::span<const char* const> sandbox_programs();

/// Files and directories to read. No secret is among them, also not for root: of /etc only what is
/// named here. A file that is replaced (as useradd does with /etc/passwd) is another one for
/// Landlock, and closed until the sandbox is made anew.
std::span<const char* const> sandbox_data();

}  // namespace basehttp
