// Python's http.server.BaseHTTPRequestHandler.
#pragma once

#include <ctime>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "handlers/headers.hpp"
#include "handlers/setting_text.hpp"
#include "handlers/stream_request_handler.hpp"
#include "server/api.hpp"

namespace basehttp {

/// Answers one request: derive, override do_GET() and its kin, call send_response, send_header,
/// end_headers, and write content to wfile. It may block and throw.
///
/// Differences from Python, each with its reason, stand in docs/python.md. The main ones: a handler
/// lives for one request, not for a connection; the body is complete before do_X() runs; HTTP/1.1
/// is the default and end_headers() adds the framing.
///
/// All of it is for the thread that runs handle(). What is sent throws BrokenPipe when the client
/// has gone (see ResponseWriter): let it pass.
class BASEHTTP_API BaseHTTPRequestHandler : public StreamRequestHandler {
  public:
    /// Called by the server's HandlerFactory; parse_request() sets the variables for good.
    BaseHTTPRequestHandler(Request& request_, const Address& client_address_, BaseServer& server_);

    // --- Variables, as in Python ---
    bool close_connection = true;      ///< No further request on this connection.
    std::string_view requestline;      ///< Without CRLF.
    std::string_view command;          ///< "GET"
    std::string path;                  ///< Target with its query; never begins with "//".
    std::string_view request_version;  ///< "HTTP/1.1"
    /// What `headers` is. Python puts another class here; C++ derives one and overrides
    /// make_headers(), or gives the derived handler a member of that class (docs/headers.md).
    using MessageClass = Headers;
    MessageClass headers;  ///< The header fields of the request, as make_headers() made them.

    // --- Class settings: a derived class sets them in its constructor or in setup() ---
    /// For the Server field (RFC 9110 section 10.2.4), see version_string().
    SettingText server_version = "basehttpd/0.1";
    SettingText sys_version = "";  ///< Python names its version here; we do not help attackers.
    /// With %(code)d, %(message)s and %(explain)s.
    SettingText error_message_format = SettingText::lasting(default_error_message_format);
    SettingText error_content_type = "text/html;charset=utf-8";  ///< Of error pages.
    /// "HTTP/1.1", or "HTTP/1.0" for one request a connection.
    SettingText protocol_version = "HTTP/1.1";
    /// Status code to phrase and explanation.
    static const std::map<int, std::pair<std::string_view, std::string_view>> responses;
    static const std::string_view default_error_message_format;  ///< A small page of HTML.

    // --- Methods ---
    /// Answers the request: handle_one_request() once. The server calls again for the next one.
    void handle() override;
    /// parse_request(), then the method of the request.
    virtual void handle_one_request();
    /// Fills the variables above. False: an error was sent already.
    virtual bool parse_request();
    /// Called by parse_request() for `headers`: by default those of the request. Override it to
    /// hand do_X() more of them, fewer, or others.
    virtual MessageClass make_headers() { return MessageClass(request.head().fields); }
    /// Sends 100 Continue (RFC 9110 section 10.1.1). False: something else was sent, and the
    /// request is over.
    virtual bool handle_expect_100();

    /// A whole error answer, page and framing included; phrases from `responses` by default, and
    /// put into the page escaped. Throws as send_response.
    virtual void send_error(int code, std::string_view message = {}, std::string_view explain = {});
    /// Status line, Server and Date; logs the request. Buffered. Throws std::invalid_argument for a
    /// phrase with CR, LF or NUL.
    virtual void send_response(int code, std::string_view message = {});
    /// The status line alone, not logged. Throws as send_response.
    virtual void send_response_only(int code, std::string_view message = {});
    /// A header field, buffered. Throws std::invalid_argument for a name that is no token, for CR,
    /// LF or NUL, and for a Content-Length that is no number or the second one.
    virtual void send_header(std::string_view keyword, std::string_view value);
    /// The same in decimal digits; calls the other.
    void send_header(std::string_view keyword, std::uint64_t value);
    /// Adds what framing needs (Content-Length was sent, or chunked is added: RFC 9112 section 6)
    /// and ends the header section.
    virtual void end_headers();
    /// Sends what is buffered of the header section as it is, without what end_headers() adds.
    virtual void flush_headers();

