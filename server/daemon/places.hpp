// What the daemon opens by name while it runs: the places that its confinement leaves open.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/config.hpp"

namespace basehttp {

/// One of them, and why.
struct Place {
    std::string path;          ///< directory or file; what is below, too
    std::uint64_t rights = 0;  ///< landlock::
    const char* kind = "";     ///< "root", "log" ...: for counting; empty: not worth telling
    std::size_t site = 0;      ///< whom to blame; `setting` is empty where no setting names it
    std::string setting = {};  ///< "site.root"
    std::string value = {};    ///< as printed
};

/// The places that the settings name. `config_file`, which a reload reads again, may be empty.
/// Files that others replace by renaming (certificates, the configuration, logs) stand for their
/// directory and for that of the file behind a link; a root that is a link to somewhere below the
/// link's own directory stands for that directory, so that turning the link and reloading suffices.
std::vector<Place> places_of(const Config& config, const std::string& config_file);

/// What the program itself needs: to look up names and times, and to be executed anew for an
/// upgrade, with its libraries.
std::vector<Place> places_of_program();

}  // namespace basehttp
