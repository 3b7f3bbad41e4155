#include "handlers/event_stream.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "handlers/http/ascii.hpp"
#include "server/base_server.hpp"

namespace basehttp {
namespace {

/// Each line of `text` after `field`; a line ends with CRLF, CR or LF.
void append_lines(std::string& out, std::string_view field, std::string_view text) {
    for (;;) {
        const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
        out.append(field).append(text.substr(0, end)).append("\n");
        if (end == text.size()) return;
        text.remove_prefix(end + (text.substr(end).starts_with("\r\n") ? 2 : 1));
    }
}

void append_line(std::string& out, std::string_view field, std::string_view text) {
    if (text.empty()) return;
    if (breaks_line(text))
        throw std::invalid_argument("The event or id of an event contains CR, LF or NUL");
    out.append(field).append(text).append("\n");
}

}  // namespace

EventStream::EventStream(BaseHTTPRequestHandler& handler) : handler_(handler) {
    handler.send_response(200);
    handler.send_header("Content-Type", "text/event-stream");
    handler.send_header("Cache-Control", "no-store");
    handler.send_header("X-Accel-Buffering", "no");
    handler.end_headers();
    handler.wfile.flush();
}

void EventStream::send(std::string_view data, std::string_view event, std::string_view id) {
    std::string text;
    append_line(text, "event: ", event);
    append_line(text, "id: ", id);
    append_lines(text, "data: ", data);
    write(text += "\n");
}

void EventStream::comment(std::string_view text) {
    std::string lines;
    append_lines(lines, ": ", text);
    write(lines += "\n");
}

void EventStream::retry(std::chrono::milliseconds delay) {
    write("retry: " + std::to_string(delay.count()) + "\n\n");
}

bool EventStream::open() {
    return handler_.wfile.framing() != ResponseWriter::Framing::none &&
           !handler_.request.outbox.cancelled() && !handler_.server.is_shutting_down();
}

void EventStream::write(std::string_view text) {
    if (!open()) throw BrokenPipe("nobody listens to the events any more");
    handler_.wfile.write(text);
    handler_.wfile.flush();
}

}  // namespace basehttp
