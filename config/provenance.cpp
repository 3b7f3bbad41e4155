#include "config/provenance.hpp"

#include "config/environment.hpp"

namespace basehttp {

std::string origin_of(const Provenance& provenance, std::size_t site, std::string_view name,
                      std::string_view text) {
    const auto& origins = provenance.sites.at(site);
    const auto found = origins.find(std::string(name) + '=' + std::string(text));
    return found == origins.end() ? "default" : found->second;
}

std::string blame(const Provenance& provenance, std::size_t site, std::string_view name,
                  std::string_view text) {
    std::string origin = origin_of(provenance, site, name, text);
    if (origin == kFromEnvironment) {
        const std::size_t dot = name.find('.');
        const Setting* const setting = find_setting(name.substr(0, dot), name.substr(dot + 1));
        return setting == nullptr ? "basehttpd" : variable_of(*setting);
    }
    return origin == "default" || origin == "command line" ? "basehttpd" : origin;
}

}  // namespace basehttp
