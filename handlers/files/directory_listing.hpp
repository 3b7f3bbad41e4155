#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "handlers/files/document_root.hpp"

namespace basehttp {

struct ListingEntry {
    std::string name;  ///< raw bytes of the file system, any but '/' and NUL
    bool is_directory = false;
    std::uint64_t size = 0;  ///< bytes; 0 for a directory
    std::int64_t mtime = 0;  ///< seconds since 1970, UTC
};

struct DirectoryListing {
    std::vector<ListingEntry> entries;  ///< directories first, then by natural_less
    bool truncated = false;             ///< there were more than the limit; which ones is by chance
};

struct ListingOptions {
    bool show_dotfiles = false;
    /// Names not to list, for what would be refused anyway; empty: none.
    std::function<bool(std::string_view name)> hides = {};
    std::size_t max_entries = 200'000;  ///< bounds the memory of one request, about 100 bytes each
};

/// Reads the directory at `decoded_path` through `directory`, a descriptor that
/// DocumentRoot::open_directory gave for it. Only what a visitor could open is listed: regular
/// files, directories, and symbolic links to either that stay inside the root (listed as what they
/// point to). Blocks on the disk: worker threads only. nullopt when the directory cannot be read.
std::optional<DirectoryListing> read_directory(const DocumentRoot& root,
                                               std::string_view decoded_path, Fd directory,
                                               const ListingOptions& options = {});

/// The order of names for people: ASCII letters without case, runs of digits by value ("a2" before
/// "a10"); names that are equal so far are ordered by their bytes. A strict total order.
bool natural_less(std::string_view a, std::string_view b);

}  // namespace basehttp
