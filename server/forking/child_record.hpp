// What a forked child tells its parent: records, each a packet of a SOCK_SEQPACKET socket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/exchange/request.hpp"
#include "server/log/log.hpp"

namespace basehttp {

/// The first byte of a record.
enum class RecordType : char {
    data = 'd',      ///< Bytes of the answer follow.
    file = 'f',      ///< A FileRecord; the descriptor comes along (SCM_RIGHTS).
    event = 'l',     ///< A LogLevel in one byte, then the text of a line of the event log.
    access = 'a',    ///< Lines of the access log.
    shutdown = 's',  ///< The handler called server.shutdown().
    end = 'e'        ///< The answer is complete: what the handler left in its Request.
};

/// The longest record, in bytes: a few fit into a socket's buffer.
constexpr std::size_t longest_record = 32u << 10;

struct FileRecord {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

/// A whole record. Log lines are cut off at longest_record, log fields that do not fit left out.
std::string file_record(const FileRecord& file);
std::string event_record(LogLevel level, std::string_view text);
std::string end_record(const Request& request);

/// The content of a record, without its first byte. The child is not trusted: it may have crashed
/// while it wrote, or be taken over.
std::optional<FileRecord> read_file_record(std::string_view content);
struct EventRecord {
    LogLevel level = LogLevel::off;
    std::string_view text;
};
std::optional<EventRecord> read_event_record(std::string_view content);
/// Puts into `request` what end_record() took from the child's copy of it. False: not a record;
/// `request` is unchanged.
[[nodiscard]] bool read_end_record(std::string_view content, Request& request);

}  // namespace basehttp
