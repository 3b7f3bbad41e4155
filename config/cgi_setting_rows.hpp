// The rows of the settings table for [cgi]: where scripts are, what they get, how long and how much
// they may. For settings.cpp alone.
#pragma once

#include <vector>

#include "config/settings.hpp"

namespace basehttp {

/// In the order of CgiConfig; then what all sites share.
void add_cgi_rows(std::vector<Setting>& rows);

}  // namespace basehttp
