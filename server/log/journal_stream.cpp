#include "server/log/journal_stream.hpp"

#include <sys/stat.h>

#include <charconv>
#include <cstdlib>

namespace basehttp {

std::optional<FileIdentity> parse_journal_stream(std::string_view text) {
    FileIdentity file;
    const char* const end = text.data() + text.size();
    const auto device = std::from_chars(text.data(), end, file.device);
    if (device.ec != std::errc{} || device.ptr == end || *device.ptr != ':') return {};
    const auto inode = std::from_chars(device.ptr + 1, end, file.inode);
    if (inode.ec != std::errc{} || inode.ptr != end) return {};
    return file;
}

bool is_journal(int fd) {
    const char* const text = std::getenv("JOURNAL_STREAM");
    const auto journal = parse_journal_stream(text != nullptr ? text : "");
    struct stat status {};
    return journal && ::fstat(fd, &status) == 0 &&
           *journal == FileIdentity{status.st_dev, status.st_ino};
}

}  // namespace basehttp
