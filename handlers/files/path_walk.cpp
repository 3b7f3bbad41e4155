#include "handlers/files/path_walk.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <climits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace basehttp {
namespace {

constexpr int max_links = 40;  // as the kernel

Fd open_segment(int directory, const char* name, int flags) {
    int fd;
    do {
        fd = ::openat(directory, name, flags | O_CLOEXEC);
    } while (fd < 0 && errno == EINTR);
    return Fd(fd);
}

std::optional<mode_t> kind_of(int fd) {
    struct stat status;
    if (::fstat(fd, &status) != 0) return std::nullopt;
    return status.st_mode & S_IFMT;
}

std::optional<std::string> read_link(int link) {
    std::array<char, PATH_MAX> target;
    const ssize_t length = ::readlinkat(link, "", target.data(), target.size());
    if (length < 0) return std::nullopt;
    if (length == 0 || static_cast<std::size_t>(length) == target.size()) {
        errno = ENOENT;
        return std::nullopt;
    }
    return std::string(target.data(), static_cast<std::size_t>(length));
}

class Walk {
  public:
    Walk(int root, std::string_view root_path, std::string_view path, int flags)
        : root_(root), root_path_(root_path), rest_(path), flags_(flags) {}

    Fd run() {
        while (!rest_.empty()) {
            take_segment();
            if (name_.empty() || name_ == ".") continue;
            if (name_ == "..") {
                if (passed_.empty()) return failed(EXDEV);
                passed_.pop_back();
                continue;
            }
            if (!enter()) return Fd();
            if (last_) return std::move(last_);
        }
        if ((flags_ & O_PATH) != 0 && !passed_.empty()) return std::move(passed_.back());
        return open_segment(here(), ".", flags_);
    }

  private:
    static Fd failed(int error) {
        errno = error;
        return Fd();
    }

    int here() const { return passed_.empty() ? root_ : passed_.back().get(); }

    void take_segment() {
        const std::size_t end = rest_.find('/');
        must_be_directory_ = end != std::string::npos;
        name_ = rest_.substr(0, end);
        rest_.erase(0, must_be_directory_ ? end + 1 : end);
    }

    /// Steps into the directory `name_`, or puts the target of the link `name_` before the rest, or
    /// opens the file `name_` as last_. False with errno.
    bool enter() {
        Fd found = open_segment(here(), name_.c_str(), O_PATH | O_NOFOLLOW);
        if (!found) return false;
        const auto kind = kind_of(found.get());
        if (!kind) return false;
        if (*kind == S_IFLNK) return follow(found.get());
        if (*kind == S_IFDIR) {
            passed_.push_back(std::move(found));
            return true;
        }
        if (must_be_directory_ || (flags_ & O_DIRECTORY) != 0) return fail(ENOTDIR);
        return finish(std::move(found), *kind);
    }

    static bool fail(int error) {
        errno = error;
        return false;
    }

    bool follow(int link) {
        if (++links_ > max_links) return fail(ELOOP);
        auto target = read_link(link);
        if (!target) return false;
        if (target->front() == '/' && !restart_at_root(*target)) return fail(EXDEV);
        if (must_be_directory_) *target += '/';
        rest_.insert(0, *target);
        return true;
    }

    /// An absolute target below the root goes on from the root; false for any other.
    bool restart_at_root(std::string& target) {
        if (root_path_.empty() || target.compare(0, root_path_.size(), root_path_) != 0)
            return false;
        if (target.size() > root_path_.size() && target[root_path_.size()] != '/') return false;
        target.erase(0, root_path_.size());
        if (target.empty()) target = ".";
        passed_.clear();
        return true;
    }

    bool finish(Fd found, mode_t kind) {
        if ((flags_ & O_PATH) != 0) {
            last_ = std::move(found);
        } else if (kind == S_IFREG) {
            last_ = open_segment(here(), name_.c_str(), flags_ | O_NOFOLLOW);
        } else {
            errno = ENXIO;  // what opening a socket gives
        }
        return static_cast<bool>(last_);
    }

    int root_;
    std::string_view root_path_;
    std::string rest_;  // what is still to be walked
    int flags_;
    std::vector<Fd> passed_;  // the directories from the root, not in it, to where we are
    std::string name_;
    bool must_be_directory_ = false;
    int links_ = 0;
    Fd last_;
};

}  // namespace

Fd open_beneath_by_walk(int root, std::string_view root_path, std::string_view path, int flags) {
    return Walk(root, root_path, path, flags).run();
}

}  // namespace basehttp
