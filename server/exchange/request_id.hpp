// Names of requests, by which they are found in logs.
#pragma once

#include <string>
#include <string_view>

#include "server/api.hpp"
#include "server/http1/request_head.hpp"

namespace basehttp {

/// Appends a name for one request that no other has, on any machine: 22 characters of [A-Za-z0-9].
/// Not a secret: whoever sees some of them can guess others. Any thread; no lock, no system call
/// but for the first. A forked child makes others than its parent.
void append_request_id(std::string& out);
/// The same as a text of its own.
std::string make_request_id();

/// What X-Request-Id says, for a request of somebody who may name it: 1 to 128 characters of
/// [A-Za-z0-9._=+/:-]. Empty: it says nothing such, or is there twice.
std::string_view given_request_id(const RequestHead& head);

}  // namespace basehttp
