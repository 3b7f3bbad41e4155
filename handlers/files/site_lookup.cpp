#include "handlers/files/site_lookup.hpp"

#include <algorithm>

#include "handlers/http/url_path.hpp"

namespace basehttp {
namespace {

bool ends_with(std::string_view text, std::string_view end) {
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

Resource redirect_to(std::string path) {
    Resource resource;
    resource.kind = Resource::Kind::redirect;
    resource.path = std::move(path);
    return resource;
}

}  // namespace

int status_of_failure(OpenStatus status) {
    switch (status) {
        case OpenStatus::forbidden:
            return 403;
        case OpenStatus::try_again:
        case OpenStatus::out_of_resources:
            return 503;
        case OpenStatus::io_error:
            return 500;
        case OpenStatus::ok:
        case OpenStatus::not_found:
        case OpenStatus::is_directory:
            break;
    }
    return 404;
}

OpenedFile SiteLookup::open_file(const std::string& path) {
    OpenedFile opened = site_.root.open_file(path, may_block_);
    probes_.push_back({path, opened.status, opened.info});
    return opened;
}

bool SiteLookup::has_parent(const std::string& path) {
    const std::string parent = path.substr(0, path.rfind('/', path.size() - 2) + 1);
    const OpenedFile directory = site_.root.open_directory(parent, may_block_);
    probes_.push_back({parent, directory.status, directory.info});
    return directory.status == OpenStatus::ok;
}

Resource SiteLookup::file(std::string path, OpenedFile opened) {
    Resource resource;
    resource.kind = Resource::Kind::file;
    resource.status = 200;
    resource.path = std::move(path);
    resource.opened = std::move(opened);
    return resource;
}

Resource SiteLookup::error(OpenStatus status) {
    Resource resource;
    resource.status = status_of_failure(status);
    return resource;
}

Resource SiteLookup::find(const std::string& path) {
    if (!site_.dotfiles && is_hidden_path(path)) return error(OpenStatus::not_found);
    if (path.back() == '/') return find_in_directory(path);
    OpenedFile opened = open_file(path);
    if (opened.status == OpenStatus::is_directory) return redirect_to(path + "/");
    if (opened.status == OpenStatus::not_found) return find_page(path);
    if (opened.status != OpenStatus::ok) return error(opened.status);
    if (site_.clean_urls && ends_with(path, ".html")) return clean_redirect(path);
    return file(path, std::move(opened));
}

Resource SiteLookup::find_in_directory(const std::string& path) {
    for (const std::string& name : site_.index) {
        OpenedFile index = open_file(path + name);
        if (index.status == OpenStatus::ok) return file(path + name, std::move(index));
        if (index.status != OpenStatus::not_found && index.status != OpenStatus::is_directory)
            return error(index.status);
    }
    OpenedFile directory = site_.root.open_directory(path, may_block_);
    probes_.push_back({path, directory.status, directory.info});
    if (directory.status == OpenStatus::not_found) return find_page(path);
    if (directory.status != OpenStatus::ok) return error(directory.status);
    if (!site_.listing) return error(OpenStatus::forbidden);
    Resource listing = file(path, std::move(directory));
    listing.kind = Resource::Kind::listing;
    return listing;
}

/// Nothing has that name: a page without its ".html", or the single page of an application, which
/// never stands in for an asset (a name with an extension).
Resource SiteLookup::find_page(const std::string& path) {
    if (site_.clean_urls && path.back() != '/') {
        OpenedFile page = open_file(path + ".html");
        if (page.status == OpenStatus::ok) return file(path + ".html", std::move(page));
        if (page.status != OpenStatus::not_found && page.status != OpenStatus::is_directory)
            return error(page.status);
    }
    if (site_.spa.empty() || !path_extension(path).empty()) return error(OpenStatus::not_found);
    OpenedFile page = open_file(site_.spa);
    if (page.status != OpenStatus::ok) return error(page.status);
    return file(site_.spa, std::move(page));
}

/// /about.html is /about, and /docs/index.html is /docs/.
Resource SiteLookup::clean_redirect(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    const std::string name = path.substr(slash + 1);
    if (std::find(site_.index.begin(), site_.index.end(), name) != site_.index.end())
        return redirect_to(path.substr(0, slash + 1));
    return redirect_to(path.substr(0, path.size() - std::string_view(".html").size()));
}

bool SiteLookup::unsure() const {
    return std::any_of(probes_.begin(), probes_.end(),
                       [](const Probe& probe) { return probe.status == OpenStatus::try_again; });
}

bool SiteLookup::settled(const std::vector<Probe>& probes, std::time_t now) {
    return std::all_of(probes.begin(), probes.end(), [now](const Probe& probe) {
        const bool has_content = probe.status == OpenStatus::ok && probe.path.back() != '/';
        return !has_content || probe.info.ctime + 1 < now;
    });
}

bool SiteLookup::unchanged(const StaticSite& site, const std::vector<Probe>& probes) {
    return std::all_of(probes.begin(), probes.end(), [&site](const Probe& probe) {
        const FoundFile now = site.root.stat(probe.path, false);
        if (probe.path.back() == '/')
            return (now.status == OpenStatus::is_directory) == (probe.status == OpenStatus::ok);
        if (probe.status == OpenStatus::forbidden && now.status == OpenStatus::ok) return true;
        return now.status == probe.status &&
               (now.status != OpenStatus::ok || now.info == probe.info);
    });
}

}  // namespace basehttp
