// The access log's formats, and that nobody can write lines of their own into it.
#include "tests/support/daemon_fixture.hpp"

using namespace basehttp;

namespace {

/// Digits become 9 and letters of month names a, so that a time can be compared by its shape.
std::string shape(std::string text) {
    const std::size_t open = text.find('[');
    const std::size_t close = text.find(']');
    if (open == text.npos || close == text.npos) return text;
    for (std::size_t i = open; i < close; ++i) {
        if (text[i] >= '0' && text[i] <= '9') text[i] = '9';
        if (text[i] >= 'A' && text[i] <= 'z' && text[i] != '[') text[i] = 'a';
        if (text[i] == '+' || text[i] == '-') text[i] = '~';
    }
    return text;
}

struct LogRun {
    const char* format;
    std::vector<std::string> lines;
};

}  // namespace

TEST_SUITE("daemon access log") {
    TEST_CASE("Each format has its shape for handled, cached and failed requests") {
        const TempDir site;
        site.write("file.txt", "12345");
        const LogRun runs[] = {
            {"python",
             {R"(127.0.0.1 - - [99/aaa/9999 99:99:99] "GET /file.txt HTTP/1.1" 200 -)",
              R"(127.0.0.1 - - [99/aaa/9999 99:99:99] "GET /file.txt HTTP/1.1" 200 -)",
              R"(127.0.0.1 - - [99/aaa/9999 99:99:99] "HEAD /none HTTP/1.1" 404 -)"}},
            {"common",
             {R"(127.0.0.1 - - [99/aaa/9999:99:99:99 ~9999] "GET /file.txt HTTP/1.1" 200 5)",
              R"(127.0.0.1 - - [99/aaa/9999:99:99:99 ~9999] "GET /file.txt HTTP/1.1" 200 5)",
              R"(127.0.0.1 - - [99/aaa/9999:99:99:99 ~9999] "HEAD /none HTTP/1.1" 404 -)"}},
            {"combined",
             {R"(127.0.0.1 - - [99/aaa/9999:99:99:99 ~9999] "GET /file.txt HTTP/1.1" 200 5 "http://r/?\"" "me\\")",
              R"(127.0.0.1 - - [99/aaa/9999:99:99:99 ~9999] "GET /file.txt HTTP/1.1" 200 5 "http://r/?\"" "me\\")",
              R"(127.0.0.1 - - [99/aaa/9999:99:99:99 ~9999] "HEAD /none HTTP/1.1" 404 0 "-" "-")"}},
        };
        for (const LogRun& run : runs) {
            CAPTURE(std::string(run.format));
            Daemon daemon({.root = site.str(), .arguments = {"--access-format", run.format}});
            const Fields fields{{"Referer", "http://r/?\""}, {"User-Agent", "me\\"}};
            {
                HttpClient client(daemon.endpoint());
                client.get("/file.txt", fields);
                client.get("/file.txt", fields);
                client.request("HEAD", "/none");
            }
            daemon.stop();
            const auto lines = lines_of(daemon.access_log());
            CAPTURE(daemon.access_log());
            REQUIRE(lines.size() == run.lines.size());
            for (std::size_t i = 0; i < lines.size(); ++i) CHECK(shape(lines[i]) == run.lines[i]);
        }
    }

    TEST_CASE("JSON lines have every value, escaped") {
        const TempDir site;
        site.write("file.txt", "12345");
        Daemon daemon({.root = site.str(), .arguments = {"--access-format", "json"}});
        daemon.get("/file.txt?\"\\", {{"User-Agent", "\xC3\xA4\t\"me\""}, {"Host", "H.example"}});
        daemon.stop();
        const std::string line = daemon.access_log();
        CHECK(lines_of(line).size() == 1);
        CHECK(line.starts_with("{\"time\":\"2"));
        for (const char* part :
             {R"(,"client":"127.0.0.1",)", R"("request":"GET /file.txt?\"\\ HTTP/1.1",)",
              R"("host":"H.example",)", R"("status":200,"bytes":5,"duration_us":)",
              R"("user_agent":"\u00c3\u00a4\u0009\"me\"")"})
            CHECK_MESSAGE(line.find(part) != std::string::npos, std::string(part));
    }

    TEST_CASE("Hostile text is escaped in every format") {
        const TempDir site;
        const std::string evil =
            "\x1B[31m\x7F\xFF\xC2\x9B"
            "2J\"\\ \t- - [x]";
        for (const char* format :
             {"python", "common", "combined", "json", "%h %r %U %q %V %L %{X-Request-Id}i"}) {
            CAPTURE(std::string(format));
            Daemon daemon({.root = site.str(),
                           .arguments = {"--access-format", format, "--log-level", "debug",
                                         "--request-id", "on", "--trusted-proxies", "127.0.0.1"}});
            const auto send = [&](const std::string& text) {
                HttpClient client(daemon.endpoint());
                client.send(text);
                client.half_close();
                CHECK(client.is_cut());
            };
            send("GET /" + evil + " HTTP/1.1\r\nHost: x\r\n\r\n");
            send(
                "GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: \xFF\x80\"\\\r\nReferer: "
                "\xC2\x9B\r\n\r\n");
            send("GET /%1b%0a HTTP/1.1\r\nHost: x\r\n\r\n");
            send("GET / HTTP/1.1\r\nHost: x\r\nX-Request-Id: \"\xC2\x9B\\\r\n\r\n");
            send("GET / HTTP/1.1\r\nHost: \"\xFF\\\r\nX-Request-Id: a\x1B\r\n\r\n");
            send("\x16\x03\x01\x02\x01\x01\xFC\x03\x03\n\n");  // a TLS greeting
            send(evil + " / HTTP/1.1\r\nHost: x\r\n\r\n");
            send("GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: a\r127.0.0.1 - - forged\r\n\r\n");
            daemon.stop();
            for (const std::string& text : {daemon.access_log(), daemon.error_log()}) {
                for (const char c : text) {
                    const bool plain = c == '\n' || (c >= ' ' && c < 0x7F);
                    if (!plain) CHECK_MESSAGE(false, "raw byte in a log: " << int(c));
                }
                for (const std::string& line : lines_of(text))
                    CHECK_FALSE(line.starts_with("127.0.0.1 - - forged"));
            }
            CHECK(lines_of(daemon.access_log()).size() >= 6);
        }
    }

    TEST_CASE("The access log can be turned off") {
        const TempDir site;
        Daemon daemon({.root = site.str(), .arguments = {"--access-log", "off"}});
        daemon.get("/");
        daemon.stop();
        CHECK(daemon.access_log() == "");
    }
}
