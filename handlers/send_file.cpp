#include "handlers/send_file.hpp"

#include <ctime>

#include "handlers/base_http_request_handler.hpp"
#include "handlers/files/site_lookup.hpp"
#include "handlers/http/attachment.hpp"
#include "handlers/http/mime_types.hpp"

namespace basehttp {
namespace {

constexpr unsigned max_ranges = 16;
constexpr std::size_t memory_file = 256u << 10;  // bytes; larger files are sent from a descriptor

std::string type_by_extension(std::string_view file_path) {
    static const MimeTypes types;
    std::string type(types.guess(file_path));
    if (wants_charset(type)) type += "; charset=utf-8";
    return type;
}

}  // namespace

void send_entity_fields(BaseHTTPRequestHandler& handler, const FileEntity& entity,
                        const FileAnswer& answer) {
    std::optional<Multipart> multipart;
    if (answer.ranges.size() > 1) multipart = make_multipart(entity, answer.ranges);
    for (const auto& [name, value] : entity_fields(entity, answer.status))
        handler.send_header(name,
                            multipart && name == "Content-Type" ? multipart->content_type : value);
    if (answer.ranges.size() == 1)
        handler.send_header("Content-Range", content_range(answer.ranges.front(), entity.size));
    if (multipart)
        handler.send_header("Content-Length", multipart->length);
    else if (answer.status == 206)
        handler.send_header("Content-Length", answer.ranges.front().length);
    else if (answer.status == 200)
        handler.send_header("Content-Length", entity.size);
}

void write_entity(ResponseWriter& wfile, const std::shared_ptr<const FileEntity>& entity,
                  const FileAnswer& answer) {
    const auto copy = [&](const ByteRange& range) {
        if (entity->memory)
            wfile.write_shared(entity,
                               std::string_view(*entity->memory).substr(range.first, range.length));
        else
            wfile.send_file(entity->file, range.first, range.length);
    };
    if (answer.ranges.empty()) return copy({0, entity->size});
    if (answer.ranges.size() == 1) return copy(answer.ranges.front());
    const Multipart multipart = make_multipart(*entity, answer.ranges);
    for (std::size_t i = 0; i < answer.ranges.size(); ++i) {
        wfile.write(multipart.part_heads[i]);
        copy(answer.ranges[i]);
    }
    wfile.write(multipart.end);
}

void BaseHTTPRequestHandler::send_file(const std::string& file_path, std::string_view content_type,
                                       std::string_view download_name) {
    OpenedFile opened = open_named_file(file_path);
    if (opened.status != OpenStatus::ok) return send_error(status_of_failure(opened.status));
    const auto entity =
        make_entity(std::move(opened),
                    content_type.empty() ? type_by_extension(file_path) : std::string(content_type),
                    memory_file);
    if (!entity) return send_error(500, "The file could not be read");
    FileAnswer answer;
    if (command == "GET" || command == "HEAD")  // for others preconditions are about the target
        answer = decide_answer(*entity, headers, command == "GET", std::time(nullptr), max_ranges);
    if (answer.status == 412) return send_error(412);
    if (answer.status == 416) return send_range_error(entity->size);
    send_response(answer.status);
    send_entity_fields(*this, *entity, answer);
    if (!download_name.empty() && answer.status != 304)
        send_header("Content-Disposition", attachment(download_name));
    end_headers();
    if (answer.status != 304) write_entity(wfile, entity, answer);
}

}  // namespace basehttp
