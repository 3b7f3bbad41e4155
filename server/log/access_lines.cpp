#include "server/log/access_lines.hpp"

namespace basehttp {

bool AccessLines::follow(Log& log) {
    if (const std::uint64_t now = log.generation(); now != generation_) {
        flush(log);
        generation_ = now;
        access_ = log.access();
    }
    return access_ != nullptr;
}

void AccessLines::add(const AccessRecord& record, std::time_t now) {
    time_.update(now);
    access_->append_line(lines_, record, time_);
}

void AccessLines::flush(Log& log) {
    if (lines_.empty()) return;
    log.write_access(*access_, lines_);
    lines_.clear();
}

}  // namespace basehttp
