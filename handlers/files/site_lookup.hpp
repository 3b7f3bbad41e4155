// From a URL path to what is there: a file, a redirect, a listing, or an error.
#pragma once

#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "handlers/files/static_site.hpp"

namespace basehttp {

/// What a path stands for.
struct Resource {
    enum class Kind : std::uint8_t { file, redirect, listing, error };
    Kind kind = Kind::error;
    int status = 404;   ///< error: 403, 404, 500 or 503
    std::string path;   ///< file: its path below the root; redirect: where to; listing: itself
    OpenedFile opened;  ///< file: open for reading; listing: the directory
};

/// Looks things up in a site and remembers each look-up, so that it can be told later whether the
/// same look-ups would still come to the same result. One request's; its thread only.
class SiteLookup {
  public:
    /// One look-up and what it found.
    struct Probe {
        std::string path;
        OpenStatus status;
        FileInfo info;
    };

    const StaticSite& site() const { return site_; }
    /// With `may_block` off nothing waits; what only a look-up that waits can tell is try_again,
    /// and unsure() afterwards.
    explicit SiteLookup(const StaticSite& site, bool may_block = true)
        : site_(site), may_block_(may_block) {}
    bool may_block() const { return may_block_; }
    bool unsure() const;

    /// `path` is decoded and normal (decode_url_path). Opens, so it may block.
    Resource find(const std::string& path);
    OpenedFile open_file(const std::string& path);
    /// Whether the directory in which `path` would be is there.
    bool has_parent(const std::string& path);
    const std::vector<Probe>& probes() const { return probes_; }

    /// Whether each look-up would find the same again. Does not block: unsure means no.
    static bool unchanged(const StaticSite& site, const std::vector<Probe>& probes);

    /// Whether every file found had last changed a second or more before `now`: a further change
    /// within the same tick of the file system's clock could not be told.
    static bool settled(const std::vector<Probe>& probes, std::time_t now);

  private:
    Resource find_in_directory(const std::string& path);
    Resource find_page(const std::string& path);
    Resource clean_redirect(const std::string& path);
    static Resource file(std::string path, OpenedFile opened);
    static Resource error(OpenStatus status);

    const StaticSite& site_;
    const bool may_block_;
    std::vector<Probe> probes_;
};

/// The one place where a failed look-up becomes a status: 403, 404, 500 or 503.
int status_of_failure(OpenStatus status);

}  // namespace basehttp
