#include "handlers/cgi/response_header.hpp"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <system_error>

#include "handlers/http/ascii.hpp"
#include "server/http1/request_head.hpp"

namespace basehttp {
namespace {

constexpr std::size_t longest_quote = 60;

std::string quoted(std::string_view text) {
    std::string quote = "'";
    quote.append(text.substr(0, longest_quote));
    quote.append(text.size() > longest_quote ? "...'" : "'");
    return quote;
}

bool has_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
    });
}

std::string lower(std::string_view text) {
    std::string copy(text);
    std::transform(copy.begin(), copy.end(), copy.begin(), ascii_lower);
    return copy;
}

bool is_any_of(std::string_view name, std::initializer_list<std::string_view> names) {
    return std::any_of(names.begin(), names.end(),
                       [name](std::string_view each) { return equal_no_case(name, each); });
}

// What only the server says, or only for one hop (RFC 9110 section 7.6.1).
bool is_not_for_the_client(std::string_view name) {
    return is_any_of(name, {"connection", "keep-alive", "proxy-connection", "te", "trailer",
                            "transfer-encoding", "upgrade", "date", "server"});
}

// "HTTP/1.1 200 OK" without "HTTP/1.1 "; nullopt when it is another line.
std::optional<std::string_view> after_version(std::string_view line) {
    if (!line.starts_with("HTTP/")) return std::nullopt;
    const std::size_t end = line.find_first_not_of("0123456789.", 5);
    if (end == line.npos || end == 5 || line[end] != ' ') return std::nullopt;
    return trim_blanks(line.substr(end));
}

// A path of this server. With a fragment only the client can follow it.
bool is_local(std::string_view location) {
    return location.starts_with('/') && !location.starts_with("//") &&
           location.find('#') == location.npos;
}

}  // namespace

ScriptHeaderReader::Status ScriptHeaderReader::feed(std::string_view bytes) {
    input_.append(bytes);
    while (state_ == Status::more) {
        const std::size_t end = input_.find('\n', searched_);
        searched_ = end == input_.npos ? input_.size() : end + 1;
        if (searched_ > limit_) {
            fail("the header has more than " + std::to_string(limit_) + " bytes");
        } else if (end == input_.npos) {
            break;
        } else {
            read_line(line_until(end));
            line_begin_ = searched_;
        }
    }
    return state_;
}

ScriptHeaderReader::Status ScriptHeaderReader::finish() {
    if (state_ != Status::more) return state_;
    if (input_.empty()) {
        fail("it wrote nothing");
        return state_;
    }
    const std::string_view unfinished = line_until(input_.size());
    if (!unfinished.empty()) read_line(unfinished);
    if (state_ == Status::more) fail("the header has no end (an empty line)");
    return state_;
}

std::string_view ScriptHeaderReader::line_until(std::size_t end) const {
    std::string_view line = std::string_view(input_).substr(line_begin_, end - line_begin_);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

void ScriptHeaderReader::read_line(std::string_view line) {
    const bool first = line_begin_ == 0;
    if (line.empty()) {
        if (first) return fail("the header has no field, it begins with an empty line");
        header_size_ = searched_;
        return complete();
    }
    if (has_control(line)) return fail_at(line, "has a control character");
    if (first) {
        if (const auto status = after_version(line)) return read_status_line(*status, line);
    }
    read_field(line);
}

void ScriptHeaderReader::read_field(std::string_view line) {
    if (line.front() == ' ' || line.front() == '\t')
        return fail_at(line, "begins with a blank, as if it continued another");
    const std::size_t colon = line.find(':');
    if (colon == line.npos) return fail_at(line, "has no colon");
    const std::string_view name = line.substr(0, colon);
    if (!is_token(name)) return fail_at(line, "has no proper name before its colon");
    const std::string_view value = trim_blanks(line.substr(colon + 1));
    if (equal_no_case(name, "status")) return read_status_field(value, line);
    if (equal_no_case(name, "content-length")) return read_length(value, line);
    if (equal_no_case(name, "x-sendfile")) return set_once(header_.sendfile, value, line);
    if (equal_no_case(name, "location")) set_once(header_.location, value, line);
    if (equal_no_case(name, "content-type")) {
        if (value.empty()) return;  // as if the script had not named one
        set_once(header_.content_type, value, line);
    }
    if (equal_no_case(name, "connection")) keep_connection_options(value);
    if (!is_not_for_the_client(name)) header_.fields.emplace_back(name, value);
}

void ScriptHeaderReader::read_status_line(std::string_view value, std::string_view line) {
    has_status_line_ = read_status(value, line);
}

void ScriptHeaderReader::read_status_field(std::string_view value, std::string_view line) {
    const int before = header_.status;
    if (has_status_field_) return fail_at(line, "gives a second status");
    has_status_field_ = read_status(value, line);
    if (has_status_field_ && has_status_line_ && header_.status != before)
        fail_at(line, "differs from the status line");
}

// "404 Not Found" or "404".
bool ScriptHeaderReader::read_status(std::string_view value, std::string_view line) {
    int code = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), code);
    const std::string_view rest = value.substr(static_cast<std::size_t>(end - value.data()));
    const bool good = error == std::errc() && code >= 200 && code <= 599 &&
                      value.size() - rest.size() == 3 &&
                      (rest.empty() || rest.front() == ' ' || rest.front() == '\t');
    if (!good) {
        fail_at(line, "has no status from 200 to 599");
        return false;
    }
    header_.status = code;
    if (!rest.empty()) header_.reason = trim_blanks(rest);
    return true;
}

void ScriptHeaderReader::read_length(std::string_view value, std::string_view line) {
    std::uint64_t length = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
    if (error != std::errc() || end != value.data() + value.size())
        return fail_at(line, "is not a number of bytes");
    if (header_.content_length && *header_.content_length != length)
        return fail_at(line, "differs from the Content-Length before");
    header_.content_length = length;
}

void ScriptHeaderReader::set_once(std::string& place, std::string_view value,
                                  std::string_view line) {
    if (value.empty()) return fail_at(line, "has no value");
    if (!place.empty()) return fail_at(line, "gives that field a second time");
    place = value;
}

void ScriptHeaderReader::keep_connection_options(std::string_view list) {
    while (!list.empty()) {
        const std::size_t end = std::min(list.find(','), list.size());
        const std::string_view option = trim_blanks(list.substr(0, end));
        if (!option.empty()) connection_options_.push_back(lower(option));
        list.remove_prefix(std::min(end + 1, list.size()));
    }
}

void ScriptHeaderReader::complete() {
    state_ = Status::done;
    const bool has_status = has_status_line_ || has_status_field_;
    std::sort(connection_options_.begin(), connection_options_.end());
    const bool local = !has_status && is_local(header_.location);
    std::erase_if(header_.fields, [&](const auto& field) {
        if (local && equal_no_case(field.first, "location")) return true;
        return std::binary_search(connection_options_.begin(), connection_options_.end(),
                                  lower(field.first));
    });
    if (header_.location.empty()) return;
    header_.kind = local ? ScriptHeader::Kind::local_redirect : ScriptHeader::Kind::client_redirect;
    if (!has_status && !local) header_.status = 302;
}

void ScriptHeaderReader::fail(std::string error) {
    state_ = Status::bad;
    error_ = std::move(error);
}

void ScriptHeaderReader::fail_at(std::string_view line, std::string_view what) {
    fail("the header line " + quoted(line) + " " + std::string(what));
}

}  // namespace basehttp
