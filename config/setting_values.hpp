// The text of a single setting to its value and back: numbers, sizes, durations, switches, words.
// Pure; blanks around the text are the caller's to remove. No value: the text is not one.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace basehttp {

/// Decimal digits only; no sign, no blanks; must fit.
std::optional<std::uint64_t> parse_whole_number(std::string_view text);

/// Bytes: digits and perhaps k, m or g (powers of 1024, either case); must fit.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// Digits and perhaps ms, s, m or h; without: seconds. Must fit.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// on, true, yes, 1 or off, false, no, 0; either case.
std::optional<bool> parse_switch(std::string_view text);

/// With the largest suffix that loses nothing: 8192 is "8k", 1000 is "1000".
std::string size_text(std::uint64_t bytes);

/// With the largest unit that loses nothing: 90 s is "90s", 120 s is "2m", zero is "0".
std::string duration_text(std::chrono::milliseconds duration);

/// "on" or "off".
std::string switch_text(bool on);

/// Without blanks (space and tab) at both ends.
std::string_view without_blanks(std::string_view text);

/// The parts between blanks and commas; no part is empty. They view `text`.
std::vector<std::string_view> split_words(std::string_view text);

/// The first word and the rest, as split at the first blank, both without blanks around them.
std::pair<std::string_view, std::string_view> split_first_word(std::string_view text);

std::string lower_case(std::string_view text);  ///< ASCII only.

}  // namespace basehttp
