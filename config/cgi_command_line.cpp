#include "config/cgi_command_line.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "config/config_error.hpp"
#include "config/setting_rules.hpp"
#include "config/setting_values.hpp"

namespace basehttp {
namespace {

constexpr std::string_view kProgram = "basehttpd";

bool has_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(), is_control);
}

bool is_query(std::string_view text) {
    return !has_control(text) && text.find_first_of(" #") == std::string_view::npos;
}

/// Takes the value if it is right.
void take(std::string& member, const GivenOption& option, bool right, const std::string& wrong) {
    if (!right) refuse(kProgram, option.spelling + ' ' + quoted(option.value) + ' ' + wrong);
    member = option.value;
}

void add_script(CgiCommand& command, const std::string& argument) {
    if (argument.empty() || has_control(argument)) {
        refuse(kProgram, quoted(argument) + " is not a script; see basehttpd cgi --help");
    }
    if (!command.script.empty()) {
        refuse(kProgram, "unexpected argument " + quoted(argument) + "; the script is " +
                             quoted(command.script) +
                             ", and what it gets goes after --query, "
                             "--path-info or --body");
    }
    command.script = argument;
}

void add_header(CgiCommand& command, const GivenOption& option) {
    const std::string_view text = option.value;
    const std::size_t colon = std::min(text.find(':'), text.size());
    const std::string_view name = text.substr(0, colon);
    const std::string_view value = without_blanks(text.substr(std::min(colon + 1, text.size())));
    const bool right =
        colon < text.size() && is_field_name(name) && (value.empty() || is_field_value(value));
    if (!right) {
        refuse(kProgram,
               option.spelling + ' ' + quoted(text) + " is not of the form 'Name: value'");
    }
    command.headers.emplace_back(name, value);
}

}  // namespace

std::span<const GeneralOption> cgi_command_options() {
    static constexpr std::array<GeneralOption, 8> list = {{
        {"method", "METHOD", "Request method (default GET)"},
        {"body", "FILE", "Request body; - for standard input (default none)"},
        {"path-info", "PATH", "What follows the script in the address, such as /a/b"},
        {"query", "TEXT", "What follows '?' in the address, such as a=1&b=2"},
        {"header", "'NAME: VALUE'", "Request header field; repeatable"},
        {"content-type", "TYPE", "Media type of the body"},
        {"host,site", "NAME", "Host name of the request, which chooses the site"},
        {"show-env", "", "Print the environment that the script would get, and exit"},
    }};
    return list;
}

bool add_cgi_option(CgiCommand& command, const GivenOption& option) {
    const std::string& name = option.name;
    const std::string& value = option.value;
    if (name.empty()) {
        add_script(command, value);
    } else if (name == "method") {
        take(command.method, option, is_field_name(value), "is not a method such as POST");
    } else if (name == "body") {
        take(command.body_file, option, !value.empty(), "is not FILE, or - for standard input");
    } else if (name == "path-info") {
        const bool right = value.empty() || (value.front() == '/' && !has_control(value));
        take(command.path_info, option, right, "is not a path such as /a/b");
    } else if (name == "query") {
        take(command.query, option, is_query(value),
             "is not a query as in an address; write a blank as %20 and '#' as %23");
    } else if (name == "header") {
        add_header(command, option);
    } else if (name == "content-type") {
        take(command.content_type, option, is_field_value(value), "is not a media type");
    } else if (name == "host") {
        take(command.host, option, is_site_name(lower_case(value)),
             "is not a host name without port");
        command.host = lower_case(value);
    } else if (name == "show-env") {
        command.environment_only = true;
    } else {
        return false;
    }
    return true;
}

}  // namespace basehttp
