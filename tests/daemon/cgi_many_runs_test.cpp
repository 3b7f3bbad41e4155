// Ten thousand runs of scripts in one daemon; stop() finds every zombie and leaked descriptor.
#include <cstdio>
#include <memory>

#include "tests/support/cgi_site.hpp"

using namespace basehttp;

namespace {

/// Memory and threads checked, everything is several times slower.
bool has_sanitizer() {
    const std::string program = read_text(daemon_program());
    return has(program, "__asan_init") || has(program, "__tsan_init");
}

struct Kind {
    const char* target;
    int status;
};

}  // namespace

TEST_SUITE("daemon cgi many runs") {
    TEST_CASE("Ten thousand runs leave no zombie, no descriptor, no memory") {
        const CgiSite site;
        site.script("ok.sh", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nok'\n");
        site.script("orphan.sh",
                    "#!/bin/sh\n(exec >&- 2>&-; read -r x <../never) &\n"
                    "printf 'Content-Type: text/plain\\n\\nok'\n");
        site.script("unread.sh",
                    "#!/bin/sh\nexec <&-\nprintf 'Content-Type: text/plain\\n\\nok'\n");
        const Fd never = site.fifo("never");
        const Kind kinds[] = {{"/cgi-bin/ok.sh", 200},
                              {"/cgi-bin/ok.sh?a+b", 200},
                              {"/cgi-bin/ok.sh/path?x=y", 200},
                              {"/cgi-bin/unread.sh", 200},
                              {"/cgi-bin/orphan.sh", 200}};
        const int runs = has_sanitizer() ? 1000 : 10'000;
        Daemon daemon({.root = site.root(), .ini = cgi_ini()});
        long memory = 0;
        {
            std::vector<std::unique_ptr<HttpClient>> clients;
            for (int i = 0; i < 8; ++i)
                clients.push_back(std::make_unique<HttpClient>(daemon.endpoint()));
            int wrong = 0;
            for (int run = 0; run < runs; run += 8) {
                for (std::size_t i = 0; i < 8; ++i)
                    clients[i]->send(
                        "POST " +
                        std::string(kinds[(static_cast<std::size_t>(run) / 8 + i) % 5].target) +
                        " HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody");
                for (std::size_t i = 0; i < 8; ++i) {
                    const Reply reply = clients[i]->receive();
                    wrong += reply.status == 200 && reply.body == "ok" ? 0 : 1;
                }
                if (run == runs / 10 / 8 * 8) memory = daemon.status_value("VmRSS:");
            }
            CHECK(wrong == 0);
        }
        CHECK(site.idle(daemon));
        const long growth = daemon.status_value("VmRSS:") - memory;
        CHECK_MESSAGE((has_sanitizer() || growth < 4096), "memory grew by " << growth << " KiB");
        CHECK(daemon.access_log(static_cast<std::size_t>(runs)).size() > 0);
        daemon.stop();
    }

    TEST_CASE("A thousand failures of all kinds leave no zombie and no descriptor") {
        const CgiSite site;
        site.script("exit.sh", "#!/bin/sh\nexit 1\n");
        site.script("crash.sh", "#!/bin/sh\nkill -SEGV $$\n");
        site.script("none.sh", "#!/no/such/interpreter\n");
        site.script("large.sh", "#!/bin/sh\nprintf 'X: %200000d\\n\\n' 1\n");
        site.script("hang.sh", "#!/bin/sh\nsetsid tail -f /dev/null &\nexec tail -f /dev/null\n");
        const char* names[] = {"exit", "crash", "none", "large", "hang"};
        const std::size_t runs = has_sanitizer() ? 100 : 1000;
        // Only those that hang meet a deadline, on a host with a short one.
        Daemon daemon({.root = site.root(),
                       .ini = cgi_ini() + "[site hang.example]\n[cgi hang.example]\n"
                                          "timeout = 50ms\ngrace = 50ms\n",
                       .expected_log = {"exit.sh", "crash.sh", "none.sh", "large.sh", "hang.sh"}});
        {
            HttpClient client(daemon.endpoint());
            for (std::size_t i = 0; i < runs; ++i) {
                const bool hangs = i % 25 == 4;
                const std::string name = names[hangs ? 4 : i % 4];
                const Reply reply = client.get("/cgi-bin/" + name + ".sh",
                                               {{"Host", hangs ? "hang.example" : "localhost"}});
                CHECK(reply.status == (hangs ? 504 : 502));
            }
        }
        CHECK(site.idle(daemon));
        daemon.stop();
    }
}
