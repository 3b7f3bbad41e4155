// The header that a script writes before its content (RFC 3875 section 6), read as it comes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace basehttp {

struct ScriptHeader {
    /// local_redirect: the server answers with another path of its own; Location begins with one
    /// '/', has no fragment, and there is no Status. Nothing else that the script wrote matters.
    enum class Kind : std::uint8_t { document, local_redirect, client_redirect };
    Kind kind = Kind::document;
    int status = 200;    ///< 200 to 599; 302 for a client redirect without Status
    std::string reason;  ///< may be empty
    /// To send, in order: without Status, hop-by-hop fields and those that Connection names,
    /// Content-Length, X-Sendfile, Date, Server, and without Location of a local redirect.
    std::vector<std::pair<std::string, std::string>> fields;
    std::string location;      ///< of a redirect
    std::string content_type;  ///< also in fields
    std::optional<std::uint64_t> content_length;
    std::string sendfile;  ///< X-Sendfile, else empty

    bool operator==(const ScriptHeader&) const = default;
};

/// Lines end in CRLF or LF. A first line "HTTP/1.1 200 OK", as nph scripts write it, counts as
/// "Status: 200 OK": many old scripts send it, some with the same Status behind it. One thread; one
/// reader for each run of a script.
class ScriptHeaderReader {
  public:
    enum class Status : std::uint8_t { more, done, bad };

    /// `limit`: most bytes of the header, with its empty line.
    explicit ScriptHeaderReader(std::size_t limit) : limit_(limit) {}

    /// The next piece of the script's output. Linear in total, even byte by byte. Not to be called
    /// after done or bad.
    Status feed(std::string_view bytes);
    /// The script's output has ended: bad, with the reason, unless done.
    Status finish();

    ScriptHeader& header() { return header_; }  ///< When done.
    /// When done: what came behind the header with the last feed(), the content's first part.
    std::string_view rest() const { return std::string_view(input_).substr(header_size_); }
    /// When bad: what is wrong, one clause for the log. Quotes 60 bytes of the script's line at
    /// most, as they are: the log escapes control characters.
    const std::string& error() const { return error_; }

  private:
    std::string_view line_until(std::size_t end) const;
    void read_line(std::string_view line);
    void read_field(std::string_view line);
    void read_status_line(std::string_view value, std::string_view line);
    void read_status_field(std::string_view value, std::string_view line);
    bool read_status(std::string_view value, std::string_view line);
    void read_length(std::string_view value, std::string_view line);
    void set_once(std::string& place, std::string_view value, std::string_view line);
    void keep_connection_options(std::string_view list);
    void complete();
    void fail(std::string error);
    void fail_at(std::string_view line, std::string_view what);

    std::size_t limit_;
    std::string input_;            ///< all that was fed
    std::size_t line_begin_ = 0;   ///< of the line that is not complete
    std::size_t searched_ = 0;     ///< no end of a line before here
    std::size_t header_size_ = 0;  ///< when done
    Status state_ = Status::more;
    bool has_status_line_ = false, has_status_field_ = false;
    std::vector<std::string> connection_options_;  ///< in lower case
    ScriptHeader header_;
    std::string error_;
};

}  // namespace basehttp
