#include "config/provenance.hpp"

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
    return origin == "default" || origin == "command line" ? "basehttpd" : origin;
}

}  // namespace basehttp
