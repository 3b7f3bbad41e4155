// What children send through their parent: files, log lines, work behind answers, the end.
#include <doctest/doctest.h>

#include <fstream>
#include <future>
#include <ostream>
#include <string>

#include "tests/loopback/forking_support.hpp"
#include "tests/support/in_process_scripts.hpp"
#include "tests/support/temp_dir.hpp"

using namespace basehttp;
using namespace std::chrono_literals;

namespace {

/// A file of `size` bytes, sent by handlers as regions.
struct BigFile {
    explicit BigFile(std::size_t size) : text(size, '\0') {
        for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 1009 % 26);
        std::ofstream((directory / "file").string(), std::ios::binary) << text;
    }
    std::shared_ptr<const Fd> open() const {
        return std::make_shared<const Fd>(
            Fd(::open((directory / "file").c_str(), O_RDONLY | O_CLOEXEC)));
    }
    TempDir directory;
    std::string text;
};

/// Answers; for the path "/work" the child works on until it may end.
struct Afterwards {
    Signal begun, release, done;
    HandlerFactory handler() const {
        return function_handler([this](FunctionHandler& h) {
            h.answer("whole");
            if (h.path != "/work") return;
            h.request.afterwards = [this, &log = h.server.log()] {
                begun.give();
                release.take();
                log.write(LogLevel::warning, "afterwards");
                done.give();
            };
        });
    }
};

}  // namespace

