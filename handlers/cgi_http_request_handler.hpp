// Python's http.server.CGIHTTPRequestHandler: serves files of a site and runs its scripts.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "handlers/cgi/cgi_settings.hpp"
#include "handlers/cgi/environment.hpp"
#include "handlers/cgi/script_answer.hpp"
#include "handlers/cgi/script_gate.hpp"
#include "handlers/cgi/script_lookup.hpp"
#include "handlers/simple_http_request_handler.hpp"
#include "server/api.hpp"
#include "server/log/log.hpp"

namespace basehttp {

/// Runs scripts as CGI/1.1 (RFC 3875) for any method, and serves everything else as
/// SimpleHTTPRequestHandler does. The source of a script is never sent.
///
/// A script runs when the body of the request is there, with a thread of its own to wait for it
/// (BlockingSection); until the gate lets it run it holds no thread. Under a server without threads
/// the answer is sent only when the script has ended, as in Python.
class BASEHTTP_API CGIHTTPRequestHandler : public SimpleHTTPRequestHandler {
  public:
    /// `settings`: how scripts run; its gate is shared by all handlers.
    CGIHTTPRequestHandler(Request& request_, const Address& client_address_, BaseServer& server_,
                          std::shared_ptr<const StaticSite> site,
                          std::shared_ptr<const CgiSettings> settings);
    ~CGIHTTPRequestHandler() override;

    ///@{
    /// run_cgi() if is_cgi(), else as SimpleHTTPRequestHandler.
    void do_GET() override;
    void do_HEAD() override;
    void do_POST() override;
    void do_PUT() override;
    void do_DELETE() override;
    void do_PATCH() override;
    void do_OPTIONS() override;
    ///@}

    /// Whether a script answers for `path`, or refuses to. Python's is_cgi().
    virtual bool is_cgi();
    /// Runs the script that is_cgi() found and sends its answer. Python's run_cgi().
    virtual void run_cgi();

    void end_headers() override;
    std::string guess_type(std::string_view file_path) override;

  protected:
    bool needs_body() const override;
    bool may_replay() const override;
    bool may_send(const std::string& file_path, int file) override;
    bool is_unlisted(std::string_view name) override;
    void method_not_implemented() override;

    /// How scripts run. Immutable.
    const CgiSettings& settings() const { return *settings_; }
    /// Of the script that is_cgi() found.
    Environment environment();

  private:
    struct ActiveScript;

    const ScriptTarget& target();
    bool wait_for_turn();
    void refuse_for_load(std::string_view why);
    void start_and_relay();
    std::shared_ptr<ActiveScript> start();
    bool script_has_body() const;
    SpawnRequest spawn_request();
    void send_start_error(const std::system_error& error);
    void answer(const std::shared_ptr<ActiveScript>& active);
    void finish_script(const std::shared_ptr<ActiveScript>& active, ScriptAnswer& result,
                       ScriptAnswer::Outcome outcome);
    void finish_afterwards(std::shared_ptr<ActiveScript> active, std::string reason);
    void redirect(const std::string& location);
    void send_file_of_script(ScriptHeader header);
    void send_named_file(Resource resource, SiteLookup& lookup);
    void log_fields(const ScriptRun& run);
    void log_script(LogLevel level, std::string_view text);

    std::shared_ptr<const CgiSettings> settings_;
    std::optional<ScriptTarget> target_;
    ScriptGate::Ticket ticket_;
    std::string run_id_;  // UNIQUE_ID, by which the processes are found: never a client's choice
    std::string id_;      // of the request
    int redirects_ = 0;
    std::optional<ScriptHeader> sendfile_;  // the script's header while its file is sent
};

}  // namespace basehttp
