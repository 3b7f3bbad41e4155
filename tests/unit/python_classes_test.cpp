// docs/python-classes.md against tests/python/members.txt: a row for each member of Python's
// classes, and in each row a test that exists. And the recordings against Python itself.
#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "tests/python/golden.hpp"

namespace {

namespace fs = std::filesystem;
using namespace basehttp::python;

const fs::path tests = directory.parent_path();

struct Row {
    std::string name;  // "Class.member"
    std::string here, test;
};

/// The words in `...` of a cell.
std::vector<std::string> codes_of(const std::string& cell) {
    std::vector<std::string> codes;
    const auto parts = split(cell, "`");
    for (std::size_t i = 1; i < parts.size(); i += 2) codes.push_back(parts[i]);
    return codes;
}

std::vector<Row> documented_rows() {
    std::vector<Row> rows;
    std::string section;
    for (const std::string& line : split(text_of(tests / "../docs/python-classes.md"), "\n")) {
        if (line.starts_with("##")) section = line.substr(line.find(' ') + 1);
        if (!line.starts_with("| `")) continue;
        CAPTURE(line);
        const auto cells = split(line, " | ");
        REQUIRE(cells.size() == 3);
        for (const std::string& member : codes_of(cells[0]))
            rows.push_back(
                {section + '.' + member, cells[1], cells[2].substr(0, cells[2].find(" |"))});
    }
    return rows;
}

/// "Class.member" of each line "Class.member kind".
std::vector<std::string> members() {
    std::vector<std::string> names;
    for (const std::string& line : split(text_of(directory / "members.txt"), "\n"))
        if (!line.empty()) names.push_back(line.substr(0, line.find(' ')));
    return names;
}

/// A source without the quotes where the formatter has cut a sentence in two.
std::string with_whole_sentences(const std::string& source) {
    std::string text;
    for (std::size_t i = 0; i < source.size(); ++i) {
        const std::size_t next = source.find_first_not_of(" \n", i + 1);
        const bool cut = source[i] == '"' && next != source.npos && source[next] == '"' &&
                         source.find('\n', i) < next;
        if (cut)
            i = next;
        else
            text += source[i];
    }
    return text;
}

/// The sentences of all test cases.
std::set<std::string> all_tests() {
    std::set<std::string> sentences;
    for (const char* rung : {"unit", "loopback", "daemon"}) {
        for (const auto& entry : fs::directory_iterator(tests / rung)) {
            if (entry.path().extension() != ".cpp") continue;
            const auto parts = split(with_whole_sentences(text_of(entry.path())), "TEST_CASE");
            for (std::size_t i = 1; i < parts.size(); ++i) {
                const std::size_t begin = parts[i].find('"') + 1;
                sentences.insert(parts[i].substr(begin, parts[i].find('"', begin) - begin));
            }
        }
    }
    return sentences;
}

struct Finished {
    int status = -1;
    std::string output;
};

Finished run(const std::string& command) {
    Finished result;
    FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::array<char, 4096> buffer;
    for (std::size_t size; (size = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
        result.output.append(buffer.data(), size);
    result.status = ::pclose(pipe);
    return result;
}

}  // namespace

TEST_SUITE("docs/python-classes.md") {
    TEST_CASE("The page has each member of Python's classes once, with its form here") {
        std::set<std::string> names;
        for (const Row& row : documented_rows()) {
            CAPTURE(row.name);
            CHECK(names.insert(row.name).second);
            CHECK_FALSE(row.here.empty());
        }
        for (const std::string& member : members()) {
            CAPTURE(member);
            CHECK(names.erase(member) == 1);
        }
        // In Python a program defines it.
        CHECK(names == std::set<std::string>{"BaseHTTPRequestHandler.do_SPAM"});
    }

    TEST_CASE("Each member of Python's classes has a test that exists") {
        const std::set<std::string> sentences = all_tests();
        for (const Row& row : documented_rows()) {
            CAPTURE(row.name);
            CAPTURE(row.test);
            CHECK(sentences.contains(row.test));
        }
    }

    TEST_CASE("The recordings are what Python 3.11 does") {
        if (run("timeout 20 python3 -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'")
                .status != 0) {
            std::cout << "SKIPPED: no python3 of version 3.11\n";
            return;
        }
        const Finished check =
            run("timeout 60 python3 -B '" + (directory / "record.py").string() + "' --check");
        CHECK(check.output == "");
        CHECK(check.status == 0);
    }
}
