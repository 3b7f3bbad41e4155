// What a client is told when a handler throws.
#pragma once

#include "server/api.hpp"

namespace basehttp {

/// In a catch block: 503 when the exception is for want of memory, descriptors, processes or room
/// on a disk (std::bad_alloc, std::system_error), which passes; else 500.
int failure_status();

}  // namespace basehttp
