"""What BaseHTTPRequestHandler answers to a request, and what it logs.

A case is a request and what its do_X() does: lines "do METHOD | ARGUMENT | ...", the same for
Python and for C++ (tests/unit/python_exchanges_test.cpp). The handler speaks HTTP/1.1, is called
"Server/1 Sys/2" and has a short error page, unless "set" lines say otherwise.
"""

import contextlib
import http.server
import io
import re

from golden import block, escaped, lines_of, shortened, unescaped

OK = ["send_response | 200", "send_header | Content-Length | 2", "end_headers", "write | ok"]
BARE = ["send_response | 200", "send_header | Content-Length | 2", "end_headers"]
GET = r"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
HEAD = r"HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n"
OLD = r"GET /a HTTP/1.0\r\n\r\n"
OLD_POST = r"POST /a HTTP/1.0\r\nContent-Length: 5\r\n"
POST = r"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n"
WHOLE_PAGE = [r"error_message_format | %(code)d|%(message)s|%(explain)s\n"]
OWN_PAGE = escaped(http.server.DEFAULT_ERROR_MESSAGE)


def line(text):
    """A request line with the fields that HTTP/1.1 wants."""
    return text + r"\r\nHost: h\r\n\r\n"


# name, request, what do_X() does, settings
CASES = [
    # Dispatch
    ("get", GET, OK, []),
    ("head", HEAD, BARE, []),
    ("head-with-content", HEAD, OK, []),
    ("post", POST + r"\r\nhello", ["send_response | 200", "send_header | Content-Length | 5",
                                   "end_headers", "echo | 5"], []),
    ("spam", line("SPAM /a HTTP/1.1"), OK, []),
    ("method-unknown", line("EGGS /a HTTP/1.1"), OK, []),
    ("method-unknown-old", r"EGGS /a HTTP/1.0\r\n\r\n", OK, []),
    ("method-lower-case", line("get /a HTTP/1.1"), OK, []),
    ("method-quoted", line("GET' /a HTTP/1.1"), OK, []),
    # The target
    ("target-query", line("GET /a?b=c&d HTTP/1.1"), OK, []),
    ("target-escapes", line("GET /%41%20%2F HTTP/1.1"), OK, []),
    ("target-two-slashes", line("GET //evil.example/x HTTP/1.1"), OK, []),
    ("target-many-slashes", line("GET ////a//b HTTP/1.1"), OK, []),
    ("target-absolute", line("GET http://h/x?y HTTP/1.1"), OK, []),
    ("target-not-absolute", line("GET a HTTP/1.1"), OK, []),
    ("target-not-ascii", line(r"GET /\xff HTTP/1.1"), OK, []),
    ("target-control", line(r"GET /\x1b[31m HTTP/1.1"), OK, []),
    ("target-long", line("GET /{a*70000} HTTP/1.1"), OK, []),
    ("target-fairly-long", line("GET /{a*5000} HTTP/1.1"), ["send_response | 200",
     "send_header | Content-Length | 0", "end_headers"], []),
    # The request line
    ("line-version-1.0", OLD, OK, []),
    ("line-version-1.2", line("GET /a HTTP/1.2"), OK, []),
    ("line-version-2.0", line("GET /a HTTP/2.0"), OK, []),
    ("line-version-9.9", line("GET /a HTTP/9.9"), OK, []),
    ("line-version-0.9", line("GET /a HTTP/0.9"), OK, []),
    ("line-version-short", line("GET /a HTTP/1"), OK, []),
    ("line-version-long", line("GET /a HTTP/1.1.1"), OK, []),
    ("line-version-letters", line("GET /a HTTP/a.b"), OK, []),
    ("line-version-lower-case", line("GET /a http/1.1"), OK, []),
    ("line-version-other", line("GET /a SPAM/1.1"), OK, []),
    ("line-version-zeros", line("GET /a HTTP/01.01"), OK, []),
    ("line-http-0.9", r"GET /a\r\n", ["write | ok"], []),
    ("line-http-0.9-post", r"POST /a\r\n", OK, []),
    ("line-one-word", r"GET\r\n\r\n", OK, []),
    ("line-four-words", line("GET /a b HTTP/1.1"), OK, []),
    ("line-blanks", line("GET   /a   HTTP/1.1"), OK, []),
    ("line-tabs", line(r"GET\t/a\tHTTP/1.1"), OK, []),
    ("line-leading-blank", line(" GET /a HTTP/1.1"), OK, []),
    ("line-trailing-blank", line("GET /a HTTP/1.1 "), OK, []),
    ("line-feeds-only", r"GET /a HTTP/1.1\nHost: h\n\n", OK, []),
    # Header fields
    ("fields-99", r"GET /a HTTP/1.1\r\nHost: h\r\n{X: y\r\n*98}\r\n", OK, []),
    ("fields-101", r"GET /a HTTP/1.1\r\nHost: h\r\n{X: y\r\n*101}\r\n", OK, []),
    ("fields-long", r"GET /a HTTP/1.1\r\nHost: h\r\nX: {y*70000}\r\n\r\n", OK, []),
    ("fields-no-host", r"GET /a HTTP/1.1\r\n\r\n", OK, []),
    ("fields-no-colon", r"GET /a HTTP/1.1\r\nHost: h\r\nX\r\n\r\n", OK, []),
    ("fields-folded", r"GET /a HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", OK, []),
    # 100-continue
    ("expect", POST + r"Expect: 100-continue\r\n\r\nhello", OK, []),
    ("expect-any-case", POST + r"Expect: 100-Continue\r\n\r\nhello", OK, []),
    ("expect-no-body", r"GET /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n", OK, []),
    ("expect-old-client", OLD_POST + r"Expect: 100-continue\r\n\r\nhello", OK, []),
    ("expect-old-server", POST + r"Expect: 100-continue\r\n\r\nhello", OK,
     ["protocol_version | HTTP/1.0"]),
    ("expect-unknown", r"GET /a HTTP/1.1\r\nHost: h\r\nExpect: spam\r\n\r\n", OK, []),
    # Answers
    ("answer-header-order", GET, ["send_response | 200", "send_header | X-Two | 2",
     "send_header | x-one | 1", "send_header | X-Two | ", "send_header | Content-Length | 0",
     "end_headers"], []),
    ("answer-phrase", GET, ["send_response | 200 | Fine, thank you",
     "send_header | Content-Length | 0", "end_headers"], []),
    ("answer-status-only", GET, ["send_response_only | 200", "send_header | Content-Length | 0",
     "end_headers"], []),
    ("answer-unknown-status", GET, ["send_response | 599", "send_header | Content-Length | 0",
     "end_headers"], []),
    ("answer-flushed", GET, ["send_response | 200", "flush_headers",
     "send_header | Content-Length | 0", "end_headers"], []),
    ("answer-interim", GET, ["send_response_only | 103", "send_header | Link | </a>", "end_headers",
     *OK], []),
    ("answer-close", GET, ["send_response | 200", "send_header | Content-Length | 0",
     "send_header | Connection | close", "end_headers"], []),
    ("answer-keep-alive", r"GET /a HTTP/1.0\r\n\r\n", ["send_response | 200",
     "send_header | Content-Length | 0", "send_header | Connection | Keep-Alive", "end_headers"],
     []),
    ("answer-no-length", GET, ["send_response | 200", "end_headers", "write | ok"], []),
    ("answer-no-length-old", OLD, ["send_response | 200", "end_headers", "write | ok"], []),
    ("answer-protocol-1.0", GET, OK, ["protocol_version | HTTP/1.0"]),
    ("answer-protocol-1.0-no-length", GET, ["send_response | 200", "end_headers", "write | ok"],
     ["protocol_version | HTTP/1.0"]),
    ("answer-server", GET, OK, ["server_version | Spam/3", "sys_version | Eggs/4"]),
    ("answer-304", GET, ["send_response | 304", "end_headers"], []),
    ("answer-not-modified-content", GET, ["send_response | 304", "end_headers", "write | ok"], []),
    ("answer-nothing", GET, [], []),
    # Error pages
    ("error-404", GET, ["send_error | 404"], []),
    ("error-message", GET, ["send_error | 404 | Gone fishing"], []),
    ("error-explain", GET, ["send_error | 404 | Gone | To the lake"], WHOLE_PAGE),
    ("error-escaped", GET, ["send_error | 403 | <b>\"no\" & 'never'</b> | %s <i>&amp;</i>"],
     WHOLE_PAGE),
    ("error-percents", GET, ["send_error | 400 | 100%% | %(code)d"], WHOLE_PAGE),
    ("error-places-in-texts", GET, ["send_error | 400 | %(explain)s | %(message)s"], WHOLE_PAGE),
    ("error-percent-place", GET, ["send_error | 400 | M | E"],
     ["error_message_format | %%(code)d %%%(code)d%% %(code)s"]),
    ("error-unknown-status", GET, ["send_error | 799"], []),
    ("error-head", HEAD, ["send_error | 404"], []),
    ("error-204", GET, ["send_error | 204"], []),
    ("error-205", GET, ["send_error | 205"], []),
    ("error-304", GET, ["send_error | 304"], []),
    ("error-old-client", OLD, ["send_error | 404"], []),
    ("error-protocol-1.0", GET, ["send_error | 404"], ["protocol_version | HTTP/1.0"]),
    ("error-own-format", GET, ["send_error | 404 | M | E"],
     ["error_message_format | 100%% (%(explain)s) %(message)s %(code)d %(code)d",
      "error_content_type | text/plain"]),
    ("error-python-page", GET, ["send_error | 404 | <M> | E & F"],
     [f"error_message_format | {OWN_PAGE}"]),
    # Logs
    ("log-request-line", line("GET /a?b=\"c\" HTTP/1.1"), OK, []),
    ("log-error", GET, ["log_error | it hurts", *OK], []),
    ("log-message", GET, ["log_message | 50%% of \"all\"", *OK], []),
    ("log-message-controls", GET, [r"log_message | forged\r\n1.2.3.4 \x1b[31m\x00\x7f\t", *OK], []),
    ("log-message-backslash", GET, [r"log_message | a\\x0ab", *OK], []),
    ("log-message-c1", GET, [r"log_message | a\x9b31m", *OK], []),
]


