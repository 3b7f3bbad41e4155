#include "handlers/cgi/environment.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

using namespace basehttp;
using namespace std::string_view_literals;

namespace {

using Variables = std::map<std::string, std::string, std::less<>>;

// What a script would see; a name that is there twice fails.
Variables environment_of(const ScriptRequest& request, const std::vector<HeaderField>& fields = {},
                         const CgiSettings& settings = {}) {
    Variables variables;
    for (const std::string& entry : script_environment(request, Headers(fields), settings)) {
        const std::size_t equals = entry.find('=');
        REQUIRE(equals != std::string::npos);
        const bool is_new =
            variables.emplace(entry.substr(0, equals), entry.substr(equals + 1)).second;
        CAPTURE(entry);
        CHECK(is_new);
    }
    return variables;
}

Variables http_variables(const std::vector<HeaderField>& fields, const CgiSettings& settings = {}) {
    Variables variables = environment_of({}, fields, settings);
    std::erase_if(variables, [](const auto& each) { return !each.first.starts_with("HTTP_"); });
    return variables;
}

ScriptRequest usual_request() {
    ScriptRequest request;
    request.method = "POST";
    request.request_uri = "/cgi-bin/a%20b.py/x/y?q=1&r";
    request.query = "q=1&r";
    request.protocol = "HTTP/1.1";
    request.scheme = "http";
    request.script_name = "/cgi-bin/a b.py";
    request.path_info = "/x/y";
    request.script_filename = "/srv/www/cgi-bin/a b.py";
    request.host = "WWW.Example.org:8080";
    request.server_name = "fallback";
    request.server_address = "192.0.2.1";
    request.server_port = 8080;
    request.client_address = "192.0.2.99";
    request.client_port = 4321;
    request.server_software = "basehttpd/0.1";
    request.unique_id = "abc123";
    request.remote_user = "jane";
    request.auth_type = "Basic";
    request.content_length = 17;
    return request;
}

}  // namespace

