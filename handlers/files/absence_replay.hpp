// An answer without a handler that is not a file's: what the loop's cache holds of a 404.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "handlers/files/site_lookup.hpp"
#include "server/exchange/replay.hpp"

namespace basehttp {

/// Gives again what a handler once gave because nothing was found, as long as the same look-ups
/// find nothing.
class AbsenceReplay final : public Replay {
  public:
    /// `head`: status line and fields as the handler wrote them, without those of the connection.
    AbsenceReplay(std::shared_ptr<const StaticSite> site, int status, std::string_view head,
                  std::string content, std::vector<SiteLookup::Probe> probes);

    bool answer(const RequestHead& head, ReplayOutput& out) const override;
    bool fresh() const override { return settled_ && SiteLookup::unchanged(*site_, probes_); }
    Kind kind() const override { return Kind::absence; }
    bool varies() const override { return false; }
    std::size_t cost() const override;

  private:
    std::shared_ptr<const StaticSite> site_;
    int status_;
    std::string before_date_, after_date_, content_;
    std::vector<SiteLookup::Probe> probes_;
    bool settled_;
};

}  // namespace basehttp
