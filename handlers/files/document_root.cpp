#include "handlers/files/document_root.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "handlers/files/path_walk.hpp"

#ifndef RESOLVE_CACHED
#define RESOLVE_CACHED 0x20
#endif

namespace basehttp {
namespace {

// How often a look-up is repeated when the kernel says that a rename elsewhere disturbed it, or
// that a lease on the file (Samba, NFS server) is being taken back.
constexpr int max_attempts = 32;

constexpr int read_flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
constexpr int look_flags = O_PATH | O_CLOEXEC;

int call_openat2(int directory, const char* path, int flags, std::uint64_t resolve) {
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags);
    how.resolve = resolve;
    return static_cast<int>(::syscall(SYS_openat2, directory, path, &how, sizeof how));
}

constexpr std::uint64_t beneath = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;

bool kernel_has(int root, std::uint64_t resolve) {
    const Fd fd(call_openat2(root, ".", look_flags, resolve));
    return fd || errno == EAGAIN || errno == EMFILE || errno == ENFILE;
}

OpenStatus status_of(int error, bool cached_only) {
    switch (error) {
        case EAGAIN:
            return cached_only ? OpenStatus::try_again : OpenStatus::out_of_resources;
        case EACCES:
        case EPERM:
            return OpenStatus::forbidden;
        case EMFILE:
        case ENFILE:
        case ENOMEM:
        case ETXTBSY:
        case EBUSY:
            return OpenStatus::out_of_resources;
        case ENOENT:
        case ENOTDIR:
        case ENAMETOOLONG:
        case ELOOP:
        case EXDEV:
        case EINVAL:  // a name that this file system cannot hold
        case EILSEQ:
        case ENXIO:
        case ENODEV:
        case ESTALE:
            return OpenStatus::not_found;
        default:
            return OpenStatus::io_error;
    }
}

/// The path below the root as a C string on the stack: no allocation for a request.
class RelativePath {
  public:
    /// False for what cannot be a path of the site.
    bool assign(std::string_view decoded) {
        if (decoded.empty() || decoded.front() != '/') return false;
        if (decoded.find('\0') != std::string_view::npos || has_dot_dot(decoded)) return false;
        decoded.remove_prefix(std::min(decoded.find_first_not_of('/'), decoded.size()));
        if (decoded.empty()) decoded = ".";
        if (decoded.size() >= text_.size()) return false;
        std::memcpy(text_.data(), decoded.data(), decoded.size());
        text_[decoded.size()] = '\0';
        return true;
    }

    const char* c_str() const { return text_.data(); }

  private:
    static bool has_dot_dot(std::string_view path) {
        for (auto at = path.find("/.."); at != path.npos; at = path.find("/..", at + 1)) {
            if (at + 3 == path.size() || path[at + 3] == '/') return true;
        }
        return false;
    }

    std::array<char, PATH_MAX> text_;
};

/// nullopt for what is neither a regular file nor a directory.
std::optional<FileInfo> file_info(const struct stat& status) {
    if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) return std::nullopt;
    FileInfo info;
    info.kind = S_ISDIR(status.st_mode) ? FileKind::directory : FileKind::regular;
    info.size = static_cast<std::uint64_t>(status.st_size);
    info.mtime = status.st_mtim.tv_sec;
    info.mtime_ns = status.st_mtim.tv_nsec;
    info.ctime = status.st_ctim.tv_sec;
    info.ctime_ns = status.st_ctim.tv_nsec;
    info.inode = status.st_ino;
    info.device = status.st_dev;
    info.mode = status.st_mode & 07777;
    return info;
}

FoundFile examine(int fd) {
    struct stat status;
    if (::fstat(fd, &status) != 0) return {status_of(errno, false), {}};
    const auto info = file_info(status);
    if (!info) return {OpenStatus::not_found, {}};
    return {info->kind == FileKind::directory ? OpenStatus::is_directory : OpenStatus::ok, *info};
}

/// Whether opening asks nobody else: no file system of a network or a process.
bool is_local(int fd) {
    struct statfs system;
    if (::fstatfs(fd, &system) != 0) return false;
    static constexpr unsigned long others[] = {
        NFS_SUPER_MAGIC,  SMB_SUPER_MAGIC,  0xFF534D42 /* CIFS */, 0xFE534D42 /* SMB2 */,
        FUSE_SUPER_MAGIC, V9FS_MAGIC,       CEPH_SUPER_MAGIC,      AFS_SUPER_MAGIC,
        AFS_FS_MAGIC,     CODA_SUPER_MAGIC, AUTOFS_SUPER_MAGIC};
    return std::find(std::begin(others), std::end(others),
                     static_cast<unsigned long>(system.f_type) & 0xFFFFFFFF) == std::end(others);
}

/// The absolute path without links; empty where it is not known, or the machine's root.
std::string resolve_links(const std::string& path) {
    const std::unique_ptr<char, decltype(&std::free)> resolved(::realpath(path.c_str(), nullptr),
                                                               &std::free);
    return resolved && std::strcmp(resolved.get(), "/") != 0 ? resolved.get() : "";
}

/// One root as seen by one call.
struct Lookup {
    int root;
    const std::string& root_path;
    DocumentRoot::Resolver resolver;
    bool cached_only;

