// Which requests scripts answer, and when: lookup, turn, redirects. Running: cgi_run.cpp.
#include "handlers/cgi_http_request_handler.hpp"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <iterator>
#include <typeinfo>

#include "handlers/cgi/script_names.hpp"
#include "handlers/files/site_lookup.hpp"
#include "handlers/http/url_path.hpp"
#include "server/base_server.hpp"
#include "server/exchange/request_id.hpp"

namespace basehttp {
namespace {

constexpr int most_redirects = 10;

std::string resolved(const std::string& path) {
    const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                           &std::free);
    return real ? real.get() : "";
}

/// Whether an open file, reached by some link, is a script under its real name.
bool is_link_to_script(int file, const StaticSite& site, const CgiSettings& settings) {
    const std::string path = resolved("/proc/self/fd/" + std::to_string(file));
    const std::string& root = site.root.real_path();
    if (path.size() <= root.size() || !path.starts_with(root)) return false;
    if (find_script(site, settings, path.substr(root.size())).kind != ScriptTarget::Kind::none)
        return true;
    for (const std::string& directory : settings.cgi_directories) {
        const std::string real = resolved(root + directory) + "/";
        if (real.size() > 1 && path.starts_with(real)) return true;
    }
    return false;
}

}  // namespace

CGIHTTPRequestHandler::CGIHTTPRequestHandler(Request& request_, const Address& client_address_,
                                             BaseServer& server_,
                                             std::shared_ptr<const StaticSite> site,
                                             std::shared_ptr<const CgiSettings> settings)
    : SimpleHTTPRequestHandler(request_, client_address_, server_, std::move(site)),
      settings_(std::move(settings)),
      run_id_(request_.id.empty() || request_.id_given ? make_request_id() : request_.id),
      id_(request_.id.empty() ? run_id_ : request_.id) {}

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
    return !never && self.is_cgi() && self.target().kind != ScriptTarget::Kind::error;
}

void CGIHTTPRequestHandler::run_cgi() {
    if (request.log_fields.empty() && request.id.empty())
        request.log_fields.push_back({"id", id_, 0});
    if (target().kind == ScriptTarget::Kind::error) {
        if (target().status == 403)
            log_script(LogLevel::info, "403: not executable, and no interpreter is set for it");
        return send_error(target().status);
    }
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
    if (const auto untold = settings_->gate->refusals_to_tell(std::time(nullptr))) {
        std::string text = "503: not started, " + std::string(why);
        if (*untold > 1) text += "; so were " + std::to_string(*untold - 1) + " others before";
        log_script(LogLevel::warning, text);
    }
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
    if (!translate_path(location)) {
        log_script(LogLevel::error, "502: its local redirect goes to '" + location + "', no path");
        return send_error(502);
    }
    path = location;
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
        send_named_file(std::move(resource), lookup);
        return;
    }
    log_script(LogLevel::error,
               "403: X-Sendfile '" + name + "' is in no directory of [cgi] sendfile");
    send_error(403);
}

/// Ranges, conditions and codings are for a plain GET or HEAD; anything else gets the whole file.
void CGIHTTPRequestHandler::send_named_file(Resource resource, SiteLookup& lookup) {
    const bool is_head = command == "HEAD";
    const bool plain = (is_head || command == "GET") && sendfile_->status == 200 &&
                       !has_field(*sendfile_, "content-encoding");
    if (plain) {
        const auto content = send_file_head(std::move(resource), lookup);
        if (content && !is_head) copyfile(*content, wfile);
        return;
    }
    const std::uint64_t size = resource.opened.info.size;
    send_response(sendfile_->status, sendfile_->reason);
    send_header("Content-Type", guess_type(resource.path));
    send_header("Content-Length", size);
    end_headers();
    if (!is_head)
        wfile.send_file(std::make_shared<const Fd>(std::move(resource.opened.fd)), 0, size);
}

std::string CGIHTTPRequestHandler::guess_type(std::string_view file_path) {
    if (sendfile_ && !sendfile_->content_type.empty()) return sendfile_->content_type;
    return SimpleHTTPRequestHandler::guess_type(file_path);
}

/// What else the script said of the file that it named; the validators are the file's.
void CGIHTTPRequestHandler::end_headers() {
    static constexpr std::string_view of_the_file[] = {"content-type", "content-range", "etag",
                                                       "last-modified", "accept-ranges"};
    if (sendfile_ && (status() < 400 || status() == sendfile_->status))
        for (const auto& [name, value] : sendfile_->fields)
            if (std::none_of(std::begin(of_the_file), std::end(of_the_file),
                             [&](std::string_view own) { return equals_lower(name, own); }))
                send_header(name, value);
    SimpleHTTPRequestHandler::end_headers();
}

bool CGIHTTPRequestHandler::may_replay() const {
    return typeid(*this) == typeid(CGIHTTPRequestHandler) && redirects_ == 0 && !sendfile_;
}

bool CGIHTTPRequestHandler::may_send(const std::string& file_path, int file) {
    if (sendfile_) return true;
    return find_script(site(), *settings_, file_path).kind == ScriptTarget::Kind::none &&
           !is_link_to_script(file, site(), *settings_);
}

bool CGIHTTPRequestHandler::is_unlisted(std::string_view name) {
    return is_backup_of_script("/" + std::string(name), settings_->interpreters);
}

}  // namespace basehttp
