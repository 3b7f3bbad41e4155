#pragma once

#include <string>

namespace basehttp {

/// A name for one request that no other has, on any machine, to find it in logs: 22 characters of
/// [A-Za-z0-9]. Not a secret: whoever sees some of them can guess others. Any thread, no lock; a
/// process that forks must not call it on both sides.
std::string make_request_id();

}  // namespace basehttp
