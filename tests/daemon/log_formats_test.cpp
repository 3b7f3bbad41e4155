// Formats of the operator's own, sites' tags, the journal.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cstdlib>

#include "tests/support/daemon_fixture.hpp"

using namespace basehttp;

namespace {

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE("daemon logs") {
    TEST_CASE("A format text decides on what lines tell, of cached and handled answers alike") {
        const TempDir root;
        root.write("file.txt", "12345");
        Daemon daemon({.root = root.str(),
                       .ini = "[site a.example]\n[log]\naccess_format = "
                              "%h %m %U %q %H %>s %b %B \"%{X-Any}i\" %v %V %X %L 100%%\n"});
        {
            HttpClient client(
                daemon.endpoint());  // one loop has it, so that lines keep their order
            for (int i = 0; i < 2; ++i)
                client.get("/file.txt?q", {{"X-Any", "a\"\xFF"}, {"Host", "A.example:80"}});
            client.get("/none", {{"Host", "b.example"}, {"Connection", "close"}});
        }
        daemon.stop();
        const auto lines = lines_of(daemon.access_log());
        REQUIRE(lines.size() == 3);
        const std::string line =
            R"(127.0.0.1 GET /file.txt ?q HTTP/1.1 200 5 5 "a\"\xff" a.example A.example:80 + - 100%)";
        CHECK(lines[0] == line);
        CHECK(lines[1] == line);
        CHECK(lines[2].starts_with("127.0.0.1 GET /none  HTTP/1.1 404 "));
        CHECK(lines[2].ends_with(R"("-" - b.example - - 100%)"));
    }

    TEST_CASE("A mistake in the format is blamed on its line, by --check-config as well") {
        const TempDir dir;
        const std::string ini =
            dir.write("x.ini", "[site]\nroot = /\n[log]\naccess_format = %h %y\n").string();
        for (const std::vector<std::string>& arguments :
             {std::vector<std::string>{"--config", ini, "--check-config"},
              std::vector<std::string>{"--config", ini, "--port", "0"}}) {
            const Output output = run_daemon(arguments);
            CHECK(output.exit_status == 2);
            CHECK(output.err.starts_with(
                ini + ":4: access_format: %y is not a directive; known are %h "));
            CHECK(lines_of(output.err).size() == 1);
        }
    }

    TEST_CASE("A site marks its lines of the error log, by its tag or its first name") {
        const TempDir root;
        root.write("file.txt", "12345");
        Daemon daemon({.root = root.str(),
                       .ini = "error_page = 404 /no-such-page\n"
                              "[site a.example b.example]\n"
                              "[site c.example]\ntag = see\n",
                       .expected_log = {" warning: error_page 404 '/no-such-page'",
                                        " warning: [a.example] error_page 404 '/no-such-page'",
                                        " warning: [see] error_page 404 '/no-such-page'"}});
        for (const char* host : {"x.example", "b.example", "c.example"})
            daemon.get("/none", {{"Host", host}});
        daemon.stop();
    }

    TEST_CASE("Lines for the journal begin with their priority and have no time") {
        const TempDir dir;
        dir.write("file.txt", "12345");
        const std::string err = (dir / "err").string();
        const Fd journal(::open(err.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        struct stat status {};
        REQUIRE(::fstat(journal.get(), &status) == 0);
        for (const bool named : {true, false}) {
            CAPTURE(named);
            ::setenv("JOURNAL_STREAM",
                     (std::to_string(status.st_dev) + ":" +
                      std::to_string(named ? status.st_ino : status.st_ino + 1))
                         .c_str(),
                     1);
            const auto [socket, endpoint] = listening_socket();
            Child child({.arguments = {"--root", dir.str(), "--access-format", "common",
                                       "--log-level", "debug"},
                         .listening = socket.get(),
                         .out = "/dev/null",
                         .err = err});
            ::unsetenv("JOURNAL_STREAM");
            HttpClient(endpoint).get("/file.txt");
            HttpClient(endpoint).get("/none");
            child.signal(SIGTERM);
            REQUIRE(child.wait(10'000) == 0);
            const std::string text = read_text(err);
            CAPTURE(text);
            CHECK(has(text, "<6>127.0.0.1 - - [") == named);
            CHECK(has(text, "\n<7>debug: 127.0.0.1 code 404") == named);
            CHECK(has(text, "\n<6>info: Stopped\n") == named);
            CHECK(has(text, "Z info: Stopped\n") != named);
            for (const std::string& line : lines_of(text)) CHECK((line[0] == '<') == named);
        }
    }
}
