"""Every public class attribute, method and instance variable of Python's server classes."""

import ast
import http.server
import inspect
import socketserver
import textwrap

CLASSES = [
    socketserver.BaseServer,
    socketserver.TCPServer,
    socketserver.ThreadingMixIn,
    socketserver.ForkingMixIn,
    socketserver.BaseRequestHandler,
    socketserver.StreamRequestHandler,
    http.server.HTTPServer,
    http.server.ThreadingHTTPServer,
    http.server.BaseHTTPRequestHandler,
    http.server.SimpleHTTPRequestHandler,
    http.server.CGIHTTPRequestHandler,
]

# Python 3.14, from its documentation and source; 3.11 has no such class.
LATER = """\
HTTPSServer.__init__ method
HTTPSServer.alpn_protocols instance
HTTPSServer.certfile instance
HTTPSServer.keyfile instance
HTTPSServer.password instance
HTTPSServer.server_activate method
ThreadingHTTPSServer.daemon_threads variable
"""

DUNDERS = {"__init__", "__enter__", "__exit__"}


def instance_variables(cls):
    """What the methods of a class assign to self."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Store):
            continue
        if isinstance(node.value, ast.Name) and node.value.id == "self":
            yield node.attr


def members_of(cls):
    found = {}
    for name, value in vars(cls).items():
        if not name.startswith("_") or name in DUNDERS:
            found[name] = "method" if inspect.isroutine(value) else "variable"
    for name in instance_variables(cls):
        if not name.startswith("_") and not hasattr(cls, name):
            found[name] = "instance"
    return found


def record():
    lines = [
        f"{cls.__name__}.{name} {kind}\n"
        for cls in CLASSES
        for name, kind in sorted(members_of(cls).items())
    ]
    return "".join(lines) + LATER
