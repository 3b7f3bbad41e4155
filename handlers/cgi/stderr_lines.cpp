#include "handlers/cgi/stderr_lines.hpp"

#include <algorithm>

namespace basehttp {
namespace {

constexpr std::string_view missing = "...";
constexpr std::string_view between = " | ";

}  // namespace

void StderrLines::feed(std::string_view bytes, std::chrono::microseconds now) {
    now_ = now;
    while (!bytes.empty()) {
        const std::size_t end = std::min(bytes.find('\n'), bytes.size());
        keep(bytes.substr(0, end));
        if (end == bytes.size()) return;
        end_line();
        bytes.remove_prefix(end + 1);
    }
}

// One byte more than a line may have: it may be the CR of the end.
void StderrLines::keep(std::string_view bytes) {
    const std::size_t room = longest_line + 1 - line_.size();
    if (bytes.size() > room) cut_ = true;
    line_.append(bytes.substr(0, room));
}

void StderrLines::end_line() {
    if (!cut_ && line_.ends_with('\r')) line_.pop_back();
    if (cut_ || line_.size() > longest_line) {
        line_.resize(longest_line - missing.size());
        line_.append(missing);
    }
    if (!line_.empty()) {
        remember();
        if (may_write()) write_(line_);
    }
    line_.clear();
    cut_ = false;
}

void StderrLines::remember() {
    if (!recent_.empty()) recent_.append(between);
    recent_.append(line_);
    // One byte more than tail() gives tells it that there was more.
    if (recent_.size() > 2 * tail_bytes) recent_.erase(0, recent_.size() - tail_bytes - 1);
}

bool StderrLines::may_write() {
    if (now_ - second_began_ >= std::chrono::seconds(1) || in_second_ == 0) {
        second_began_ = now_;
        in_second_ = 0;
        report_suppressed();
    }
    if (in_second_ < rate) {
        ++in_second_;
        return true;
    }
    ++suppressed_;
    return false;
}

void StderrLines::report_suppressed() {
    if (suppressed_ == 0) return;
    write_("... " + std::to_string(suppressed_) +
           (suppressed_ == 1 ? " line was not logged" : " lines were not logged"));
    suppressed_ = 0;
}

void StderrLines::finish() {
    end_line();
    report_suppressed();
}

const std::string& StderrLines::tail() {
    if (recent_.size() > tail_bytes) {
        recent_.erase(0, recent_.size() - tail_bytes);
        recent_.replace(0, missing.size(), missing);
    }
    return recent_;
}

}  // namespace basehttp
