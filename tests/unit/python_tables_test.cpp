// Functions of the handlers against tables recorded from Python's: tests/python/tables.golden.
#include <doctest/doctest.h>

#include <ctime>
#include <ostream>
#include <string>

#include "handlers/cgi/script_lookup.hpp"
#include "handlers/cgi_http_request_handler.hpp"
#include "handlers/http/url_path.hpp"
#include "handlers/simple_http_request_handler.hpp"
#include "server/log/access_line.hpp"
#include "tests/python/golden.hpp"
#include "tests/support/function_handler.hpp"
#include "tests/support/memory_request.hpp"

using namespace basehttp;
using python::compare_table;

namespace {

constexpr std::string_view get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

/// Calls a function of the test with a handler that has a request.
template <class Base>
class Probe final : public Base {
  public:
    using Function = std::function<void(Probe&)>;

    template <class... Arguments>
    Probe(Request& request_, const Address& client_address_, BaseServer& server_, Function function,
          Arguments... arguments)
        : Base(request_, client_address_, server_, arguments...), function_(std::move(function)) {}

    void do_GET() override {
        function_(*this);
        Base::send_error(404);
    }

  private:
    Function function_;
};

class OfVersion final : public FunctionHandler {
  public:
    OfVersion(Request& request_, const Address& client_address_, BaseServer& server_,
              std::string version)
        : FunctionHandler(request_, client_address_, server_,
                          [](FunctionHandler& h) { h.answer("ok"); }),
          version_(std::move(version)) {
        protocol_version = version_;
    }

  private:
    std::string version_;
};

std::time_t number(const std::string& text) { return std::stoll(text); }

/// A site with scripts where the table wants some.
class ScriptSite {
  public:
    ScriptSite() {
        for (const char* name : {"cgi-bin/s", "cgi-bin/sub/s", "htbin/s", "a/cgi-bin/s"})
            std::filesystem::permissions(tree_.write(name, "#!/bin/sh\n"),
                                         std::filesystem::perms::owner_all);
        tree_.write("a.txt", "text");
        settings_->document_root = tree_.str();
    }

    bool is_cgi(const std::string& target) {
        using Handler = Probe<CGIHTTPRequestHandler>;
        bool result = false;
        const Handler::Function ask = [&](Handler& handler) { result = handler.is_cgi(); };
        MemoryServer(handler_class<Handler>(ask, make_site(tree_.str()),
                                            std::shared_ptr<const CgiSettings>(settings_)))
            .run("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n");
        return result;
    }

    /// SCRIPT_NAME, PATH_INFO and QUERY_STRING.
    std::string script_split(const std::string& target) const {
        const SplitTarget parts = split_target(target);
        const auto path = decode_url_path(parts.path);
        REQUIRE(path);
        const ScriptTarget script = find_script(*make_site(tree_.str()), *settings_, path->path);
        CHECK(script.kind == ScriptTarget::Kind::script);
        return script.path + " | " + script.path_info + " | " + std::string(parts.query);
    }

  private:
    TempDir tree_;
    std::shared_ptr<CgiSettings> settings_ = std::make_shared<CgiSettings>();
};

using SimpleProbe = Probe<SimpleHTTPRequestHandler>;

void with_simple_handler(const SimpleProbe::Function& function) {
    const TempDir tree;
    MemoryServer(handler_class<SimpleProbe>(function, make_site(tree.str()))).run(get);
}

}  // namespace

TEST_SUITE("as in Python") {
    TEST_CASE("date_time_string gives Python's dates") {
        MemoryServer(function_handler([](FunctionHandler& h) {
            compare_table("date_time_string", [&](const std::string& seconds) {
                return h.date_time_string(number(seconds));
            });
            h.answer("");
        })).run(get);
    }

    TEST_CASE("Log lines have Python's dates, in UTC") {
        compare_table("log_date_time_string", [](const std::string& seconds) {
            LogTime time;
            time.update(0);
            time.update(number(seconds));
            return std::string(time.python());
        });
    }

    TEST_CASE("log_date_time_string is the present in the form of the log") {
        MemoryServer(function_handler([](FunctionHandler& h) {
            LogTime before, after;
            before.update(std::time(nullptr));
            const std::string text = h.log_date_time_string();
            after.update(std::time(nullptr));
            CHECK((text == before.python() || text == after.python()));
            h.answer("");
        })).run(get);
    }

    TEST_CASE("responses has Python's codes and phrases, and explains each") {
        compare_table(
            "responses",
            [](const std::string& code) -> std::string {
                const auto found = BaseHTTPRequestHandler::responses.find(std::stoi(code));
                if (found == BaseHTTPRequestHandler::responses.end()) return "none";
                CHECK_FALSE(found->second.second.empty());
                return std::string(found->second.first);
            },
            [](const std::string& value) { return python::split(value, " | ").front(); });
    }

    TEST_CASE("A connection persists or closes as in Python") {
        compare_table("persistence", [](const std::string& row) {
            const auto parts = python::split(row, " | ");
            REQUIRE(parts.size() == 3);
            const auto answer =
                MemoryServer(handler_class<OfVersion>("HTTP/" + parts[0]))
                    .run("GET /a HTTP/" + parts[1] + "\r\nHost: h\r\n" +
                         (parts[2].empty() ? "" : "Connection: " + parts[2] + "\r\n") + "\r\n");
            return std::string(answer.close ? "close" : "keep");
        });
    }

    TEST_CASE("translate_path stays below the root as Python's does") {
        with_simple_handler([](SimpleProbe& handler) {
            compare_table("translate_path", [&](const std::string& target) {
                return handler.translate_path(target).value_or("400");
            });
        });
    }

    TEST_CASE("Paths of scripts are collapsed as in Python") {
        const auto one_slash = [](std::string path) {
            return path.starts_with("//") ? path.substr(1) : path;
        };
        compare_table(
            "collapse",
            [](const std::string& target) -> std::string {
                const SplitTarget parts = split_target(target);
                const auto path = decode_url_path(parts.path);
                if (!path) return "400";
                return path->path + (parts.query.empty() ? "" : "?" + std::string(parts.query));
            },
            one_slash);
    }

    TEST_CASE("is_cgi finds the scripts that Python's finds") {
        ScriptSite site;
        compare_table(
            "is_cgi",
            [&](const std::string& target) {
                return std::string(site.is_cgi(target) ? "yes" : "no");
            },
            [](const std::string& value) { return python::split(value, " ").front(); });
    }

    TEST_CASE("A path is split into script, further path and query as in Python") {
        const ScriptSite site;
        compare_table("script_split",
                      [&](const std::string& target) { return site.script_split(target); });
    }

    TEST_CASE("guess_type gives Python's types") {
        with_simple_handler([](SimpleProbe& handler) {
            compare_table("guess_type", [&](const std::string& name) {
                return python::split(handler.guess_type(name), "; charset=").front();
            });
        });
    }
}
