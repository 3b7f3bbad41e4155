#include "handlers/forms/form_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace basehttp {
namespace {

[[noreturn]] void fail(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

bool write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(fd, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

}  // namespace

std::size_t FormFile::readinto(std::span<char> out) {
    const std::size_t wanted = std::min<std::uint64_t>(out.size(), size_ - position_);
    if (memory_ && wanted > 0) std::memcpy(out.data(), memory_->data() + position_, wanted);
    std::size_t done = memory_ ? wanted : 0;
    while (done < wanted) {
        const ssize_t count = ::pread(file_->get(), out.data() + done, wanted - done,
                                      static_cast<off_t>(offset_ + position_ + done));
        if (count < 0 && errno == EINTR) continue;
        if (count == 0) errno = EIO;  // shorter than it was
        if (count <= 0) fail("form field");
        done += static_cast<std::size_t>(count);
    }
    position_ += wanted;
    return wanted;
}

std::string FormFile::read(std::size_t count) {
    std::string out(std::min<std::uint64_t>(count, size_ - position_), '\0');
    readinto(out);
    return out;
}

std::string FormFile::readline(std::size_t limit) {
    std::string line;
    std::array<char, 4096> buffer;
    for (bool more = true; more && line.size() < limit && !at_end();) {
        const std::uint64_t start = position_;
        const std::size_t room = std::min(limit - line.size(), buffer.size());
        const std::string_view part(buffer.data(), readinto(std::span(buffer).first(room)));
        const std::size_t end = std::min(part.find('\n'), part.size() - 1) + 1;
        line += part.substr(0, end);
        more = !line.ends_with('\n');
        position_ = start + end;
    }
    return line;
}

std::string FormFile::text() const {
    FormFile whole = *this;
    whole.position_ = 0;
    return whole.read();
}

void FormFile::save(const std::string& path) const {
    const Fd out(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (!out) fail(path);
    try {
        FormFile whole = *this;
        whole.position_ = 0;
        std::array<char, 32768> buffer;
        while (const std::size_t count = whole.readinto(buffer))
            if (!write_all(out.get(), {buffer.data(), count})) fail(path);
    } catch (...) {
        ::unlink(path.c_str());
        throw;
    }
}

}  // namespace basehttp
