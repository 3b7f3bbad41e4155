#include "handlers/process/process_list.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <string>

#include "handlers/process/spawner.hpp"
#include "server/fd.hpp"

namespace basehttp {
namespace {

/// Of a file of /proc, at most `limit` bytes; empty if it cannot be read.
std::string read_all(int fd, std::size_t limit) {
    std::string text;
    while (text.size() < limit) {
        const std::size_t old = text.size();
        text.resize(old + 4096);
        const ssize_t got = ::pread(fd, text.data() + old, 4096, static_cast<off_t>(old));
        text.resize(old + static_cast<std::size_t>(got > 0 ? got : 0));
        if (got <= 0) break;
    }
    return text;
}

std::string read_file(int pid, const char* name, std::size_t limit = 64u << 10) {
    const std::string path = "/proc/" + std::to_string(pid) + "/" + name;
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    return file ? read_all(file.get(), limit) : std::string();
}

template <class Number>
std::optional<Number> number(std::string_view text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// The next word, separated by single spaces or a newline.
std::string_view next_word(std::string_view& text) {
    const std::size_t end = std::min(text.find_first_of(" \n"), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return word;
}

/// What follows "NAME:" and blanks in a line of /proc/PID/status.
std::string_view status_field(std::string_view status, std::string_view name) {
    std::size_t at = 0;
    while (at < status.size()) {
        const std::size_t end = std::min(status.find('\n', at), status.size());
        std::string_view line = status.substr(at, end - at);
        if (line.starts_with(name)) {
            line.remove_prefix(name.size());
            line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
            return line.substr(0, line.find_first_of(" \t"));
        }
        at = end + 1;
    }
    return {};
}

/// Calls `take` with each number that names an entry of /proc.
template <class Take>
void each_pid(Take take) {
    const std::unique_ptr<DIR, int (*)(DIR*)> proc(::opendir("/proc"), ::closedir);
    if (!proc) return;
    while (const dirent* entry = ::readdir(proc.get())) {
        if (const auto pid = number<int>(entry->d_name)) take(*pid);
    }
}

/// Never closed once it is there.
Fd& children_file() {
    static Fd& only = *new Fd;
    return only;
}

Fd open_children() {
    const int main_thread = ::getpid();
    const std::string path = "/proc/self/task/" + std::to_string(main_thread) + "/children";
    return Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

std::vector<int> all_children() {
    std::vector<int> result;
    for (const ProcessStat& process : all_processes()) {
        if (process.parent == ::getpid()) result.push_back(process.pid);
    }
    return result;
}

}  // namespace

std::optional<ProcessStat> parse_process_stat(std::string_view text) {
    const std::size_t name = text.find(" (");
    const std::size_t name_end = text.rfind(") ");  // the name may hold anything
    if (name == text.npos || name_end == text.npos || name_end < name) return std::nullopt;
    std::array<std::string_view, 20> fields;  // from the third, the state
    std::string_view rest = text.substr(name_end + 2);
    for (auto& field : fields) field = next_word(rest);
    const auto pid = number<int>(text.substr(0, name));
    const auto parent = number<int>(fields[1]);
    const auto group = number<int>(fields[2]);
    const auto threads = number<int>(fields[17]);
    const auto start = number<std::uint64_t>(fields[19]);
    if (!pid || !parent || !group || !threads || !start) return std::nullopt;
    const bool ended = fields[0] == "Z" || fields[0] == "X";  // perhaps only the first thread
    return ProcessStat{*pid, *parent, *group, !ended || *threads > 1, *start};
}

std::optional<ProcessStat> read_process(int pid) {
    return parse_process_stat(read_file(pid, "stat"));
}

std::vector<ProcessStat> all_processes() {
    std::vector<ProcessStat> result;
    each_pid([&result](int pid) {
        if (const auto process = read_process(pid)) result.push_back(*process);
    });
    return result;
}

void open_main_thread_children() { children_file() = open_children(); }

std::vector<int> main_thread_children() {
    Fd once;
    if (!children_file()) once = open_children();
    const int fd = children_file() ? children_file().get() : once.get();
    if (fd < 0) return unconfined(all_children);
    const std::string text = read_all(fd, 1u << 20);
    std::vector<int> result;
    std::string_view rest = text;
    while (!rest.empty()) {
        if (const auto pid = number<int>(next_word(rest))) result.push_back(*pid);
    }
    return result;
}

std::string read_environment(int pid) { return read_file(pid, "environ", 4u << 20); }

bool has_entry(std::string_view environment, std::string_view entry) {
    for (std::size_t at = 0; at < environment.size();) {
        const std::size_t end = std::min(environment.find('\0', at), environment.size());
        if (environment.substr(at, end - at) == entry) return true;
        at = end + 1;
    }
    return false;
}

bool has_no_new_privs(int pid) {
    return status_field(read_file(pid, "status"), "NoNewPrivs:") == "1";
}

std::size_t count_user_tasks() {
    const std::string user = std::to_string(::getuid());
    std::size_t tasks = 0;
    each_pid([&](int pid) {
        const std::string status = read_file(pid, "status");
        if (status_field(status, "Uid:") != user) return;
        tasks += number<std::size_t>(status_field(status, "Threads:")).value_or(1);
    });
    return tasks;
}

}  // namespace basehttp
