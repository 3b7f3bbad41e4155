// Answers for a file without a handler: what the loop's cache holds.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "handlers/files/file_entity.hpp"
#include "server/exchange/replay.hpp"

namespace basehttp {

/// Gives the very answers that SimpleHTTPRequestHandler gives for the same file and look-ups, from
/// header blocks made once. Several ranges, 412 and 416 are left to the handler.
class FileReplay final : public Replay {
  public:
    FileReplay(std::shared_ptr<const StaticSite> site, std::shared_ptr<const FileEntity> entity,
               std::vector<SiteLookup::Probe> probes);

    bool answer(const RequestHead& head, ReplayOutput& out) const override;
    bool fresh() const override { return settled_ && SiteLookup::unchanged(*site_, probes_); }
    Kind kind() const override { return entity_->file ? Kind::descriptor : Kind::content; }
    bool varies() const override { return entity_->vary; }
    std::size_t cost() const override;

  private:
    /// A header section without the value of Date and its end.
    struct Head {
        std::string before_date, after_date;
    };
    bool answer_conditionally(const RequestHead& head, ReplayOutput& out) const;
    void answer_whole(const RequestHead& head, ReplayOutput& out) const;
    void answer_range(const ByteRange& range, ReplayOutput& out) const;
    static void append_head(ReplayOutput& out, const Head& head);
    void append_content(ReplayOutput& out, std::uint64_t first, std::uint64_t length) const;
    Head make_head(int status, std::string_view reason) const;

    std::shared_ptr<const StaticSite> site_;
    std::shared_ptr<const FileEntity> entity_;
    std::vector<SiteLookup::Probe> probes_;
    bool settled_;  // no file had changed in the last seconds, so that a further change shows
    Head whole_, part_, not_modified_;
};

}  // namespace basehttp
