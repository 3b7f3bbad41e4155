#include "server/log/log_time.hpp"

#include <locale.h>

#include <array>

namespace basehttp {
namespace {

/// strftime without the program's locale: month names are English in every log.
std::size_t format_time(std::array<char, 128>& text, const char* format, const std::tm& parts) {
    static const locale_t english = ::newlocale(LC_ALL_MASK, "C", nullptr);
    return ::strftime_l(text.data(), text.size(), format, &parts, english);
}

std::string time_text(const char* format, const std::tm& parts) {
    std::array<char, 128> text;
    return {text.data(), format_time(text, format, parts)};
}

}  // namespace

void LogTime::update(std::time_t now) {
    if (now == now_) return;
    now_ = now;
    std::tm utc{};
    ::localtime_r(&now, &local_);
    ::gmtime_r(&now, &utc);
    python_ = time_text("%d/%b/%Y %H:%M:%S", local_);
    common_ = time_text("%d/%b/%Y:%H:%M:%S %z", local_);
    common_in_line_ = " - - [" + common_ + "] ";
    iso_ = time_text("%Y-%m-%dT%H:%M:%SZ", utc);
}

void LogTime::append(std::string& out, const std::string& format) const {
    std::array<char, 128> text;
    out.append(text.data(), format_time(text, format.c_str(), local_));
}

}  // namespace basehttp
