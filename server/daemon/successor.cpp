#include "server/daemon/successor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace basehttp {
namespace {

/// The descriptor for the sign of life and the number of pidfds after it, then a line for the name
/// of each socket, from 3 on.
constexpr const char* variable = "BASEHTTPD_UPGRADE";
constexpr int first_socket = 3;

void check(int error, const char* what) {
    if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

/// posix_spawn's two kinds of orders.
struct SpawnOrders {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;

    SpawnOrders() {
        ::posix_spawn_file_actions_init(&files);
        ::posix_spawnattr_init(&attributes);
        sigset_t all, none;
        ::sigfillset(&all);
        ::sigemptyset(&none);
        ::posix_spawnattr_setsigdefault(&attributes, &all);
        ::posix_spawnattr_setsigmask(&attributes, &none);
        ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    }
    SpawnOrders(const SpawnOrders&) = delete;
    SpawnOrders& operator=(const SpawnOrders&) = delete;
    ~SpawnOrders() {
        ::posix_spawn_file_actions_destroy(&files);
        ::posix_spawnattr_destroy(&attributes);
    }
};

/// While it lives, orphans below us go to whom they would go without us.
struct Abdicated {
    int before = 0;
    Abdicated() {
        ::prctl(PR_GET_CHILD_SUBREAPER, &before, 0, 0, 0);
        ::prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
    }
    Abdicated(const Abdicated&) = delete;
    Abdicated& operator=(const Abdicated&) = delete;
    ~Abdicated() { ::prctl(PR_SET_CHILD_SUBREAPER, before, 0, 0, 0); }
};

/// Ours without that of an upgrade before us, and with `added`.
std::vector<char*> environment_with(std::string& added) {
    std::vector<char*> all;
    const std::string prefix = std::string(variable) + "=";
    for (char** entry = environ; *entry != nullptr; ++entry)
        if (!std::string_view(*entry).starts_with(prefix)) all.push_back(*entry);
    all.push_back(added.data());
    all.push_back(nullptr);
    return all;
}

/// Whether the descriptors are what an older program hands over: anybody can set a variable.
bool is_ours(const Inheritance& inheritance) {
    struct stat info {};
    if (::fstat(inheritance.ready.get(), &info) != 0 || !S_ISFIFO(info.st_mode)) return false;
    for (const auto& [name, socket] : inheritance.sockets) {
        int listens = 0;
        socklen_t size = sizeof listens;
        const int asked = ::getsockopt(socket.get(), SOL_SOCKET, SO_ACCEPTCONN, &listens, &size);
        if (asked != 0 || listens == 0) return false;
    }
    return !inheritance.sockets.empty();
}

/// `count` descriptors from `first` on; those that are no pidfds stay open.
std::vector<Fd> take_pidfds(int first, int count) {
    std::vector<Fd> taken;
    for (int fd = first; fd < first + count; ++fd) {
        const bool is_pidfd = ::syscall(SYS_pidfd_send_signal, fd, 0, nullptr, 0) == 0 ||
                              errno == ESRCH || errno == EPERM;
        if (!is_pidfd) continue;
        ::fcntl(fd, F_SETFD, FD_CLOEXEC);
        taken.emplace_back(fd);
    }
    return taken;
}

/// The pid that the new program tells, or -1 when it does not in time.
int read_pid(int ready, int patience) {
    pid_t pid = -1;
    pollfd told{ready, POLLIN, 0};
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience);
    int count = -1;
    do {  // signals come meanwhile
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        count = ::poll(&told, 1, std::max(0, static_cast<int>(left.count())));
    } while (count < 0 && errno == EINTR);
    if (count != 1) return -1;
    ssize_t size = -1;
    do size = ::read(ready, &pid, sizeof pid);
    while (size < 0 && errno == EINTR);
    return size == sizeof pid ? pid : -1;
}

/// `first` has ended after that.
int await_successor(int first, int ready) {
    constexpr int patience = 5000;  // ms
    const int pid = read_pid(ready, patience);
    if (pid < 0) ::kill(first, SIGKILL);
    while (::waitpid(first, nullptr, 0) < 0 && errno == EINTR) {
    }
    return pid;
}

}  // namespace

void signal_process(const Fd& pidfd, int number) {
    ::syscall(SYS_pidfd_send_signal, pidfd.get(), number, nullptr, 0);
}

