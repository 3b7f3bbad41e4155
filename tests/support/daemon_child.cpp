// Starting and watching a child process of a test.
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <system_error>

#include "tests/support/daemon_fixture.hpp"

namespace basehttp {
namespace {

constexpr unsigned nobody = 65534;

void open_as(int fd, const std::string& file) {
    const int opened = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (opened < 0 || ::dup2(opened, fd) < 0) ::_exit(126);
    if (opened != fd) ::close(opened);
}

void drop_privileges() {
    if (::getuid() != 0) return;
    if (::setgid(nobody) != 0 || ::setuid(nobody) != 0) ::_exit(126);
}

void hand_over(int listening) {
    if (listening == 3)
        ::fcntl(3, F_SETFD, 0);
    else if (::dup2(listening, 3) < 0)
        ::_exit(126);
    ::setenv("LISTEN_FDS", "1", 1);
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
}

/// LeakSanitizer, at the end, looks at /proc and traces all threads: confined it could not.
void let_leaks_be_found() {
#ifdef __SANITIZE_ADDRESS__
    const char* const options = std::getenv("ASAN_OPTIONS");
    if (options == nullptr || std::strstr(options, "detect_leaks=0") == nullptr)
        ::setenv("BASEHTTPD_LANDLOCK", "off", 1);
#endif
}

[[noreturn]] void become(const ChildOptions& options, int program, std::vector<char*>& arguments) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    open_as(STDOUT_FILENO, options.out);
    open_as(STDERR_FILENO, options.err);
    if (options.listening >= 0) hand_over(options.listening);
    if (options.descriptors != 0) {
        const rlimit limit{options.descriptors, options.descriptors};
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (options.unprivileged) drop_privileges();
    let_leaks_be_found();
    ::fexecve(program, arguments.data(), environ);
    ::_exit(127);
}

}  // namespace

std::string daemon_program() {
    const char* program = std::getenv("BASEHTTPD");
    if (program == nullptr)
        throw std::runtime_error("The environment variable BASEHTTPD must name the program");
    return program;
}

Child::Child(const ChildOptions& options) {
    std::vector<std::string> texts{"basehttpd"};
    texts.insert(texts.end(), options.arguments.begin(), options.arguments.end());
    std::vector<char*> arguments;
    for (std::string& text : texts) arguments.push_back(text.data());
    arguments.push_back(nullptr);
    // Opened here, so that it can be run by users who cannot reach it by name.
    const Fd program(::open(daemon_program().c_str(), O_PATH | O_CLOEXEC));
    const Fd high(::fcntl(program.get(), F_DUPFD_CLOEXEC, 10));
    if (!high) throw std::system_error(errno, std::generic_category(), daemon_program());
    pid_ = ::fork();
    if (pid_ == 0) become(options, high.get(), arguments);
    if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
    ::setpgid(pid_, pid_);
    pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
}

Child::~Child() { wait(0); }

void Child::signal(int number) const {
    if (!status_) ::kill(pid_, number);
}

std::optional<int> Child::wait(int milliseconds) {
    if (status_) return status_;
    pollfd polled{pidfd_.get(), POLLIN, 0};
    const bool ended = ::poll(&polled, 1, milliseconds) == 1;
    if (!ended) ::kill(-pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
    status_ = status;
    if (!ended) return std::nullopt;
    return status_;
}

bool Child::until(const std::function<bool()>& holds, int milliseconds) const {
    constexpr int step = 5;
    for (int waited = 0; waited < milliseconds; waited += step) {
        if (holds()) return true;
        pollfd polled{pidfd_.get(), POLLIN, 0};
        if (::poll(&polled, 1, step) == 1) return holds();
    }
    return false;
}

}  // namespace basehttp