    Fd open(const char* path, int flags) const {
        for (int attempt = 1;; ++attempt) {
            Fd fd = resolver == DocumentRoot::Resolver::walk
                        ? open_beneath_by_walk(root, root_path, path, flags)
                        : Fd(call_openat2(root, path, flags,
                                          cached_only ? beneath | RESOLVE_CACHED : beneath));
            // An absolute link may lead back into the root, which openat2 does not follow.
            if (!fd && errno == EXDEV && resolver == DocumentRoot::Resolver::openat2) {
                if (!cached_only) return open_beneath_by_walk(root, root_path, path, flags);
                errno = EAGAIN;
                return fd;
            }
            if (fd || (errno != EINTR && (errno != EAGAIN || cached_only))) return fd;
            if (errno == EAGAIN && attempt == max_attempts) return fd;
        }
    }

    /// What the errno of a failed open() means.
    OpenStatus failure() const { return status_of(errno, cached_only); }

    FoundFile look(const char* path) const {
        const Fd found = open(path, look_flags);
        if (!found) return {failure(), {}};
        return examine(found.get());
    }
};

}  // namespace

OpenedFile open_named_file(const std::string& path) {
    if (path.find('\0') != std::string::npos) return {};
    struct stat status;
    if (::stat(path.c_str(), &status) != 0) return {status_of(errno, false), Fd(), {}};
    if (!S_ISREG(status.st_mode)) return {OpenStatus::forbidden, Fd(), {}};
    Fd file;
    do file.reset(::open(path.c_str(), read_flags));
    while (!file && errno == EINTR);
    if (!file) return {status_of(errno, false), Fd(), {}};
    const FoundFile opened = examine(file.get());
    if (opened.status != OpenStatus::ok) return {OpenStatus::forbidden, Fd(), {}};
    return {OpenStatus::ok, std::move(file), opened.info};
}

DocumentRoot::DocumentRoot(std::string path, Fd root, Resolver resolver, bool has_cached_lookup)
    : path_(std::move(path)),
      real_path_(resolve_links(path_)),
      root_(std::move(root)),
      resolver_(resolver),
      has_cached_lookup_(has_cached_lookup),
      local_device_(is_local(root_.get()) ? examine(root_.get()).info.device : 0) {}

DocumentRoot DocumentRoot::open(const std::string& path, Resolver resolver) {
    Fd root(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!root) throw std::system_error(errno, std::generic_category(), path);
    if (::faccessat(root.get(), ".", X_OK, AT_EACCESS) != 0) {
        throw std::system_error(errno, std::generic_category(), path);
    }
    const bool has_openat2 = kernel_has(root.get(), beneath);
    if (resolver == Resolver::openat2 && !has_openat2) {
        throw std::system_error(ENOSYS, std::generic_category(), path);
    }
    if (resolver == Resolver::automatic) {
        resolver = has_openat2 ? Resolver::openat2 : Resolver::walk;
    }
    const bool has_cached_lookup =
        resolver == Resolver::openat2 && kernel_has(root.get(), beneath | RESOLVE_CACHED);
    return DocumentRoot(path, std::move(root), resolver, has_cached_lookup);
}

FoundFile DocumentRoot::stat(std::string_view decoded_path, bool may_block) const {
    RelativePath relative;
    if (!relative.assign(decoded_path)) return {};
    if (!may_block && !has_cached_lookup_) return {OpenStatus::try_again, {}};
    return Lookup{root_.get(), real_path_, resolver_, !may_block}.look(relative.c_str());
}

// Looks before it opens. Opening alone already acts: on a FIFO it wakes the writer that waits, on a
// device it may rewind a tape or start a watchdog, O_NONBLOCK or not. The second walk of the path
// doubles the time (3 to 6 us as measured), but a file that is asked for often is cached and only
// looked at. Reopening through /proc/self/fd would close the gap between the two steps, which only
// someone who may write in the root can use; but it took longer, needs /proc, which a chroot or a
// sandbox may not have, and cannot be asked not to block (RESOLVE_CACHED).
OpenedFile DocumentRoot::open_file(std::string_view decoded_path, bool may_block) const {
    RelativePath relative;
    if (!relative.assign(decoded_path)) return {};
    if (!may_block && !has_cached_lookup_) return {OpenStatus::try_again, Fd(), {}};
    const Lookup lookup{root_.get(), real_path_, resolver_, !may_block};
    const FoundFile found = lookup.look(relative.c_str());
    if (found.status != OpenStatus::ok) return {found.status, Fd(), found.info};
    if (!may_block && found.info.device != local_device_) return {OpenStatus::try_again, Fd(), {}};

    Fd file = lookup.open(relative.c_str(), read_flags);
    if (!file) return {lookup.failure(), Fd(), {}};
    const FoundFile opened = examine(file.get());
    if (opened.status != OpenStatus::ok) return {opened.status, Fd(), opened.info};
    return {OpenStatus::ok, std::move(file), opened.info};
}

OpenedFile DocumentRoot::open_directory(std::string_view decoded_path, bool may_block) const {
    RelativePath relative;
    if (!relative.assign(decoded_path)) return {};
    if (!may_block && !has_cached_lookup_) return {OpenStatus::try_again, Fd(), {}};
    const Lookup lookup{root_.get(), real_path_, resolver_, !may_block};
    Fd directory = lookup.open(relative.c_str(), read_flags | O_DIRECTORY);
    if (!directory) return {lookup.failure(), Fd(), {}};
    const FoundFile opened = examine(directory.get());
    if (opened.status != OpenStatus::is_directory) return {opened.status, Fd(), {}};
    return {OpenStatus::ok, std::move(directory), opened.info};
}

}  // namespace basehttp
