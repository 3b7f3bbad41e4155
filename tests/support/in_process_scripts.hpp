// A site with scripts for servers in this process.
#pragma once

#include <memory>
#include <string>

#include "handlers/cgi_http_request_handler.hpp"
#include "tests/support/cgi_site.hpp"

namespace basehttp {

/// Change `settings` and `site` before handler() is called, and write scripts before anything runs:
/// a file that is being written while another script starts cannot be executed.
struct InProcessScripts : CgiSite {
    InProcessScripts() : site(std::make_shared<StaticSite>(DocumentRoot::open(root()))) {
        settings->document_root = site->root.real_path();
        settings->timeouts.grace = std::chrono::milliseconds(500);
    }
    template <class Handler = CGIHTTPRequestHandler>
    HandlerFactory handler() const {
        return [site_ = std::shared_ptr<const StaticSite>(site),
                settings_ = std::shared_ptr<const CgiSettings>(settings)](
                   Request& request, const Address& client, BaseServer& server) {
            return std::make_unique<Handler>(request, client, server, site_, settings_);
        };
    }
    /// A script that prints this, as printf(1) does.
    void printing(std::string_view name, std::string_view format) const {
        script(name, "#!/bin/sh\nprintf '" + std::string(format) + "'\n");
    }

    std::shared_ptr<StaticSite> site;
    std::shared_ptr<CgiSettings> settings = std::make_shared<CgiSettings>();
};

}  // namespace basehttp
