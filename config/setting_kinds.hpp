// The kinds of settings, made into Fields: number, size, duration, switch, word from a list, text
// with a rule. Both bounds are included. For the settings table alone.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/setting_field.hpp"
#include "config/setting_values.hpp"

namespace basehttp {

template <class T, class Owner>
Field number_field(T Owner::*member, std::uint64_t least, std::uint64_t most) {
    return single_field(
        member, "is not a number from " + std::to_string(least) + " to " + std::to_string(most),
        [=](std::string_view text) {
            auto number = parse_whole_number(text);
            if (number && (*number < least || *number > most)) number.reset();
            return number;
        },
        [](T value) { return std::to_string(value); });
}

/// May be empty: then it is not set.
template <class T, class Owner>
Field optional_number_field(std::optional<T> Owner::*member, std::uint64_t least,
                            std::uint64_t most) {
    return single_field(
        member, "is not a number from " + std::to_string(least) + " to " + std::to_string(most),
        [=](std::string_view text) -> std::optional<std::optional<T>> {
            if (text.empty()) return std::optional<T>();
            const auto number = parse_whole_number(text);
            if (!number || *number < least || *number > most) return std::nullopt;
            return static_cast<T>(*number);
        },
        [](const std::optional<T>& value) { return value ? std::to_string(*value) : ""; });
}

/// Bytes.
template <class T, class Owner>
Field size_field(T Owner::*member, std::uint64_t least, std::uint64_t most) {
    return single_field(
        member,
        "is not a size from " + size_text(least) + " to " + size_text(most) +
            " (bytes, or with k, m or g)",
        [=](std::string_view text) {
            auto size = parse_size(text);
            if (size && (*size < least || *size > most)) size.reset();
            return size;
        },
        [](T value) { return size_text(value); });
}

template <class Owner>
Field duration_field(std::chrono::milliseconds Owner::*member, std::chrono::milliseconds least,
                     std::chrono::milliseconds most) {
    return single_field(
        member,
        "is not a duration from " + duration_text(least) + " to " + duration_text(most) +
            " (seconds, or with ms, s, m or h)",
        [=](std::string_view text) {
            auto duration = parse_duration(text);
            if (duration && (*duration < least || *duration > most)) duration.reset();
            return duration;
        },
        duration_text);
}

template <class Owner>
Field switch_field(bool Owner::*member) {
    return single_field(member, "is neither on nor off", parse_switch, switch_text);
}

/// Bytes, of which less than `least` are surely a slip; 0: no limit.
template <class T, class Owner>
Field size_limit_field(T Owner::*member, std::uint64_t least, std::uint64_t most) {
    return single_field(
        member,
        "is not a size from " + size_text(least) + " to " + size_text(most) +
            ", or 0 for no limit (bytes, or with k, m or g)",
        [=](std::string_view text) {
            auto size = parse_size(text);
            if (size && *size != 0 && (*size < least || *size > most)) size.reset();
            return size;
        },
        [](T value) { return size_text(value); });
}

/// Whole seconds; 0: no limit.
template <class Owner>
Field seconds_limit_field(std::chrono::milliseconds Owner::*member, std::chrono::seconds most) {
    return single_field(
        member,
        "is not a duration of whole seconds from 1s to " + duration_text(most) +
            ", or 0 for no limit (seconds, or with s, m or h)",
        [=](std::string_view text) {
            auto duration = parse_duration(text);
            if (duration && (*duration > most || duration->count() % 1000 != 0)) duration.reset();
            return duration;
        },
        duration_text);
}

template <class Owner>
Field seconds_field(std::chrono::milliseconds Owner::*member, std::chrono::seconds least,
                    std::chrono::seconds most) {
    return single_field(
        member,
        "is not a duration of whole seconds from " + duration_text(least) + " to " +
            duration_text(most) + " (seconds, or with s, m or h)",
        [=](std::string_view text) {
            auto duration = parse_duration(text);
            if (duration &&
                (*duration < least || *duration > most || duration->count() % 1000 != 0)) {
                duration.reset();
            }
            return duration;
        },
        duration_text);
}

/// Any text for which `right(text)` holds.
template <class Owner, class Right>
Field text_field(std::string Owner::*member, const std::string& wrong, Right right) {
    return single_field(
        member, wrong,
        [=](std::string_view text) {
            return right(text) ? std::optional<std::string>(text) : std::nullopt;
        },
        [](const std::string& value) { return value; });
}

/// One of a few words, in any letter case; kept as it stands in `words`.
template <class Owner>
Field choice_field(std::string Owner::*member, std::vector<std::string> words) {
    std::string wrong = "is not one of";
    for (std::size_t i = 0; i < words.size(); ++i) wrong += (i == 0 ? " " : ", ") + words[i];
    return single_field(
        member, wrong,
        [=](std::string_view text) {
            const auto found = std::find_if(
                words.begin(), words.end(),
                [&](const std::string& word) { return lower_case(word) == lower_case(text); });
            return found == words.end() ? std::nullopt : std::optional<std::string>(*found);
        },
        [](const std::string& value) { return value; });
}

}  // namespace basehttp
