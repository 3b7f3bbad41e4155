"""What SimpleHTTPRequestHandler answers for a small tree of files, which the golden file names."""

import contextlib
import http.server
import io
import os
import pathlib
import re
import tempfile

import exchanges
from golden import block, escaped, lines_of, unescaped

MODIFIED = 1000000000  # Sun, 09 Sep 2001 01:46:40 GMT, of every file

TREE = [  # below the root, but for the first
    ("file", "../secret.txt", "not to be seen"),
    ("file", "a.txt", "text\n"),
    ("file", "a b.txt", "blank\n"),
    ("file", "empty.bin", ""),
    ("file", "archive.tar.gz", "gz"),
    ("file", "noextension", "what"),
    ("file", ".hidden", "secret"),
    ("file", "sub/index.html", "<p>index"),
    ("file", "old/index.htm", "<p>old index"),
    ("file", "list/plain.txt", "1"),
    ("file", "list/Upper.txt", "2"),
    ("file", "list/<b>&\"'.txt", "3"),
    ("file", r"list/100%25 #?.txt", "4"),
    ("file", r"list/\xc3\xa4.txt", "5"),
    ("file", "list/a:b.txt", "6"),
    ("file", "list/inner/x", "7"),
    ("link", "list/link.txt", "plain.txt"),
    ("link", "inside.txt", "a.txt"),
    ("link", "outside", "../secret.txt"),
]

FIELDS = {
    "ims-equal": "If-Modified-Since: Sun, 09 Sep 2001 01:46:40 GMT",
    "ims-later": "If-Modified-Since: Mon, 10 Sep 2001 00:00:00 GMT",
    "ims-earlier": "If-Modified-Since: Sun, 09 Sep 2001 01:46:39 GMT",
    "ims-rfc850": "If-Modified-Since: Sunday, 09-Sep-01 01:46:40 GMT",
    "ims-asctime": "If-Modified-Since: Sun Sep  9 01:46:40 2001",
    "ims-bad": "If-Modified-Since: yesterday",
    "ims-zone": "If-Modified-Since: Sun, 09 Sep 2001 03:46:40 +0200",
    "ims-and-none-match": r'If-Modified-Since: Sun, 09 Sep 2001 01:46:40 GMT\r\nIf-None-Match: "x"',
    "range": "Range: bytes=1-2",
}

# name, method, target
TARGETS = [
    ("file", "GET", "/a.txt"),
    ("file-head", "HEAD", "/a.txt"),
    ("file-empty", "GET", "/empty.bin"),
    ("file-query", "GET", "/a.txt?x=/../y"),
    ("file-blank", "GET", "/a%20b.txt"),
    ("file-escapes", "GET", "/%61.%74xt"),
    ("file-gz", "GET", "/archive.tar.gz"),
    ("file-no-extension", "GET", "/noextension"),
    ("file-slash", "GET", "/a.txt/"),
    ("file-below-file", "GET", "/a.txt/b"),
    ("file-missing", "GET", "/none.txt"),
    ("file-missing-head", "HEAD", "/none.txt"),
    ("file-hidden", "GET", "/.hidden"),
    ("file-dots", "GET", "/list/../a.txt"),
    ("file-dots-escaped", "GET", "/list/%2e%2e/a.txt"),
    ("file-dots-above", "GET", "/../../a.txt"),
    ("file-two-slashes", "GET", "/list//plain.txt"),
    ("file-fragment", "GET", "/a.txt#b"),
    ("file-nul", "GET", "/a.txt%00"),
    ("file-not-utf8", "GET", "/%ff"),
    ("file-bad-escape", "GET", "/%zz"),
    ("file-slash-escaped", "GET", "/list%2fplain.txt"),
    ("file-link", "GET", "/inside.txt"),
    ("file-link-out", "GET", "/outside"),
    ("directory-no-slash", "GET", "/sub"),
    ("directory-no-slash-head", "HEAD", "/sub"),
    ("directory-no-slash-query", "GET", "/sub?a=b&c"),
    ("directory-no-slash-host", "GET", "//sub"),
    ("directory-index", "GET", "/sub/"),
    ("directory-index-htm", "GET", "/old/"),
    ("directory-missing", "GET", "/none/"),
    ("directory-list", "GET", "/list/"),
    ("directory-list-head", "HEAD", "/list/"),
    ("method-post", "POST", "/a.txt"),
    ("method-options", "OPTIONS", "/a.txt"),
    ("method-spam", "SPAM", "/a.txt"),
]


class Handler(http.server.SimpleHTTPRequestHandler, exchanges.Handler):
    server_version = "Server/1"

    def __init__(self, request, directory):
        self.directory = directory
        exchanges.Handler.__init__(self, request, [])

    do_GET = http.server.SimpleHTTPRequestHandler.do_GET
    do_HEAD = http.server.SimpleHTTPRequestHandler.do_HEAD
    do_POST = do_SPAM = property()  # as if they were not there


def plant(root):
    for kind, name, content in TREE:
        file = root / os.fsdecode(unescaped(name))
        file.parent.mkdir(parents=True, exist_ok=True)
        if kind == "link":
            file.symlink_to(content)
        else:
            file.write_text(content)
            os.utime(file, (MODIFIED, MODIFIED))


def record_case(name, request, root):
    with contextlib.redirect_stderr(io.StringIO()):
        handler = Handler(unescaped(request), str(root))
    answer = re.sub(rb"\r\nDate: [^\r]*", rb"\r\nDate: *", handler.wfile.getvalue())
    lines = [f"> {part}" for part in re.findall(r"(?:(?!\\n).)*\\n", request)]
    lines += lines_of("<", answer)
    return block(name, lines + ([f"raised {handler.raised}"] if handler.raised else []))


def requests():
    for name, method, target in TARGETS:
        yield name, rf"{method} {target} HTTP/1.1\r\nHost: h\r\n\r\n"
    for name, field in FIELDS.items():
        yield name, rf"GET /a.txt HTTP/1.1\r\nHost: h\r\n{field}\r\n\r\n"


def record():
    with tempfile.TemporaryDirectory() as directory:
        root = pathlib.Path(directory) / "root"
        plant(root)
        tree = block("tree", [f"{kind} {name} => {escaped(text)}" for kind, name, text in TREE])
        return "\n".join([tree, *(record_case(*case, root) for case in requests())])
