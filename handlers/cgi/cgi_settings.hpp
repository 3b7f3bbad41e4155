// How the scripts of a site run: where they are, what they get, how long and how much they may.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "handlers/files/static_site.hpp"
#include "handlers/process/script_limits.hpp"

namespace basehttp {

class Sandbox;
class ScriptCgroups;
class ScriptGate;

/// 0: no such deadline.
struct ScriptTimeouts {
    std::chrono::milliseconds first_byte{60'000};  ///< from the start to the first output; then 504
    std::chrono::milliseconds silence{60'000};     ///< between two pieces of output
    std::chrono::milliseconds total{0};            ///< for the whole run
    std::chrono::milliseconds grace{5'000};        ///< from SIGTERM to SIGKILL
    std::chrono::milliseconds background{0};       ///< for what a script left running at its end
};

/// Immutable once serving, shared by all threads (the gate is locked by itself).
struct CgiSettings {
    /// URL paths without final '/'; scripts are anywhere below them. Python's cgi_directories.
    std::vector<std::string> cgi_directories = {"/cgi-bin"};
    /// Extension in lower case with its dot, absolute path of the program that runs such files,
    /// wherever in the site they are.
    std::vector<std::pair<std::string, std::string>> interpreters;
    std::vector<std::pair<std::string, std::string>> env;  ///< name, value: set for each script
    std::vector<std::string> inherited_env;  ///< "NAME=value", taken over from our environment
    std::string document_root;               ///< absolute path without final '/', "" for "/"
    bool pass_authorization = false;         ///< scripts see the Authorization field
    bool etag = false;                       ///< small answers get an ETag, and 304 when it matches
    std::vector<std::shared_ptr<const StaticSite>> sendfile;  ///< whose files X-Sendfile may name
    std::size_t header_bytes = 64u << 10;    ///< most in the header of an answer; more: 502
    ScriptTimeouts timeouts;                 ///< of each run
    ScriptLimits limits;                     ///< of each run
    std::shared_ptr<const Sandbox> sandbox;  ///< nullptr: none
    std::shared_ptr<ScriptCgroups> cgroups;  ///< nullptr: none were delegated to us
    std::shared_ptr<ScriptGate> gate;        ///< how many run at once; nullptr: no limit
    std::chrono::milliseconds queue_timeout{10'000};  ///< of waiting for that; then 503
};

}  // namespace basehttp
