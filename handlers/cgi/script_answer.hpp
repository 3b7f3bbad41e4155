// From the output of a script to the answer of a handler (RFC 3875 section 6).
#pragma once

#include <optional>
#include <string>

#include "handlers/base_http_request_handler.hpp"
#include "handlers/cgi/cgi_settings.hpp"
#include "handlers/cgi/response_header.hpp"
#include "handlers/cgi/script_run.hpp"

namespace basehttp {

/// Reads a run to the end of its output and sends what it says: a small answer with its length,
/// anything else as it comes. One thread, one run.
class ScriptAnswer {
  public:
    enum class Outcome : std::uint8_t {
        sent,         ///< the answer is out, or all of it is queued
        bad,          ///< no answer: the client is to get status(), the log reason()
        broken,       ///< part of the answer is out, and no more follows: reason()
        client_gone,  ///< nobody is there to answer
        redirect,     ///< header().location is to be answered instead
        sendfile      ///< the file header().sendfile is the content
    };

    ScriptAnswer(BaseHTTPRequestHandler& handler, ScriptRun& run, const CgiSettings& settings)
        : handler_(handler), run_(run), settings_(settings), reader_(settings.header_bytes) {}

    Outcome relay();
    /// The same for a script that speaks HTTP by itself: passed on as it is.
    Outcome relay_nph();

    ScriptHeader& header() { return reader_.header(); }
    int status() const { return status_; }
    const std::string& reason() const { return reason_; }

  private:
    std::optional<Outcome> take_header(std::string_view bytes);
    void take_content(std::string_view bytes);
    void begin(std::optional<std::uint64_t> length);
    void begin_complete();
    bool is_not_modified(const std::string& etag) const;
    Outcome at_end();
    Outcome at_deadline(ScriptRun::Event event);
    Outcome fail(int status, std::string reason);
    bool wants_whole();

    BaseHTTPRequestHandler& handler_;
    ScriptRun& run_;
    const CgiSettings& settings_;
    ScriptHeaderReader reader_;
    bool has_header_ = false;
    bool begun_ = false;   // our header is sent
    std::string content_;  // held back until begun_
    ScriptRun::Time header_time_;
    int status_ = 200;
    std::string reason_;
};

bool has_field(const ScriptHeader& header, std::string_view lower_name);

/// "exit status 1", "signal 11 (Segmentation fault)".
std::string describe(const ChildEnd& end);

}  // namespace basehttp
