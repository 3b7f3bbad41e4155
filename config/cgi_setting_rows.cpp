#include "config/cgi_setting_rows.hpp"

#include "config/cgi_setting_lists.hpp"
#include "config/setting_kinds.hpp"

namespace basehttp {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kMega = 1u << 20;
constexpr std::uint64_t kGiga = 1u << 30;

using Rows = std::vector<Setting>;

void add_places(Rows& rows) {
    const char* s = "cgi";
    rows.push_back({s, "directories", "cgi-directories", "PATHS",
                    "Paths of the site below which every file is a script, such as /cgi-bin; "
                    "repeatable",
                    list_field(&CgiConfig::directories, add_cgi_directories, cgi_directory_lines)});
    rows.push_back({s, "interpreter", "cgi-interpreter", "'.EXT PROGRAM'",
                    "Program that runs the files with an extension, anywhere in the site; in the "
                    "INI file also .EXT = PROGRAM; repeatable",
                    list_field(&CgiConfig::interpreters, add_interpreter, interpreter_lines)});
}

void add_environment(Rows& rows) {
    const char* s = "cgi";
    rows.push_back({s, "env", "cgi-env", "NAME=VALUE",
                    "Environment variable for scripts; in the INI file also NAME = VALUE in "
                    "[cgi.env]; repeatable",
                    list_field(&CgiConfig::env, add_variable, variable_lines)});
    rows.push_back({s, "pass_env", "cgi-pass-env", "NAMES",
                    "Environment variables of the server that scripts get, too",
                    single_field(&CgiConfig::pass_env, "is not a list of environment variables",
                                 parse_variable_names, variable_names_text)});
    rows.push_back({s, "authorization", "cgi-authorization", "on|off",
                    "Pass the Authorization field on to scripts, passwords and all",
                    switch_field(&CgiConfig::authorization)});
}

void add_answers(Rows& rows) {
    const char* s = "cgi";
    rows.push_back({s, "etag", "cgi-etag", "on|off",
                    "ETag for small answers of scripts, and 304 when it matches",
                    switch_field(&CgiConfig::etag)});
    rows.push_back({s, "sendfile", "cgi-sendfile", "DIR",
                    "Directory of files that a script may name in X-Sendfile; repeatable",
                    list_field(&CgiConfig::sendfile, add_absolute_path, path_lines)});
    rows.push_back({s, "header_bytes", "cgi-header-bytes", "SIZE",
                    "Most bytes in the header of a script's answer; more: 502",
                    size_field(&CgiConfig::header_bytes, 256, 16 * kMega)});
}

void add_deadlines(Rows& rows) {
    const char* s = "cgi";
    rows.push_back({s, "timeout", "cgi-timeout", "TIME",
                    "Silence of a script; then it is ended: 504 if nothing was sent yet",
                    duration_field(&CgiConfig::timeout, 1ms, 24h)});
    rows.push_back({s, "first_byte", "cgi-first-byte", "TIME",
                    "Time until a script's first output; then 504; 0: as --cgi-timeout",
                    duration_field(&CgiConfig::first_byte, 0ms, 24h)});
    rows.push_back({s, "total", "cgi-total", "TIME",
                    "Time for a whole run; then it is ended; 0: no limit",
                    duration_field(&CgiConfig::total, 0ms, 24h)});
    rows.push_back({s, "grace", "cgi-grace", "TIME",
                    "Time from SIGTERM to SIGKILL for a script that is ended",
                    duration_field(&CgiConfig::grace, 1ms, 24h)});
    rows.push_back({s, "background", "cgi-background", "TIME",
                    "Time that processes which a script left behind may go on",
                    duration_field(&CgiConfig::background, 0ms, 24h)});
}

void add_resources(Rows& rows) {
    const char* s = "cgi";
    rows.push_back({s, "memory", "cgi-memory", "SIZE",
                    "Memory of each process, or of the whole run where a cgroup is delegated; 0: "
                    "no limit",
                    size_limit_field(&CgiConfig::memory, kMega, 1024 * kGiga)});
    rows.push_back({s, "processes", "cgi-processes", "N",
                    "Most processes at once in a run; 0: no limit",
                    number_field(&CgiConfig::processes, 0, 1'000'000)});
    rows.push_back({s, "cpu", "cgi-cpu", "TIME", "CPU time of each process; 0: no limit",
                    seconds_limit_field(&CgiConfig::cpu, 24h)});
    rows.push_back({s, "sandbox", "cgi-sandbox", "off|strict",
                    "strict: scripts read only the system and the site, and write nothing",
                    choice_field(&CgiConfig::sandbox, {"off", "strict"})});
    rows.push_back({s, "sandbox_read", "cgi-sandbox-read", "PATH",
                    "What else strict scripts may read; repeatable",
                    list_field(&CgiConfig::sandbox_read, add_absolute_path, path_lines)});
    rows.push_back({s, "sandbox_write", "cgi-sandbox-write", "PATH",
                    "What strict scripts may read and write; repeatable",
                    list_field(&CgiConfig::sandbox_write, add_absolute_path, path_lines)});
    rows.push_back({s, "sandbox_network", "cgi-sandbox-network", "on|off",
                    "Strict scripts may use TCP", switch_field(&CgiConfig::sandbox_network)});
}

void add_shared(Rows& rows) {
    const char* s = "cgi";
    rows.push_back({s, "children", "cgi-children", "N", "Most scripts at once, of all sites",
                    number_field(&Config::cgi_children, 1, 100'000)});
    rows.push_back({s, "per_script", "cgi-per-script", "N", "Most runs of the same script at once",
                    number_field(&Config::cgi_per_script, 1, 100'000)});
    rows.push_back({s, "queue", "cgi-queue", "N",
                    "Requests that may wait for their script to start; more are answered 503",
                    number_field(&Config::cgi_queue, 0, 1'000'000)});
    rows.push_back({s, "queue_timeout", "cgi-queue-timeout", "TIME",
                    "Time that a request may wait for its script to start; then 503",
                    duration_field(&Config::cgi_queue_timeout, 1ms, 24h)});
}

}  // namespace

void add_cgi_rows(Rows& rows) {
    for (auto* add :
         {add_places, add_environment, add_answers, add_deadlines, add_resources, add_shared}) {
        add(rows);
    }
}

}  // namespace basehttp
