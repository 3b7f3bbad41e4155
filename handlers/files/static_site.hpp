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

namespace basehttp {

struct CgiSettings;

/// Immutable once serving, shared by all threads.
struct StaticSite {
    explicit StaticSite(DocumentRoot root_) : root(std::move(root_)) {}

    DocumentRoot root;
    std::vector<std::string> index = {"index.html", "index.htm"};
    bool listing = true;
    bool dotfiles = false;
    bool clean_urls = false;
    std::string spa;  ///< Path of the page for unknown paths without extension; empty: none.
    std::string charset = "utf-8";
    bool precompressed = true;
    bool compress = true;
    MimeTypes types;
    std::vector<std::pair<std::string, std::string>> headers;        ///< on each answer
    std::vector<std::pair<std::string, std::string>> cache_control;  ///< pattern, value
    std::map<int, std::string> error_pages;
    unsigned max_ranges = 16;
    std::string temp_directory = "/tmp";   ///< for listings that a slow client cannot take at once
    std::size_t memory_file = 256u << 10;  ///< bytes; larger files are sent from a descriptor
    std::string server_header = "basehttpd/0.1";
    std::shared_ptr<const CgiSettings> cgi;  ///< how its scripts run; nullptr: it has none

    /// Content type with charset for a path (RFC 9110 section 8.3).
    std::string content_type(std::string_view path) const;
    /// The first rule whose pattern matches, or nothing.
    std::string_view cache_control_for(std::string_view path) const;
};

/// A site with default settings. Throws std::system_error when the directory cannot be opened.
std::shared_ptr<const StaticSite> make_site(const std::string& directory);

/// Sites by host name. Immutable once serving.
class SiteMap {
  public:
    explicit SiteMap(std::shared_ptr<const StaticSite> fallback) : fallback_(std::move(fallback)) {}
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