TEST_SUITE("forked answers") {
    TEST_CASE("A file goes to a slow client without a process that waits for it") {
        const BigFile file(8'000'000);
        ForkingTestServer server(function_handler([&](FunctionHandler& h) {
            h.send_response(200);
            h.send_header("Content-Length", file.text.size());
            h.end_headers();
            h.wfile.send_file(file.open(), 0, file.text.size());
        }));
        RawClient client = server.raw_client(4096);
        client.send(get);
        client.receive_until("\r\n\r\n");
        CHECK(children_end(server));
        CHECK(client.receive(file.text.size()) == file.text);
        CHECK_FALSE(client.something_there());
        client.send(get);  // and again on the same connection
        client.receive_until("\r\n\r\n");
        CHECK(client.receive(file.text.size()) == file.text);
    }

    TEST_CASE("Many files and texts in one answer come in order, with few descriptors") {
        const BigFile file(300'000);
        ForkingTestServer server(function_handler([&](FunctionHandler& h) {
            h.send_response(200);
            h.end_headers();
            for (std::size_t i = 0; i < 300; ++i) {
                h.wfile.write("<" + std::to_string(i) + ">");
                h.wfile.send_file(file.open(), i, 900 * i);
            }
        }));
        const auto before = open_descriptors();
        HttpClient client = server.client();
        const Hidden hidden(client);
        client.send(get);
        client.receive_head();
        for (int i = 0; i < 50; ++i) server.settle();
        CHECK(open_descriptors() < before + 12);
        HttpClient whole = server.client();
        std::string expected;
        for (std::size_t i = 0; i < 300; ++i)
            expected += "<" + std::to_string(i) + ">" + file.text.substr(i, 900 * i);
        CHECK(whole.get("/").body == expected);
    }

    TEST_CASE("Lines that a handler logs are written by the parent, and so is its access line") {
        ForkingTestServer server(function_handler([](FunctionHandler& h) {
            h.server.log().write(LogLevel::warning, "pid " + std::to_string(::getpid()));
            h.server.log().write(LogLevel::debug, "not wanted");
            h.server.log().write(LogLevel::error, std::string(100'000, 'x'));
            h.request.log_fields.push_back({"number", "", 7});
            h.request.log_fields.push_back({"word", "yes", 0});
            h.answer("text");
        }));
        const std::string pid = std::to_string(::getpid());
        CHECK(server.client().get("/path").body == "text");
        const std::string errors = server.error_log();
        CHECK(contains(errors, "warning: pid "));
        CHECK_FALSE(contains(errors, "pid " + pid));
        CHECK_FALSE(contains(errors, "not wanted"));
        CHECK(contains(errors, std::string(30'000, 'x')));
        const std::string access = server.access_log();
        CHECK(contains(access, "\"GET /path HTTP/1.1\" 200 4 "));
        CHECK(contains(access, " number=7 word=yes"));
    }

    TEST_CASE("Work afterwards holds up neither its answer nor the next request") {
        const Afterwards after;
        ForkingTestServer server(after.handler());
        HttpClient client = server.client();
        CHECK(client.get("/work").body == "whole");
        CHECK(after.begun.take());
        CHECK(client.get("/").body == "whole");
        CHECK_FALSE(after.done.is_given());
        CHECK(children_end(server, 1));
        after.release.give();
        CHECK(children_end(server));
        CHECK(contains(server.error_log(), "afterwards"));
    }

    TEST_CASE("The end of serving waits for work afterwards, and for no longer than it may") {
        for (const bool in_time : {true, false}) {
            CAPTURE(in_time);
            const Afterwards after;
            ForkingTestServer server(after.handler());
            CHECK(server.client().get("/work").body == "whole");
            CHECK(after.begun.take());
            {
                RawClient idle = RawClient::plain(server.port());
                server.advance(1s);
                server.begin_shutdown();
                CHECK(idle.ends());
            }
            CHECK(server.server().active_children() == 1);
            if (in_time)
                after.release.give();
            else
                server.clock.advance(31s);  // the loop looks within a second
            server.stop();
            CHECK(server.server().active_children() == 0);
            CHECK(after.done.is_given() == in_time);
            CHECK(no_child_is_left());
            CHECK(contains(server.error_log(),
                           in_time ? "warning: afterwards" : "its time was over after its answer"));
        }
    }

    TEST_CASE("Without block_on_close work afterwards is left behind, and ends with the server") {
        const Afterwards after;
        {
            ForkingTestServer server(after.handler(),
                                     [](ForkingHTTPServer& s) { s.block_on_close = false; });
            CHECK(server.client().get("/work").body == "whole");
            CHECK(after.begun.take());
            server.stop();
        }
        CHECK_FALSE(after.done.is_given());
        CHECK(no_child_is_left());
    }

    TEST_CASE("A running request is finished at shutdown, whatever block_on_close is") {
        for (const bool block : {true, false}) {
            CAPTURE(block);
            const Signal entered, release;
            ForkingTestServer server(function_handler([&](FunctionHandler& h) {
                                         entered.give();
                                         release.take();
                                         h.answer("done");
                                     }),
                                     [&](ForkingHTTPServer& s) { s.block_on_close = block; });
            {
                RawClient idle = server.raw_client(), busy = server.raw_client();
                busy.send(get);
                CHECK(entered.take());
                server.advance(1s);
                server.begin_shutdown();
                CHECK(idle.ends());
                release.give();
                busy.receive_until("\r\n\r\ndone");
                CHECK(children_end(server));
                server.advance(2s);  // nothing told it that this was the last answer
                CHECK(busy.ends());
            }
            server.stop();
            if (block) CHECK(no_child_is_left());
        }
    }

    TEST_CASE("What does not end in the time for it is ended") {
        const Signal entered, never;
        ForkingTestServer server(function_handler([&](FunctionHandler& h) {
            entered.give();
            never.take();
            h.answer("too late");
        }));
        {
            RawClient idle = server.raw_client(), busy = server.raw_client();
            busy.send(get);
            CHECK(entered.take());
            server.advance(1s);
            server.begin_shutdown();
            CHECK(idle.ends());
            server.clock.advance(31s);
            CHECK(busy.ends());
        }
        server.stop();
        CHECK(no_child_is_left());
    }

    TEST_CASE("A handler may call shutdown, and its answer is sent") {
        ForkingTestServer server(function_handler([](FunctionHandler& h) {
            h.server.shutdown();
            h.answer("good night");
        }));
        CHECK(exchange(server.port(), get).ends_with("good night"));
        server.join();
    }

    TEST_CASE("Scripts run below the process of their request") {
        InProcessScripts scripts;
        scripts.printing("hello", "Content-Type: text/plain\\n\\nhello");
        ForkingTestServer server(scripts.handler());
        HttpClient client = server.client();
        for (int i = 0; i < 3; ++i) CHECK(client.get("/cgi-bin/hello").body == "hello");
        CHECK(children_end(server));
        CHECK(no_child_is_left());
    }
}
