// How a CGIHTTPRequestHandler runs a script: start, answer, end, log.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "handlers/cgi/query_arguments.hpp"
#include "handlers/cgi_http_request_handler.hpp"
#include "handlers/http/url_path.hpp"
#include "handlers/process/sandbox.hpp"
#include "server/base_server.hpp"

namespace basehttp {
namespace {

using Outcome = ScriptAnswer::Outcome;

std::string_view directory_of(std::string_view path) {
    return path.substr(0, std::max<std::size_t>(1, path.rfind('/')));
}

bool has_failed(const ChildEnd& end) {
    return !WIFEXITED(end.status) || WEXITSTATUS(end.status) != 0;
}

/// What a failed start means for the client, and a hint for who wrote the script.
std::pair<int, std::string> explain_start(int error) {
    switch (error) {
        case EACCES:
            return {403, "it may not be executed; see its mode, its directories and [cgi] sandbox"};
        case ENOENT:
            return {502, "its program does not exist"};
        case ENOEXEC:
            return {502, "it is no program and does not begin with #!"};
        case E2BIG:
            return {431, "the header fields make its environment too large"};
        case EAGAIN:
        case ENOMEM:
        case EMFILE:
        case ENFILE:
        case ENOSPC:
            return {503, "the system has no room for another process"};
        default:
            return {502, "it cannot be started"};
    }
}

/// "; its first line is '#!/bin/sh\r'", where most such mistakes are.
std::string first_line_hint(const StaticSite& site, const std::string& path) {
    const OpenedFile script = site.root.open_file(path);
    std::array<char, 80> text;
    const ssize_t size =
        script.fd ? ::pread(script.fd.get(), text.data(), text.size(), 0) : ssize_t{0};
    const std::string_view line(text.data(), static_cast<std::size_t>(std::max<ssize_t>(0, size)));
    if (!line.starts_with("#!")) return {};
    return "; its first line is '" + std::string(line.substr(0, line.find('\n'))) + "'";
}

}  // namespace

/// What a run holds until its last process is gone, longer than the request if need be.
struct CGIHTTPRequestHandler::ActiveScript {
    ActiveScript(BaseServer& server, ScriptGate::Ticket ticket_, std::string name_)
        : blocking(server), ticket(std::move(ticket_)), log(server.log()), name(std::move(name_)) {}

    void write(LogLevel level, std::string_view text) {
        const std::string pid = run ? ", pid " + std::to_string(run->pid()) : "";
        log.write(level, mark + "Script " + name + " (id " + id + pid + "): " + std::string(text));
    }
    /// Tells of a run that is over what the access line cannot. `status` is 0 for one that has
    /// answered.
    void report(int status, const std::string& reason, bool cut_off) {
        if (run->left_behind()) write(LogLevel::info, "processes that it left behind were ended");
        const bool failed = run->end() && has_failed(*run->end()) && !run->was_terminated();
        if (!failed && reason.empty()) return;
        std::string text = cut_off ? "answer cut off: " : "";
        if (status != 0 && !cut_off) text = std::to_string(status) + ": ";
        text += reason;
        if (run->end() && run->was_terminated())
            text += "; it was ended";
        else if (run->end())
            text += (reason.empty() ? "" : "; ") + describe(*run->end());
        if (reason.empty() && status == 0) text += " after its answer";
        if (!run->error_tail().empty()) text += "; stderr: " + run->error_tail();
        write(failed || status != 0 ? LogLevel::error : LogLevel::warning, text);
    }