bool has_ended(const Fd& pidfd) {
    pollfd end{pidfd.get(), POLLIN, 0};
    return ::poll(&end, 1, 0) != 0;
}

std::string own_program(const char* called) {
    std::array<char, PATH_MAX> path;
    const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size());
    if (length <= 0) return "";
    const std::string file(path.data(), static_cast<std::size_t>(length));
    // A link that we were called by may lead to a newer version one day.
    struct stat ours {
    }, named{};
    const std::string link = std::filesystem::absolute(called).lexically_normal().string();
    const bool same = std::strchr(called, '/') != nullptr && ::stat(file.c_str(), &ours) == 0 &&
                      ::stat(link.c_str(), &named) == 0 && ours.st_dev == named.st_dev &&
                      ours.st_ino == named.st_ino;
    return same ? link : file;
}

Inheritance take_inheritance() {
    const char* const given = std::getenv(variable);
    if (given == nullptr) return {};
    std::string_view rest = given;
    Inheritance inheritance;
    inheritance.ready.reset(std::atoi(given));
    ::fcntl(inheritance.ready.get(), F_SETFD, FD_CLOEXEC);
    for (int fd = first_socket;; ++fd) {
        const std::size_t end = rest.find('\n');
        if (end == std::string_view::npos) break;
        rest.remove_prefix(end + 1);
        ::fcntl(fd, F_SETFD, FD_CLOEXEC);
        inheritance.sockets.emplace_back(rest.substr(0, rest.find('\n')), Fd(fd));
    }
    if (!is_ours(inheritance)) {
        for (auto& [name, socket] : inheritance.sockets) static_cast<void>(socket.release());
        static_cast<void>(inheritance.ready.release());
        return {};
    }
    const char* const count = std::strchr(given, ' ');  // an older version tells none
    if (count != nullptr)
        inheritance.older = take_pidfds(inheritance.ready.get() + 1, std::atoi(count));
    ::unsetenv(variable);
    const pid_t child = ::fork();
    if (child != 0) ::_exit(child > 0 ? 0 : 1);
    const pid_t self = ::getpid();
    if (::write(inheritance.ready.get(), &self, sizeof self) != sizeof self) ::_exit(1);
    // The watchdog that the older program had to feed is ours now.
    if (std::getenv("WATCHDOG_PID") != nullptr)
        ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
    return inheritance;
}

Successor start_successor(const std::string& program, const char* const* argv,
                          const ListeningSockets& sockets, const std::vector<Fd>& older) {
    std::array<int, 2> ends;
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) check(errno, "pipe");
    Successor successor{-1, {}, Fd(ends[0])};
    Fd ready(ends[1]);

    const Fd self(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
    std::vector<int> unfinished;
    if (self) unfinished.push_back(self.get());
    for (const Fd& one : older)
        if (!has_ended(one)) unfinished.push_back(one.get());

    const int ready_target = first_socket + static_cast<int>(sockets.size());
    const int last_target = ready_target + static_cast<int>(unfinished.size());
    std::string handed = std::string(variable) + "=" + std::to_string(ready_target) + " " +
                         std::to_string(unfinished.size());
    SpawnOrders orders;
    std::vector<Fd> sources;  // above all targets, so that none overwrites another
    const auto hand_over = [&](int fd, int target) {
        sources.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, last_target + 1));
        if (!sources.back()) check(errno, "descriptors");
        check(::posix_spawn_file_actions_adddup2(&orders.files, sources.back().get(), target),
              "descriptors");
    };
    int target = first_socket;
    for (const auto& socket : sockets) {
        hand_over(socket->socket.get(), target++);
        handed += "\n" + socket->name;
    }
    hand_over(ready.get(), target++);
    for (const int pidfd : unfinished) hand_over(pidfd, target++);
    std::vector<char*> environment = environment_with(handed);
    const Abdicated orphans_go_elsewhere;
    pid_t first = -1;
    check(::posix_spawn(&first, program.c_str(), &orders.files, &orders.attributes,
                        const_cast<char* const*>(argv), environment.data()),
          program.c_str());
    sources.clear();  // one is ready's: a program that is none of ours is known by its end
    ready.reset();
    successor.pid = await_successor(first, successor.ready.get());
    if (successor.pid < 0) throw std::runtime_error(program + " did not start as an upgrade");
    successor.handle.reset(static_cast<int>(::syscall(SYS_pidfd_open, successor.pid, 0)));
    return successor;
}

}  // namespace basehttp
