#include "handlers/files/static_site.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <array>

#include "handlers/http/ascii.hpp"
#include "server/http1/host.hpp"

namespace basehttp {
namespace {

/// A Host in lower case, without port and final dot; no allocation. Empty when it is too long for
/// any name.
class NormalHost {
  public:
    explicit NormalHost(std::string_view host) {
        host = host_without_port(host);
        if (host.ends_with('.')) host.remove_suffix(1);
        if (host.size() > text_.size()) return;
        size_ = host.size();
        std::transform(host.begin(), host.end(), text_.begin(), ascii_lower);
    }
    std::string_view text() const { return {text_.data(), size_}; }

  private:
    std::array<char, 256> text_;
    std::size_t size_ = 0;
};

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
    by_name_[std::string(NormalHost(name).text())] = std::move(site);
}

const std::shared_ptr<const StaticSite>& SiteMap::find(std::string_view host) const {
    if (by_name_.empty()) return fallback_;
    const auto found = by_name_.find(NormalHost(host).text());
    return found == by_name_.end() ? fallback_ : found->second;
}

std::string_view SiteMap::canonical_name(std::string_view host) const {
    if (by_name_.empty()) return {};
    const auto found = by_name_.find(NormalHost(host).text());
    return found == by_name_.end() ? std::string_view() : std::string_view(found->first);
}

}  // namespace basehttp
