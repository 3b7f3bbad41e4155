// The answer to a request that gets no handler, because none may run or it crashed.
#pragma once

#include <string_view>

#include "server/exchange/request.hpp"

namespace basehttp {

/// Puts a short page in plain text for `request.rejection` into its outbox; the connection closes.
/// `date` is of the Date field. Loop thread.
void answer_plainly(Request& request, std::string_view date);

}  // namespace basehttp
