// How many scripts run at once, who waits, and who does not have to.
#include <cstdio>
#include <memory>

#include "tests/support/cgi_site.hpp"
#include "tests/support/raw_client.hpp"

using namespace basehttp;

namespace {

/// Waits for a line of the FIFO "go" in the site's root, then says it.
constexpr std::string_view waiting =
    "#!/bin/sh\nread -r line <../go\nprintf 'Content-Type: text/plain\\n\\n%s' \"$line\"\n";

class Crowd {
  public:
    explicit Crowd(const Daemon& daemon) : daemon_(daemon) {}

    void ask(std::string_view target) {
        clients_.push_back(std::make_unique<RawClient>(daemon_.endpoint().port));
        clients_.back()->send("GET " + std::string(target) +
                              " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    }
    std::size_t answered() const {
        std::size_t count = 0;
        for (const auto& client : clients_) count += client->something_there() ? 1 : 0;
        return count;
    }
    bool wait_for(std::size_t count) const {
        return daemon_.child().until([this, count] { return answered() >= count; });
    }
    /// All answers, once they have come.
    std::vector<RawReply> replies() {
        std::vector<RawReply> replies;
        for (auto& client : clients_) replies.push_back(parse_reply(client->receive_all()));
        return replies;
    }

  private:
    const Daemon& daemon_;
    std::vector<std::unique_ptr<RawClient>> clients_;
};

std::size_t count_of(const std::vector<RawReply>& replies, int status) {
    std::size_t count = 0;
    for (const RawReply& reply : replies) count += reply.status == status ? 1 : 0;
    return count;
}

}  // namespace

TEST_SUITE("daemon cgi queue") {
    TEST_CASE("Requests beyond the queue are answered 503 with Retry-After at once") {
        const CgiSite site;
        const Fd fifo = site.fifo("go");
        site.script("wait.sh", waiting);
        site.files().write("file.txt", "static");
        const Daemon daemon({.root = site.root(),
                             .ini = cgi_ini("children = 1\nqueue = 4\nqueue_timeout = 1h\n"),
                             .expected_log = {"queue"}});
        Crowd crowd(daemon);
        crowd.ask("/cgi-bin/wait.sh");
        CHECK(site.runs(daemon, 1));
        // Two wait: one script may fill half of the queue.
        for (int i = 0; i < 5; ++i) crowd.ask("/cgi-bin/wait.sh");
        CHECK(crowd.wait_for(3));
        CHECK(site.processes().size() == 1);
        CHECK(daemon.get("/file.txt").body == "static");
        for (const char* line : {"one", "two", "three"}) write_line(fifo, line);
        const auto replies = crowd.replies();
        CHECK(count_of(replies, 200) == 3);
        CHECK(count_of(replies, 503) == 3);
        for (const RawReply& reply : replies)
            if (reply.status == 503) CHECK(has(reply.head, "\r\nRetry-After: "));
    }

    TEST_CASE("A request that waits too long is answered 503 with Retry-After") {
        const CgiSite site;
        const Fd fifo = site.fifo("go");
        site.script("wait.sh", waiting);
        const Daemon daemon({.root = site.root(),
                             .ini = cgi_ini("children = 1\nqueue_timeout = 200ms\n"),
                             .expected_log = {"queue"}});
        Crowd running(daemon), late(daemon);
        running.ask("/cgi-bin/wait.sh");
        CHECK(site.runs(daemon, 1));
        late.ask("/cgi-bin/wait.sh");
        const auto replies = late.replies();
        CHECK(replies.at(0).status == 503);
        CHECK(has(replies.at(0).head, "\r\nRetry-After: "));
        write_line(fifo, "done");
        CHECK(running.replies().at(0).body == "done");
    }

    TEST_CASE("Waiting requests run one after the other") {
        const CgiSite site;
        const Fd fifo = site.fifo("go");
        site.script("wait.sh", waiting);
        const Daemon daemon({.root = site.root(), .ini = cgi_ini("children = 1\n")});
        Crowd crowd(daemon);
        for (int i = 0; i < 20; ++i) crowd.ask("/cgi-bin/wait.sh");
        for (int i = 0; i < 20; ++i) {
            CHECK(site.runs(daemon, 1));
            write_line(fifo, "x");
            CHECK(crowd.wait_for(static_cast<std::size_t>(i) + 1));
        }
        CHECK(count_of(crowd.replies(), 200) == 20);
    }

    TEST_CASE("A client that gives up while it waits leaves its place, and no script runs for it") {
        const CgiSite site;
        const Fd fifo = site.fifo("go");
        site.script("wait.sh", waiting);
        site.script("mark.sh", "#!/bin/sh\necho ran >../ran\nprintf 'Content-Type: a/b\\n\\n'\n");
        const Daemon daemon(
            {.root = site.root(), .ini = cgi_ini("children = 1\nqueue = 2\nqueue_timeout = 1h\n")});
        Crowd running(daemon);
        running.ask("/cgi-bin/wait.sh");
        CHECK(site.runs(daemon, 1));
        for (int i = 0; i < 2; ++i) {
            RawClient client(daemon.endpoint().port);
            client.send("GET /cgi-bin/mark.sh HTTP/1.1\r\nHost: localhost\r\n\r\n");
            client.half_close();
            // Asked whether it is still there: so it is in the queue.
            const std::string interim = "HTTP/1.1 102 Processing\r\n\r\n";
            CHECK(client.receive(interim.size()) == interim);
            client.cut();
            // Its line in the access log: it is out of the queue.
            daemon.access_log(static_cast<std::size_t>(i) + 1);
        }
        write_line(fifo, "done");
        CHECK(running.replies().at(0).body == "done");
        CHECK_FALSE(std::filesystem::exists(site.files() / "ran"));
    }

    TEST_CASE("A flood of one script that is stuck leaves others and files alone") {
        const CgiSite site;
        const Fd fifo = site.fifo("go");
        site.script("wait.sh", waiting);
        site.script("quick.sh", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nquick'\n");
        site.files().write("file.txt", "static");
        const Daemon daemon({.root = site.root(),
                             .ini = cgi_ini("children = 6\nper_script = 4\nqueue = 200\n"
                                            "queue_timeout = 1h\n"),
                             .arguments = {"--threads", "2"}});
        Crowd crowd(daemon);
        for (int i = 0; i < 60; ++i) crowd.ask("/cgi-bin/wait.sh?" + std::to_string(i));
        CHECK(site.runs(daemon, 4));
        HttpClient client(daemon.endpoint());
        for (int i = 0; i < 20; ++i) {
            CHECK(client.get("/cgi-bin/quick.sh").body == "quick");
            CHECK(client.get("/file.txt").body == "static");
            CHECK(client.get("/cgi-bin/none.sh").status == 404);
        }
        for (int i = 0; i < 60; ++i) write_line(fifo, "x");
        CHECK(count_of(crowd.replies(), 200) == 60);
    }

    TEST_CASE("More scripts run at once than there are worker threads") {
        const CgiSite site;
        const Fd fifo = site.fifo("go");
        for (int i = 0; i < 4; ++i) site.script("wait" + std::to_string(i) + ".sh", waiting);
        const Daemon daemon(
            {.root = site.root(), .ini = cgi_ini(), .arguments = {"--threads", "2"}});
        Crowd crowd(daemon);
        for (int i = 0; i < 64; ++i) crowd.ask("/cgi-bin/wait" + std::to_string(i % 4) + ".sh");
        CHECK(site.runs(daemon, 64));  // the default of children, of which 16 are of one script
        for (int i = 0; i < 64; ++i) write_line(fifo, "x");
        CHECK(count_of(crowd.replies(), 200) == 64);
    }
}
