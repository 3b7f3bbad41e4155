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
    bool answer_conditionally(const RequestHead& head, ReplayOutput& out) const;
    void answer_whole(const RequestHead& head, ReplayOutput& out) const;
    void answer_range(const ByteRange& range, ReplayOutput& out) const;
    void append_head(ReplayOutput& out, std::string_view status_line,
                     std::string_view fields) const;
    void append_content(ReplayOutput& out, std::uint64_t first, std::uint64_t length) const;
    std::string make_fields(int status) const;

    std::shared_ptr<const StaticSite> site_;
    std::shared_ptr<const FileEntity> entity_;
    std::vector<SiteLookup::Probe> probes_;
    bool settled_;  // no file had changed in the last seconds, so that a further change shows
    std::string server_line_;                           // "Server: x\r\n" or empty
    std::string fields_200_, fields_206_, fields_304_;  // field lines after Date
};

}  // namespace basehttp
