#include "handlers/files/directory_listing.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

namespace basehttp {
namespace {

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

unsigned char lower(char c) {
    return static_cast<unsigned char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/// Takes the digits at the front of `text` without their leading zeros.
std::string_view take_number(std::string_view& text) {
    std::size_t zeros = 0;
    while (zeros < text.size() && text[zeros] == '0') ++zeros;
    std::size_t end = zeros;
    while (end < text.size() && is_digit(text[end])) ++end;
    const auto number = text.substr(zeros, end - zeros);
    text.remove_prefix(end);
    return number;
}

/// Below, at or above 0 as for memcmp, before the tie is broken.
int natural_compare(std::string_view a, std::string_view b) {
    while (!a.empty() && !b.empty()) {
        if (is_digit(a.front()) && is_digit(b.front())) {
            const auto x = take_number(a);
            const auto y = take_number(b);
            if (x.size() != y.size()) return x.size() < y.size() ? -1 : 1;
            if (const int order = x.compare(y); order != 0) return order;
            continue;
        }
        const int order = lower(a.front()) - lower(b.front());
        if (order != 0) return order;
        a.remove_prefix(1);
        b.remove_prefix(1);
    }
    return static_cast<int>(!a.empty()) - static_cast<int>(!b.empty());
}

ListingEntry entry_of(std::string name, bool is_directory, std::uint64_t size, std::int64_t mtime) {
    return {std::move(name), is_directory, is_directory ? 0 : size, mtime};
}

/// Looks at the entries of one directory.
class Reader {
  public:
    Reader(const DocumentRoot& root, std::string_view decoded_path, int directory)
        : root_(root), path_(decoded_path), directory_(directory) {
        if (path_.empty() || path_.back() != '/') path_ += '/';
        prefix_ = path_.size();
    }

    /// nullopt for what a visitor cannot have, and for what is gone since.
    std::optional<ListingEntry> look(const char* name) {
        struct stat status;
        if (::fstatat(directory_, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
        if (S_ISLNK(status.st_mode)) return look_through(name);
        if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) return std::nullopt;
        return entry_of(name, S_ISDIR(status.st_mode), static_cast<std::uint64_t>(status.st_size),
                        status.st_mtim.tv_sec);
    }

  private:
    /// What a symbolic link points to, if the root would open it.
    std::optional<ListingEntry> look_through(const char* name) {
        path_.resize(prefix_);
        path_ += name;
        const auto found = root_.stat(path_);
        if (found.status != OpenStatus::ok && found.status != OpenStatus::is_directory) {
            return std::nullopt;
        }
        return entry_of(name, found.status == OpenStatus::is_directory, found.info.size,
                        found.info.mtime);
    }

    const DocumentRoot& root_;
    std::string path_;
    std::size_t prefix_ = 0;
    int directory_;
};

bool is_wanted(std::string_view name, const ListingOptions& options) {
    if (name == "." || name == "..") return false;
    if (options.hides && options.hides(name)) return false;
    return options.show_dotfiles || name.front() != '.';
}

void sort_entries(std::vector<ListingEntry>& entries) {
    std::sort(entries.begin(), entries.end(), [](const ListingEntry& a, const ListingEntry& b) {
        if (a.is_directory != b.is_directory) return a.is_directory;
        return natural_less(a.name, b.name);
    });
}

}  // namespace

bool natural_less(std::string_view a, std::string_view b) {
    const int order = natural_compare(a, b);
    return order != 0 ? order < 0 : a < b;
}

std::optional<DirectoryListing> read_directory(const DocumentRoot& root,
                                               std::string_view decoded_path, Fd directory,
                                               const ListingOptions& options) {
    const Directory stream(::fdopendir(directory.get()));
    if (!stream) return std::nullopt;
    Reader reader(root, decoded_path, directory.release());  // the stream closes it

    DirectoryListing listing;
    for (;;) {
        errno = 0;
        const dirent* item = ::readdir(stream.get());
        if (item == nullptr) break;
        if (!is_wanted(item->d_name, options)) continue;
        auto entry = reader.look(item->d_name);
        if (!entry) continue;
        if (listing.entries.size() == options.max_entries) {
            listing.truncated = true;
            break;
        }
        listing.entries.push_back(std::move(*entry));
    }
    if (errno != 0 && !listing.truncated) return std::nullopt;
    sort_entries(listing.entries);
    return listing;
}

}  // namespace basehttp
