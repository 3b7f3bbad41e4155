// From a format text to its steps. Writing lines: access_pattern_line.cpp.
#include "server/log/access_pattern.hpp"

#include <algorithm>
#include <optional>

#include "server/http1/request_head.hpp"

namespace basehttp {
namespace {

using Part = AccessPattern::Part;
using Step = AccessPattern::Step;

constexpr std::string_view known =
    "known are %h %a %l %u %t %{STRFTIME}t %{sec}t %r %s %b %B %D %T %{ms}T %{us}T %{Field}i %H %m "
    "%U %q %v %V %P %X %L %{name}n %%";

/// A directive as written: %>s, %{Name}i.
struct Directive {
    std::string_view whole;     ///< From its '%' on.
    std::string_view argument;  ///< Between braces.
    char letter = 0;
};

/// The directive at the start of `text`, which begins with '%'. Without letter: it is cut short.
Directive read_directive(std::string_view text) {
    Directive one;
    std::size_t at = 1;
    if (at < text.size() && (text[at] == '>' || text[at] == '<')) ++at;  // only CGI redirects here
    if (at < text.size() && text[at] == '{') {
        const std::size_t end = text.find('}', at);
        if (end == std::string_view::npos) return {text, {}, 0};
        one.argument = text.substr(at + 1, end - at - 1);
        at = end + 1;
    }
    if (at < text.size()) one.letter = text[at++];
    one.whole = text.substr(0, at);
    return one;
}

struct Plain {
    char letter;
    Part part;
};

constexpr Plain plain_ones[] = {
    {'h', Part::client},        {'a', Part::client},
    {'l', Part::dash},          {'u', Part::dash},
    {'t', Part::time},          {'r', Part::request_line},
    {'s', Part::status},        {'b', Part::bytes_or_dash},
    {'B', Part::bytes},         {'D', Part::microseconds},
    {'T', Part::whole_seconds}, {'H', Part::protocol},
    {'m', Part::method},        {'U', Part::path},
    {'q', Part::query},         {'v', Part::site},
    {'V', Part::host},          {'P', Part::process},
    {'X', Part::connection},    {'L', Part::id},
};

std::optional<Step> time_step(std::string_view argument) {
    if (argument == "sec") return Step{Part::seconds, {}};
    Step step{Part::time, std::string(argument)};
    LogTime some_time;
    some_time.update(0);
    std::string text;
    some_time.append(text, step.text);
    if (text.empty() || text.find('\n') != std::string::npos) return {};
    return step;
}

std::optional<Step> step_with_argument(char letter, std::string_view argument) {
    std::string lower(argument);
    for (char& c : lower)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    if (letter == 't') return time_step(argument);
    if (letter == 'i' && is_token(argument)) return Step{Part::field, std::move(lower)};
    if (letter == 'n' && is_token(argument)) return Step{Part::note, std::string(argument)};
    if (letter != 'T') return {};
    if (argument == "us") return Step{Part::microseconds, {}};
    if (argument == "ms") return Step{Part::milliseconds, {}};
    if (argument == "s") return Step{Part::whole_seconds, {}};
    return {};
}

std::optional<Step> step_of(const Directive& one) {
    if (one.whole.find('{') != std::string_view::npos)
        return step_with_argument(one.letter, one.argument);
    const auto* const found = std::find_if(std::begin(plain_ones), std::end(plain_ones),
                                           [&](const Plain& p) { return p.letter == one.letter; });
    if (found == std::end(plain_ones)) return {};
    return Step{found->part, {}};
}

std::string why_not(const Directive& one) {
    const std::string whole(one.whole);
    if (one.letter == 0) return whole + " is cut short";
    if (one.letter == 'o') return whole + ": fields of answers cannot be logged";
    if (one.letter == 't')
        return whole + " is no time of strftime(3) with 1 to 127 characters in one line";
    return whole + " is not a directive; " + std::string(known);
}

/// The character that a backslash and `c` stand for.
std::optional<char> unescaped(char c) {
    if (c == 't') return '\t';
    if (c == '"' || c == '\\') return c;
    return {};
}

void add_literal(AccessPattern& pattern, char c) {
    if (pattern.steps.empty() || pattern.steps.back().part != Part::literal)
        pattern.steps.emplace_back();
    pattern.steps.back().text += c;
}

}  // namespace

bool AccessPattern::names_site() const {
    return std::any_of(steps.begin(), steps.end(),
                       [](const Step& step) { return step.part == Part::site; });
}

AccessPatternResult parse_access_pattern(std::string_view text) {
    AccessPatternResult result;
    while (!text.empty()) {
        std::size_t used = 1;
        if (text.starts_with("%%")) {
            used = 2;
            add_literal(result.pattern, '%');
        } else if (text[0] == '%') {
            const Directive one = read_directive(text);
            auto step = one.letter != 0 ? step_of(one) : std::nullopt;
            if (!step) return {{}, why_not(one)};
            used = one.whole.size();
            result.pattern.steps.push_back(std::move(*step));
        } else if (text[0] == '\\') {
            const auto c = text.size() > 1 ? unescaped(text[1]) : std::nullopt;
            if (!c)
                return {{},
                        std::string(text.substr(0, 2)) +
                            R"( is not known; \t, \" and \\ are, and each line ends by itself)"};
            used = 2;
            add_literal(result.pattern, *c);
        } else {
            add_literal(result.pattern, text[0]);
        }
        text.remove_prefix(used);
    }
    return result;
}

}  // namespace basehttp