class Writer(io.BytesIO):
    def close(self):
        pass


class Handler(http.server.BaseHTTPRequestHandler):
    """Without a socket; its do_X() are the lines of a case."""

    protocol_version = "HTTP/1.1"
    server_version = "Server/1"
    sys_version = "Sys/2"
    error_message_format = "%(code)d|%(message)s\n"  # explanations are everybody's own
    requestline = command = path = request_version = None

    def __init__(self, request, program):
        self.rfile, self.wfile = io.BytesIO(request), Writer()
        self.client_address = ("192.0.2.7", 4711)
        self.program = program
        self.close_connection = True
        self.raised = None
        try:
            self.handle_one_request()
        except Exception as error:  # Python's server would close without an answer
            self.raised = type(error).__name__

    def run(self):
        for step in self.program:
            name, *arguments = [part.strip(" ") for part in step.split("|")]
            arguments = [unescaped(argument).decode("latin-1") for argument in arguments]
            getattr(self, name)(*[int(a) if a.isdigit() else a for a in arguments])

    do_GET = do_HEAD = do_POST = do_SPAM = run

    def send_header(self, keyword, value):
        super().send_header(keyword, str(value))

    def write(self, text):
        self.wfile.write(text.encode("latin-1"))

    def echo(self, size):
        self.wfile.write(self.rfile.read(size))


