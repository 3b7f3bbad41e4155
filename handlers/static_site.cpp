#include "handlers/static_site.hpp"

#include <fnmatch.h>

#include <algorithm>

namespace basehttp {
namespace {

std::string normal_host(std::string_view host) {
    if (host.empty() || host.front() != '[') host = host.substr(0, host.find(':'));
    else host = host.substr(0, host.find(']') + 1);
    if (!host.empty() && host.back() == '.') host.remove_suffix(1);
    std::string lower(host);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    });
    return lower;
}

}  // namespace

std::string StaticSite::content_type(std::string_view path) const {
    std::string type(types.guess(path));
    if (!charset.empty() && wants_charset(type)) type += "; charset=" + charset;
    return type;
}

std::string_view StaticSite::cache_control_for(std::string_view path) const {
    const std::string text(path);
    for (const auto& [pattern, value] : cache_control)
        if (::fnmatch(pattern.c_str(), text.c_str(), 0) == 0) return value;
    return {};
}

std::shared_ptr<const StaticSite> make_site(const std::string& directory) {
    return std::make_shared<StaticSite>(DocumentRoot::open(directory));
}

void SiteMap::add(std::string_view name, std::shared_ptr<const StaticSite> site) {
    by_name_[normal_host(name)] = std::move(site);
}

const std::shared_ptr<const StaticSite>& SiteMap::find(std::string_view host) const {
    if (by_name_.empty()) return fallback_;
    const auto found = by_name_.find(normal_host(host));
    return found == by_name_.end() ? fallback_ : found->second;
}

}  // namespace basehttp
