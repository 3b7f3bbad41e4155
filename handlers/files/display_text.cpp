#include "handlers/files/display_text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

#include "handlers/http/html_escape.hpp"
#include "handlers/http/utf8.hpp"
#include "server/append_number.hpp"

namespace basehttp {
namespace {

bool is_plain(char c) {
    return c >= ' ' && c <= '~' && c != '&' && c != '<' && c != '>' && c != '"' && c != '\'';
}

bool is_control(char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }

/// UTF-8 that shows something for every byte: the picture of a control character (U+2400 and
/// following), U+FFFD for what is ill-formed or a C1 control.
std::string visible(std::string_view name) {
    std::string text;
    for (std::size_t at = 0; at < name.size();) {
        const std::size_t length = utf8_length_at(name, at);
        const bool is_c1 = length == 2 && name[at] == '\xc2' && name[at + 1] < '\xa0';
        if (length == 0 || is_c1) {
            text += "\xef\xbf\xbd";
        } else if (is_control(name[at])) {
            text += "\xe2\x90";
            text += static_cast<char>(name[at] == '\x7f' ? 0xa1 : 0x80 + name[at]);
        } else {
            text += name.substr(at, length);
        }
        at += std::max<std::size_t>(length, 1);
    }
    return text;
}

/// As many digits as `scale` has, which is the worth of the first.
void append_digits(std::string& out, unsigned number, unsigned scale) {
    for (; scale > 0; scale /= 10) {
        out += static_cast<char>('0' + number / scale % 10);
    }
}

void append_time(std::string& out, std::int64_t time, char separator, bool with_seconds) {
    using namespace std::chrono;
    constexpr std::int64_t first = -62135596800;
    constexpr std::int64_t last = 253402300799;
    const sys_seconds when{seconds{std::clamp(time, first, last)}};
    const auto day = floor<days>(when);
    const year_month_day date{day};
    const hh_mm_ss clock{when - day};
    append_digits(out, static_cast<unsigned>(static_cast<int>(date.year())), 1000);
    out += '-';
    append_digits(out, static_cast<unsigned>(date.month()), 10);
    out += '-';
    append_digits(out, static_cast<unsigned>(date.day()), 10);
    out += separator;
    append_digits(out, static_cast<unsigned>(clock.hours().count()), 10);
    out += ':';
    append_digits(out, static_cast<unsigned>(clock.minutes().count()), 10);
    if (!with_seconds) return;
    out += ':';
    append_digits(out, static_cast<unsigned>(clock.seconds().count()), 10);
    out += 'Z';
}

}  // namespace

void append_visible_html(std::string& out, std::string_view name) {
    if (std::all_of(name.begin(), name.end(), is_plain)) {
        out += name;
    } else {
        out += html_escape(visible(name));
    }
}

void append_size(std::string& out, std::uint64_t size) {
    constexpr std::array units{" kB", " MB", " GB", " TB", " PB", " EB"};
    if (size < 1000) {
        append_number(out, size);
        out += " B";
        return;
    }
    std::size_t unit = 0;
    std::uint64_t scale = 1000;
    // Rounding up must not give "1000 kB".
    while (unit + 1 < units.size() && size >= scale * 1000 - scale / 2) {
        scale *= 1000;
        ++unit;
    }
    const std::uint64_t tenths = size / scale * 10 + (size % scale + scale / 20) / (scale / 10);
    if (tenths < 100) {
        append_number(out, tenths / 10);
        out += '.';
        append_number(out, tenths % 10);
    } else {
        append_number(out, size / scale + (size % scale >= scale / 2 ? 1 : 0));
    }
    out += units.at(unit);
}

void append_rfc3339(std::string& out, std::int64_t time) { append_time(out, time, 'T', true); }

void append_short_time(std::string& out, std::int64_t time) { append_time(out, time, ' ', false); }

}  // namespace basehttp
