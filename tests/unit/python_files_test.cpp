// What SimpleHTTPRequestHandler answers for a tree of files, against Python's:
// tests/python/files.golden. Compared are the status, the fields that Python sends, content, and of
// listings their links: our fields and listings say more.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <ostream>
#include <set>
#include <string>

#include "handlers/simple_http_request_handler.hpp"
#include "tests/python/golden.hpp"
#include "tests/support/memory_request.hpp"

using namespace basehttp;
using python::Block;

namespace {

constexpr std::time_t modified = 1'000'000'000;

/// "file NAME => CONTENT" and "link NAME => TARGET", below TREE/root.
void plant(const TempDir& tree, const Block& block) {
    for (const std::string& line : block.lines) {
        const std::size_t arrow = line.find(" => ");
        const std::string name = "root/" + python::unescaped(line.substr(5, arrow - 5));
        const std::string content = python::unescaped(line.substr(arrow + 4));
        if (line.starts_with("link ")) {
            tree.symlink(name, content);
            continue;
        }
        tree.mkdir("root");
        const std::string file = tree.write(name, content);
        const timespec times[] = {{modified, 0}, {modified, 0}};
        REQUIRE(::utimensat(AT_FDCWD, file.c_str(), times, 0) == 0);
    }
}

std::string lower(std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size())
        text.replace(at, from.size(), to);
}

/// Without <bdi>, which holds names that are written from right to left together.
std::string html_unescaped(std::string text) {
    for (const auto& [from, to] : {std::pair{"<bdi>", ""},
                                   {"</bdi>", ""},
                                   {"&lt;", "<"},
                                   {"&gt;", ">"},
                                   {"&quot;", "\""},
                                   {"&#x27;", "'"},
                                   {"&amp;", "&"}})
        replace_all(text, from, to);
    return text;
}

std::string percent_decoded(const std::string& text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool escape = text[i] == '%';
        result +=
            escape ? static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16)) : text[i];
        if (escape) i += 2;
    }
    return result;
}

/// "name (as shown)" of each link, without what marks directories and links.
std::set<std::string> links_of(const std::string& page) {
    std::set<std::string> links;
    const auto parts = python::split(page, "<a href=\"");
    for (std::size_t i = 1; i < parts.size(); ++i) {
        std::string target = html_unescaped(parts[i].substr(0, parts[i].find('"')));
        if (target == "../") continue;  // only ours leads up
        if (target.starts_with("./")) target.erase(0, 2);
        const std::size_t begin = parts[i].find('>') + 1;
        std::string shown = html_unescaped(parts[i].substr(begin, parts[i].find("</a>") - begin));
        if (shown.ends_with('/') || shown.ends_with('@')) shown.pop_back();
        links.insert(percent_decoded(target) + " (" + shown + ")");
    }
    return links;
}

/// The lines of an answer that are compared.
std::string essence(const std::string& answer) {
    if (answer.empty()) return "no answer\n";
    const std::size_t end = answer.find("\r\n\r\n");
    REQUIRE(end != answer.npos);
    const std::string body = answer.substr(end + 4);
    const auto head = python::split(answer.substr(0, end), "\r\n");
    std::string result = head.front().substr(9, 3) + '\n';
    if (result[0] >= '4') return result;  // phrase and page have a test of their own
    std::map<std::string, std::string> fields;
    for (std::size_t i = 1; i < head.size(); ++i)
        fields[lower(head[i].substr(0, head[i].find(':')))] = head[i].substr(head[i].find(':') + 2);
    const bool listing = fields.contains("content-type") &&
                         fields["content-type"].starts_with("text/html") &&
                         !fields.contains("last-modified");
    if (listing) fields.erase("content-length");  // only Python has the whole page at once
    for (const char* name : {"content-type", "content-length", "last-modified", "location"})
        if (fields.contains(name))
            result.append(name).append(": ").append(
                python::split(fields[name], "; charset=").front() + '\n');
    if (!listing) return body.empty() ? result : result + python::escaped(body) + '\n';
    for (const std::string& link : links_of(body)) result += python::escaped(link) + '\n';
    return result;
}

std::map<std::string, std::string> declared_essences() {
    std::map<std::string, std::string> results;
    for (const Block& block : python::blocks("files.ours")) {
        CAPTURE(block.name);
        REQUIRE(block.lines.front().starts_with("because "));
        python::check_reason(block.lines.front().substr(8));
        for (std::size_t i = 1; i < block.lines.size(); ++i)
            results[block.name] += block.lines[i] + '\n';
    }
    return results;
}

}  // namespace

TEST_SUITE("as in Python") {
    TEST_CASE("Files, directories and errors are answered as Python does") {
        const auto recorded = python::blocks("files.golden");
        const TempDir tree;
        plant(tree, recorded.front());
        MemoryServer server(
            handler_class<SimpleHTTPRequestHandler>(make_site((tree / "root").string())));
        auto declared = declared_essences();
        for (std::size_t i = 1; i < recorded.size(); ++i) {
            const Block& block = recorded[i];
            CAPTURE(block.name);
            const std::string request = block.bytes(">");
            RequestHead head;
            const HeadResult parsed = parse_request_head(request, {}, head);
            const auto answer = parsed.status == HeadStatus::complete
                                    ? server.run(request)
                                    : server.run_rejected(request, parsed.code, parsed.reason);
            const std::string ours = essence(answer.bytes), theirs = essence(block.bytes("<"));
            const auto difference = declared.extract(block.name);
            CHECK(ours == (difference ? difference.mapped() : theirs));
            if (difference) CHECK(ours != theirs);
        }
        for (const auto& [name, result] : declared) FAIL_CHECK("no such exchange: " << name);
    }
}