TEST_SUITE("script_environment") {
    TEST_CASE("A script gets all meta-variables of RFC 3875 and those of Apache") {
        CgiSettings settings;
        settings.document_root = "/srv/www";
        settings.inherited_env = {"PATH=/bin", "TZ=UTC"};
        settings.env = {{"MODE", "live"}, {"UNIQUE_ID", "another"}};
        const Variables expected = {{"GATEWAY_INTERFACE", "CGI/1.1"},
                                    {"SERVER_SOFTWARE", "basehttpd/0.1"},
                                    {"SERVER_PROTOCOL", "HTTP/1.1"},
                                    {"SERVER_NAME", "www.example.org"},
                                    {"SERVER_PORT", "8080"},
                                    {"SERVER_ADDR", "192.0.2.1"},
                                    {"REQUEST_METHOD", "POST"},
                                    {"REQUEST_URI", "/cgi-bin/a%20b.py/x/y?q=1&r"},
                                    {"REQUEST_SCHEME", "http"},
                                    {"QUERY_STRING", "q=1&r"},
                                    {"SCRIPT_NAME", "/cgi-bin/a b.py"},
                                    {"SCRIPT_FILENAME", "/srv/www/cgi-bin/a b.py"},
                                    {"PATH_INFO", "/x/y"},
                                    {"PATH_TRANSLATED", "/srv/www/x/y"},
                                    {"DOCUMENT_ROOT", "/srv/www"},
                                    {"REMOTE_ADDR", "192.0.2.99"},
                                    {"REMOTE_HOST", "192.0.2.99"},
                                    {"REMOTE_PORT", "4321"},
                                    {"REMOTE_USER", "jane"},
                                    {"AUTH_TYPE", "Basic"},
                                    {"CONTENT_LENGTH", "17"},
                                    {"CONTENT_TYPE", "text/plain"},
                                    {"REDIRECT_STATUS", "200"},
                                    {"UNIQUE_ID", "abc123"},
                                    {"HTTP_HOST", "WWW.Example.org:8080"},
                                    {"HTTP_USER_AGENT", "test"},
                                    {"PATH", "/bin"},
                                    {"TZ", "UTC"},
                                    {"MODE", "live"}};
        const Variables got = environment_of(usual_request(),
                                             {{"Host", "WWW.Example.org:8080"},
                                              {"User-Agent", "test"},
                                              {"Content-Type", "text/plain"},
                                              {"Content-Length", "17"}},
                                             settings);
        CHECK(got == expected);
    }

    TEST_CASE("What a request does not have gives no variable, but the query is always there") {
        ScriptRequest request;
        request.method = "GET";
        request.scheme = "https";
        const Variables got = environment_of(request);
        for (const char* absent : {"CONTENT_LENGTH", "CONTENT_TYPE", "PATH_INFO", "PATH_TRANSLATED",
                                   "REMOTE_USER", "AUTH_TYPE", "UNIQUE_ID", "SERVER_ADDR"}) {
            CAPTURE(absent);
            CHECK(!got.contains(absent));
        }
        CHECK(got.at("QUERY_STRING").empty());
        CHECK(got.at("HTTPS") == "on");
        CHECK(got.at("SERVER_PORT") == "443");
        CHECK(got.at("PATH") == "/usr/local/bin:/usr/bin:/bin");
    }

    TEST_CASE("An empty body still has a length") {
        ScriptRequest request;
        request.content_length = 0;
        CHECK(environment_of(request).at("CONTENT_LENGTH") == "0");
    }

    TEST_CASE("AUTH_TYPE is told only of a verified login") {
        ScriptRequest request;
        request.auth_type = "Basic";
        CHECK(!environment_of(request).contains("AUTH_TYPE"));
    }

    TEST_CASE("SERVER_NAME is the host without its port, in lower case") {
        struct Row {
            std::string_view host, server_name, server_address, expected;
        };
        const Row rows[] = {
            {"example.org", "x", "", "example.org"},
            {"EXAMPLE.org:80", "x", "", "example.org"},
            {"example.org:", "x", "", "example.org"},
            {"192.0.2.1:8080", "x", "", "192.0.2.1"},
            {"[2001:DB8::1]:8080", "x", "", "[2001:db8::1]"},
            {"[::1]", "x", "", "[::1]"},
            {"[::1", "x", "", "[::1"},
            {":8080", "Main", "", "main"},
            {"", "Main", "192.0.2.1", "main"},
            {"", "", "192.0.2.1", "192.0.2.1"},
            {"", "", "::1", "[::1]"},
            {"", "", "", "localhost"},
        };
        for (const Row& row : rows) {
            CAPTURE(row.host);
            CAPTURE(row.server_address);
            ScriptRequest request;
            request.host = row.host;
            request.server_name = row.server_name;
            request.server_address = row.server_address;
            CHECK(environment_of(request).at("SERVER_NAME") == row.expected);
        }
    }

    TEST_CASE("A client by a unix socket is on this machine") {
        ScriptRequest request;
        request.scheme = "http";
        const Variables got = environment_of(request);
        CHECK(got.at("REMOTE_ADDR") == "127.0.0.1");
        CHECK(got.at("REMOTE_HOST") == "127.0.0.1");
        CHECK(got.at("SERVER_PORT") == "80");
        CHECK(!got.contains("REMOTE_PORT"));
    }

    TEST_CASE("The root directory as document root is told as /") {
        ScriptRequest request;
        request.path_info = "/etc";
        const Variables got = environment_of(request);
        CHECK(got.at("DOCUMENT_ROOT") == "/");
        CHECK(got.at("PATH_TRANSLATED") == "/etc");
    }

    TEST_CASE("Header fields become HTTP variables, but those that could deceive do not") {
        struct Row {
            std::string_view name, variable;  // "": none
        };
        const Row rows[] = {
            {"Accept", "HTTP_ACCEPT"},
            {"accept-LANGUAGE", "HTTP_ACCEPT_LANGUAGE"},
            {"X-2b-", "HTTP_X_2B_"},
            {"Content-Encoding", "HTTP_CONTENT_ENCODING"},
            {"Proxies", "HTTP_PROXIES"},
            {"Proxy", ""},
            {"pROXY", ""},
            {"Content-Type", ""},
            {"CONTENT-length", ""},
            {"Transfer-Encoding", ""},
            {"Authorization", ""},
            {"Proxy-Authorization", ""},
            {"Foo_Bar", ""},
            {"Foo.Bar", ""},
            {"Foo!", ""},
            {"Content_Length", ""},
        };
        for (const Row& row : rows) {
            CAPTURE(row.name);
            const Variables got = http_variables({{row.name, "v"}});
            if (row.variable.empty()) {
                CHECK(got.empty());
            } else {
                CHECK(got == Variables{{std::string(row.variable), "v"}});
            }
        }
    }

    TEST_CASE("Authorization is passed on by switch, Proxy-Authorization never") {
        CgiSettings settings;
        settings.pass_authorization = true;
        CHECK(http_variables({{"authorization", "Basic x"}, {"Proxy-Authorization", "y"}},
                             settings) == Variables{{"HTTP_AUTHORIZATION", "Basic x"}});
    }

    TEST_CASE("Fields that come several times are joined") {
        CHECK(
            http_variables(
                {{"X-A", "1"}, {"Cookie", "a=b"}, {"x-a", ""}, {"cookie", "c=d"}, {"X-A", "3"}}) ==
            Variables{{"HTTP_X_A", "1, , 3"}, {"HTTP_COOKIE", "a=b; c=d"}});
    }

    TEST_CASE("HTTP_HOST is the host of the request, whatever the Host field says") {
        ScriptRequest request;
        request.host = "of-target:81";
        CHECK(environment_of(request, {{"Host", "other"}}).at("HTTP_HOST") == "of-target:81");
        CHECK(environment_of(request).at("HTTP_HOST") == "of-target:81");
        CHECK(environment_of({}, {{"Host", ""}}).at("HTTP_HOST").empty());
        CHECK(!environment_of({}).contains("HTTP_HOST"));
    }

    TEST_CASE("A setting wins over the request, the request over what was inherited") {
        CgiSettings settings;
        settings.inherited_env = {"A=inherited", "A=again",          "QUERY_STRING=inherited",
                                  "B=inherited", "HTTP_X=inherited", "PATH=/inherited",
                                  "EMPTY=",      "EQUALS=a=b",       "=x",
                                  "no equals"};
        settings.env = {{"B", "set"}, {"HTTP_Y", "set"}, {"C", "1"},         {"C", "2"},
                        {"", "x"},    {"D=E", "x"},      {"REMOTE_ADDR", ""}};
        ScriptRequest request;
        request.query = "q";
        const Variables got =
            environment_of(request, {{"X", "1"}, {"Y", "1"}, {"x", "2"}, {"y", "2"}}, settings);
        CHECK(got.at("A") == "again");
        CHECK(got.at("QUERY_STRING") == "q");
        CHECK(got.at("HTTP_X") == "1, 2");
        CHECK(got.at("PATH") == "/inherited");
        CHECK(got.at("EMPTY").empty());
        CHECK(got.at("EQUALS") == "a=b");
        CHECK(got.at("B") == "set");
        CHECK(got.at("HTTP_Y") == "set");
        CHECK(got.at("C") == "2");
        CHECK(got.at("REMOTE_ADDR").empty());
        CHECK(!got.contains(""));
        CHECK(!got.contains("D"));
    }

    TEST_CASE("A value with a NUL is not passed on") {
        CgiSettings settings;
        settings.inherited_env = {std::string("A=x\0y"sv)};
        settings.env = {{"B", std::string("x\0y"sv)}, {std::string("C\0"sv), "x"}};
        ScriptRequest request;
        request.query = "x\0y"sv;
        request.path_info = "/\0"sv;
        const Variables got = environment_of(request, {{"X", "1"}, {"X", "\0"sv}}, settings);
        for (const char* absent : {"A", "B", "QUERY_STRING", "PATH_INFO", "PATH_TRANSLATED"}) {
            CAPTURE(absent);
            CHECK(!got.contains(absent));
        }
        CHECK(got.at("HTTP_X") == "1");
        CHECK(std::none_of(got.begin(), got.end(), [](const auto& each) {
            return each.first.starts_with('C') && each.second == "x";
        }));
    }

    TEST_CASE("Hundreds of fields are all there, in their order") {
        std::vector<std::string> names, values;
        for (int i = 0; i < 500; ++i) {
            names.push_back("X-" + std::to_string(i % 400));
            values.push_back(std::to_string(i));
        }
        std::vector<HeaderField> fields;
        for (std::size_t i = 0; i < names.size(); ++i) fields.push_back({names[i], values[i]});
        const Variables got = http_variables(fields);
        CHECK(got.size() == 400);
        CHECK(got.at("HTTP_X_7") == "7, 407");
        CHECK(got.at("HTTP_X_399") == "399");
    }
}
