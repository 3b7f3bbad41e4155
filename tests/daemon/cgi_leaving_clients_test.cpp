// Clients that go away at every stage of a script, and bodies that end too early.
#include <cstdio>

#include "tests/support/cgi_site.hpp"
#include "tests/support/raw_client.hpp"

using namespace basehttp;

namespace {

constexpr std::string_view head = "GET /cgi-bin/slow.sh HTTP/1.1\r\nHost: localhost\r\n\r\n";

struct Stage {
    const char* name;
    const char* script;
    const char* until;  ///< what the client waits for before it leaves; nullptr: nothing
};

const Stage stages[] = {
    {"at once", "exec tail -f /dev/null\n", nullptr},
    {"after the header", "printf 'Content-Type: text/plain\\n\\n'\nexec tail -f /dev/null\n",
     "\r\n\r\n"},
    {"within the content",
     "printf 'Content-Type: text/plain\\n\\n'\necho part\nexec tail -f /dev/null\n", "part\n"},
    {"while much is written", "printf 'Content-Type: text/plain\\n\\n'\nexec yes\n", "y\ny\ny\n"},
    {"while it ignores TERM and SIGPIPE",
     "trap '' TERM PIPE\nprintf 'Content-Type: text/plain\\n\\n'\nwhile :; do echo y 2>/dev/null; "
     "done\n",
     "y\ny\n"},
    {"while its descendants write",
     "printf 'Content-Type: text/plain\\n\\n'\nsetsid yes &\nsetsid yes &\nwait\n", "y\ny\n"},
};

}  // namespace

TEST_SUITE("daemon cgi leaving clients") {
    TEST_CASE("A client that goes away ends its script, at every stage") {
        for (const Stage& stage : stages) {
            for (const bool reset : {false, true}) {
                CAPTURE(std::string(stage.name));
                CAPTURE(reset);
                const CgiSite site;
                site.script("slow.sh", std::string("#!/bin/sh\n") + stage.script);
                // No deadline would end it.
                Daemon daemon(
                    {.root = site.root(), .ini = cgi_ini("timeout = 1h\ngrace = 100ms\n")});
                {
                    RawClient client(daemon.endpoint().port);
                    client.send(head);
                    if (stage.until != nullptr) client.receive_until(stage.until);
                    CHECK(daemon.child().until([&] { return !site.processes().empty(); }));
                    if (reset) client.cut();
                }
                CHECK(site.idle(daemon));
                daemon.stop();
                CHECK(lines_of(daemon.access_log()).size() == 1);
            }
        }
    }

    TEST_CASE("A client that reads nothing holds back the script, not the memory") {
        const CgiSite site;
        site.script("slow.sh",
                    "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\nexec head -c 100000000 "
                    "/dev/zero\n");
        const Daemon daemon({.root = site.root(), .ini = cgi_ini("timeout = 1h\n")});
        CHECK(daemon.get("/cgi-bin/").status != 0);
        const long before = daemon.status_value("VmRSS:");
        RawClient client(daemon.endpoint().port, 4096);
        client.send(head);
        client.receive_until("\r\n\r\n");
        // The script is stopped by a full pipe: it waits in write(), and its time does not go on.
        CHECK(site.runs(daemon, 1));
        const std::string stat = "/proc/" + std::to_string(site.processes().at(0)) + "/wchan";
        CHECK(daemon.child().until([&] { return has(read_text(stat), "pipe_write"); }));
        CHECK(daemon.status_value("VmRSS:") - before < 4 * 1024);
        client.cut();
        CHECK(site.idle(daemon));
    }

    TEST_CASE("A body that ends too early is 400, and its script never runs") {
        struct Row {
            const char* name;
            const char* sent;
        };
        const Row rows[] = {
            {"declared", "Content-Length: 100\r\n\r\nonly this"},
            {"nothing of it", "Content-Length: 100\r\n\r\n"},
            {"chunk", "Transfer-Encoding: chunked\r\n\r\n20\r\nonly this"},
            {"between chunks", "Transfer-Encoding: chunked\r\n\r\n4\r\nonly\r\n"},
            {"no last chunk", "Transfer-Encoding: chunked\r\n\r\n4\r\nonly\r\n0\r\n"},
        };
        const CgiSite site;
        site.script("post.sh",
                    "#!/bin/sh\necho ran >../ran\nprintf 'Content-Type: text/plain\\n\\n'\n");
        Daemon daemon({.root = site.root(), .ini = cgi_ini()});
        for (const Row& row : rows) {
            CAPTURE(std::string(row.name));
            RawClient client(daemon.endpoint().port);
            client.send("POST /cgi-bin/post.sh HTTP/1.1\r\nHost: localhost\r\n" +
                        std::string(row.sent));
            client.half_close();
            CHECK(parse_reply(client.receive_all()).status == 400);
        }
        {
            RawClient client(daemon.endpoint().port);
            client.send(
                "POST /cgi-bin/post.sh HTTP/1.1\r\nHost: localhost\r\n"
                "Content-Length: 100\r\n\r\nonly this");
            client.cut();
        }
        daemon.stop();
        CHECK_FALSE(std::filesystem::exists(site.files() / "ran"));
    }

    TEST_CASE("A bad chunk is 400, and its script never runs") {
        const CgiSite site;
        site.script("post.sh",
                    "#!/bin/sh\necho ran >../ran\nprintf 'Content-Type: text/plain\\n\\n'\n");
        const Daemon daemon({.root = site.root(), .ini = cgi_ini()});
        const RawReply reply = parse_reply(exchange(daemon.endpoint().port,
                                                    "POST /cgi-bin/post.sh HTTP/1.1\r\nHost: x\r\n"
                                                    "Transfer-Encoding: chunked\r\n\r\nzz\r\n"));
        CHECK(reply.status == 400);
        CHECK_FALSE(std::filesystem::exists(site.files() / "ran"));
    }

    TEST_CASE("A client that shuts down only its sending side gets its answer") {
        const CgiSite site;
        const Fd fifo = site.fifo("go");
        site.script(
            "wait.sh",
            "#!/bin/sh\nread -r line <../go\nprintf 'Content-Type: text/plain\\n\\n%s' $line\n");
        const Daemon daemon({.root = site.root(), .ini = cgi_ini()});
        RawClient client(daemon.endpoint().port);
        client.send("GET /cgi-bin/wait.sh HTTP/1.1\r\nHost: localhost\r\n\r\n");
        client.half_close();
        // The server asks whether it is still there: one that has left would answer with a reset.
        client.receive_until("HTTP/1.1 102 Processing\r\n\r\n");
        CHECK(site.runs(daemon, 1));
        write_line(fifo, "later");
        const RawReply reply = parse_reply(client.receive_all());
        CHECK(reply.status == 200);
        CHECK(reply.body == "later");
    }

    TEST_CASE("A script that does not read its body costs nothing") {
        const CgiSite site;
        site.script("post.sh", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nno need'\n");
        const Daemon daemon({.root = site.root(), .ini = cgi_ini()});
        HttpClient client(daemon.endpoint());
        for (const std::size_t size :
             {std::size_t{10}, std::size_t{70'000}, std::size_t{5 << 20}}) {
            client.send("POST /cgi-bin/post.sh HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
                        std::to_string(size) + "\r\n\r\n" + std::string(size, 'x'));
            CHECK(client.receive().body == "no need");
        }
    }
}