    // --- Whole answers in one call ---
    /// Answers GET and HEAD with a regular file that the program names (never the client: for that
    /// there is SimpleHTTPRequestHandler), at a path that is absolute or below the working
    /// directory: type by its extension unless given, Last-Modified, ETag, ranges, 304. 404 when it
    /// is missing, 403 when it cannot be read or is no regular file. With `download_name` browsers
    /// save it under that name (RFC 6266). More fields: override end_headers(), as in Python.
    void send_file(const std::string& file_path, std::string_view content_type = {},
                   std::string_view download_name = {});
    /// Status, type, length and content.
    void send_text(int code, std::string_view text,
                   std::string_view content_type = "text/plain; charset=utf-8");
    /// `location` as in the field (RFC 9110 section 10.2.2); throws as send_header. 303: whatever
    /// the method was, GET it there.
    void send_redirect(std::string_view location, int code = 303);

    /// Called by send_response. By default the server's access log gets a line when the answer is
    /// out, unless log_message is overridden, which then gets Python's text.
    virtual void log_request(int code, std::string_view size = "-");
    /// For what goes wrong; calls log_message.
    virtual void log_error(std::string_view message);
    /// A line with client, time and message, control characters escaped, to the server's log (see
    /// LogOptions::python_messages). Unlike Python's it takes the finished text.
    virtual void log_message(std::string_view message);
    /// What Server says: server_version and sys_version. Empty: the field is not sent.
    virtual std::string version_string() const;
    /// RFC 9110 date of a time in seconds since 1970, or of now.
    virtual std::string date_time_string(std::optional<std::time_t> timestamp = {}) const;
    /// Now, local: "21/Nov/2026 09:43:00".
    virtual std::string log_date_time_string() const;
    /// The client's host, for log_message; no name is looked up.
    virtual std::string address_string() const;

    ///@{
    /// A method of HTTP (RFC 9110 section 9, PATCH: RFC 5789). Answers 501 until it is overridden,
    /// as in Python. May throw: until an answer has begun HTTPError is answered with its code, all
    /// else with 500; after that the connection closes.
    virtual void do_GET() { method_not_implemented(); }
    virtual void do_HEAD() { method_not_implemented(); }
    virtual void do_POST() { method_not_implemented(); }
    virtual void do_PUT() { method_not_implemented(); }
    virtual void do_DELETE() { method_not_implemented(); }
    virtual void do_PATCH() { method_not_implemented(); }
    virtual void do_OPTIONS() { method_not_implemented(); }
    virtual void do_TRACE() { method_not_implemented(); }
    virtual void do_CONNECT() { method_not_implemented(); }
    ///@}

  protected:
    /// Makes `command` name run `method`: add_method("SPAM", [this] { do_SPAM(); }). For
    /// constructors; `name` is not copied.
    void add_method(std::string_view name, std::function<void()> method);
    /// Whether do_X() of this request reads its body. If not, it runs without waiting for it.
    virtual bool needs_body() const { return true; }
    /// More header fields for an error answer, such as Allow.
    virtual void send_error_headers(int code);
    /// A method that has no do_X(): 501.
    virtual void method_not_implemented();
    /// The content of send_error(): error_message_format, filled in.
    std::string error_page(int code, std::string_view message, std::string_view explain) const;
    /// What send_response() and send_header() have written for end_headers() to send.
    const std::string& pending_headers() const { return header_buffer_; }
    /// 416 for an entity of `size` bytes (RFC 9110 section 15.5.17).
    void send_range_error(std::uint64_t size);
    /// Whether something was handed to wfile already, so that no other answer can begin.
    bool headers_sent() const { return wfile.begun(); }
    /// Of the last send_response or send_response_only; 0: none yet.
    int status() const { return status_; }

  private:
    void guard(const std::function<void()>& action);
    void answer_http_errors(const std::function<void()>& action);
    void call_method();
    void answer_exception(int code, std::string message);
    void finish_answer();
    void frame_content();
    bool drop_second_answer();
    bool may_have_content() const;
    void note_header(std::string_view keyword, std::string_view value);

    std::vector<std::pair<std::string, std::function<void()>>> methods_;
    std::string header_buffer_;
    int status_ = 0;
    std::optional<std::uint64_t> content_length_;
    std::optional<std::uint64_t> unsatisfied_size_;  // for Content-Range of a 416
    bool own_transfer_encoding_ = false;
    bool connection_sent_ = false;
    bool in_log_request_ = false;
    bool parsed_ = false;
};

}  // namespace basehttp
