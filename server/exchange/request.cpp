#include "server/exchange/request.hpp"

#include <utility>

#include "server/base_request_handler.hpp"
#include "server/log/log.hpp"

namespace basehttp {

Request::Request(std::string text, const RequestHead& head, const char* from, Address client)
    : text_(std::move(text)),
      head_(head.rebased(from, text_.data())),
      client_address_(std::move(client)) {}

Request::~Request() = default;

std::string Request::log_prefix() const {
    return tag_mark(site_tag) + (id.empty() ? "" : "(id " + id + ") ");
}

}  // namespace basehttp
