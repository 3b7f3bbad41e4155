// The rows of the settings table for [tls]: certificates, what is asked of clients, and how TLS is
// spoken. For settings.cpp alone.
#pragma once

#include <vector>

#include "config/settings.hpp"

namespace basehttp {

/// In the order of TlsConfig; then what all sites share.
void add_tls_rows(std::vector<Setting>& rows);

}  // namespace basehttp
