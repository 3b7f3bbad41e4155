// hold_thread TID SECONDS: stops one thread of a program for so long, as if it hung there, while
// its other threads go on. For the watchdog test: an event loop that hangs.
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    const int thread = std::atoi(argv[1]);
    if (::ptrace(PTRACE_SEIZE, thread, nullptr, nullptr) != 0 ||
        ::ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr) != 0) {
        std::perror("ptrace");
        return 1;
    }
    int status = 0;
    ::waitpid(thread, &status, __WALL);
    // Until it is killed: it would stay a zombie, and its program with it, until we look.
    for (int tenths = 10 * std::atoi(argv[2]); tenths > 0; --tenths) {
        if (::waitpid(thread, &status, __WALL | WNOHANG) != 0) return 0;
        ::usleep(100'000);
    }
    return 0;  // and the thread goes on
}
