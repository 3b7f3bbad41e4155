#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace basehttp {

/// A longer query, or one with more words, gives no arguments. Keeps a command line far below what
/// the kernel takes.
constexpr std::size_t longest_indexed_query = 8192;
constexpr std::size_t most_query_arguments = 512;

/// The arguments of a script that an indexed query gives, such as "?red+blue%21" (RFC 3875 section
/// 4.4). None when it has a '=' that is not encoded, and none at all when a word of it is empty,
/// has a bad escape or a NUL. An argument may begin with '-', so an interpreter must get them only
/// after the script's name.
std::vector<std::string> query_arguments(std::string_view query);

}  // namespace basehttp
