// Which requests scripts answer, and when: lookup, turn, redirects. Running: cgi_run.cpp.
#include "handlers/cgi_http_request_handler.hpp"

#include <unistd.h>

#include <array>
#include <typeinfo>

#include "handlers/cgi/request_id.hpp"
#include "handlers/cgi/script_names.hpp"
#include "handlers/files/site_lookup.hpp"
#include "handlers/http/url_path.hpp"
#include "server/base_server.hpp"

namespace basehttp {
namespace {

constexpr int most_redirects = 10;

/// Whether an open file is in a directory for scripts under its real name, reached by a link.
bool is_linked_into(int file, const StaticSite& site, const CgiSettings& settings) {
    std::array<char, 4096> buffer;
    const std::string link = "/proc/self/fd/" + std::to_string(file);
    const ssize_t size = ::readlink(link.c_str(), buffer.data(), buffer.size());
    const std::string_view path(buffer.data(),
                                static_cast<std::size_t>(std::max<ssize_t>(0, size)));
    const std::string& root = site.root.real_path();
    return path.starts_with(root) && is_in_cgi_directory(path.substr(root.size()), settings);
}

}  // namespace

CGIHTTPRequestHandler::CGIHTTPRequestHandler(Request& request_, const Address& client_address_,
                                             BaseServer& server_,
                                             std::shared_ptr<const StaticSite> site,
                                             std::shared_ptr<const CgiSettings> settings)
    : SimpleHTTPRequestHandler(request_, client_address_, server_, std::move(site)),
      settings_(std::move(settings)),
      id_(make_request_id()) {}

CGIHTTPRequestHandler::~CGIHTTPRequestHandler() = default;

void CGIHTTPRequestHandler::do_GET() { is_cgi() ? run_cgi() : SimpleHTTPRequestHandler::do_GET(); }
void CGIHTTPRequestHandler::do_HEAD() {
    is_cgi() ? run_cgi() : SimpleHTTPRequestHandler::do_HEAD();
}
void CGIHTTPRequestHandler::do_POST() {
    is_cgi() ? run_cgi() : SimpleHTTPRequestHandler::do_POST();
}
void CGIHTTPRequestHandler::do_PUT() { is_cgi() ? run_cgi() : SimpleHTTPRequestHandler::do_PUT(); }
void CGIHTTPRequestHandler::do_DELETE() {
    is_cgi() ? run_cgi() : SimpleHTTPRequestHandler::do_DELETE();
}
void CGIHTTPRequestHandler::do_PATCH() {
    is_cgi() ? run_cgi() : SimpleHTTPRequestHandler::do_PATCH();
}
void CGIHTTPRequestHandler::do_OPTIONS() {
    is_cgi() ? run_cgi() : SimpleHTTPRequestHandler::do_OPTIONS();
}
void CGIHTTPRequestHandler::method_not_implemented() {
    is_cgi() ? run_cgi() : SimpleHTTPRequestHandler::method_not_implemented();
}

const ScriptTarget& CGIHTTPRequestHandler::target() {
    if (!target_) {
        const auto file_path = translate_path(path);
        target_ = file_path ? find_script(site(), *settings_, *file_path) : ScriptTarget{};
    }
    return *target_;
}

bool CGIHTTPRequestHandler::is_cgi() { return target().kind != ScriptTarget::Kind::none; }

bool CGIHTTPRequestHandler::needs_body() const {
    // Looked up once; the base class asks before the method runs.
    auto& self = const_cast<CGIHTTPRequestHandler&>(*this);
    const bool never = command == "TRACE" || command == "CONNECT";
    return !never && self.target().kind == ScriptTarget::Kind::script;
}

void CGIHTTPRequestHandler::run_cgi() {
    if (target().kind == ScriptTarget::Kind::error) return send_error(target().status);
    if (wait_for_turn()) start_and_relay();
}

/// Whether the script may run now. If not, the request was refused, or has another turn later.
bool CGIHTTPRequestHandler::wait_for_turn() {
    if (!settings_->gate || ticket_.admitted()) return true;
    if (!ticket_) {
        ticket_ = settings_->gate->enter(settings_->document_root + target().path,
                                         [resume = request.resume] {
                                             if (resume) resume();
                                         });
        if (ticket_.admitted()) return true;
        if (!ticket_) {
            refuse_for_load("the queue is full");
            return false;
        }
    } else if (request.turn_timed_out) {
        ticket_.release();
        refuse_for_load("it waited too long in the queue");
        return false;
    }
    request.wants_turn = true;
    request.turn_timeout = settings_->queue_timeout;
    return false;
}

void CGIHTTPRequestHandler::refuse_for_load(std::string_view why) {
    server.log().write(LogLevel::warning,
                       "Script " + target().path + ": 503: not started, " + std::string(why));
    send_error(503, "Too many scripts are running");
}

/// RFC 3875 section 6.2.2: the answer is that to a GET of another path of this site.
void CGIHTTPRequestHandler::redirect(const std::string& location) {
    if (++redirects_ > most_redirects) {
        log_script(LogLevel::error, "502: more than " + std::to_string(most_redirects) +
                                        " local redirects; the last one goes to '" + location +
                                        "'");
        return send_error(502);
    }
    path = location.substr(0, location.find('#'));
    target_.reset();
    if (command == "HEAD") return do_HEAD();
    command = "GET";
    do_GET();
}

/// X-Sendfile: the file that the script names becomes the content, if the settings let it.
void CGIHTTPRequestHandler::send_file_of_script(ScriptHeader header) {
    const std::string& name = header.sendfile;
    for (const auto& allowed : settings_->sendfile) {
        const std::string& root = allowed->root.path();
        if (!name.starts_with(root) || name.size() <= root.size() || name[root.size()] != '/')
            continue;
        SiteLookup lookup(*allowed);
        Resource resource = lookup.find(name.substr(root.size()));
        if (resource.kind != Resource::Kind::file) {
            log_script(LogLevel::error, "404: X-Sendfile '" + name + "' cannot be opened");
            return send_error(404);
        }
        sendfile_ = std::move(header);
        const bool head_only = command == "HEAD";
        if (!head_only) command = "GET";
        if (const auto content = send_file_head(std::move(resource), lookup); content && !head_only)
            copyfile(*content, wfile);
        return;
    }
    log_script(LogLevel::error,
               "403: X-Sendfile '" + name + "' is in no directory of [cgi] sendfile");
    send_error(403);
}

std::string CGIHTTPRequestHandler::guess_type(std::string_view file_path) {
    if (sendfile_ && !sendfile_->content_type.empty()) return sendfile_->content_type;
    return SimpleHTTPRequestHandler::guess_type(file_path);
}

/// What else the script said of the file that it named; the validators are the file's.
void CGIHTTPRequestHandler::end_headers() {
    if (sendfile_ && status() >= 200 && status() < 400)
        for (const auto& [name, value] : sendfile_->fields)
            if (!equals_lower(name, "content-type") && !equals_lower(name, "etag") &&
                !equals_lower(name, "last-modified") && !equals_lower(name, "accept-ranges"))
                send_header(name, value);
    SimpleHTTPRequestHandler::end_headers();
}

bool CGIHTTPRequestHandler::may_replay() const {
    return typeid(*this) == typeid(CGIHTTPRequestHandler) && redirects_ == 0 && !sendfile_;
}

bool CGIHTTPRequestHandler::may_send(const std::string& file_path, int file) {
    if (sendfile_) return true;
    return find_script(site(), *settings_, file_path).kind == ScriptTarget::Kind::none &&
           (settings_->cgi_directories.empty() || !is_linked_into(file, site(), *settings_));
}

bool CGIHTTPRequestHandler::is_unlisted(std::string_view name) {
    return is_backup_of_script("/" + std::string(name), settings_->interpreters);
}

}  // namespace basehttp
