// Whether a descriptor leads to the journal of systemd, where lines begin with their priority.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "server/api.hpp"

namespace basehttp {

/// A file as fstat(2) tells it from others.
struct FileIdentity {
    std::uint64_t device = 0, inode = 0;
    bool operator==(const FileIdentity&) const = default;
};

/// JOURNAL_STREAM as systemd.exec(5) has it, "DEVICE:INODE" in decimal digits.
std::optional<FileIdentity> parse_journal_stream(std::string_view text);

/// Whether `fd` is what JOURNAL_STREAM of our environment names: it may have been redirected since.
bool is_journal(int fd);

}  // namespace basehttp
