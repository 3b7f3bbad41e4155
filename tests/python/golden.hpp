// Reads the golden files of tests/python; the format stands in golden.py. What differs on purpose
// stands in NAME.ours: the same blocks with our results and "because" lines, whose text is to be
// found in docs/python.md.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace basehttp::python {

inline const std::filesystem::path directory = std::filesystem::path(__FILE__).parent_path();

inline std::string text_of(const std::filesystem::path& name) {
    std::ifstream file(name, std::ios::binary);
    CAPTURE(name.string());
    REQUIRE(file);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline std::vector<std::string> split(std::string_view text, std::string_view by) {
    std::vector<std::string> parts;
    for (std::size_t end; (end = text.find(by)) != text.npos; text.remove_prefix(end + by.size()))
        parts.emplace_back(text.substr(0, end));
    parts.emplace_back(text);
    return parts;
}

inline std::string escaped(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    constexpr std::string_view special = "\r\n\t\\", letters = "rnt\\";
    std::string text;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (const auto at = special.find(c); at != special.npos)
            text.append("\\").append(1, letters[at]);
        else if (byte >= 0x20 && byte < 0x7f)
            text += c;
        else
            text.append("\\x").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
    }
    return text;
}

/// {text*count}
inline std::string repetitions_expanded(std::string_view text) {
    const std::size_t open = text.find('{'), star = text.rfind('*'), close = text.rfind('}');
    if (open == text.npos || star == text.npos || close < star) return std::string(text);
    std::string whole(text.substr(0, open));
    for (int i = std::stoi(std::string(text.substr(star + 1))); i > 0; --i)
        whole += text.substr(open + 1, star - open - 1);
    return whole.append(text.substr(close + 1));
}

inline std::string unescaped(std::string_view text) {
    const std::string all = repetitions_expanded(text);
    std::string bytes;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i] != '\\') {
            bytes += all[i];
            continue;
        }
        constexpr std::string_view letters = "rnt\\", special = "\r\n\t\\";
        if (all[++i] != 'x') {
            bytes += special.at(letters.find(all[i]));
            continue;
        }
        unsigned byte = 0;
        std::from_chars(all.data() + i + 1, all.data() + i + 3, byte, 16);
        bytes += static_cast<char>(byte);
        i += 2;
    }
    return bytes;
}

/// Runs of a hundred and more equal characters as {c*count}.
inline std::string repetitions_shortened(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        const std::size_t size = std::min(text.find_first_not_of(text.front()), text.size());
        if (size < 100)
            result.append(text.substr(0, size));
        else
            result.append({'{', text.front(), '*'}).append(std::to_string(size)).append("}");
        text.remove_prefix(size);
    }
    return result;
}

/// The lines of the wire as a golden file shows them.
inline std::vector<std::string> marked_lines(std::string_view mark, std::string_view bytes) {
    std::vector<std::string> lines;
    while (!bytes.empty()) {
        const std::size_t size = std::min(bytes.find('\n'), bytes.size() - 1) + 1;
        lines.push_back(std::string(mark) + ' ' + escaped(bytes.substr(0, size)));
        bytes.remove_prefix(size);
    }
    return lines;
}

struct Block {
    std::string name;
    std::vector<std::string> lines;

    /// What follows a key on each of its lines, as it stands there.
    std::vector<std::string> all(std::string_view key) const {
        std::vector<std::string> values;
        const std::string begin = std::string(key) + ' ';
        for (const std::string& line : lines)
            if (line.starts_with(begin)) values.push_back(line.substr(begin.size()));
        return values;
    }
    /// The same as one text of bytes.
    std::string bytes(std::string_view key) const {
        std::string text;
        for (const std::string& value : all(key)) text += value;
        return unescaped(text);
    }
};

inline std::vector<Block> blocks(const std::string& file) {
    std::vector<Block> found;
    for (std::string& line : split(text_of(directory / file), "\n")) {
        if (line.starts_with('['))
            found.push_back({line.substr(1, line.find(']') - 1), {}});
        else if (!line.empty())
            found.back().lines.push_back(std::move(line));
    }
    return found;
}

/// A reason is one that the documentation gives.
inline void check_reason(const std::string& reason) {
    static const std::string page = [] {
        std::string text;
        for (const char c : text_of(directory / "../../docs/python.md"))
            if (c != '\n' && c != ' ')
                text += c;
            else if (!text.ends_with(' '))
                text += ' ';
        return text;
    }();
    CAPTURE(reason);
    CHECK_MESSAGE(page.find(reason) != page.npos, "docs/python.md does not give this reason");
}

struct Declared {
    std::string ours, reason;
};

/// Rows "argument => value" of one table.
inline std::map<std::string, Declared> rows_of(const std::string& file, std::string_view table) {
    std::map<std::string, Declared> rows;
    for (const Block& block : blocks(file)) {
        if (block.name != table) continue;
        std::string reason;
        for (const std::string& line : block.lines) {
            if (line.starts_with("because ")) {
                check_reason(reason = line.substr(8));
                continue;
            }
            const std::size_t arrow = line.find(" => ");
            REQUIRE(arrow != line.npos);
            rows[line.substr(0, arrow)] = {line.substr(arrow + 4), reason};
        }
    }
    return rows;
}

/// Each row of a table of tables.golden is what `ours` gives for its argument, or is declared to
/// differ in tables.ours, and does. `prepare` brings Python's value into our form.
inline void compare_table(
    std::string_view table, const std::function<std::string(const std::string&)>& ours,
    const std::function<std::string(std::string)>& prepare = [](std::string v) { return v; }) {
    const auto recorded = rows_of("tables.golden", table);
    auto declared = rows_of("tables.ours", table);
    CHECK(recorded.size() > 10);
    for (const auto& entry : recorded) {
        const std::string& argument = entry.first;
        CAPTURE(table);
        CAPTURE(argument);
        const std::string theirs = prepare(entry.second.ours),
                          value = escaped(ours(unescaped(argument)));
        const auto difference = declared.extract(argument);
        CHECK(value == (difference ? difference.mapped().ours : theirs));
        if (difference) CHECK(value != theirs);
    }
    for (const auto& [argument, row] : declared) FAIL_CHECK("no such row: " << argument);
}

}  // namespace basehttp::python
