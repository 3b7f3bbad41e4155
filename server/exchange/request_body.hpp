// The body of a request as a handler reads it: Python's rfile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "server/api.hpp"
#include "server/fd.hpp"

namespace basehttp {

/// A body, complete before the handler runs: in memory up to a limit, past it in an unlinked file.
/// Written by the loop, then read by one handler, never at the same time.
class BASEHTTP_API RequestBody {
  public:
    RequestBody() = default;
    /// `memory`: bytes at most that stay in memory; `directory`: of the file for more.
    RequestBody(std::size_t memory, std::string directory)
        : memory_limit_(memory), directory_(std::move(directory)) {}

    /// Adds received content. False: the file could not be made or written (errno tells).
    [[nodiscard]] bool append(std::string_view bytes);

    /// In bytes, read or not.
    std::uint64_t size() const { return size_; }

    /// Up to `count` bytes from where the last read ended; fewer only at the end. Throws
    /// std::system_error when the file cannot be read.
    std::string read(std::size_t count = std::string::npos);
    /// The same into memory of the caller; the number of bytes.
    std::size_t readinto(std::span<char> out);
    /// A line with its newline, at most `limit` bytes; empty at the end.
    std::string readline(std::size_t limit = std::string::npos);
    /// The file that holds all of it, or nullptr while it is in memory.
    std::shared_ptr<const Fd> file() const { return file_; }
    /// A descriptor of its own to read all of it from the start, whatever was read here. Empty:
    /// none could be made (errno tells).
    [[nodiscard]] Fd open_copy() const;
    /// Whether all of it was read.
    bool at_end() const { return position_ == size_; }

  private:
    [[nodiscard]] bool keep(std::string_view bytes);
    [[nodiscard]] bool spill();

    std::size_t memory_limit_ = std::size_t{64} << 10;
    std::string directory_ = "/tmp";
    std::string memory_;
    std::shared_ptr<const Fd> file_;
    std::uint64_t size_ = 0;
    std::uint64_t position_ = 0;
};

}  // namespace basehttp
