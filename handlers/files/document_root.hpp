#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/api.hpp"
#include "server/fd.hpp"

namespace basehttp {

/// What may be served; all else in a file system is not found.
enum class FileKind : std::uint8_t { regular, directory };

/// What fstat says about a file; the fields from which a validator (ETag, Last-Modified) and the
/// check "is it still the same file" are made. Times are seconds and nanoseconds since 1970.
struct FileInfo {
    FileKind kind = FileKind::regular;  ///< st_mode
    std::uint64_t size = 0;             ///< bytes
    ///@{
    std::int64_t mtime = 0;  ///< of the content's last change
    long mtime_ns = 0;       ///< beside the seconds
    ///@}
    ///@{
    std::int64_t ctime = 0;  ///< of the last change of anything, set by the system
    long ctime_ns = 0;       ///< beside the seconds
    ///@}
    ///@{
    std::uint64_t inode = 0;   ///< with `device` tells which file it is
    std::uint64_t device = 0;  ///< st_dev
    ///@}
    unsigned mode = 0;  ///< permission bits

    bool operator==(const FileInfo&) const = default;  ///< The very same, unchanged.
};

/// How a look-up ended.
enum class OpenStatus : std::uint8_t {
    ok,
    not_found,         ///< absent, outside the root, or neither file nor directory
    forbidden,         ///< there, but this process may not read it
    is_directory,      ///< open_file or stat met a directory; `info` is filled
    try_again,         ///< may_block was false and only a call that may block can tell
    out_of_resources,  ///< no descriptors or memory, or the file stays busy; a 503
    io_error           ///< the file system failed; a 500
};

/// A look-up that opens.
struct OpenedFile {
    OpenStatus status = OpenStatus::not_found;  ///< How it ended.
    Fd fd;                                      ///< held only with OpenStatus::ok
    FileInfo info;                              ///< filled with OpenStatus::ok and is_directory
};

/// A look-up that does not open.
struct FoundFile {
    OpenStatus status = OpenStatus::not_found;  ///< How it ended.
    FileInfo info;  ///< filled with OpenStatus::ok (a regular file) and is_directory
};

/// Opens a regular file at a path that the program itself names, never a client. Anything else that
/// is there is forbidden, and not opened: opening a FIFO or a device already acts on it. The
/// descriptor does not block and is close-on-exec.
BASEHTTP_API OpenedFile open_named_file(const std::string& path);

/// A site's directory, held open, and the only way anything of the site is opened: no path leads
/// outside it, whatever the path says and whatever changes in the file system meanwhile.
///
/// Paths are URL paths, decoded and normalised (handlers/http/url_path.hpp): they begin with '/'.
/// Any other text is safe and not found: without the leading '/', with NUL or a ".." segment, too
/// long. A final '/' asks for a directory.
///
/// Symbolic links inside the root work as long as they stay inside, absolute ones when they begin
/// with the root's own path without links. (RESOLVE_BENEATH refuses those; they take the walk, and
/// a look-up that may not block cannot tell.) Other file systems mounted inside the root are
/// followed. FIFOs, devices and sockets are not found and never opened for reading.
///
/// Immutable after construction: any thread. Calls may wait for a disk unless may_block is false.
class BASEHTTP_API DocumentRoot {
  public:
    /// How paths are kept inside; all ways keep the same promise.
    enum class Resolver : std::uint8_t {
        automatic,  ///< openat2 if the kernel has it and lets us, otherwise the walk
        openat2,
        walk  ///< one openat(O_NOFOLLOW) per segment; kernels before 5.6 and old seccomp profiles
    };

    /// Opens the directory; `path` itself may be or contain a symbolic link, resolved now.
    /// Throws std::system_error, with the path in its text, if it is no directory or not
    /// accessible, or if Resolver::openat2 was asked for and is missing.
    static DocumentRoot open(const std::string& path, Resolver resolver = Resolver::automatic);

    /// Opens a regular file for reading. The descriptor does not block and is close-on-exec.
    OpenedFile open_file(std::string_view decoded_path, bool may_block = true) const;

    /// Opens a directory to read its entries. A regular file is not_found here.
    OpenedFile open_directory(std::string_view decoded_path, bool may_block = true) const;

    /// Tells what is there without opening it: for cached files, one path walk and no side effect.
    /// Reading it may still be forbidden.
    FoundFile stat(std::string_view decoded_path, bool may_block = true) const;

    int fd() const { return root_.get(); }             ///< Of the directory; not to be closed.
    const std::string& path() const { return path_; }  ///< As it was given to open().
    /// Absolute, without links, as it was when it was opened; empty where that is not known.
    const std::string& real_path() const { return real_path_; }

    /// openat2 or walk, never automatic.
    Resolver resolver() const { return resolver_; }

  private:
    DocumentRoot(std::string path, Fd root, Resolver resolver, bool has_cached_lookup);

    std::string path_;
    std::string real_path_;  ///< absolute, without links; for absolute links that lead back
    Fd root_;
    Resolver resolver_;
    bool has_cached_lookup_;          ///< RESOLVE_CACHED, Linux 5.12
    std::uint64_t local_device_ = 0;  ///< st_dev of the root, unless opening may ask a server
};

}  // namespace basehttp
