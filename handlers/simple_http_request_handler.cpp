#include "handlers/simple_http_request_handler.hpp"

#include <cerrno>
#include <system_error>
#include <typeinfo>

#include "handlers/files/absence_replay.hpp"
#include "handlers/files/directory_listing.hpp"
#include "handlers/files/file_replay.hpp"
#include "handlers/files/listing_page.hpp"
#include "handlers/http/accept.hpp"
#include "handlers/http/url_path.hpp"
#include "handlers/send_file.hpp"
#include "server/base_server.hpp"

namespace basehttp {

SimpleHTTPRequestHandler::SimpleHTTPRequestHandler(Request& request_,
                                                   const Address& client_address_,
                                                   BaseServer& server_,
                                                   std::shared_ptr<const StaticSite> site)
    : BaseHTTPRequestHandler(request_, client_address_, server_), site_(std::move(site)) {}

void SimpleHTTPRequestHandler::do_GET() {
    if (const auto content = send_head()) copyfile(*content, wfile);
}

void SimpleHTTPRequestHandler::do_HEAD() { send_head(); }

void SimpleHTTPRequestHandler::do_OPTIONS() {
    send_response(204);
    send_header("Allow", "GET, HEAD, OPTIONS");
    end_headers();
}

std::optional<std::string> SimpleHTTPRequestHandler::translate_path(std::string_view target) {
    auto decoded = decode_url_path(split_target(target).path);
    if (!decoded) return std::nullopt;
    return std::move(decoded->path);
}

std::string SimpleHTTPRequestHandler::guess_type(std::string_view file_path) {
    return site_->content_type(file_path);
}

std::optional<SimpleHTTPRequestHandler::Content> SimpleHTTPRequestHandler::send_head() {
    const auto file_path = translate_path(path);
    if (!file_path) {
        send_error(400, "Bad path in request target");
        return std::nullopt;
    }
    SiteLookup lookup(*site_);
    Resource resource = lookup.find(*file_path);
    switch (resource.kind) {
        case Resource::Kind::file:
            if (!may_send(resource.path, resource.opened.fd.get())) {
                send_error(403);
                break;
            }
            return send_file_head(std::move(resource), lookup);
        case Resource::Kind::redirect:
            redirect_to(resource.path);
            break;
        case Resource::Kind::listing:
            list_directory(resource.path, std::move(resource.opened));
            break;
        case Resource::Kind::error:
            if (resource.status != 404)
                send_error(resource.status);
            else
                send_missing(*file_path, lookup);
            break;
    }
    return std::nullopt;
}

/// 404, also for those who ask soon after. Where the directory is missing as well, somebody could
/// make a script of a part of the path; and Python's messages are for each request.
void SimpleHTTPRequestHandler::send_missing(const std::string& file_path, SiteLookup& lookup) {
    std::string head;
    record_ = &head;
    send_error(404);
    record_ = nullptr;
    if (!may_offer() || head.empty() || server.log().python_messages()) return;
    // Where "/a/" is missing a script "/a" may come to be, with the path information "/".
    if (file_path.ends_with('/')) lookup.open_file(file_path.substr(0, file_path.size() - 1));
    if (!lookup.has_parent(file_path)) return;
    auto content = content_of_404(lookup);
    if (!content) return;
    const std::string length = "\r\nContent-Length: " + std::to_string(content->size()) + "\r\n";
    if (head.find(length) == std::string::npos) return;  // the page was changed just now
    request.offer(
        std::make_shared<AbsenceReplay>(site_, 404, head, std::move(*content), lookup.probes()));
}

/// What send_error() has sent, unless that is too long to be kept.
std::optional<std::string> SimpleHTTPRequestHandler::content_of_404(SiteLookup& lookup) {
    constexpr std::uint64_t worth_keeping = 16u << 10;  // bytes
    const auto page = site_->error_pages.find(404);
    if (page == site_->error_pages.end()) {
        const auto& [phrase, explanation] = responses.at(404);
        return error_page(404, phrase, explanation);
    }
    OpenedFile opened = lookup.open_file(page->second);
    if (opened.status != OpenStatus::ok || opened.info.size > worth_keeping ||
        !may_send(page->second, opened.fd.get()))
        return std::nullopt;
    const auto entity = make_entity(std::move(opened), {}, worth_keeping);
    return entity ? entity->memory : std::nullopt;
}

/// Keeps the query; the path begins with one slash only, so it never names another host.
void SimpleHTTPRequestHandler::redirect_to(const std::string& location_path) {
    const SplitTarget target = split_target(path);
    std::string location = encode_url_path(location_path);
    if (target.has_query) location.append("?").append(target.query);
    send_redirect(location, 301);
}

std::optional<SimpleHTTPRequestHandler::Content> SimpleHTTPRequestHandler::send_file_head(
    Resource resource, SiteLookup& lookup) {
    std::string type = guess_type(resource.path);
    const auto accept_encoding = headers.joined("Accept-Encoding");
    auto entity = choose_entity(lookup.site(), lookup, std::move(resource), std::move(type),
                                accept_encoding.value_or(""));
    if (!entity) {
        send_error(500, "The file could not be read");
        return std::nullopt;
    }
    const FileAnswer answer =
        decide_answer(*entity, headers, command == "GET", std::time(nullptr), site_->max_ranges);
    if (may_offer()) request.offer(std::make_shared<FileReplay>(site_, entity, lookup.probes()));
    if (answer.status == 412 || answer.status == 416) {
        answer.status == 412 ? send_error(412) : send_range_error(entity->size);
        return std::nullopt;
    }
    send_response(answer.status);
    send_entity_fields(*this, *entity, answer);
    end_headers();
    if (answer.status == 304) return std::nullopt;
    return Content{std::move(entity), answer};
}

void SimpleHTTPRequestHandler::copyfile(const Content& content, ResponseWriter& outputfile) {
    write_entity(outputfile, content.entity, content.answer);
}

void SimpleHTTPRequestHandler::list_directory(const std::string& directory_path,
                                              OpenedFile directory) {
    const auto accept = headers.joined("Accept");
    const bool json = accept && prefers_json(*accept);
    auto listing =
        read_directory(site_->root, directory_path, std::move(directory.fd),
                       {.show_dotfiles = site_->dotfiles,
                        .hides = [this](std::string_view name) { return is_unlisted(name); }});
    if (!listing) return send_error(500, "The directory could not be read");
    send_response(200);
    send_header("Content-Type", json ? "application/json" : "text/html; charset=utf-8");
    send_header("Vary", "Accept");
    if (!json) send_header("Content-Security-Policy", listing_content_security_policy);
    end_headers();
    if (command == "HEAD") return;
    ListingPage page(directory_path, std::move(*listing),
                     json ? ListingFormat::json : ListingFormat::html);
    // What a slow client cannot take at once waits in a file, not in this worker.
    RequestBody rest(site_->memory_file, site_->temp_directory);
    write_listing(page, [&](std::string_view piece) {
        if (rest.size() == 0 && !request.outbox.is_full()) return wfile.write(piece);
        if (!rest.append(piece)) throw std::system_error(errno, std::generic_category(), "listing");
    });
    if (rest.file()) return wfile.send_file(rest.file(), 0, rest.size());
    const auto text = std::make_shared<const std::string>(rest.read());
    wfile.write_shared(text, *text);
}

bool SimpleHTTPRequestHandler::is_unlisted(std::string_view) { return false; }

bool SimpleHTTPRequestHandler::may_send(const std::string&, int) { return true; }

bool SimpleHTTPRequestHandler::may_replay() const {
    return typeid(*this) == typeid(SimpleHTTPRequestHandler);
}

bool SimpleHTTPRequestHandler::may_offer() const {
    return (command == "GET" || command == "HEAD") && may_replay() &&
           has_usual_spelling(split_target(path).path);
}

void SimpleHTTPRequestHandler::end_headers() {
    if (status() >= 200)
        for (const auto& [name, value] : site_->headers) send_header(name, value);
    if (record_ != nullptr) *record_ = pending_headers();
    BaseHTTPRequestHandler::end_headers();
}

std::string SimpleHTTPRequestHandler::version_string() const { return site_->server_header; }

void SimpleHTTPRequestHandler::send_error_headers(int code) {
    if (code == 405) send_header("Allow", "GET, HEAD, OPTIONS");
    BaseHTTPRequestHandler::send_error_headers(code);
}

void SimpleHTTPRequestHandler::send_error(int code, std::string_view message,
                                          std::string_view explain) {
    const auto page = site_->error_pages.find(code);
    // A request refused for want of workers is answered on a loop, where no file is opened.
    const bool busy = request.rejection.code == 503;
    if (page != site_->error_pages.end() && !in_error_page_ && !busy) {
        in_error_page_ = true;
        if (send_error_page(code, page->second)) return;
    }
    BaseHTTPRequestHandler::send_error(code, message, explain);
}

/// The site's own page for a status. False: it cannot be read; nothing was sent.
bool SimpleHTTPRequestHandler::send_error_page(int code, const std::string& page_path) {
    OpenedFile opened = site_->root.open_file(page_path);
    if (opened.status != OpenStatus::ok || !may_send(page_path, opened.fd.get())) {
        server.log().write(LogLevel::warning,
                           request.log_prefix() + "error_page " + std::to_string(code) + " '" +
                               page_path + "' cannot be opened below '" + site_->root.path() + "'");
        return false;
    }
    log_error("code " + std::to_string(code));
    send_response(code);
    send_error_headers(code);
    send_header("Content-Type", guess_type(page_path));
    send_header("Content-Length", opened.info.size);
    end_headers();
    wfile.send_file(std::make_shared<const Fd>(std::move(opened.fd)), 0, opened.info.size);
    return true;
}

}  // namespace basehttp
