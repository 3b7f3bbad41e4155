// Python's http.server.SimpleHTTPRequestHandler: serves files of a site.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "handlers/base_http_request_handler.hpp"
#include "handlers/files/file_entity.hpp"
#include "handlers/files/static_site.hpp"
#include "server/api.hpp"

namespace basehttp {

/// GET, HEAD and OPTIONS for files below a document root, with conditions, ranges and compression
/// (RFC 9110 sections 12 to 14); 405 for other methods that HTTP knows.
///
/// Its answers may be replayed by the loop without a handler. That permission is not inherited: a
/// derived class is asked for each request, so whatever it overrides is obeyed.
class BASEHTTP_API SimpleHTTPRequestHandler : public BaseHTTPRequestHandler {
  public:
    /// `site` as made by make_site(directory), Python's `directory` parameter.
    SimpleHTTPRequestHandler(Request& request_, const Address& client_address_, BaseServer& server_,
                             std::shared_ptr<const StaticSite> site);

    /// What send_head() found to send: the selected parts of an entity.
    struct Content {
        std::shared_ptr<const FileEntity> entity;  ///< The chosen representation and its fields.
        FileAnswer answer;                         ///< 200, or 206 with its ranges.
    };

    void do_GET() override;      ///< send_head(), then copyfile().
    void do_HEAD() override;     ///< send_head().
    void do_OPTIONS() override;  ///< 204 with Allow (RFC 9110 section 9.3.7).
    ///@{
    /// 405 with Allow (RFC 9110 section 15.5.6).
    void do_POST() override { send_error(405); }
    void do_PUT() override { send_error(405); }
    void do_DELETE() override { send_error(405); }
    void do_PATCH() override { send_error(405); }
    void do_TRACE() override { send_error(405); }
    void do_CONNECT() override { send_error(405); }
    ///@}

    /// Sends the header of a GET or HEAD and tells what content is to follow; nothing when the
    /// answer is complete (an error, a redirect, a listing, 304).
    virtual std::optional<Content> send_head();
    /// Sends the content that send_head() promised.
    virtual void copyfile(const Content& content, ResponseWriter& outputfile);
    /// Sends a listing of an open directory, as HTML or, if the client prefers it, JSON.
    virtual void list_directory(const std::string& directory_path, OpenedFile directory);
    /// From the request target to a decoded path below the root; nullopt: 400 (bad encoding).
    virtual std::optional<std::string> translate_path(std::string_view target);
    /// The Content-Type for a path below the root.
    virtual std::string guess_type(std::string_view file_path);

    /// With the site's own page, if it has one for `code` (StaticSite::error_pages).
    void send_error(int code, std::string_view message = {},
                    std::string_view explain = {}) override;
    void end_headers() override;                  ///< Adds the fields of StaticSite::headers.
    std::string version_string() const override;  ///< StaticSite::server_header

  protected:
    /// Whether the loop may replay the answers of this very class. Override to say yes for a
    /// derived class, and only for that: compare typeid(*this).
    virtual bool may_replay() const;
    /// Whether a file that was found (`file` is open) may be sent at all; if not: 403.
    virtual bool may_send(const std::string& file_path, int file);
    /// Whether a listing leaves a name out, beside those that begin with a dot.
    virtual bool is_unlisted(std::string_view name);
    /// Sends the header for a file, whichever site it is of; then its content is due.
    std::optional<Content> send_file_head(Resource resource, SiteLookup& lookup);
    bool needs_body() const override { return false; }
    void send_error_headers(int code) override;

    /// What is served. Immutable.
    const StaticSite& site() const { return *site_; }

  private:
    void redirect_to(const std::string& location_path);
    bool may_offer() const;
    void send_missing(const std::string& file_path, SiteLookup& lookup);
    std::optional<std::string> content_of_404(SiteLookup& lookup);
    bool send_error_page(int code, const std::string& page_path);

    std::shared_ptr<const StaticSite> site_;
    bool in_error_page_ = false;
    std::string* record_ = nullptr;  // where end_headers() copies the header section to
};

}  // namespace basehttp
