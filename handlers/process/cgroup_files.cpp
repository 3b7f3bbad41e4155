#include "handlers/process/cgroup_files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <system_error>
#include <vector>

namespace basehttp {
namespace {

/// Takes the text up to a separator, which goes too, or all.
std::string_view cut(std::string_view& text, char separator) {
    const std::size_t end = std::min(text.find(separator), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return part;
}

/// mountinfo writes blanks and backslashes as \ooo.
std::string unescape(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        int code = 0;
        const char* digits = text.data() + i + 1;
        if (text[i] == '\\' && i + 3 < text.size() &&
            std::from_chars(digits, digits + 3, code, 8).ptr == digits + 3) {
            result += static_cast<char>(code);
            i += 3;
        } else {
            result += text[i];
        }
    }
    return result;
}

std::string read_path(const char* path) {
    const Fd file(::open(path, O_RDONLY | O_CLOEXEC));
    return read_cgroup(file.get());
}

std::vector<int> pids_in(int directory) {
    const Fd file(::openat(directory, "cgroup.procs", O_RDONLY | O_CLOEXEC));
    const std::string text = read_cgroup(file.get());
    std::vector<int> pids;
    for (std::string_view rest = text; !rest.empty();) {
        const std::string_view line = cut(rest, '\n');
        int pid = 0;
        std::from_chars(line.data(), line.data() + line.size(), pid);
        if (pid > 0) pids.push_back(pid);  // 0: in another pid namespace
    }
    return pids;
}

}  // namespace

std::string cgroup_directory(std::string_view cgroup, std::string_view mountinfo) {
    std::string_view own;
    while (!cgroup.empty() && own.empty()) {
        std::string_view line = cut(cgroup, '\n');
        if (line.starts_with("0::/")) own = line.substr(3);
    }
    if (own.empty() || own.starts_with("/..")) return {};  // outside of our namespace
    if (own == "/") own = {};
    while (!mountinfo.empty()) {
        std::string_view line = cut(mountinfo, '\n');
        const std::size_t type = line.find(" - ");
        if (type == line.npos || !line.substr(type + 3).starts_with("cgroup2 ")) continue;
        std::array<std::string_view, 5> fields;
        for (auto& field : fields) field = cut(line, ' ');
        std::string root = unescape(fields[3]);
        if (root == "/") root.clear();
        const bool below = own == root || own.starts_with(root + "/");
        if (below) return unescape(fields[4]) + std::string(own.substr(root.size()));
    }
    return {};
}

std::string own_cgroup() {
    return cgroup_directory(read_path("/proc/self/cgroup"), read_path("/proc/self/mountinfo"));
}

std::string read_cgroup(int fd) {
    std::string text;
    std::array<char, 4096> part;
    for (;;) {
        const ssize_t got = ::pread(fd, part.data(), part.size(), static_cast<off_t>(text.size()));
        if (got <= 0) return text;
        text.append(part.data(), static_cast<std::size_t>(got));
    }
}

bool write_cgroup(int directory, const std::string& name, std::string_view text) {
    const Fd file(::openat(directory, name.c_str(), O_WRONLY | O_CLOEXEC));
    return file && ::write(file.get(), text.data(), text.size()) == std::ssize(text);
}

bool has_word(std::string_view list, std::string_view word) {
    while (!list.empty()) {
        const std::string_view line = cut(list, ' ');
        if (line.substr(0, line.find('\n')) == word) return true;
    }
    return false;
}

void remove_cgroup(const std::string& path) {
    if (DIR* directory = ::opendir(path.c_str())) {
        while (const dirent* entry = ::readdir(directory)) {
            if (entry->d_type == DT_DIR && entry->d_name[0] != '.') {
                remove_cgroup(path + "/" + entry->d_name);
            }
        }
        ::closedir(directory);
    }
    ::rmdir(path.c_str());
}

std::unique_ptr<LeafFiles> LeafFiles::make(const std::string& path) {
    auto leaf = std::make_unique<LeafFiles>();
    leaf->path = path;
    const auto open = [&](const char* name, int flags) {
        return Fd(::openat(leaf->directory.get(), name, flags | O_CLOEXEC));
    };
    if (::mkdir(path.c_str(), 0755) == 0 || errno == EEXIST) {  // EEXIST: from a run before ours
        leaf->directory.reset(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    }
    if (leaf->directory) leaf->procs = open("cgroup.procs", O_WRONLY);
    if (leaf->procs) leaf->events = open("cgroup.events", O_RDONLY);
    if (!leaf->events) throw std::system_error(errno, std::generic_category(), path);
    leaf->kill = open("cgroup.kill", O_WRONLY);
    leaf->memory = ::faccessat(leaf->directory.get(), "memory.max", W_OK, 0) == 0;
    leaf->pids = ::faccessat(leaf->directory.get(), "pids.max", W_OK, 0) == 0;
    // Without memory a run ends whole; half of it would hang.
    if (leaf->memory) write_cgroup(leaf->directory.get(), "memory.oom.group", "1");
    return leaf;
}

bool LeafFiles::empty() const {
    return read_cgroup(events.get()).find("populated 0") != std::string::npos;
}

bool LeafFiles::divided() const {
    struct stat info {};
    return ::fstat(directory.get(), &info) != 0 || info.st_nlink > 2;
}

// A pid that is in the cgroup both before and after it was opened is the process that was opened,
// or another one of the same cgroup.
void LeafFiles::signal_all(int number) const {
    for (const int pid : pids_in(directory.get())) {
        const Fd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
        if (!fd) continue;
        const auto now = pids_in(directory.get());
        if (std::find(now.begin(), now.end(), pid) == now.end()) continue;
        ::syscall(SYS_pidfd_send_signal, fd.get(), number, nullptr, 0);
    }
}

/// What is dying still counts for a moment: that is no reason to kill.
void LeafFiles::clear() {
    if (!empty() && (divided() || !pids_in(directory.get()).empty())) kill_all();
}

void LeafFiles::kill_all() {
    killed = true;
    if (!kill || ::write(kill.get(), "1", 1) != 1) kill_one_by_one();
}

void LeafFiles::kill_one_by_one() const {
    write_cgroup(directory.get(), "cgroup.freeze", "1");
    for (int pass = 0; pass < 16 && !empty(); ++pass) signal_all(SIGKILL);
    write_cgroup(directory.get(), "cgroup.freeze", "0");
}

}  // namespace basehttp
