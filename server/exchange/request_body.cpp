#include "server/exchange/request_body.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>
#include <system_error>

namespace basehttp {
namespace {

bool write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(fd, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

/// A file without a name; for file systems without O_TMPFILE one is made and unlinked at once.
Fd open_unnamed(const std::string& directory) {
    Fd file(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (file || (errno != EOPNOTSUPP && errno != EISDIR)) return file;
    std::string name = directory + "/basehttpd-XXXXXX";
    file.reset(::mkostemp(name.data(), O_CLOEXEC));
    if (file) ::unlink(name.c_str());
    return file;
}

}  // namespace

bool RequestBody::append(std::string_view bytes) {
    if (!file_ && size_ + bytes.size() > memory_limit_ && !spill()) return false;
    if (!file_ && !keep(bytes) && !spill()) return false;
    if (file_ && !write_all(file_->get(), bytes)) return false;
    size_ += bytes.size();
    return true;
}

/// False: there is no memory.
bool RequestBody::keep(std::string_view bytes) {
    try {
        memory_.append(bytes);
        return true;
    } catch (const std::bad_alloc&) {
        return false;
    }
}

bool RequestBody::spill() {
    Fd file = open_unnamed(directory_);
    if (!file || !write_all(file.get(), memory_)) return false;
    file_ = std::make_shared<const Fd>(std::move(file));
    memory_ = {};
    return true;
}

std::size_t RequestBody::readinto(std::span<char> out) {
    const std::size_t wanted = std::min<std::uint64_t>(out.size(), size_ - position_);
    std::size_t done = 0;
    while (file_ && done < wanted) {
        const ssize_t count = ::pread(file_->get(), out.data() + done, wanted - done,
                                      static_cast<off_t>(position_ + done));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) throw std::system_error(errno, std::generic_category(), "request body");
        done += static_cast<std::size_t>(count);
    }
    if (!file_ && wanted > 0) std::memcpy(out.data(), memory_.data() + position_, wanted);
    position_ += wanted;
    return wanted;
}

Fd RequestBody::open_copy() const {
    if (size_ == 0) return Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (file_) {
        const std::string path = "/proc/self/fd/" + std::to_string(file_->get());
        return Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    }
    Fd copy(::memfd_create("request body", MFD_CLOEXEC));
    if (!copy || !write_all(copy.get(), memory_) || ::lseek(copy.get(), 0, SEEK_SET) != 0)
        return Fd();
    return copy;
}

std::string RequestBody::read(std::size_t count) {
    std::string out(std::min<std::uint64_t>(count, size_ - position_), '\0');
    readinto(out);
    return out;
}

std::string RequestBody::readline(std::size_t limit) {
    std::string line;
    while (line.size() < limit && !at_end()) {
        const std::uint64_t start = position_;
        std::string part = read(std::min<std::size_t>(limit - line.size(), 4096));
        const std::size_t end = part.find('\n');
        if (end != std::string::npos) {
            part.resize(end + 1);
            position_ = start + part.size();
        }
        line += part;
        if (end != std::string::npos) break;
    }
    return line;
}

}  // namespace basehttp
