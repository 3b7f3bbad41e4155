// The content of a form's field: Python's FieldStorage.file.
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

/// Read like rfile. In memory, or a region of the unlinked file that holds the body of the request:
/// nothing is copied, and it stays good when the request is over. Copies share the content, each
/// with a position of its own; one is used by one thread at a time.
class BASEHTTP_API FormFile {
  public:
    FormFile() = default;
    /// In memory.
    explicit FormFile(std::string content)
        : memory_(std::make_shared<const std::string>(std::move(content))),
          size_(memory_->size()) {}
    /// `size` bytes of a file from `offset` on.
    FormFile(std::shared_ptr<const Fd> file, std::uint64_t offset, std::uint64_t size)
        : file_(std::move(file)), offset_(offset), size_(size) {}

    std::uint64_t size() const { return size_; }        ///< bytes
    bool at_end() const { return position_ == size_; }  ///< All was read.
    std::uint64_t tell() const { return position_; }    ///< Bytes from the start.
    /// To a place from the start; one past the end means the end.
    void seek(std::uint64_t position) { position_ = position < size_ ? position : size_; }

    // All that read throw std::system_error when the file cannot be read.

    /// Up to `count` bytes from where the last read ended; fewer only at the end.
    std::string read(std::size_t count = std::string::npos);
    /// The same into memory of the caller; the number of bytes.
    std::size_t readinto(std::span<char> out);
    /// A line with its newline, at most `limit` bytes; empty at the end.
    std::string readline(std::size_t limit = std::string::npos);
    /// All of it, whatever was read before.
    std::string text() const;

    /// Writes all of it to a new file at `path`. Throws std::system_error, also when something is
    /// there already; a file that could not be written to its end is removed.
    void save(const std::string& path) const;

  private:
    std::shared_ptr<const std::string> memory_;
    std::shared_ptr<const Fd> file_;
    std::uint64_t offset_ = 0;  // in file_
    std::uint64_t size_ = 0;
    std::uint64_t position_ = 0;
};

}  // namespace basehttp
