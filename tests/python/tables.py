"""Functions of the handlers as tables, "[function]" and rows "argument => value"."""

import email.message
import http.server
import io
import mimetypes
import pathlib
import socket
import tempfile
import types
from http.server import BaseHTTPRequestHandler, CGIHTTPRequestHandler, SimpleHTTPRequestHandler
from unittest import mock

import exchanges
from golden import block, escaped, unescaped

TIMES = [0, 1, 59, 86399, 86400, 68169599, 68169600, 784111777, 946684799, 946684800, 951782399,
         951782400, 951868800, 1000000000, 1234567890, 1709164800, 1709251199, 1792540800,
         2147483647, 2147483648, 4102444800, 4107542400, 4107628800, 13574563200, 253402300799,
         -1, -86400]  # fmt: skip

PATHS = ["/", "/a", "/a/", "/a/b.txt", "/a//b", "/a/./b", "/a/.", "/a/..", "/a/../b", "/a/b/../c/",
         "/..", "/../a", "/../../etc/passwd", "/a/../../b", "/%61", "/%2e%2e/a", "/a/%2e%2E/b",
         "/a%20b", "/a+b", "/a?b", "/a?b/../c", "/a/?b", "/?", "/a%3Fb", "/a#b", "/a%23b",
         "/%c3%a4", "/a%2fb", "/a%5cb", "/a%00b", "/a%0ab", "/%ff", "/%ed%a0%80", "/%", "/%4",
         "/%zz", "/.a", "/...", "/..a", "/a..", "/~a", "/a:b", "/ "]  # fmt: skip

SCRIPTS = ["/cgi-bin/s", "/cgi-bin/s?a=b", "/cgi-bin/s/info", "/cgi-bin/s/info?a/b", "/cgi-bin/",
           "/cgi-bin", "/cgi-bin?a", "/cgi-binary/s", "/cgi-bi/s", "/CGI-BIN/s", "//cgi-bin/s",
           "/cgi-bin//s", "/./cgi-bin/s", "/a/../cgi-bin/s", "/cgi-bin/../a.txt",
           "/cgi-bin/%2e%2e/a.txt", "/cgi-bin/sub/s", "/cgi-bin/sub/../s", "/%63gi-bin/s",
           "/cgi-bin%2fs", "/a/cgi-bin/s", "/htbin/s", "/a.txt", "/a?/cgi-bin/s", "/",
           "/../cgi-bin/s", "/cgi-bin/s/..", "/cgi-bin/s/."]  # fmt: skip

SPLITS = ["/cgi-bin/s", "/cgi-bin/s?a=b", "/cgi-bin/s/info", "/cgi-bin/s/in/fo?a/b", "/cgi-bin/s/",
          "/cgi-bin/s/%41%20b", "/cgi-bin/s?", "/cgi-bin/s?a?b", "/cgi-bin/s?a+b%20c",
          "/cgi-bin/sub/s/info", "/cgi-bin/sub/../s/x", "//cgi-bin//s//x", "/cgi-bin/s/a/../b",
          "/cgi-bin/s/%2541"]  # fmt: skip

CONNECTIONS = ["", "close", "Close", "keep-alive", "Keep-Alive", "upgrade", "close, x",
               "keep-alive, x", "x, close"]  # fmt: skip


def formatted_date(seconds):
    return BaseHTTPRequestHandler.date_time_string(None, seconds)


def log_date(seconds):
    clock, http.server.time.time = http.server.time.time, lambda: seconds
    try:
        handler = exchanges.Handler.__new__(exchanges.Handler)
        return handler.log_date_time_string()
    finally:
        http.server.time.time = clock


def translated(path):
    handler = SimpleHTTPRequestHandler.__new__(SimpleHTTPRequestHandler)
    handler.directory = "/root"
    return handler.translate_path(path).removeprefix("/root") or "/"


def collapsed(path):
    try:
        return http.server._url_collapse_path(path)
    except IndexError:
        return "IndexError"


def cgi_split(path):
    handler = CGIHTTPRequestHandler.__new__(CGIHTTPRequestHandler)
    handler.path = path
    try:
        return "yes " + " | ".join(handler.cgi_info) if handler.is_cgi() else "no"
    except IndexError:
        return "IndexError"


class Child:
    """Stands for the process of a script; keeps the environment that it would have."""

    returncode = 0

    def __init__(self, command, env, **streams):
        Child.environment = env
        self.stdout = self.stderr = io.BytesIO()

    def communicate(self, data):
        return b"", b""


def script_split(path):
    """What run_cgi() tells the script: SCRIPT_NAME, PATH_INFO, QUERY_STRING."""
    ours, theirs = socket.socketpair()
    server = types.SimpleNamespace(server_name="h", server_port=80)
    with tempfile.TemporaryDirectory() as root, ours, theirs, mock.patch("subprocess.Popen", Child):
        for name in "s", "sub/s":
            file = pathlib.Path(root, "cgi-bin", name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch(0o755)
        handler = CGIHTTPRequestHandler.__new__(CGIHTTPRequestHandler)
        handler.__dict__.update(
            have_fork=False, path=path, directory=root, server=server, command="GET",
            requestline="", request_version="HTTP/1.1", client_address=("192.0.2.7", 4711),
            rfile=types.SimpleNamespace(_sock=ours), wfile=io.BytesIO(),
            headers=email.message.Message(), log_message=lambda *arguments: None,
        )  # fmt: skip
        assert handler.is_cgi()
        handler.run_cgi()
    names = "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING"
    return " | ".join(Child.environment[name] for name in names)


def guessed_types():
    handler = SimpleHTTPRequestHandler.__new__(SimpleHTTPRequestHandler)
    mimetypes.knownfiles = []  # not what this machine says
    mimetypes._db = None
    mimetypes.init()
    extensions = {*mimetypes.types_map, *mimetypes.encodings_map, *handler.extensions_map}
    names = [f"/a{extension}" for extension in sorted(extensions)]
    names += ["/a", "/a.tar.gz", "/a.HTML", "/a.b/c", "/.html", "/a.none", "/a.html.bz2", "/a."]
    return [(name, handler.guess_type(name)) for name in names]


def persistence():
    for server in "1.0", "1.1":
        for client in "1.0", "1.1":
            for connection in CONNECTIONS:
                field = rf"Connection: {connection}\r\n" if connection else ""
                request = rf"GET /a HTTP/{client}\r\nHost: h\r\n{field}\r\n"
                setting = f"protocol_version | HTTP/{server}"
                handler = exchanges.run(request, exchanges.OK, [setting])[1]
                close = "close" if handler.close_connection else "keep"
                yield f"{server} | {client} | {connection}", close


def responses():
    for code, (phrase, description) in sorted(BaseHTTPRequestHandler.responses.items()):
        yield str(int(code)), f"{phrase} | {description}"


def table(name, rows):
    return block(name, [f"{escaped(given)} => {escaped(result)}" for given, result in rows])


def record():
    return "\n".join([
        table("date_time_string", [(str(time), formatted_date(time)) for time in TIMES]),
        table("log_date_time_string", [(str(time), log_date(time)) for time in TIMES]),
        table("responses", responses()),
        table("persistence", persistence()),
        table("translate_path", [(path, translated(path)) for path in PATHS]),
        table("collapse", [(path, collapsed(path)) for path in PATHS]),
        table("is_cgi", [(path, cgi_split(path)) for path in SCRIPTS]),
        table("script_split", [(path, script_split(path)) for path in SPLITS]),
        table("guess_type", guessed_types()),
    ])  # fmt: skip
