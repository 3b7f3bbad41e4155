#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "handlers/http/url_path.hpp"
#include "handlers/http/utf8.hpp"

namespace {

void check(bool holds) {
    if (!holds) __builtin_trap();
}

void check_decoded(const basehttp::UrlPath& url) {
    const std::string& path = url.path;
    check(path.starts_with('/') && path.ends_with('/') == url.trailing_slash);
    check(path.find("//") == path.npos && path.find('\\') == path.npos);
    check((path + "/").find("/./") == path.npos && (path + "/").find("/../") == path.npos);
    check(basehttp::is_valid_utf8(path));
    for (const char c : path) check(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);

    const std::string encoded = basehttp::encode_url_path(path);
    check(encoded.starts_with('/') && !encoded.starts_with("//"));
    check(encoded.find_first_of("?#\\\"'<>&: ") == encoded.npos);
    check(basehttp::decode_url_path(encoded) == url);

    const std::string_view extension = basehttp::path_extension(path);
    check(extension.empty() || (extension.size() > 1 && path.ends_with(extension)));
    check(basehttp::is_hidden_path(path) || path.find("/.") == path.npos || path.rfind("/.") == 0);
}

}  // namespace

// A decoded path is normal, safe and survives being encoded and decoded again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view target(reinterpret_cast<const char*>(data), size);
    const auto split = basehttp::split_target(target);
    check(split.path.find('?') == split.path.npos);
    check(split.path.size() + split.query.size() + split.has_query == size);
    if (const auto url = basehttp::decode_url_path(split.path)) check_decoded(*url);
    check(!basehttp::encode_url_path(target).starts_with("//"));
    return 0;
}
