#include "config/setting_values.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace basehttp {
namespace {

constexpr std::string_view kBlanks = " \t";

std::string_view digits_of(std::string_view text) {
    const std::size_t end = text.find_first_not_of("0123456789");
    return text.substr(0, end);
}

std::optional<std::uint64_t> times(std::optional<std::uint64_t> number, std::uint64_t factor,
                                   std::uint64_t most) {
    if (!number || *number > most / factor) return std::nullopt;
    return *number * factor;
}

}  // namespace

std::optional<std::uint64_t> parse_whole_number(std::string_view text) {
    std::uint64_t number = 0;
    const char* const begin = text.data();
    const char* const end = begin + text.size();
    const auto [stop, error] = std::from_chars(begin, end, number);
    if (error != std::errc() || stop != end) return std::nullopt;
    return number;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
    const std::string_view digits = digits_of(text);
    const std::string suffix = lower_case(text.substr(digits.size()));
    unsigned shift = 0;
    if (suffix == "k") shift = 10;
    if (suffix == "m") shift = 20;
    if (suffix == "g") shift = 30;
    if (shift == 0 && !suffix.empty()) return std::nullopt;
    return times(parse_whole_number(digits), std::uint64_t{1} << shift,
                 std::numeric_limits<std::uint64_t>::max());
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    const std::string_view digits = digits_of(text);
    const std::string unit = lower_case(text.substr(digits.size()));
    std::uint64_t milliseconds = 0;
    if (unit == "ms") milliseconds = 1;
    if (unit.empty() || unit == "s") milliseconds = 1000;
    if (unit == "m") milliseconds = 60'000;
    if (unit == "h") milliseconds = 3'600'000;
    if (milliseconds == 0) return std::nullopt;
    constexpr auto most = std::numeric_limits<std::chrono::milliseconds::rep>::max();
    const auto total =
        times(parse_whole_number(digits), milliseconds, static_cast<std::uint64_t>(most));
    if (!total) return std::nullopt;
    return std::chrono::milliseconds(static_cast<std::chrono::milliseconds::rep>(*total));
}

std::optional<bool> parse_switch(std::string_view text) {
    const std::string word = lower_case(text);
    if (word == "on" || word == "true" || word == "yes" || word == "1") return true;
    if (word == "off" || word == "false" || word == "no" || word == "0") return false;
    return std::nullopt;
}

std::string size_text(std::uint64_t bytes) {
    struct Suffix {
        unsigned shift;
        const char* text;
    };
    for (const Suffix suffix : {Suffix{30, "g"}, Suffix{20, "m"}, Suffix{10, "k"}}) {
        const std::uint64_t whole = bytes >> suffix.shift;
        if (whole > 0 && whole << suffix.shift == bytes) {
            return std::to_string(whole) + suffix.text;
        }
    }
    return std::to_string(bytes);
}

std::string duration_text(std::chrono::milliseconds duration) {
    const auto count = duration.count();
    if (count == 0) return "0";
    if (count % 3'600'000 == 0) return std::to_string(count / 3'600'000) + "h";
    if (count % 60'000 == 0) return std::to_string(count / 60'000) + "m";
    if (count % 1000 == 0) return std::to_string(count / 1000) + "s";
    return std::to_string(count) + "ms";
}

std::string switch_text(bool on) { return on ? "on" : "off"; }

std::string_view without_blanks(std::string_view text) {
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::vector<std::string_view> split_words(std::string_view text) {
    constexpr std::string_view separators = " \t,";
    std::vector<std::string_view> words;
    std::size_t begin = text.find_first_not_of(separators);
    while (begin != std::string_view::npos) {
        const std::size_t end = std::min(text.find_first_of(separators, begin), text.size());
        words.push_back(text.substr(begin, end - begin));
        begin = text.find_first_not_of(separators, end);
    }
    return words;
}

std::pair<std::string_view, std::string_view> split_first_word(std::string_view text) {
    text = without_blanks(text);
    const std::size_t end = std::min(text.find_first_of(kBlanks), text.size());
    return {text.substr(0, end), without_blanks(text.substr(end))};
}

std::string lower_case(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return lower;
}

}  // namespace basehttp