def run(request, program, settings):
    """What the client gets, the handler, and what it logged; without times."""
    values = [setting.split(" | ", 1) for setting in settings]
    values = {name: unescaped(value).decode("latin-1") for name, value in values}
    log = io.StringIO()
    with contextlib.redirect_stderr(log):
        handler = type("Handler", (Handler,), values)(unescaped(request), program)
    answer = re.sub(rb"\r\nDate: [^\r]*", rb"\r\nDate: *", handler.wfile.getvalue())
    return answer, handler, re.sub(r" \[[^]]*\] ", " [*] ", log.getvalue(), flags=re.M)


def record_case(name, request, program, settings):
    answer, handler, log = run(request, program, settings)
    lines = [f"set {setting}" for setting in settings] + [f"do {step}" for step in program]
    # Cut after each \n of the wire, as the golden file shows the answer.
    lines += [f"> {part}" for part in re.findall(r"(?:(?!\\n).)*\\n(?:\*\d+\})?|.+", request)]
    lines += lines_of("<", answer)
    variables = (handler.command, handler.path, handler.request_version)
    values = [escaped((value or "").encode("latin-1")) for value in variables]
    lines.append("vars " + shortened(" | ".join(values)))
    lines.append("close " + ("yes" if handler.close_connection else "no"))
    lines += [f"log {shortened(escaped(text))}" for text in log.splitlines()]
    return block(name, lines)


def record():
    return "\n".join(record_case(*case) for case in CASES)
