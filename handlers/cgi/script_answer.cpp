#include "handlers/cgi/script_answer.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <cstring>

#include "handlers/http/etag.hpp"

namespace basehttp {
namespace {

using namespace std::chrono_literals;
using Event = ScriptRun::Event;
using Outcome = ScriptAnswer::Outcome;

/// A longer answer, or one that takes longer to complete, is sent as it comes.
constexpr std::size_t small_answer = 64u << 10;
constexpr auto gather_time = 50ms;

/// RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5.
bool has_no_content(int status) { return status == 204 || status == 205 || status == 304; }

bool was_killed(const ScriptRun& run) { return run.end() && WIFSIGNALED(run.end()->status); }

}  // namespace

bool has_field(const ScriptHeader& header, std::string_view lower_name) {
    return std::any_of(header.fields.begin(), header.fields.end(), [lower_name](const auto& field) {
        return equals_lower(field.first, lower_name);
    });
}

std::string describe(const ChildEnd& end) {
    if (WIFEXITED(end.status)) return "exit status " + std::to_string(WEXITSTATUS(end.status));
    const int signal = WTERMSIG(end.status);
    return "signal " + std::to_string(signal) + " (" + ::sigdescr_np(signal) + ")";
}

Outcome ScriptAnswer::relay() {
    for (;;) {
        std::optional<ScriptRun::Time> quiet_at;
        if (has_header_ && !begun_) quiet_at = header_time_ + gather_time;
        switch (const Event event = run_.next(quiet_at)) {
            case Event::output:
                if (!has_header_) {
                    if (const auto outcome = take_header(run_.output())) return *outcome;
                } else {
                    take_content(run_.output());
                }
                break;
            case Event::output_end:
                return at_end();
            case Event::room:
                break;
            case Event::quiet:
                begin(header().content_length);
                handler_.wfile.flush();
                break;
            case Event::client_gone:
                return Outcome::client_gone;
            case Event::no_answer:
            case Event::silence:
            case Event::too_long:
                return at_deadline(event);
        }
    }
}

/// Sent at once, or held back until it is known how long it is?
bool ScriptAnswer::wants_whole() {
    if (header().content_type.starts_with("text/event-stream")) return false;
    return header().content_length.value_or(0) <= small_answer;
}

std::optional<Outcome> ScriptAnswer::take_header(std::string_view bytes) {
    const auto status = reader_.feed(bytes);
    if (status == ScriptHeaderReader::Status::more) return std::nullopt;
    if (status == ScriptHeaderReader::Status::bad) return fail(502, reader_.error());
    has_header_ = true;
    header_time_ = std::chrono::steady_clock::now();
    if (header().kind == ScriptHeader::Kind::local_redirect) return Outcome::redirect;
    if (!header().sendfile.empty()) return Outcome::sendfile;
    if (!wants_whole()) begin(header().content_length);
    take_content(reader_.rest());
    return std::nullopt;
}

void ScriptAnswer::take_content(std::string_view bytes) {
    if (!begun_) {
        content_.append(bytes);
        const bool is_whole = header().content_length.value_or(small_answer) <= content_.size();
        if (!is_whole && content_.size() <= small_answer) return;
        if (is_whole && header().content_length)
            begin_complete();
        else
            begin(header().content_length);
    } else {
        handler_.wfile.write(bytes);
    }
    handler_.wfile.flush();
}

/// Sends the header, and the content that was held back.
void ScriptAnswer::begin(std::optional<std::uint64_t> length) {
    begun_ = true;
    if (has_no_content(header().status)) content_.clear();
    handler_.send_response(header().status, header().reason);
    for (const auto& [name, value] : header().fields) handler_.send_header(name, value);
    const int status = header().status;
    if (status == 205)
        handler_.send_header("Content-Length", "0");
    else if (length && !has_no_content(status))
        handler_.send_header("Content-Length", *length);
    handler_.end_headers();
    handler_.wfile.write(content_);
    content_ = {};
}

/// All of the content is here.
void ScriptAnswer::begin_complete() {
    ScriptHeader& answer = header();
    const bool cacheable = settings_.etag && answer.status == 200 &&
                           (handler_.command == "GET" || handler_.command == "HEAD");
    const bool whole = !answer.content_length || *answer.content_length == content_.size();
    if (cacheable && whole && !content_.empty()) {
        if (!has_field(answer, "etag"))
            answer.fields.emplace_back("ETag",
                                       make_content_etag(content_hash(content_), content_.size()));
        for (const auto& [name, value] : answer.fields)
            if (equals_lower(name, "etag") && is_not_modified(value)) {
                answer.status = 304;
                answer.reason.clear();
                content_.clear();
                return begin({});
            }
    }
    if (answer.content_length) return begin(answer.content_length);
    // A HEAD that is answered without content does not tell how long that of a GET would be.
    const bool length_known = handler_.command != "HEAD" || !content_.empty();
    const bool may_have_length = answer.status != 204 && answer.status != 304;
    if (length_known && may_have_length) return begin(content_.size());
    begin({});
}

bool ScriptAnswer::is_not_modified(const std::string& etag) const {
    const auto list = handler_.headers.joined("If-None-Match");
    return list && etag_list_matches(*list, etag, false);
}

Outcome ScriptAnswer::fail(int status, std::string reason) {
    status_ = status;
    reason_ = std::move(reason);
    return begun_ ? Outcome::broken : Outcome::bad;
}

/// Only now, with the script's end in sight, is its answer known to be whole.
Outcome ScriptAnswer::at_end() {
    if (!has_header_) {
        reader_.finish();
        run_.settle();
        return fail(502, reader_.error());
    }
    run_.settle();
    const bool counted = header().content_length.has_value();
    if (was_killed(run_) && !counted) return fail(502, "it died before its output was complete");
    const auto too_short = [](std::uint64_t missing) {
        return "its output ended " + std::to_string(missing) +
               " bytes before the Content-Length that it announced";
    };
    const bool expects_content =
        counted && handler_.command != "HEAD" && !has_no_content(header().status);
    if (!begun_ && expects_content && *header().content_length > content_.size())
        return fail(502, too_short(*header().content_length - content_.size()));
    if (!begun_) begin_complete();
    if (handler_.wfile.missing() > 0) return fail(502, too_short(handler_.wfile.missing()));
    if (handler_.wfile.excess() > 0)
        reason_ = "it wrote " + std::to_string(handler_.wfile.excess()) +
                  " bytes more than the Content-Length that it announced; they were dropped";
    return Outcome::sent;
}

Outcome ScriptAnswer::at_deadline(Event event) {
    return fail(504, ScriptRun::describe(event, settings_.timeouts));
}

Outcome ScriptAnswer::relay_nph() {
    for (;;) {
        switch (const Event event = run_.next()) {
            case Event::output: {
                const std::string_view text = run_.output();
                if (!begun_) {
                    const bool has_status = text.size() > 12 && text.starts_with("HTTP/");
                    const std::string code(has_status ? text.substr(9, 3) : "200");
                    const int number = std::atoi(code.c_str());
                    handler_.request.status = number >= 100 && number <= 599 ? number : 200;
                    handler_.log_request(handler_.request.status);
                }
                begun_ = true;
                handler_.wfile.write(text);
                handler_.wfile.flush();
                break;
            }
            case Event::output_end:
                run_.settle();
                if (!begun_) return fail(502, "it wrote nothing");
                return was_killed(run_) ? fail(502, "it died") : Outcome::sent;
            case Event::client_gone:
                return Outcome::client_gone;
            case Event::room:
            case Event::quiet:
                break;
            case Event::no_answer:
            case Event::silence:
            case Event::too_long:
                return at_deadline(event);
        }
    }
}

}  // namespace basehttp
