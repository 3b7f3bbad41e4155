// Which texts the settings accept: names, addresses, paths and field values. Pure predicates.
#pragma once

#include <string_view>

namespace basehttp {

/// A control character: below 0x20 or 0x7f. Tab is one here.
bool is_control(char c);

/// RFC 9110 5.6.2: one or more of letters, digits and !#$%&'*+-.^_`|~
bool is_field_name(std::string_view text);

/// RFC 9110 5.5: not empty, no control character but tab, no blank at either end.
bool is_field_value(std::string_view text);

/// type/subtype, perhaps with parameters: "text/html; charset=utf-8".
bool is_media_type(std::string_view text);

/// Begins with '/', has no control character, '?' or '#' and no ".." segment.
bool is_site_path(std::string_view text);

/// For a place of scripts: a site path without '%', "." segments and empty segments, and without
/// '/' at the end unless it is "/". It is compared with decoded paths.
bool is_cgi_directory(std::string_view text);

/// Begins with '/' and has no control character. "." and ".." are allowed.
bool is_absolute_path(std::string_view text);

/// Of an environment variable: letters, digits and '_', no digit first.
bool is_variable_name(std::string_view text);

/// A file name without directory: no '/', not "." and not "..".
bool is_file_name(std::string_view text);

/// A name for [site NAME]: a host name, an IPv4 address or an IPv6 address in brackets. Lower
/// case, no port, no dot at the end.
bool is_site_name(std::string_view text);

/// An IP address, alone or with "/" and the length of a network's prefix, or "unix".
bool is_network(std::string_view text);

/// ADDR, ADDR:PORT, [V6]:PORT, V6 or unix:PATH. ADDR is an IPv4 address or a host name.
bool is_bind_entry(std::string_view text);

}  // namespace basehttp
