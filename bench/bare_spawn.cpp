// The least that running a script can cost: posix_spawn, read its output to the end, waitpid.
//     bare_spawn PROGRAM SECONDS        prints the runs and the microseconds that each took
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace {

void require(int error, const char* what) {
    if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

/// One run; its output must not be empty and its exit status must be 0.
void run(char* program) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) require(errno, "pipe");
    posix_spawn_file_actions_t actions;
    require(::posix_spawn_file_actions_init(&actions), "actions");
    require(::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO), "actions");
    char* arguments[] = {program, nullptr};
    pid_t pid = -1;
    require(::posix_spawn(&pid, program, &actions, nullptr, arguments, environ), program);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    char bytes[4096];
    ssize_t size = 0;
    while (const ssize_t count = ::read(ends[0], bytes, sizeof bytes)) {
        if (count < 0) require(errno, "read");
        size += count;
    }
    ::close(ends[0]);
    int status = 0;
    if (::waitpid(pid, &status, 0) != pid) require(errno, "waitpid");
    if (status != 0 || size == 0) require(EPROTO, program);
}

}  // namespace

int main(int argc, char* argv[]) {
    if (argc != 3) {
        std::fputs("bare_spawn PROGRAM SECONDS\n", stderr);
        return 2;
    }
    using Clock = std::chrono::steady_clock;
    const auto begin = Clock::now();
    const auto end = begin + std::chrono::duration<double>(std::atof(argv[2]));
    long runs = 0;
    for (; Clock::now() < end; ++runs) run(argv[1]);
    const std::chrono::duration<double, std::micro> took = Clock::now() - begin;
    std::printf("%ld %.2f\n", runs, took.count() / static_cast<double>(runs));
}
