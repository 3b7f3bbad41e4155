// What BaseHTTPRequestHandler answers and logs, against Python's: tests/python/exchanges.golden.
#if defined(__GNUC__) && !defined(__clang__)  // false alarms of GCC 12 with sanitizers, in <regex>
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <doctest/doctest.h>

#include <ostream>
#include <regex>
#include <string>
#include <vector>

#include "handlers/base_http_request_handler.hpp"
#include "server/log/access_line.hpp"
#include "tests/python/golden.hpp"
#include "tests/support/memory_request.hpp"

using namespace basehttp;
using python::Block;
using Lines = std::vector<std::string>;

namespace {

std::string trimmed(std::string_view text) {
    const std::size_t begin = std::min(text.find_first_not_of(' '), text.size());
    return std::string(text.substr(begin, text.find_last_not_of(' ') + 1 - begin));
}

/// Its do_X() are the lines of a block; exchanges.py has the same for Python.
class ProgramHandler final : public BaseHTTPRequestHandler {
  public:
    ProgramHandler(Request& request_, const Address& client_address_, BaseServer& server_,
                   const Block* block, std::string* variables)
        : BaseHTTPRequestHandler(request_, client_address_, server_),
          block_(*block),
          variables_(*variables) {
        server_version = "Server/1";
        sys_version = "Sys/2";
        error_message_format = "%(code)d|%(message)s\n";
        for (const std::string& setting : block->all("set")) settings_.push_back(setting);
        for (std::string& setting : settings_) apply(setting);
        add_method("SPAM", [this] { run(); });
    }

    void do_GET() override { run(); }
    void do_HEAD() override { run(); }
    void do_POST() override { run(); }

    void finish() override {
        variables_ = python::escaped(command) + " | " + python::escaped(path) + " | " +
                     python::escaped(request_version);
    }

  private:
    void apply(std::string& setting) {
        const std::size_t bar = setting.find(" | ");
        const std::string name = setting.substr(0, bar);
        setting = python::unescaped(setting.substr(bar + 3));
        if (name == "protocol_version")
            protocol_version = setting;
        else if (name == "server_version")
            server_version = setting;
        else if (name == "sys_version")
            sys_version = setting;
        else if (name == "error_message_format")
            error_message_format = setting;
        else if (name == "error_content_type")
            error_content_type = setting;
        else
            FAIL("no such setting: " << name);
    }

    void run() {
        for (const std::string& step : block_.all("do")) {
            Lines words;
            for (const std::string& word : python::split(step, "|"))
                words.push_back(python::unescaped(trimmed(word)));
            words.resize(4);
            call(words[0], words[1], words[2], words[3]);
        }
    }

    void call(const std::string& name, const std::string& a, const std::string& b,
              const std::string& c) {
        if (name == "send_response")
            send_response(std::stoi(a), b);
        else if (name == "send_response_only")
            send_response_only(std::stoi(a), b);
        else if (name == "send_header")
            send_header(a, b);
        else if (name == "end_headers")
            end_headers();
        else if (name == "flush_headers")
            flush_headers();
        else if (name == "send_error")
            send_error(std::stoi(a), b, c);
        else if (name == "write")
            wfile.write(a);
        else if (name == "echo")
            wfile.write(rfile.read(std::stoul(a)));
        else if (name == "log_error")
            log_error(without_percents(a));
        else if (name == "log_message")
            log_message(without_percents(a));
        else
            FAIL("no such step: " << name);
    }

    /// Python's text is a format.
    static std::string without_percents(std::string text) {
        return std::regex_replace(text, std::regex("%%"), "%");
    }

