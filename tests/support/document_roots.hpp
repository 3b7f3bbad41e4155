#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "handlers/files/document_root.hpp"

namespace basehttp {

inline doctest::String toString(OpenStatus status) {
    constexpr std::array names{"ok",        "not_found",        "forbidden", "is_directory",
                               "try_again", "out_of_resources", "io_error"};
    return names.at(static_cast<std::size_t>(status));
}

/// The directory as a root, opened with each resolver that this machine has.
inline std::vector<DocumentRoot> with_each_resolver(const std::string& path) {
    std::vector<DocumentRoot> roots;
    if (DocumentRoot::open(path).resolver() == DocumentRoot::Resolver::openat2) {
        roots.push_back(DocumentRoot::open(path, DocumentRoot::Resolver::openat2));
    }
    roots.push_back(DocumentRoot::open(path, DocumentRoot::Resolver::walk));
    return roots;
}

inline std::string name_of(const DocumentRoot& root) {
    return root.resolver() == DocumentRoot::Resolver::openat2 ? "openat2" : "walk";
}

/// The first 4 KiB.
inline std::string content_of(const OpenedFile& file) {
    std::string text(4096, '\0');
    const auto size = ::read(file.fd.get(), text.data(), text.size());
    text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return text;
}

}  // namespace basehttp
