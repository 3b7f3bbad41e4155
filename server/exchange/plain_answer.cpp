#include "server/exchange/plain_answer.hpp"

#include <string>

namespace basehttp {

void answer_plainly(Request& request, std::string_view date) {
    const std::string code = std::to_string(request.rejection.code);
    const std::string page = code + " " + request.rejection.reason + "\n";
    std::string text = "HTTP/1.1 " + code + " " + request.rejection.reason + "\r\nDate: ";
    text.append(date).append("\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ");
    text.append(std::to_string(page.size())).append("\r\n").append(request.connection_fields);
    if (request.rejection.code == 503) text += "Retry-After: 5\r\n";
    text += "Connection: close\r\n\r\n";
    const bool has_content = request.head().method != "HEAD";
    if (has_content) text += page;
    request.close_connection = true;
    request.status = request.rejection.code;
    request.body_bytes = has_content ? page.size() : 0;
    request.log_access = true;
    try {
        request.outbox.push(Segment::bytes(std::move(text)));
    } catch (const BrokenPipe&) {  // the client has left: nobody to tell
    }
}

}  // namespace basehttp
