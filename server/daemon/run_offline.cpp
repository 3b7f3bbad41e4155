#include "server/daemon/run_offline.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <system_error>

#include "handlers/cgi_http_request_handler.hpp"
#include "handlers/http/url_path.hpp"
#include "handlers/process/process_tree.hpp"
#include "server/base_server.hpp"
#include "server/daemon/make_sites.hpp"

namespace basehttp {
namespace {

namespace fs = std::filesystem;

/// A server without sockets: its only request comes from the command line.
class OfflineServer final : public BaseServer {
  public:
    using BaseServer::BaseServer;

  private:
    void start_loop(std::size_t) override {}
    void drain_loop(std::size_t) override {}
    std::uint64_t answered() const override { return 0; }
};

/// Shows the environment instead of running the script.
class EnvironmentPrinter final : public CGIHTTPRequestHandler {
  public:
    using CGIHTTPRequestHandler::CGIHTTPRequestHandler;
    void run_cgi() override {
        Environment variables = environment();
        std::sort(variables.begin(), variables.end());
        for (const std::string& variable : variables) std::cout << variable << '\n';
        std::cout << std::flush;
        send_response(204);
        end_headers();
    }
};

/// False: nobody reads it any more.
bool write_out(std::string_view text) {
    while (!text.empty()) {
        const ssize_t count = ::write(STDOUT_FILENO, text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

/// Sends what is queued through a socket pair, as a loop would to a client, and prints it.
void print_queued(Outbox& outbox) {
    SendQueue queue;
    if (!outbox.take(queue)) return;
    std::array<int, 2> pair{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()) != 0)
        throw std::system_error(errno, std::generic_category(), "socketpair");
    const Fd ours(pair[0]), theirs(pair[1]);
    std::array<char, 65536> buffer;
    for (SendStatus status = SendStatus::blocked;
         status == SendStatus::blocked || status == SendStatus::paused;) {
        std::uint64_t sent = 0;
        status = queue.send(ours.get(), sent);
        for (ssize_t count; (count = ::recv(theirs.get(), buffer.data(), buffer.size(), 0)) > 0;)
            if (!write_out({buffer.data(), static_cast<std::size_t>(count)}))
                return outbox.cancel();
    }
    outbox.drained();
}

/// The URL path of SCRIPT. It is one already, or names a file: below the root, or elsewhere, then
/// the file's directory becomes the root.
std::string url_path_of(const std::string& given, SiteConfig& site) {
    std::error_code none;
    if (given.starts_with('/') && fs::exists(site.root + given, none)) return given;
    const fs::path file = fs::canonical(given, none);
    if (none)
        throw ConfigError("basehttpd: there is no script '" + given +
                          "', neither as a file nor below the root '" + site.root + "'");
    const std::string relative = file.lexically_relative(fs::canonical(site.root)).generic_string();
    if (!relative.empty() && !relative.starts_with("..")) return "/" + relative;
    site.root = file.parent_path();
    site.cgi.directories = {"/"};
    return "/" + file.filename().string();
}

/// A script whose site has no CGI yet is run as if its directory were named.
void turn_on_cgi(SiteConfig& site, const std::string& url_path) {
    if (!site.cgi.directories.empty() || !site.cgi.interpreters.empty()) return;
    const std::string directory = url_path.substr(0, url_path.rfind('/'));
    site.cgi.directories = {directory.empty() ? "/" : directory};
}

SiteConfig& site_of(Config& config, const std::string& host) {
    for (SiteConfig& site : config.sites)
        if (std::find(site.names.begin(), site.names.end(), host) != site.names.end()) return site;
    return config.sites.front();
}

std::string head_text(const CgiCommand& command, const std::string& target, bool has_body,
                      std::uint64_t body_size) {
    std::string text = command.method + " " + target +
                       " HTTP/1.1\r\nHost: " + (command.host.empty() ? "localhost" : command.host) +
                       "\r\n";
    for (const auto& [name, value] : command.headers) text += name + ": " + value + "\r\n";
    if (!command.content_type.empty()) text += "Content-Type: " + command.content_type + "\r\n";
    if (has_body) text += "Content-Length: " + std::to_string(body_size) + "\r\n";
    return text + "\r\n";
}

RequestBody read_body(const std::string& file, const Config& config) {
    RequestBody body(config.body_memory, config.temp_directory);
    const Fd in(file == "-" ? ::dup(STDIN_FILENO) : ::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 65536> buffer;
    ssize_t count = in ? 1 : -1;
    while (count > 0) {
        count = ::read(in.get(), buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR)
            count = 1;
        else if (count > 0 && !body.append({buffer.data(), static_cast<std::size_t>(count)}))
            count = -1;
    }
    if (count < 0)
        throw ConfigError("basehttpd: the body '" + file +
                          "' cannot be read: " + std::generic_category().message(errno));
    return body;
}

void print_summary(const Request& request) {
    std::cerr << "status=" << request.status;
    for (const LogField& field : request.log_fields) {
        std::cerr << ' ' << field.name << '=';
        if (field.text.empty())
            std::cerr << field.number;
        else
            std::cerr << field.text;
    }
    std::cerr << '\n';
}

}  // namespace

int run_offline(const Parsed& parsed) {
    std::signal(SIGPIPE, SIG_IGN);
    const CgiCommand& command = parsed.cgi_command;
    Config config = parsed.config;
    SiteConfig& site = site_of(config, command.host);
    const std::string path = url_path_of(command.script, site);
    turn_on_cgi(site, path);
    become_subreaper();
    LogOptions log_options;
    log_options.access = "off";
    log_options.python_messages = false;
    log_options.level = LogLevel::warning;
    Log quiet(log_options);
    SharedScripts scripts;
    const auto sites = make_sites(config, scripts, quiet);
    log_options.level = LogLevel::info;
    const auto log = std::make_shared<Log>(log_options);

    std::string target = encode_url_path(path + command.path_info);
    if (!command.query.empty()) target += "?" + command.query;
    RequestBody body;
    if (!command.body_file.empty()) body = read_body(command.body_file, config);
    const std::string text = head_text(command, target, !command.body_file.empty(), body.size());
    RequestHead head;
    const HeadResult result = parse_request_head(
        text, {config.request_line, config.header_bytes, config.header_fields}, head);
    if (result.status != HeadStatus::complete)
        throw ConfigError(
            std::string("basehttpd: this is no request that the server would take: ") +
            result.reason);
    Config plain = config;  // nobody is sent on to https here
    plain.tls_mode = "off";
    HandlerFactory handlers = site_handlers(plain, sites);
    if (command.environment_only)
        handlers = [sites](Request& request, const Address& client, BaseServer& server) {
            const auto& chosen = sites->find(request.head().host);
            return std::make_unique<EnvironmentPrinter>(request, client, server, chosen,
                                                        chosen->cgi);
        };
    OfflineServer server({"127.0.0.1", config.port}, std::move(handlers));
    server.set_log(log);
    Request request(text, head, text.data(), {"127.0.0.1", 0});
    request.server_address = {"127.0.0.1", config.port};
    request.body = std::move(body);
    request.outbox.on_flush = [&request] { print_queued(request.outbox); };
    server.handle_request_noblock(request);
    if (command.environment_only) {
        if (request.status == 204) return 0;
        std::cerr << "basehttpd: no script answers this request; it would be " << request.status
                  << '\n';
        return 1;
    }
    print_queued(request.outbox);
    log->flush();
    print_summary(request);
    return request.status >= 500 ? 1 : 0;
}

}  // namespace basehttp
