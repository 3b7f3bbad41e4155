// Sending the content of a file: what send_file() and SimpleHTTPRequestHandler share.
#pragma once

#include <memory>

#include "handlers/files/file_entity.hpp"
#include "handlers/response_writer.hpp"

namespace basehttp {

class BaseHTTPRequestHandler;

/// The header fields of a 200, 206 or 304 answer with an entity: between send_response() and
/// end_headers().
void send_entity_fields(BaseHTTPRequestHandler& handler, const FileEntity& entity,
                        const FileAnswer& answer);

/// The content of that answer: all of the entity, or the ranges that were asked for.
void write_entity(ResponseWriter& wfile, const std::shared_ptr<const FileEntity>& entity,
                  const FileAnswer& answer);

}  // namespace basehttp
