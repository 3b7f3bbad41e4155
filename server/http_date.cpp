#include "server/http_date.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <tuple>

namespace basehttp {
namespace {

constexpr std::array<std::string_view, 7> day_names = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};
constexpr std::string_view month_names = "JanFebMarAprMayJunJulAugSepOctNovDec";
constexpr std::int64_t seconds_per_day = 86400;
constexpr int last_year = 9999;

struct CivilTime {
    int year;   // 0 to 9999
    int month;  // 1 to 12
    int day;
    int hour;
    int minute;
    int second;
    int weekday;  // 0 is Sunday

    auto order() const { return std::tuple(year, month, day, hour, minute, second); }
};

constexpr bool is_leap_year(std::int64_t year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

// Days are counted from 1 January of the year 0, proleptic Gregorian; years are not negative.
constexpr std::int64_t days_before_year(std::int64_t year) {
    return 365 * year + (year + 3) / 4 - (year + 99) / 100 + (year + 399) / 400;
}

constexpr int days_before_month(int month, bool leap) {
    constexpr std::array<int, 14> table = {0,   0,   31,  59,  90,  120, 151,
                                           181, 212, 243, 273, 304, 334, 365};
    return table[static_cast<std::size_t>(month)] + (leap && month > 2 ? 1 : 0);
}

constexpr std::int64_t day_number(int year, int month, int day) {
    return days_before_year(year) + days_before_month(month, is_leap_year(year)) + day - 1;
}

constexpr int weekday_of(std::int64_t days) { return static_cast<int>((days + 6) % 7); }

constexpr std::int64_t epoch_day = day_number(1970, 1, 1);
constexpr std::int64_t last_second =
    (day_number(last_year, 12, 31) + 1 - epoch_day) * seconds_per_day - 1;
static_assert(weekday_of(epoch_day) == 4, "1 January 1970 was a Thursday");

CivilTime civil_time(std::time_t time) {
    const std::int64_t seconds = std::clamp<std::int64_t>(time, 0, last_second);
    const std::int64_t days = epoch_day + seconds / seconds_per_day;
    const int clock = static_cast<int>(seconds % seconds_per_day);

    std::int64_t year = days * 400 / days_before_year(400);  // exact, or one off
    if (days_before_year(year) > days) --year;
    if (days_before_year(year + 1) <= days) ++year;
    const bool leap = is_leap_year(year);
    const int day_of_year = static_cast<int>(days - days_before_year(year));
    int month = day_of_year / 31 + 1;  // exact, or one too early
    if (days_before_month(month + 1, leap) <= day_of_year) ++month;

    return {.year = static_cast<int>(year),
            .month = month,
            .day = day_of_year - days_before_month(month, leap) + 1,
            .hour = clock / 3600,
            .minute = clock / 60 % 60,
            .second = clock % 60,
            .weekday = weekday_of(days)};
}

bool is_valid(const CivilTime& t) {
    if (t.year < 0 || t.year > last_year || t.month < 1 || t.weekday < 0) return false;
    const bool leap = is_leap_year(t.year);
    const int days_in_month =
        days_before_month(t.month + 1, leap) - days_before_month(t.month, leap);
    if (t.day < 1 || t.day > days_in_month) return false;
    if (weekday_of(day_number(t.year, t.month, t.day)) != t.weekday) return false;
    if (t.second == 60) return t.hour == 23 && t.minute == 59;
    return t.hour < 24 && t.minute < 60 && t.second < 60;
}

std::optional<std::time_t> to_time(const CivilTime& t) {
    if (!is_valid(t)) return std::nullopt;
    const std::int64_t days = day_number(t.year, t.month, t.day) - epoch_day;
    return days * seconds_per_day + t.hour * 3600 + t.minute * 60 + t.second;
}

// In a shape '9' stands for a digit, '_' for a digit or a space, 'x' for any character.
bool has_shape(std::string_view text, std::string_view shape) {
    const auto fits = [](char c, char s) {
        const bool digit = c >= '0' && c <= '9';
        return s == 'x' || c == s || (s == '9' && digit) || (s == '_' && (digit || c == ' '));
    };
    return std::equal(text.begin(), text.end(), shape.begin(), shape.end(), fits);
}

int number_at(std::string_view text, std::size_t at, std::size_t length) {
    int number = 0;
    for (const char c : text.substr(at, length)) number = number * 10 + (c == ' ' ? 0 : c - '0');
    return number;
}

// 1 to 12, or 0.
int month_at(std::string_view text, std::size_t at) {
    for (std::size_t i = 0; i < 12; ++i) {
        if (text.substr(at, 3) == month_names.substr(i * 3, 3)) return static_cast<int>(i) + 1;
    }
    return 0;
}

// 0 to 6, or -1. Short names have three letters.
int find_weekday(std::string_view name, bool is_short) {
    for (std::size_t i = 0; i < day_names.size(); ++i) {
        if (name == (is_short ? day_names[i].substr(0, 3) : day_names[i])) {
            return static_cast<int>(i);
        }
    }
    return -1;
}

// hh:mm:ss
void read_clock(std::string_view text, std::size_t at, CivilTime& t) {
    t.hour = number_at(text, at, 2);
    t.minute = number_at(text, at + 3, 2);
    t.second = number_at(text, at + 6, 2);
}

// Sun, 06 Nov 1994 08:49:37 GMT
std::optional<std::time_t> parse_fixdate(std::string_view text) {
    if (!has_shape(text, "xxx, 99 xxx 9999 99:99:99 GMT")) return std::nullopt;
    CivilTime t{};
    t.weekday = find_weekday(text.substr(0, 3), true);
    t.day = number_at(text, 5, 2);
    t.month = month_at(text, 8);
    t.year = number_at(text, 12, 4);
    read_clock(text, 17, t);
    return to_time(t);
}

// Sun Nov  6 08:49:37 1994
std::optional<std::time_t> parse_asctime(std::string_view text) {
    if (!has_shape(text, "xxx xxx _9 99:99:99 9999")) return std::nullopt;
    CivilTime t{};
    t.weekday = find_weekday(text.substr(0, 3), true);
    t.month = month_at(text, 4);
    t.day = number_at(text, 8, 2);
    read_clock(text, 11, t);
    t.year = number_at(text, 20, 4);
    return to_time(t);
}

// Sunday, 06-Nov-94 08:49:37 GMT
std::optional<std::time_t> parse_rfc850(std::string_view text, std::time_t now) {
    const std::size_t comma = text.find(',');
    if (comma == text.npos) return std::nullopt;
    const std::string_view rest = text.substr(comma);
    if (!has_shape(rest, ", 99-xxx-99 99:99:99 GMT")) return std::nullopt;
    CivilTime t{};
    t.weekday = find_weekday(text.substr(0, comma), false);
    t.day = number_at(rest, 2, 2);
    t.month = month_at(rest, 5);
    read_clock(rest, 12, t);

    CivilTime limit = civil_time(now != 0 ? now : std::time(nullptr));
    limit.year += 50;
    t.year = limit.year / 100 * 100 + number_at(rest, 9, 2);
    if (t.order() > limit.order()) t.year -= 100;
    return to_time(t);
}

char* put_text(char* out, std::string_view text) {
    return std::copy(text.begin(), text.end(), out);
}

char* put_two_digits(char* out, int number) {
    *out++ = static_cast<char>('0' + number / 10);
    *out++ = static_cast<char>('0' + number % 10);
    return out;
}

}  // namespace

void write_http_date(std::time_t time, char* out29) {
    const CivilTime t = civil_time(time);
    char* out = put_text(out29, day_names[static_cast<std::size_t>(t.weekday)].substr(0, 3));
    out = put_two_digits(put_text(out, ", "), t.day);
    out = put_text(out, " ");
    out = put_text(out, month_names.substr(static_cast<std::size_t>(t.month - 1) * 3, 3));
    out = put_two_digits(put_text(out, " "), t.year / 100);
    out = put_two_digits(out, t.year % 100);
    out = put_two_digits(put_text(out, " "), t.hour);
    out = put_two_digits(put_text(out, ":"), t.minute);
    out = put_two_digits(put_text(out, ":"), t.second);
    put_text(out, " GMT");
}

std::string format_http_date(std::time_t time) {
    std::string text(http_date_length, '\0');
    write_http_date(time, text.data());
    return text;
}

std::optional<std::time_t> parse_http_date(std::string_view text, std::time_t now) {
    if (text.size() < 4) return std::nullopt;
    if (text[3] == ',') return parse_fixdate(text);
    if (text[3] == ' ') return parse_asctime(text);
    return parse_rfc850(text, now);
}

}  // namespace basehttp
