// Life of a handler: parsing, dispatch, the end. Sending: base_http_response.cpp.
#include "handlers/base_http_request_handler.hpp"

#include <ctime>

#include "handlers/http/utf8.hpp"
#include "handlers/http_error.hpp"
#include "server/base_server.hpp"
#include "server/exchange/failure_status.hpp"
#include "server/http_date.hpp"

namespace basehttp {
namespace {

/// As Python's log_message: no control characters, those from 0x80 on (which terminals obey too)
/// among them, and no backslash that could pass for our escape. Bytes that are not UTF-8 are
/// escaped.
void append_message(std::string& line, std::string_view message) {
    const bool is_text = is_valid_utf8(message);
    for (std::size_t i = 0; i < message.size(); ++i) {
        const auto byte = static_cast<unsigned char>(message[i]);
        const bool is_c1 =
            is_text && byte == 0xc2 && static_cast<unsigned char>(message[i + 1]) < 0xa0;
        const bool is_plain =
            byte < 0x80 ? byte >= ' ' && byte != 0x7f && byte != '\\' : is_text && !is_c1;
        const std::string_view character = message.substr(i, is_c1 ? 2 : 1);
        i += character.size() - 1;
        if (is_plain)
            line += character;
        else
            append_escaped(line, character);
    }
}

}  // namespace

BaseHTTPRequestHandler::BaseHTTPRequestHandler(Request& request_, const Address& client_address_,
                                               BaseServer& server_)
    : StreamRequestHandler(request_, client_address_, server_),
      requestline(request_.head().request_line),
      command(request_.head().method),
      request_version(request_.head().version),
      headers(request_.head().fields) {}

void BaseHTTPRequestHandler::handle() {
    handle_one_request();
    if (request.wants_another_turn()) return;
    finish_answer();
    request.close_connection = request.close_connection || close_connection;
    request.body_bytes = wfile.body_bytes();
}

void BaseHTTPRequestHandler::handle_one_request() {
    const bool first_turn = !parsed_;
    parsed_ = true;
    bool goes_on = !first_turn;
    if (first_turn) guard([&] { goes_on = parse_request(); });
    if (!goes_on) return;
    if (!request.body_complete && needs_body()) {
        request.wants_body = true;
        return wfile.flush();
    }
    guard([this] { call_method(); });
    request.body_bytes = wfile.body_bytes();
}

/// Runs part of the request. An exception before the answer began becomes a 500 or, for want of
/// something that passes, a 503; the server logs it either way.
void BaseHTTPRequestHandler::guard(const std::function<void()>& action) {
    try {
        answer_http_errors(action);
    } catch (const BrokenPipe&) {
        wfile.abandon();
        request.body_bytes = wfile.body_bytes();
        throw;
    } catch (...) {
        close_connection = true;
        if (headers_sent()) {
            wfile.flush();
            wfile.abandon();
        } else {
            answer_exception(failure_status(), {});
            finish_answer();
        }
        request.body_bytes = wfile.body_bytes();
        throw;
    }
}

/// An HTTPError before the answer began is the answer, and no fault of the program.
void BaseHTTPRequestHandler::answer_http_errors(const std::function<void()>& action) {
    try {
        action();
    } catch (const HTTPError& error) {
        if (headers_sent()) throw;
        answer_exception(error.code(), error.what());
    }
}

/// A message that somebody made of a client's text must not add lines to the header section.
void BaseHTTPRequestHandler::answer_exception(int code, std::string message) {
    header_buffer_.clear();
    request.wants_body = request.wants_turn = false;
    for (char& c : message)
        if (c == '\r' || c == '\n' || c == '\0') c = ' ';
    send_error(code, message);
}

void BaseHTTPRequestHandler::call_method() {
    using Method = void (BaseHTTPRequestHandler::*)();
    static constexpr std::pair<std::string_view, Method> known[] = {
        {"GET", &BaseHTTPRequestHandler::do_GET},
        {"HEAD", &BaseHTTPRequestHandler::do_HEAD},
        {"POST", &BaseHTTPRequestHandler::do_POST},
        {"PUT", &BaseHTTPRequestHandler::do_PUT},
        {"DELETE", &BaseHTTPRequestHandler::do_DELETE},
        {"PATCH", &BaseHTTPRequestHandler::do_PATCH},
        {"OPTIONS", &BaseHTTPRequestHandler::do_OPTIONS},
        {"TRACE", &BaseHTTPRequestHandler::do_TRACE},
        {"CONNECT", &BaseHTTPRequestHandler::do_CONNECT},
    };
    for (const auto& [name, method] : methods_)
        if (name == command) return method();
    for (const auto& [name, method] : known)
        if (name == command) return (this->*method)();
    method_not_implemented();
}

void BaseHTTPRequestHandler::finish_answer() {
    if (!headers_sent()) {
        log_error("the handler sent no answer");
        header_buffer_.clear();
        send_error(500);
    }
    if (!wfile.end()) close_connection = true;
    if (wfile.missing() > 0)
        log_error("the handler wrote less than its Content-Length; the connection closes");
    if (wfile.excess() > 0)
        log_error("the handler wrote more than its Content-Length; the rest was dropped");
}

bool BaseHTTPRequestHandler::parse_request() {
    const RequestHead& head = request.head();
    headers = make_headers();
    path = head.target;
    if (path.size() > 1 && path[0] == '/' && path[1] == '/')  // "//host" must not become a URL
        path.erase(0, path.find_first_not_of('/') == std::string::npos
                          ? path.size() - 1
                          : path.find_first_not_of('/') - 1);
    close_connection = !head.keep_alive || protocol_version < std::string_view("HTTP/1.1");
    if (request.rejection.code != 0) {
        close_connection = true;
        send_error(request.rejection.code, request.rejection.reason);
        return false;
    }
    if (head.expect_unknown) {
        close_connection = close_connection || !request.body_complete;
        send_error(417);
        return false;
    }
    // RFC 9110 section 10.1.1: no 100 when the content is here, or will not be read.
    const bool expects = head.expect_continue && protocol_version >= std::string_view("HTTP/1.1");
    const bool awaits = !request.body_complete ? needs_body() : !head.has_body();
    return !expects || !awaits || handle_expect_100();
}

bool BaseHTTPRequestHandler::handle_expect_100() {
    send_response_only(100);
    end_headers();
    return true;
}

void BaseHTTPRequestHandler::add_method(std::string_view name, std::function<void()> method) {
    methods_.emplace_back(name, std::move(method));
}

void BaseHTTPRequestHandler::method_not_implemented() {
    send_error(501, "Unsupported method ('" + std::string(command) + "')");
}

void BaseHTTPRequestHandler::log_request(int code, std::string_view size) {
    std::string text = "\"";
    text.append(requestline).append("\" ").append(std::to_string(code)).append(" ").append(size);
    in_log_request_ = true;
    log_message(text);
    in_log_request_ = false;
}

void BaseHTTPRequestHandler::log_error(std::string_view message) { log_message(message); }

void BaseHTTPRequestHandler::log_message(std::string_view message) {
    if (in_log_request_) {
        request.log_access = true;
        return;
    }
    if (!server.log().python_messages())
        return server.log().write(
            LogLevel::debug, request.log_prefix() + address_string() + " " + std::string(message));
    std::string line = address_string() + " - - [" + log_date_time_string() + "] ";
    append_message(line, message);
    server.log().write_message(line);
}

std::string BaseHTTPRequestHandler::version_string() const {
    std::string text(server_version);
    if (!sys_version.empty()) text.append(" ").append(sys_version);
    return text;
}

std::string BaseHTTPRequestHandler::date_time_string(std::optional<std::time_t> timestamp) const {
    return format_http_date(timestamp.value_or(std::time(nullptr)));
}

std::string BaseHTTPRequestHandler::log_date_time_string() const {
    LogTime time;
    time.update(std::time(nullptr));
    return std::string(time.python());
}

std::string BaseHTTPRequestHandler::address_string() const { return client_address.host; }

}  // namespace basehttp
