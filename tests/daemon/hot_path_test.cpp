// What a hot request costs: system calls of the loops and allocations of the whole process. More
// than the goal fails, whatever the clock says.
#include <poll.h>
#include <sys/syscall.h>

#include <cstdio>
#include <ctime>
#include <memory>
#include <span>

#include "tests/support/allocation_counter.hpp"
#include "tests/support/program_sanitizers.hpp"
#include "tests/support/syscall_counter.hpp"

using namespace basehttp;

namespace {

/// Asked again and again on a connection. ETAG stands for the entity tag of /1k.bin.
struct HotRequest {
    const char* name;
    std::string text;
    int status;
    std::size_t at_once = 1;  ///< pipelined
};

const HotRequest one_kib{"1 KiB", "GET /1k.bin HTTP/1.1\r\nHost: localhost\r\n\r\n", 200};

/// Those that a loop answers with one recv and one send, and no memory.
const HotRequest small_requests[] = {
    one_kib,
    {"10 KiB", "GET /10k.bin HTTP/1.1\r\nHost: localhost\r\n\r\n", 200},
    {"a query", "GET /1k.bin?v=7 HTTP/1.1\r\nHost: localhost\r\n\r\n", 200},
    {"304", "GET /1k.bin HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: ETAG\r\n\r\n", 304},
    {"a range", "GET /10k.bin HTTP/1.1\r\nHost: localhost\r\nRange: bytes=100-299\r\n\r\n", 206},
    {"HEAD", "HEAD /head.bin HTTP/1.1\r\nHost: localhost\r\n\r\n", 200},
    {"404", "GET /none.html HTTP/1.1\r\nHost: localhost\r\n\r\n", 404},
    {"a browser",
     "GET /page.html HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n"
     "sec-ch-ua: \"Chromium\";v=\"140\", \"Not=A?Brand\";v=\"24\"\r\nsec-ch-ua-mobile: ?0\r\n"
     "sec-ch-ua-platform: \"Linux\"\r\nUpgrade-Insecure-Requests: 1\r\n"
     "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/140.0.0.0 Safari/537.36\r\nAccept: text/html,application/xhtml+xml,"
     "application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\nSec-Fetch-Site: none\r\n"
     "Sec-Fetch-Mode: navigate\r\nSec-Fetch-User: ?1\r\nSec-Fetch-Dest: document\r\n"
     "Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\n\r\n",
     200},
    {"pipelined 16", "GET /1k.bin HTTP/1.1\r\nHost: localhost\r\n\r\n", 200, 16},
};

const HotRequest one_mib{"1 MiB", "GET /1m.bin HTTP/1.1\r\nHost: localhost\r\n\r\n", 200};

const HotRequest large_requests[] = {
    {"100 KiB", "GET /100k.bin HTTP/1.1\r\nHost: localhost\r\n\r\n", 200},
    one_mib,
};

class HotSite {
  public:
    /// Waits until the files are so old that the server trusts what it remembers of them: what
    /// changed in this second or the last may change again unseen, and is looked at each time.
    HotSite() {
        directory_.write("1k.bin", std::string(1 << 10, 'x'));
        directory_.write("10k.bin", std::string(10 << 10, 'x'));
        directory_.write("head.bin", std::string(10 << 10, 'x'));
        directory_.write("100k.bin", std::string(100 << 10, 'x'));
        directory_.write("1m.bin", std::string(1 << 20, 'x'));
        std::string page;
        while (page.size() < 10 << 10) page += "<p>Paragraph " + std::to_string(page.size());
        directory_.write("page.html", page);
        const std::time_t written = std::time(nullptr);
        while (std::time(nullptr) < written + 2) ::poll(nullptr, 0, 10);
    }
    std::string root() const { return directory_.str(); }

  private:
    TempDir directory_;
};

/// Connections on which one request is asked, once on each and then again.
class HotClients {
  public:
    HotClients(const Daemon& daemon, const HotRequest& request, std::size_t connections)
        : request_(request) {
        if (const auto at = request_.text.find("ETAG"); at != std::string::npos)
            request_.text.replace(at, 4, daemon.get("/1k.bin").get("ETag"));
        for (std::size_t i = 0; i < request_.at_once; ++i) text_ += request_.text;
        for (std::size_t i = 0; i < connections; ++i)
            clients_.push_back(std::make_unique<HttpClient>(daemon.endpoint()));
        for (int i = 0; i < 4; ++i) ask();  // each loop has it in its cache
    }

    void ask() {
        send();
        receive();
    }
    void ask(std::size_t times) {
        for (std::size_t i = 0; i < times; ++i) ask();
    }
    void send() {
        for (auto& client : clients_) client->send(text_);
    }
    void receive() {
        const bool to_head = request_.text.starts_with("HEAD");
        for (auto& client : clients_)
            for (std::size_t i = 0; i < request_.at_once; ++i)
                if (const int status = client->receive(to_head).status; status != request_.status)
                    FAIL(request_.name << " was answered " << status);
    }