    const Block& block_;
    std::string& variables_;
    Lines settings_;
};

/// The line that the loop writes when an answer is out.
std::string request_line_logged(const std::string& request, int status) {
    RequestHead head;
    parse_request_head(request, {}, head);
    LogTime time;
    time.update(0);
    std::string line;
    append_access_line(line, AccessFormat::python,
                       {.client = "192.0.2.7",
                        .request_line = head.request_line,
                        .host = {},
                        .referer = {},
                        .user_agent = {},
                        .status = status},
                       time);
    return line;
}

std::string without_times(const std::string& text) {
    const std::string undated =
        std::regex_replace(text, std::regex("\r\nDate: [^\r]*"), "\r\nDate: *");
    return std::regex_replace(undated, std::regex(R"( \[\d[^\]]*\] )"), " [*] ");
}

/// What we make of a request, as a golden file shows it.
Lines our_result(const Block& block) {
    std::string variables;
    MemoryServer server(handler_class<ProgramHandler>(&block, &variables), true);
    const std::string request = block.bytes(">");
    RequestHead head;
    const HeadResult parsed = parse_request_head(request, {}, head);
    const bool bad = parsed.status != HeadStatus::complete;
    const auto answer = bad ? server.run_rejected(request, parsed.code, parsed.reason)
                            : server.run(request, head.expect_continue);
    Lines result = python::marked_lines("<", without_times(server.before_body + answer.bytes));
    result.push_back("vars " + python::repetitions_shortened(variables));
    result.push_back(answer.close ? "close yes" : "close no");
    std::string log = server.access_log();
    if (answer.logged) log += request_line_logged(request, answer.status);
    for (std::string& line : python::split(without_times(log), "\n"))
        if (!line.empty())
            result.push_back("log " + python::repetitions_shortened(python::escaped(line)));
    return result;
}

bool is_result(const std::string& line) {
    return line.starts_with("< ") || line.starts_with("vars") || line.starts_with("close") ||
           line.starts_with("log") || line.starts_with("raised");
}

/// Where the header section of an answer ends.
Lines::iterator end_of_fields(Lines& lines) {
    const auto last = std::find(lines.rbegin(), lines.rend(), R"(< \r\n)");
    REQUIRE(last != lines.rend());
    return last.base() - 1;
}

/// send_error by a handler whose connection could go on.
bool is_error_that_keeps(const Block& block) {
    const Lines settings = block.all("set");
    return (block.name.starts_with("error-") || block.name.starts_with("method-")) &&
           block.bytes(">").find(" HTTP/1.1\r\n") != std::string::npos &&
           std::find(settings.begin(), settings.end(), "protocol_version | HTTP/1.0") ==
               settings.end();
}

/// Python's result but for what is different in many answers: send_error keeps the connection, and
/// every answer that closes says so, in its last field.
Lines expected_result(const Block& block) {
    const std::string field = R"(< Connection: close\r\n)";
    Lines lines;
    std::copy_if(block.lines.begin(), block.lines.end(), std::back_inserter(lines), is_result);
    const auto closes = std::find(lines.begin(), lines.end(), "close yes");
    if (closes == lines.end() || !lines.front().starts_with("< HTTP/")) return lines;
    if (is_error_that_keeps(block)) *closes = "close no";
    std::erase(lines, field);
    if (!is_error_that_keeps(block)) lines.insert(end_of_fields(lines), field);
    return lines;
}

std::string joined(const Lines& lines) {
    std::string text;
    for (const std::string& line : lines) text += line + '\n';
    return text;
}

/// By name: our results where they differ on purpose.
std::map<std::string, std::string> declared_results() {
    std::map<std::string, std::string> results;
    for (const Block& block : python::blocks("exchanges.ours")) {
        CAPTURE(block.name);
        REQUIRE(block.lines.front().starts_with("because "));
        python::check_reason(block.lines.front().substr(8));
        results[block.name] = joined({block.lines.begin() + 1, block.lines.end()});
    }
    return results;
}

}  // namespace

TEST_SUITE("as in Python") {
    TEST_CASE("A handler answers and logs what Python's does") {
        auto declared = declared_results();
        python::check_reason("`send_error` keeps the connection");
        python::check_reason("An answer that closes the connection says so");
        for (const Block& block : python::blocks("exchanges.golden")) {
            CAPTURE(block.name);
            const std::string ours = joined(our_result(block));
            const std::string theirs = joined(expected_result(block));
            const auto difference = declared.extract(block.name);
            CHECK(ours == (difference ? difference.mapped() : theirs));
            if (difference) CHECK(ours != theirs);
        }
        for (const auto& [name, result] : declared) FAIL_CHECK("no such exchange: " << name);
    }
}
