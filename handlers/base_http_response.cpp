// How a BaseHTTPRequestHandler answers: status line, header fields, framing, error pages.
#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "handlers/base_http_request_handler.hpp"
#include "handlers/http/ascii.hpp"
#include "handlers/http/html_escape.hpp"
#include "server/base_server.hpp"

namespace basehttp {
namespace {

void refuse_line_breaks(std::string_view text, const char* what) {
    if (breaks_line(text))
        throw std::invalid_argument(std::string(what) + " contains CR, LF or NUL");
}

}  // namespace

void BaseHTTPRequestHandler::send_response(int code, std::string_view message) {
    if (!wfile.framed()) log_request(code);
    send_response_only(code, message);
    if (const std::string version = version_string(); !version.empty())
        send_header("Server", version);
    send_header("Date", date_time_string());
}

void BaseHTTPRequestHandler::send_response_only(int code, std::string_view message) {
    const auto known = responses.find(code);
    if (message.empty() && known != responses.end()) message = known->second.first;
    refuse_line_breaks(message, "The status phrase");
    status_ = code;
    if (code >= 200 && !wfile.framed()) request.status = code;
    content_length_.reset();
    own_transfer_encoding_ = connection_sent_ = false;
    header_buffer_.append(protocol_version).append(" ").append(std::to_string(code)).append(" ");
    header_buffer_.append(message).append("\r\n");
}

void BaseHTTPRequestHandler::send_header(std::string_view keyword, std::string_view value) {
    if (!is_token(keyword)) throw std::invalid_argument("Bad header field name");
    refuse_line_breaks(value, "A header field value");
    if (!request.id.empty() && equals_lower(keyword, "x-request-id")) return;  // the server says it
    note_header(keyword, value);
    header_buffer_.append(keyword).append(": ").append(value).append("\r\n");
}

void BaseHTTPRequestHandler::send_header(std::string_view keyword, std::uint64_t value) {
    send_header(keyword, std::to_string(value));
}

void BaseHTTPRequestHandler::note_header(std::string_view keyword, std::string_view value) {
    if (equals_lower(keyword, "connection")) {
        connection_sent_ = true;
        if (equals_lower(value, "close")) close_connection = true;
        if (equals_lower(value, "keep-alive")) close_connection = false;
    } else if (equals_lower(keyword, "transfer-encoding")) {
        own_transfer_encoding_ = true;
    } else if (equals_lower(keyword, "content-length")) {
        std::uint64_t length = 0;
        const auto [end, error] =
            std::from_chars(value.data(), value.data() + value.size(), length);
        if (error != std::errc{} || end != value.data() + value.size() || content_length_)
            throw std::invalid_argument("Bad or repeated Content-Length");
        content_length_ = length;
    }
}

/// RFC 9110 section 6.4.1.
bool BaseHTTPRequestHandler::may_have_content() const {
    return command != "HEAD" && status_ >= 200 && status_ != 204 && status_ != 304;
}

/// A second answer would be taken for the answer to the next request.
bool BaseHTTPRequestHandler::drop_second_answer() {
    if (!wfile.framed()) return false;
    log_error("the handler began a second answer; it was dropped");
    header_buffer_.clear();
    wfile.refuse_more();
    close_connection = true;
    return true;
}

void BaseHTTPRequestHandler::end_headers() {
    if (drop_second_answer()) return;
    if (status_ >= 100 && status_ < 200) {
        header_buffer_ += "\r\n";
        wfile.send_interim(header_buffer_);
        header_buffer_.clear();
        return;
    }
    frame_content();
}

void BaseHTTPRequestHandler::frame_content() {
    using Framing = ResponseWriter::Framing;
    Framing framing = Framing::counted;
    const bool persistent =
        request.head().version_minor >= 1 && protocol_version >= std::string_view("HTTP/1.1");
    if (status_ == 205 && !content_length_ && !own_transfer_encoding_)
        send_header("Content-Length", "0");
    if (!may_have_content()) {
        framing = Framing::none;
    } else if (own_transfer_encoding_) {
        framing = Framing::until_close;  // the handler frames; trusted only as far as the close
        close_connection = true;
    } else if (!content_length_ && persistent) {
        header_buffer_ += "Transfer-Encoding: chunked\r\n";
        framing = Framing::chunked;
    } else if (!content_length_) {
        framing = Framing::until_close;
        close_connection = true;
    }
    if (!request.body_complete && request.body_too_long_to_skip) close_connection = true;
    close_connection = close_connection || request.close_connection || server.is_shutting_down();
    header_buffer_ += request.connection_fields;
    if (close_connection && !connection_sent_)
        header_buffer_ += "Connection: close\r\n";
    else if (!connection_sent_ && request.head().version_minor == 0)
        header_buffer_ += "Connection: keep-alive\r\n";
    header_buffer_ += "\r\n";
    wfile.begin_body(header_buffer_, framing, content_length_.value_or(0));
    header_buffer_.clear();
}

void BaseHTTPRequestHandler::flush_headers() {
    if (header_buffer_.empty() || drop_second_answer()) return wfile.flush();
    wfile.begin_body(header_buffer_, ResponseWriter::Framing::raw);
    header_buffer_.clear();
    wfile.flush();
}

void BaseHTTPRequestHandler::send_text(int code, std::string_view text,
                                       std::string_view content_type) {
    send_response(code);
    if (code != 204 && code != 304) {
        send_header("Content-Type", content_type);
        send_header("Content-Length", text.size());
    }
    end_headers();
    wfile.write(text);
}

void BaseHTTPRequestHandler::send_redirect(std::string_view location, int code) {
    send_response(code);
    send_header("Location", location);
    send_header("Content-Length", "0");
    end_headers();
}

void BaseHTTPRequestHandler::send_range_error(std::uint64_t size) {
    unsatisfied_size_ = size;
    send_error(416);
}

void BaseHTTPRequestHandler::send_error(int code, std::string_view message,
                                        std::string_view explain) {
    const auto known = responses.find(code);
    const auto& [phrase, explanation] =
        known != responses.end() ? known->second
                                 : std::pair<std::string_view, std::string_view>{"???", "???"};
    if (message.empty()) message = phrase;
    if (explain.empty()) explain = explanation;
    log_error("code " + std::to_string(code) + ", message " + std::string(message));
    if (drop_second_answer()) return;
    if (!headers_sent()) header_buffer_.clear();  // of an answer that was begun
    send_response(code, message);
    send_error_headers(code);
    std::string page;
    const bool has_page = code >= 200 && code != 204 && code != 205 && code != 304;
    if (has_page) {
        page = error_page(code, message, explain);
        send_header("Content-Type", error_content_type);
        send_header("Content-Length", page.size());
    }
    end_headers();
    if (command != "HEAD") wfile.write(page);
}

void BaseHTTPRequestHandler::send_error_headers(int code) {
    if (code == 503) send_header("Retry-After", "5");
    if (code == 416 && unsatisfied_size_)
        send_header("Content-Range", "bytes */" + std::to_string(*unsatisfied_size_));
}

/// Python's % operator, in one pass: what is put in is not looked at again.
std::string BaseHTTPRequestHandler::error_page(int code, std::string_view message,
                                               std::string_view explain) const {
    const std::string number = std::to_string(code);
    const std::pair<std::string_view, std::string> places[] = {
        {"%%", "%"},
        {"%(code)d", number},
        {"%(code)s", number},
        {"%(message)s", html_escape(message)},
        {"%(explain)s", html_escape(explain)},
    };
    std::string page;
    for (std::string_view rest = error_message_format; !rest.empty();) {
        const auto place = std::find_if(std::begin(places), std::end(places), [&](const auto& one) {
            return rest.starts_with(one.first);
        });
        const bool found = place != std::end(places);
        page += found ? std::string_view(place->second) : rest.substr(0, 1);
        rest.remove_prefix(found ? place->first.size() : 1);
    }
    return page;
}

const std::string_view BaseHTTPRequestHandler::default_error_message_format =
    R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>%(code)d %(message)s</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 18vh auto 0; padding: 0 1.5rem;
  overflow-wrap: anywhere }
h1 { font-size: 1.5rem; margin: 0 } p { opacity: .75 }
</style>
</head>
<body>
<h1>%(code)d %(message)s</h1>
<p>%(explain)s.</p>
</body>
</html>
)";

}  // namespace basehttp