  private:
    HotRequest request_;
    std::string text_;
    std::vector<std::unique_ptr<HttpClient>> clients_;
};

std::uint64_t receives(const SyscallCounts& counts) {
    return counts.of(SYS_recvfrom) + counts.of(SYS_recvmsg) + counts.of(SYS_read);
}

std::uint64_t sends(const SyscallCounts& counts) {
    return counts.of(SYS_sendto) + counts.of(SYS_sendmsg);
}

std::uint64_t waits(const SyscallCounts& counts) {
    std::uint64_t sum = counts.of(SYS_epoll_pwait) + counts.of(SYS_epoll_pwait2);
#ifdef SYS_epoll_wait  // older machines have it
    sum += counts.of(SYS_epoll_wait);
#endif
    return sum;
}

/// What a client sends `times` times costs as many recv and send, at most `most_waits` epoll_wait,
/// and what a loop does besides, once a second and when it hands log lines over: for a request a
/// twentieth.
void check_calls(const SyscallCounts& counts, const HotRequest& request, std::uint64_t times,
                 std::uint64_t most_waits) {
    CAPTURE(times);
    CAPTURE(counts.text());
    const std::uint64_t besides = times * request.at_once / 20;
    CHECK(receives(counts) <= times + besides);
    CHECK(sends(counts) == times);
    CHECK(waits(counts) <= most_waits + besides);
    CHECK(counts.all() <= 2 * times + waits(counts) + besides);
}

/// One connection, one request after the other.
void check_calls_of(const Daemon& daemon, const SyscallCounter& counter,
                    std::span<const HotRequest> requests) {
    constexpr std::size_t times = 400;
    for (const HotRequest& request : requests) {
        CAPTURE(std::string(request.name));
        HotClients client(daemon, request, 1);
        const SyscallCounts before = counter.counts();
        client.ask(times);
        check_calls(counter.counts() - before, request, times, times);
    }
}

bool may_count(const SyscallCounter& counter) {
    if (!counter.allowed()) std::puts("SKIPPED: ptrace is not allowed here");
    return counter.allowed();
}

bool has_own_malloc() {
    if (has_memory_sanitizer()) std::puts("SKIPPED: a sanitizer has a malloc of its own");
    return has_memory_sanitizer();
}

/// Of the whole process: nothing for a request. But a few in all for what loops do once a second,
/// and two for each 16 KiB of log lines, by the loop and by the log's thread.
void check_allocations_of(const Daemon& daemon, const AllocationCounter& counter,
                          std::span<const HotRequest> requests, std::size_t times) {
    REQUIRE(counter.count() > 0);  // else the library is not in there
    const auto log_size = [&] { return std::filesystem::file_size(daemon.work() / "access.log"); };
    for (const HotRequest& request : requests) {
        CAPTURE(std::string(request.name));
        HotClients client(daemon, request, 1);
        const std::uint64_t before = counter.count(), logged = log_size();
        client.ask(times / request.at_once);
        const std::uint64_t batches = (log_size() - logged) / (16 << 10) + 1;
        CHECK(counter.count() - before <= 30 + 2 * batches);
    }
}

/// Each directive that costs something.
const char* const own_format =
    R"(%h %t "%r" %>s %b "%{User-Agent}i" %{%F %T}t %{ms}T %m%U%q%H %v %V %P %X %L %{id}n)";

const std::vector<std::string> log_options[] = {
    {"--access-log", "off"},
    {"--access-format", "python"},
    {"--access-format", "common"},
    {"--access-format", "combined"},
    {"--request-id", "on", "--access-format", "json"},
    {"--request-id", "on", "--access-format", own_format}};

}  // namespace

TEST_SUITE("daemon hot path") {
    TEST_CASE("A hot request costs one recv, one send and at most one epoll_wait") {
        const HotSite site;
        for (const auto& options : log_options) {
            CAPTURE(options.back());
            const Daemon daemon({.root = site.root(), .arguments = options});
            const SyscallCounter counter(daemon);
            if (!may_count(counter)) return;
            check_calls_of(daemon, counter, small_requests);
        }
    }

    TEST_CASE("Requests of 64 connections that are ready together share an epoll_wait") {
        const HotSite site;
        const Daemon daemon({.root = site.root()});
        const SyscallCounter counter(daemon);
        if (!may_count(counter)) return;
        constexpr std::size_t connections = 64, rounds = 10;
        for (const HotRequest& request : small_requests) {
            CAPTURE(std::string(request.name));
            HotClients clients(daemon, request, connections);
            const SyscallCounts before = counter.counts();
            for (std::size_t i = 0; i < rounds; ++i) {
                {
                    const auto held = counter.hold();
                    clients.send();
                }
                clients.receive();
            }
            check_calls(counter.counts() - before, request, rounds * connections, rounds * 8);
        }
    }

    TEST_CASE("A large file costs one recv, one send that says more follows, and sendfile") {
        const HotSite site;
        const Daemon daemon({.root = site.root()});
        const SyscallCounter counter(daemon);
        if (!may_count(counter)) return;
        constexpr std::size_t times = 200, besides = 20;
        HotClients client(daemon, one_mib, 1);
        const SyscallCounts before = counter.counts();
        client.ask(times);
        const SyscallCounts counts = counter.counts() - before;
        CAPTURE(counts.text());
        const std::uint64_t files = counts.of(SYS_sendfile);
        CHECK(receives(counts) == times);
        CHECK(sends(counts) == times);
        CHECK(counts.sends_with_more == times);
        CHECK(files >= times);
        // Log lines are handed over by time, of which a sanitizer takes much.
        const std::uint64_t log_writes = has_memory_sanitizer() ? counts.of(SYS_write) : 0;
        CHECK(counts.all() <= 2 * times + files + waits(counts) + besides + log_writes);
    }

    TEST_CASE("A hot request allocates nothing") {
        if (has_own_malloc()) return;
        const HotSite site;
        for (const auto& options : log_options) {
            CAPTURE(options.back());
            const AllocationCounter counter;
            const Daemon daemon({.root = site.root(), .arguments = options});
            check_allocations_of(daemon, counter, small_requests, 1000);
            check_allocations_of(daemon, counter, large_requests, 200);
        }
    }
}
