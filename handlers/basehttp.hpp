// Everything an application includes: the servers, the handlers, and what they are given.
//
// This list is the public interface: what it names is in the API reference, and the shared library
// exports it. `cmake --install` puts these headers, and what they include in turn, under
// include/basehttp/. The tests "consumer" see that nothing is missing there, and that no header of
// Asio, OpenSSL or spdlog comes along.
#pragma once

// Servers.
#include "server/address.hpp"
#include "server/base_request_handler.hpp"
#include "server/base_server.hpp"
#include "server/clock.hpp"
#include "server/event_loop.hpp"
#include "server/fd.hpp"
#include "server/forking/forking_http_server.hpp"
#include "server/http_server.hpp"
#include "server/http_settings.hpp"
#include "server/https_server.hpp"
#include "server/listener.hpp"
#include "server/log/access_line.hpp"
#include "server/log/log.hpp"
#include "server/tcp_server.hpp"
#include "server/tls/tls_info.hpp"
#include "server/tls/tls_settings.hpp"
#include "server/tls/tls_sites.hpp"

// A request and its answer.
#include "handlers/headers.hpp"
#include "handlers/response_writer.hpp"
#include "server/exchange/outbox.hpp"
#include "server/exchange/replay.hpp"
#include "server/exchange/request.hpp"
#include "server/exchange/request_body.hpp"
#include "server/http1/request_head.hpp"

// Handlers.
#include "handlers/base_http_request_handler.hpp"
#include "handlers/cgi_http_request_handler.hpp"
#include "handlers/event_stream.hpp"
#include "handlers/forms/field_sink.hpp"
#include "handlers/forms/field_storage.hpp"
#include "handlers/forms/form_file.hpp"
#include "handlers/forms/form_limits.hpp"
#include "handlers/http_error.hpp"
#include "handlers/https_redirect_handler.hpp"
#include "handlers/setting_text.hpp"
#include "handlers/simple_http_request_handler.hpp"
#include "handlers/stream_request_handler.hpp"

// What handlers of files and scripts are given.
#include "handlers/cgi/cgi_settings.hpp"
#include "handlers/cgi/script_gate.hpp"
#include "handlers/files/document_root.hpp"
#include "handlers/files/static_site.hpp"
#include "handlers/http/mime_types.hpp"
#include "handlers/process/cgroup.hpp"
#include "handlers/process/process_tree.hpp"
#include "handlers/process/sandbox.hpp"
#include "handlers/process/script_limits.hpp"

// Rules of HTTP as functions.
#include "handlers/http/cookies.hpp"
#include "handlers/http/html_escape.hpp"
#include "handlers/http/quality_values.hpp"
#include "handlers/http/query.hpp"
#include "handlers/http/url_path.hpp"
#include "handlers/http/utf8.hpp"
#include "server/http_date.hpp"

/// Servers and request handlers shaped like Python's socketserver and http.server.
///
/// What has a name of Python's does what Python's documentation says, unless a comment or
/// docs/python.md tells otherwise: docs.python.org/3/library/socketserver.html and
/// http.server.html, email.message for Headers, urllib.parse for urllib, 3.12's cgi for
/// FieldStorage.
///
/// Threads: "loop thread" is the one that runs an EventLoop, "before serving" means on one thread
/// before serve_forever() or handle_request(). Where no thread is named, an object is for one
/// thread at a time and a function for any. Errors: functions throw what their comments say, and
/// std::bad_alloc. Units: sizes are in bytes, and durations have the unit of their type.
namespace basehttp {}
