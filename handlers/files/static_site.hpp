// One site: what is served from which directory, and how. Virtual hosts choose among sites.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "handlers/files/document_root.hpp"
#include "handlers/http/mime_types.hpp"
#include "server/api.hpp"

namespace basehttp {

struct CgiSettings;

/// Immutable once serving, shared by all threads.
struct BASEHTTP_API StaticSite {
    /// Defaults for all the rest.
    explicit StaticSite(DocumentRoot root_) : root(std::move(root_)) {}

    DocumentRoot root;  ///< Whose files.
    std::string tag;    ///< Marks lines about its requests in the event log; empty: nothing does.
    /// File names that stand for their directory; the first that exists.
    std::vector<std::string> index = {"index.html", "index.htm"};
    bool listing = true;      ///< Lists a directory that has no index file; off: 403.
    bool dotfiles = false;    ///< Serves names that begin with a dot; /.well-known always is.
    bool clean_urls = false;  ///< Serves about.html as /about, and redirects /about.html there.
    std::string spa;  ///< Path of the page for unknown paths without extension; empty: none.
    std::string charset = "utf-8";  ///< For text files (see wants_charset()); empty: none is named.
    bool precompressed = true;      ///< Serves FILE.br, FILE.zst or FILE.gz where accepted.
    bool compress = true;           ///< Compresses text of up to `memory_file` bytes.
    MimeTypes types;                ///< Media types by extension.
    std::vector<std::pair<std::string, std::string>> headers;        ///< on each answer
    std::vector<std::pair<std::string, std::string>> cache_control;  ///< pattern, value
    std::map<int, std::string> error_pages;  ///< status: path of its page in this site
    unsigned max_ranges = 16;  ///< of one request; more: all of the file (RFC 9110 section 14.2)
    std::string temp_directory = "/tmp";   ///< for listings that a slow client cannot take at once
    std::size_t memory_file = 256u << 10;  ///< bytes; larger files are sent from a descriptor
    std::string server_header = "basehttpd/0.1";  ///< value of Server; empty: not sent
    std::shared_ptr<const CgiSettings> cgi;       ///< how its scripts run; nullptr: it has none

    /// Content type with charset for a path (RFC 9110 section 8.3).
    std::string content_type(std::string_view path) const;
    /// The first rule whose pattern matches, or nothing.
    std::string_view cache_control_for(std::string_view path) const;
};

/// A site with default settings. Throws std::system_error when the directory cannot be opened.
BASEHTTP_API std::shared_ptr<const StaticSite> make_site(const std::string& directory);

/// Sites by host name. Immutable once serving.
class BASEHTTP_API SiteMap {
  public:
    /// `fallback`: for hosts without a site of their own.
    explicit SiteMap(std::shared_ptr<const StaticSite> fallback) : fallback_(std::move(fallback)) {}
    /// `name`: a host, in any case; before serving.
    void add(std::string_view name, std::shared_ptr<const StaticSite> site);
    /// `host` as in the Host field: any case, with or without port and final dot.
    const std::shared_ptr<const StaticSite>& find(std::string_view host) const;
    /// The name under which the site of a host was added; empty for the fallback.
    std::string_view canonical_name(std::string_view host) const;

  private:
    std::shared_ptr<const StaticSite> fallback_;
    std::map<std::string, std::shared_ptr<const StaticSite>, std::less<>> by_name_;
};

}  // namespace basehttp
