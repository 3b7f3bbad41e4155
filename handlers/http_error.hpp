// What a handler throws to be answered with an error page.
#pragma once

#include <stdexcept>
#include <string>

#include "server/api.hpp"

namespace basehttp {

/// A request that cannot be done as it was sent: send_error(code(), what()). The message is a
/// sentence of our own without line ends, good for the client to see; never text of the client.
class BASEHTTP_API HTTPError : public std::runtime_error {
  public:
    /// `code`: 400 to 599.
    HTTPError(int code, const std::string& message) : std::runtime_error(message), code_(code) {}

    int code() const noexcept { return code_; }  ///< The status to answer with.

  private:
    int code_;
};

}  // namespace basehttp
