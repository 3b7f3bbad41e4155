// Scripts behind a real server in this process: streaming, waiting, leaving, ending.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ostream>
#include <string>

#include "handlers/cgi/script_gate.hpp"
#include "tests/support/in_process_scripts.hpp"
#include "tests/support/watched_server.hpp"

using namespace basehttp;
using namespace std::chrono_literals;

namespace {

std::string get(std::string_view target, std::string_view fields = {}) {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n";
}

/// The reading end of a FIFO "alive" that scripts hold open, as descriptor 3.
class Alive {
  public:
    explicit Alive(const CgiSite& site) {
        const std::string path = site.root() + "/alive";
        REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
        fifo_.reset(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
        REQUIRE(fifo_);
    }
    /// What a script has to say first.
    static constexpr const char* open = "exec 3>../alive\necho here >&3\n";
    /// Waits for that.
    void begins() const { REQUIRE(next() == 'h'); }
    /// Waits until no process holds it any more.
    bool ends() const {
        char last = 'x';
        while (last != '\0') last = next();
        return true;
    }

  private:
    /// The next byte, '\0' at the end.
    char next() const {
        pollfd polled{fifo_.get(), POLLIN, 0};
        REQUIRE(::poll(&polled, 1, 20'000) == 1);
        char byte = '\0';
        return ::read(fifo_.get(), &byte, 1) == 1 ? byte : '\0';
    }
    Fd fifo_;
};

constexpr std::string_view shell = "#!/bin/sh\n";
constexpr std::string_view text_header = "printf 'Content-Type: text/plain\\n\\n'\n";
constexpr std::string_view for_ever = "exec tail -f /dev/null\n";

std::string script_of(std::initializer_list<std::string_view> parts) {
    std::string text(shell);
    for (const std::string_view part : parts) text += part;
    return text;
}

}  // namespace

TEST_SUITE("cgi") {
    TEST_CASE_TEMPLATE("Scripts and files answer on one connection, with any server", Server,
                       HTTPServer, ThreadingHTTPServer) {
        const InProcessScripts site;
        site.files().write("file.txt", "static");
        site.printing("s", "Content-Type: text/plain\\n\\nhello");
        site.script("echo", script_of({text_header, "cat\n"}));
        site.printing("bad", "bad");
        TestServer<Server> server(site.handler());
        HttpClient client = server.client();
        const std::string body(300'000, 'b');
        for (int i = 0; i < 2; ++i) {
            CHECK(client.get("/cgi-bin/s").body == "hello");
            CHECK(client.get("/file.txt").body == "static");
            CHECK(client.request("HEAD", "/cgi-bin/s").get("Content-Length") == "5");
            client.send("POST /cgi-bin/echo HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n");
            server.settle();
            client.send(body);
            CHECK(client.receive().body == body);
            client.send(
                "POST /cgi-bin/echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
            server.settle();
            client.send("5\r\nhello\r\n0\r\n\r\n");
            CHECK(client.receive().body == "hello");
            CHECK(client.get("/cgi-bin/bad").status == 502);
        }
        CHECK(has(server.error_log(), "Script /cgi-bin/bad (id "));
        CHECK(has(server.access_log(), " script_exit=0 "));
    }

    TEST_CASE("The client has what the script has written, before it ends") {
        const InProcessScripts site;
        const Fd go = site.fifo("go");
        for (const std::string type : {"text/plain", "text/event-stream"})
            site.script(type.substr(5), script_of({"printf 'Content-Type: ", type,
                                                   "\\n\\none'\nread x < ../go\nprintf two\n"}));
        TestServer server(site.handler());
        HttpClient client = server.client();
        for (const std::string name : {"plain", "event-stream"}) {
            client.send(get("/cgi-bin/" + name));
            const Reply head = client.receive_head();
            CHECK(head.chunked);
            CHECK(client.read_some(8) == "3\r\none\r\n");
            write_line(go, "");
            std::string rest;
            while (!has(rest, "0\r\n\r\n")) rest += client.read_some(100);
            CHECK(rest == "3\r\ntwo\r\n0\r\n\r\n");
        }
    }

    TEST_CASE("A server without threads sends the answer when the script has ended, all of it") {
        const InProcessScripts site;
        site.script("much", script_of({text_header, "printf one\nhead -c 3000000 /dev/zero\n"}));
        TestServer<HTTPServer> server(site.handler());
        const Reply reply = server.client().get("/cgi-bin/much");
        CHECK(reply.body.size() == 3'000'003);
        CHECK(reply.body.starts_with("one"));
    }

    TEST_CASE("A client that resets its connection ends the script, at every stage") {
        for (const std::string_view stage : {"", "header", "flood"}) {
            CAPTURE(stage);
            const InProcessScripts site;
            const Alive alive(site);
            site.script("s", script_of({Alive::open, stage.empty() ? "" : text_header,
                                        stage.empty() ? "" : "echo part\n",
                                        stage == "flood" ? "exec yes\n" : for_ever}));
            TestServer<WatchedServer> server(site.handler());
            RawClient client = server.raw_client();
            client.send(get("/cgi-bin/s"));
            alive.begins();
            if (!stage.empty()) client.receive_until("part\n");
            client.cut();
            CHECK(alive.ends());
            server.server().turns_end();  // before the server stops, which would be a reason too
            server.stop();
            const std::string log = server.access_log();
            CHECK(has(log, stage.empty() ? "\" 499 0 " : "\" 200 "));
            CHECK(has(log, " script_signal="));
            CHECK(has(server.error_log(), "ended, because its client went away"));
        }
    }

    TEST_CASE("A client that closed entirely ends a script that says nothing") {
        const InProcessScripts site;
        const Alive alive(site);
        site.script("s", script_of({Alive::open, for_ever}));
        TestServer<WatchedServer> server(site.handler());
        {
            RawClient client = server.raw_client();
            client.send(get("/cgi-bin/s"));
            alive.begins();
        }
        server.settle();
        server.advance(1s);
        CHECK(alive.ends());
        server.server().turns_end();
        CHECK(has(server.error_log(), "ended, because its client went away"));
    }

    TEST_CASE("A client that does not read holds back the script, and gets everything in the end") {
        const InProcessScripts site;
        const Alive alive(site);
        site.script("s", script_of({Alive::open, text_header,
                                    "head -c 40000000 /dev/zero\necho done >&3\n"}));
        TestServer server(site.handler());
        RawClient client = server.raw_client(4096);
        client.send(get("/cgi-bin/s", "Connection: close\r\n"));
        alive.begins();
        client.receive_until("\r\n\r\n");
        for (int i = 0; i < 100; ++i) server.settle();
        CHECK(site.processes().size() >= 1);
        const RawReply reply = parse_reply("HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n" +
                                           client.receive_all());
        CHECK(reply.whole);
        CHECK(reply.body.size() == 40'000'000);
        CHECK(alive.ends());
    }

    TEST_CASE("A script that closed its output may go on behind its answer") {
        const InProcessScripts site;
        const Fd go = site.fifo("go");
        const Alive alive(site);
        site.script("s", script_of({Alive::open, text_header,
                                    "echo whole\nexec >&-\nread x < ../go\nexit 7\n"}));
        site.printing("t", "Content-Type: text/plain\\n\\nnext");
        TestServer<WatchedServer> server(site.handler());
        HttpClient client = server.client();
        CHECK(client.get("/cgi-bin/s").body == "whole\n");
        CHECK(client.get("/cgi-bin/t").body == "next");
        write_line(go, "");
        CHECK(alive.ends());
        server.server().turns_end(2);  // before the server stops, which would end the script
        CHECK(has(server.error_log(), "exit status 7 after its answer"));
    }

    TEST_CASE("Where one script may run and none may wait, the second request is 503") {
        InProcessScripts site;
        site.settings->gate = std::make_shared<ScriptGate>(
            ScriptGate::Limits{.children = 1, .per_script = 1, .queue = 0});
        const Fd go = site.fifo("go");
        const Alive alive(site);
        site.files().write("file.txt", "static");
        site.script("s",
                    script_of({Alive::open, "read x < ../go\n", text_header, "echo at last\n"}));
        TestServer server(site.handler());
        HttpClient first = server.client(), second = server.client();
        first.send(get("/cgi-bin/s"));
        alive.begins();
        const Reply refused = second.get("/cgi-bin/s");
        CHECK(refused.status == 503);
        CHECK(refused.get("Retry-After") == "5");
        CHECK(second.get("/file.txt").body == "static");
        write_line(go, "");
        CHECK(first.receive().body == "at last\n");
        CHECK(has(server.error_log(), ": 503: not started, the queue is full"));
    }

    TEST_CASE("Requests wait for their scripts without threads: in turn, or 503 after their time") {
        InProcessScripts site;
        site.settings->gate = std::make_shared<ScriptGate>(
            ScriptGate::Limits{.children = 1, .per_script = 1, .queue = 20});
        site.settings->queue_timeout = 5s;
        const Fd go = site.fifo("go");
        const Alive alive(site);
        site.script("s",
                    script_of({Alive::open, "read x < ../go\n", text_header, "echo at last\n"}));
        site.printing("t", "Content-Type: text/plain\\n\\nquick");
        TestServer<WatchedServer> server(site.handler(), [](WatchedServer& s) {
            s.max_workers = 1;
            s.max_waiting = 10;
        });
        HttpClient running = server.client(), waiting = server.client();
        running.send(get("/cgi-bin/s"));
        alive.begins();
        waiting.send(get("/cgi-bin/t"));
        server.server().turns_end();
        bool late = false;
        SUBCASE("in turn") {}
        SUBCASE("too late") {
            late = true;
            server.advance(6s);
            CHECK(waiting.receive().status == 503);
        }
        write_line(go, "");
        CHECK(running.receive().body == "at last\n");
        if (!late) CHECK(waiting.receive().body == "quick");
        CHECK(server.client().get("/cgi-bin/t").body == "quick");
        // One line a second tells of all that are refused.
        CHECK((late || server.error_log() == ""));
        server.error_log();
    }
}
