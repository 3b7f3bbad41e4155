#include "handlers/files/quick_replay.hpp"

#include "handlers/files/file_replay.hpp"
#include "handlers/http/url_path.hpp"

namespace basehttp {

std::shared_ptr<const Replay> make_quick_replay(const std::shared_ptr<const StaticSite>& site,
                                                const RequestHead& head) {
    const std::string_view path = split_target(head.target).path;
    if (!has_usual_spelling(path)) return nullptr;
    const auto decoded = decode_url_path(path);
    if (!decoded) return nullptr;
    SiteLookup lookup(*site, false);
    Resource resource = lookup.find(decoded->path);
    if (resource.kind != Resource::Kind::file) return nullptr;
    std::string type = site->content_type(resource.path);
    auto entity =
        choose_entity(*site, lookup, std::move(resource), std::move(type), head.accept_encoding);
    if (!entity || lookup.unsure()) return nullptr;
    return std::make_shared<FileReplay>(site, std::move(entity), lookup.probes());
}

}  // namespace basehttp
