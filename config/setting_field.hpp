// How one setting is read from its text into Config or SiteConfig and printed back: the right half
// of a row of the settings table (settings.hpp). Stateless once made; text comes without blanks
// around it and without control characters but tab.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/config.hpp"

namespace basehttp {

struct Field {
    /// Stores the value (of a list: adds it) and returns nothing, or changes nothing and returns
    /// how the text is wrong, to follow the name and the text: "is not a number from 0 to 9".
    std::function<std::string(std::string_view text, Config&, SiteConfig&)> parse;
    /// One text per INI line; of an empty list: none. parse() of each gives the same value.
    std::function<std::vector<std::string>(const Config&, const SiteConfig&)> print;
    /// Empties the list. Unset: not a list, and its key may stand only once in a section.
    std::function<void(Config&, SiteConfig&)> clear;
    bool of_site = false;  ///< Each site has its own: a member of SiteConfig or of its parts.
};

/// The one that has the member.
template <class Owner, class A, class B>
auto& owner_of(A& config, B& site) {
    if constexpr (std::is_same_v<Owner, Config>) {
        return config;
    } else if constexpr (std::is_same_v<Owner, CgiConfig>) {
        return site.cgi;
    } else if constexpr (std::is_same_v<Owner, TlsConfig>) {
        return site.tls;
    } else {
        return site;
    }
}

/// A field of one value. `read` gives an optional value, `show` a text.
template <class T, class Owner, class Read, class Show>
Field single_field(T Owner::*member, const std::string& wrong, const Read& read, const Show& show) {
    Field field;
    field.of_site = !std::is_same_v<Owner, Config>;
    field.parse = [=](std::string_view text, Config& config, SiteConfig& site) -> std::string {
        auto value = read(text);
        if (!value) return wrong;
        owner_of<Owner>(config, site).*member = static_cast<T>(std::move(*value));
        return {};
    };
    field.print = [=](const Config& config, const SiteConfig& site) {
        return std::vector<std::string>{show(owner_of<Owner>(config, site).*member)};
    };
    return field;
}

/// A field of many values, a line each or several in a line. `add` is as Field::parse.
template <class T, class Owner>
Field list_field(T Owner::*member, std::string (*add)(T&, std::string_view),
                 std::vector<std::string> (*lines)(const T&)) {
    Field field;
    field.of_site = !std::is_same_v<Owner, Config>;
    field.parse = [=](std::string_view text, Config& config, SiteConfig& site) {
        return add(owner_of<Owner>(config, site).*member, text);
    };
    field.print = [=](const Config& config, const SiteConfig& site) {
        return lines(owner_of<Owner>(config, site).*member);
    };
    field.clear = [=](Config& config, SiteConfig& site) {
        (owner_of<Owner>(config, site).*member).clear();
    };
    return field;
}

}  // namespace basehttp
