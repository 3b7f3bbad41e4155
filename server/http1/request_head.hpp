// The head of an HTTP/1 request: request line and header section (RFC 9112 sections 2 to 6).
// A pure function from text to views into that text; strict where leniency lets requests be
// smuggled: lines end in CRLF, no bare CR, LF or NUL, no obs-fold, one framing and one Host.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "server/api.hpp"

namespace basehttp {

/// A line of a header section (RFC 9110 section 5). Views of somebody's text.
struct HeaderField {
    std::string_view name;   ///< As sent.
    std::string_view value;  ///< Without the white space around it.
};

/// Bounds on what a client may make us hold and look at.
struct HeadLimits {
    std::size_t request_line = 8192;   ///< bytes; longer: 414
    std::size_t header_bytes = 32768;  ///< bytes of the header section; more: 431
    std::size_t header_fields = 100;   ///< more: 431
};

/// All views point into the text that was parsed and live as long as it does.
struct BASEHTTP_API RequestHead {
    std::string_view request_line;  ///< Without CRLF; set as far as known for a bad head too.
    std::string_view method;        ///< Case-sensitive token.
    std::string_view raw_target;    ///< As sent.
    std::string_view target;        ///< Path and query ("/a?b"), "*", or "host:port" for CONNECT.
    std::string_view version;       ///< "HTTP/1.1"
    int version_minor = 1;          ///< 0 for HTTP/1.0, 1 for 1.1 and above.
    std::string_view host;          ///< Authority of the target, else the Host field; may be empty.
    std::vector<HeaderField> fields;  ///< All of them, in order.

    // Framing and persistence (RFC 9112 sections 6 and 9.3), decided once.
    std::optional<std::uint64_t> content_length;  ///< Saturates at the largest value.
    bool chunked = false;          ///< Transfer-Encoding: chunked, the only one we take.
    bool keep_alive = true;        ///< The client wants the connection to go on.
    bool expect_continue = false;  ///< Expect: 100-continue from an HTTP/1.1 client.
    bool expect_unknown = false;   ///< Any other expectation: 417.

    ///@{
    /// A field that chooses a representation or goes to the log, seen at most once; `repeated`
    /// tells of a second one. Empty: it was not sent.
    std::string_view accept_encoding, range, if_match, if_none_match, if_modified_since,
        if_unmodified_since, if_range, referer, user_agent;
    ///@}
    bool conditional = false;  ///< Any If-* or Range field.
    bool repeated = false;     ///< One of the fields above came twice: read `fields` instead.

    /// Whether content follows (RFC 9112 section 6.3).
    bool has_body() const { return chunked || content_length.value_or(0) > 0; }
    void clear();  ///< Back to the initial state, keeping memory.
    /// The same head with all views moved from the text at `from` to its copy at `to`.
    RequestHead rebased(const char* from, const char* to) const;
};

/// Whether a head could be read: more text is needed, it is there, it is none.
enum class HeadStatus : std::uint8_t { incomplete, complete, bad };

/// What parse_request_head() says.
struct HeadResult {
    HeadStatus status = HeadStatus::incomplete;  ///< Decides which of the others count.
    std::size_t consumed = 0;  ///< Bytes of the head, the empty line included, when complete.
    int code = 0;              ///< When bad: 400, 414, 431 or 505. The connection must close.
    const char* reason = "";   ///< When bad: what is wrong, for the error page and the log.
};

/// Parses one head at the start of `text`. `head` is cleared first and filled as far as it goes.
BASEHTTP_API HeadResult parse_request_head(std::string_view text, const HeadLimits& limits,
                                           RequestHead& head);

/// Case-insensitive comparison with a name already in lower case (ASCII only).
BASEHTTP_API bool equals_lower(std::string_view text, std::string_view lower);
/// RFC 9110 section 5.6.2: a token, at least one character.
BASEHTTP_API bool is_token(std::string_view text);
/// uri-host [ ":" port ], not empty (RFC 9110 section 7.2, RFC 3986 section 3.2).
BASEHTTP_API bool is_valid_host(std::string_view host);

}  // namespace basehttp
