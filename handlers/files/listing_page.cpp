#include "handlers/files/listing_page.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "handlers/files/display_text.hpp"
#include "handlers/files/listing_style.hpp"
#include "handlers/http/html_escape.hpp"
#include "handlers/http/url_path.hpp"
#include "handlers/http/utf8.hpp"
#include "server/append_number.hpp"

namespace basehttp {
namespace {

/// A URL can name it; as decode_url_path() decides.
bool has_url(std::string_view name) {
    const bool refused = std::any_of(name.begin(), name.end(), [](char c) {
        return (c >= 0 && c < ' ') || c == '\x7f' || c == '\\';
    });
    return !refused && is_valid_utf8(name);
}

/// "/docs/api/" as links to each directory above and the plain name of the last.
void append_breadcrumbs(std::string& out, std::string_view path) {
    auto depth = std::count(path.begin(), path.end(), '/') - 1;
    if (depth == 0) {
        out += '/';
        return;
    }
    for (std::size_t at = 0; depth >= 0; --depth) {
        const std::size_t end = path.find('/', at) + 1;
        const auto segment = path.substr(at, end - at);
        if (depth > 0) {
            out += "<a href=\"";
            for (auto i = depth; i > 0; --i) out += "../";
            out += at == 0 ? "\" aria-label=\"top\">" : "\"><bdi>";
        } else {
            out += "<bdi>";
        }
        append_visible_html(out, segment.substr(0, segment.size() - 1));
        out += at == 0 ? "/" : "</bdi>/";
        if (depth > 0) out += "</a>";
        at = end;
    }
}

void append_count(std::string& out, std::uint64_t count, std::string_view one,
                  std::string_view many) {
    append_number(out, count);
    out += ' ';
    out += count == 1 ? one : many;
}

void append_summary(std::string& out, const DirectoryListing& listing) {
    std::uint64_t folders = 0;
    std::uint64_t bytes = 0;
    for (const auto& entry : listing.entries) {
        folders += entry.is_directory ? 1 : 0;
        bytes += entry.size;
    }
    const std::uint64_t files = listing.entries.size() - folders;
    if (listing.entries.empty()) out += "This directory is empty.";
    if (folders > 0) append_count(out, folders, "directory", "directories");
    if (folders > 0 && files > 0) out += ", ";
    if (files > 0) {
        append_count(out, files, "file", "files");
        out += ", ";
        append_size(out, bytes);
    }
    if (listing.truncated) out += ". There are more than are shown here.";
}

/// An empty root has neither entries nor a parent.
bool has_table(std::string_view path, const DirectoryListing& listing) {
    return !listing.entries.empty() || path != "/";
}

void append_html_head(std::string& out, std::string_view path, const DirectoryListing& listing) {
    out +=
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Index "
        "of ";
    append_visible_html(out, path);
    out += "</title>\n<style>";
    out += listing_style;
    out += "</style>\n</head>\n<body>\n<nav aria-label=\"path\"><h1>";
    append_breadcrumbs(out, path);
    out += "</h1></nav>\n<main>\n<p>";
    append_summary(out, listing);
    out += "</p>\n";
    if (!has_table(path, listing)) return;
    out +=
        "<table>\n<thead><tr><th scope=\"col\">Name</th><th scope=\"col\">Size</th>"
        "<th scope=\"col\">Modified (UTC)</th></tr></thead>\n<tbody>\n";
    if (path != "/") {
        out +=
            "<tr><td class=\"u\"><a href=\"../\">Parent directory</a></td><td></td><td></td></tr>"
            "\n";
    }
}

void append_html_entry(std::string& out, const ListingEntry& entry) {
    const std::string_view slash = entry.is_directory ? "/" : "";
    const bool is_link = has_url(entry.name);
    out += entry.is_directory ? "<tr><td class=\"d\">" : "<tr><td>";
    if (is_link) {
        out += "<a href=\"./";  // so that no name is taken for a scheme or a host
        out += encode_url_path(entry.name);
        out += slash;
        out += "\">";
    } else {
        out += "<span>";
    }
    out += "<bdi>";
    append_visible_html(out, entry.name);
    out += "</bdi>";
    out += slash;
    out += is_link ? "</a></td><td" : "</span></td><td";
    if (!entry.is_directory) {
        out += " title=\"";
        append_count(out, entry.size, "byte", "bytes");
        out += "\">";
        append_size(out, entry.size);
    } else {
        out += '>';
    }
    out += "</td><td><time datetime=\"";
    append_rfc3339(out, entry.mtime);
    out += "\">";
    append_short_time(out, entry.mtime);
    out += "</time></td></tr>\n";
}

void append_html_tail(std::string& out, bool with_table) {
    if (with_table) out += "</tbody>\n</table>\n";
    out += "</main>\n</body>\n</html>\n";
}

void append_json_entry(std::string& out, const ListingEntry& entry) {
    out += "{\"name\":";
    out += json_quote(entry.name);
    if (entry.is_directory) {
        out += ",\"type\":\"directory\"";
    } else {
        out += ",\"type\":\"file\",\"size\":";
        append_number(out, entry.size);
    }
    out += ",\"mtime\":\"";
    append_rfc3339(out, entry.mtime);
    out += "\"}";
}

}  // namespace

constinit const std::string_view listing_content_security_policy =
    "default-src 'none'; "
    "style-src 'sha256-ZSJ55HT1m4v9f621VmB2cwKh4dLiBa53rRpEK57lpxM='; "
    "img-src 'self'; base-uri 'none'; form-action 'none'";

ListingPage::ListingPage(std::string_view decoded_path, DirectoryListing listing,
                         ListingFormat format)
    : path_(decoded_path), listing_(std::move(listing)), format_(format) {
    if (path_.empty() || path_.back() != '/') path_ += '/';
    if (format == ListingFormat::json) {
        std::erase_if(listing_.entries,
                      [](const ListingEntry& entry) { return !has_url(entry.name); });
    }
}

std::string_view ListingPage::next_piece() {
    piece_.clear();
    if (stage_ == Stage::done) return {};
    if (stage_ == Stage::head) {
        write_head();
        stage_ = Stage::entries;
    }
    while (position_ < listing_.entries.size() && piece_.size() < piece_size) write_entry();
    if (position_ == listing_.entries.size()) {
        write_tail();
        stage_ = Stage::done;
    }
    return piece_;
}

void ListingPage::write_head() {
    if (format_ == ListingFormat::html) {
        append_html_head(piece_, path_, listing_);
    } else {
        piece_ += '[';
    }
}

void ListingPage::write_entry() {
    const ListingEntry& entry = listing_.entries[position_];
    if (format_ == ListingFormat::html) {
        append_html_entry(piece_, entry);
    } else {
        piece_ += position_ == 0 ? "\n" : ",\n";
        append_json_entry(piece_, entry);
    }
    ++position_;
}

void ListingPage::write_tail() {
    if (format_ == ListingFormat::html) {
        append_html_tail(piece_, has_table(path_, listing_));
    } else {
        piece_ += listing_.entries.empty() ? "]\n" : "\n]\n";
    }
}

void write_listing(ListingPage& page, const std::function<void(std::string_view)>& sink) {
    for (auto piece = page.next_piece(); !piece.empty(); piece = page.next_piece()) sink(piece);
}

}  // namespace basehttp
