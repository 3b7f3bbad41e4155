#include "handlers/files/absence_replay.hpp"

#include <ctime>

namespace basehttp {
namespace {

constexpr std::string_view date_name = "\r\nDate: ";
constexpr std::size_t date_size = 29;  // RFC 9110 section 5.6.7

}  // namespace

AbsenceReplay::AbsenceReplay(std::shared_ptr<const StaticSite> site, int status,
                             std::string_view head, std::string content,
                             std::vector<SiteLookup::Probe> probes)
    : site_(std::move(site)),
      status_(status),
      content_(std::move(content)),
      probes_(std::move(probes)),
      settled_(SiteLookup::settled(probes_, std::time(nullptr))) {
    const std::size_t date = head.find(date_name) + date_name.size();
    before_date_ = head.substr(0, date);
    after_date_ = head.substr(date + date_size);
}

std::size_t AbsenceReplay::cost() const {
    std::size_t bytes = sizeof *this + before_date_.size() + after_date_.size() + content_.size();
    for (const SiteLookup::Probe& probe : probes_) bytes += sizeof probe + probe.path.size();
    return bytes;
}

/// Preconditions and ranges are about a representation, and there is none (RFC 9110
/// section 13.2.1).
bool AbsenceReplay::answer(const RequestHead& head, ReplayOutput& out) const {
    out.text.append(before_date_).append(out.date).append(after_date_).append(out.head_end);
    out.status = status_;
    if (head.method != "GET") return true;
    out.body_bytes = content_.size();
    out.text.append(content_);
    return true;
}

}  // namespace basehttp