    BlockingSection blocking;
    ScriptGate::Ticket ticket;
    Log& log;
    std::string name, id, mark;
    std::optional<ScriptRun> run;
};

void CGIHTTPRequestHandler::log_script(LogLevel level, std::string_view text) {
    const std::string_view name =
        target().path.empty() ? split_target(path).path : std::string_view(target().path);
    server.log().write(level, tag_mark(request.site_tag) + "Script " + std::string(name) + " (id " +
                                  id_ + "): " + std::string(text));
}

void CGIHTTPRequestHandler::start_and_relay() {
    std::shared_ptr<ActiveScript> active;
    try {
        active = start();
    } catch (const std::system_error& error) {
        ticket_.release();
        return send_start_error(error);
    }
    answer(active);
}

void CGIHTTPRequestHandler::send_start_error(const std::system_error& error) {
    const bool is_gone = error.code().value() == ENOENT &&
                         site().root.stat(target().path).status == OpenStatus::not_found;
    const auto [status, hint] = is_gone ? std::pair<int, std::string>{404, "it was just removed"}
                                        : explain_start(error.code().value());
    std::string text = std::to_string(status) + ": " + hint + " (" + error.what() + ")";
    if (target().interpreter.empty()) text += first_line_hint(site(), target().path);
    log_script(LogLevel::error, text);
    send_error(status);
}

SpawnRequest CGIHTTPRequestHandler::spawn_request() {
    const ScriptTarget& script = target();
    const std::string file = settings_->document_root + script.path;
    SpawnRequest spawn;
    spawn.program = script.interpreter.empty() ? file : script.interpreter;
    spawn.arguments = {spawn.program};
    if (!script.interpreter.empty()) spawn.arguments.push_back(file);
    if (command == "GET" || command == "HEAD")
        for (std::string& word : query_arguments(split_target(path).query))
            spawn.arguments.push_back(std::move(word));
    spawn.directory_path = directory_of(file);
    spawn.limits = settings_->limits;
    if (settings_->sandbox) spawn.sandbox = settings_->sandbox->ruleset();
    return spawn;
}

/// A redirect is answered as a GET without content.
bool CGIHTTPRequestHandler::script_has_body() const {
    return redirects_ == 0 && (request.head().chunked || request.head().content_length);
}

Environment CGIHTTPRequestHandler::environment() {
    const RequestHead& head = request.head();
    const ScriptTarget& script = target();
    const std::string file = settings_->document_root + script.path;
    ScriptRequest about;
    about.method = command;
    about.request_uri = head.target;
    about.query = split_target(path).query;
    about.protocol = request_version;
    about.scheme = request.scheme();
    about.tls = request.tls.get();
    about.script_name = script.path;
    about.path_info = script.path_info;
    about.script_filename = file;
    about.host = head.host;
    about.server_name = server.server_address.host;
    if (!request.server_address.is_unix()) about.server_address = request.server_address.host;
    about.server_port = request.server_address.port;
    if (!client_address.is_unix()) about.client_address = client_address.host;
    about.client_port = client_address.port;
    about.server_software = "basehttpd/" BASEHTTPD_VERSION;
    about.unique_id = run_id_;
    about.request_id = request.id;
    if (script_has_body()) about.content_length = rfile.size();
    return script_environment(about, headers, *settings_);
}

std::shared_ptr<CGIHTTPRequestHandler::ActiveScript> CGIHTTPRequestHandler::start() {
    const Environment variables = environment();
    SpawnRequest spawn = spawn_request();
    spawn.environment = &variables;
    Fd in = script_has_body() ? rfile.open_copy() : RequestBody().open_copy();
    if (!in) throw std::system_error(errno, std::generic_category(), "request body");
    auto active = std::make_shared<ActiveScript>(server, std::move(ticket_), target().path);
    active->id = id_;
    active->mark = tag_mark(request.site_tag);
    active->run.emplace(
        std::move(spawn), std::move(in), *settings_, run_id_, request.outbox,
        [raw = active.get()](std::string_view line) { raw->write(LogLevel::info, line); });
    return active;
}

void CGIHTTPRequestHandler::answer(const std::shared_ptr<ActiveScript>& active) {
    ScriptAnswer result(*this, *active->run, *settings_);
    Outcome outcome;
    try {
        outcome = target().is_nph() ? result.relay_nph() : result.relay();
    } catch (const BrokenPipe&) {
        outcome = Outcome::client_gone;
    }
    if (outcome == Outcome::bad) {
        send_error(result.status());
        wfile.flush();
    } else if (outcome == Outcome::broken) {
        wfile.abandon();
        close_connection = true;
        request.cut_off = wfile.framing() == ResponseWriter::Framing::until_close ||
                          wfile.framing() == ResponseWriter::Framing::raw;
    }
    finish_script(active, result, outcome);
    if (outcome == Outcome::redirect || outcome == Outcome::sendfile) {
        active->ticket.release();  // it has said what it had to; others need not wait for its end
        if (outcome == Outcome::redirect) return redirect(result.header().location);
        return send_file_of_script(std::move(result.header()));
    }
    if (outcome != Outcome::client_gone) return;
    if (!headers_sent()) {
        request.status = client_left;
        log_request(client_left);
    }
    throw BrokenPipe("the client has gone away");
}

/// Sees to the end of the run: at once, or when the script goes on behind its answer, afterwards.
void CGIHTTPRequestHandler::finish_script(const std::shared_ptr<ActiveScript>& active,
                                          ScriptAnswer& result, Outcome outcome) {
    ScriptRun& run = *active->run;
    const bool failed = outcome == Outcome::bad || outcome == Outcome::broken;
    run.close_output();
    if (outcome == Outcome::client_gone) {
        const bool stops = server.is_shutting_down();
        run.terminate();
        active->write(
            stops ? LogLevel::warning : LogLevel::info,
            stops ? "ended, because the server stops" : "ended, because its client went away");
    } else if (failed) {
        run.terminate();
        active->report(result.status(), result.reason(), outcome == Outcome::broken);
    } else if (run.settle()) {
        active->report(0, result.reason(), false);
    } else {
        if (outcome == Outcome::sent && !wfile.end()) close_connection = true;
        wfile.flush();
        finish_afterwards(active, result.reason());
    }
    log_fields(run);
}

void CGIHTTPRequestHandler::finish_afterwards(std::shared_ptr<ActiveScript> active,
                                              std::string reason) {
    request.afterwards = [earlier = std::move(request.afterwards), active = std::move(active),
                          reason = std::move(reason), timeouts = settings_->timeouts,
                          &handlers_server = server] {
        if (earlier) earlier();
        const auto deadline =
            active->run->wait_for_end([&] { return handlers_server.is_closing(); });
        active->report(
            0,
            deadline ? ScriptRun::describe(*deadline, timeouts) + " after its answer was complete"
                     : reason,
            false);
    };
}

void CGIHTTPRequestHandler::log_fields(const ScriptRun& run) {
    auto& fields = request.log_fields;
    fields.clear();
    if (request.id.empty()) fields.push_back({"id", id_, 0});
    fields.push_back({"script_pid", {}, run.pid()});
    if (const auto& end = run.end()) {
        if (WIFEXITED(end->status))
            fields.push_back({"script_exit", {}, WEXITSTATUS(end->status)});
        else
            fields.push_back({"script_signal", {}, WTERMSIG(end->status)});
        fields.push_back({"script_user_us", {}, end->user.count()});
        fields.push_back({"script_system_us", {}, end->system.count()});
        fields.push_back({"script_peak_kib", {}, end->peak_kib});
    }
    fields.push_back({"script_spawn_us", {}, run.spawn_time.count()});
    if (run.first_byte_time)
        fields.push_back({"script_first_byte_us", {}, run.first_byte_time->count()});
}

}  // namespace basehttp
