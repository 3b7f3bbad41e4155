#!/usr/bin/env python3
"""Runs an example on a port of its own, and talks to it with curl: run.py NAME PROGRAM

Each example has a function of its name below. Every wait is bounded. What the program writes to
stderr must be access lines, and others that are expected.
"""
import contextlib
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile

PATIENCE = 30  # seconds, for anything that should take a moment
ACCESS_LINE = re.compile(r'[^ ]+ - - \[[^]]+\] "[A-Z]+ [^ ]+ HTTP/1.1" \d{3} ')


class Wrong(Exception):
    """What came back is not what was expected."""


def check(condition, *told):
    if not condition:
        raise Wrong("\n".join(str(text) for text in told))


def contains(text, *parts):
    for part in parts:
        check(part in text, f"no {part!r} in:", text)


class Example:
    """The program, from its line "Serving on URL" to its end."""

    def __init__(self, program, directory):
        self.program, self.directory = program, directory
        self.process = self.url = None
        self.expected_errors = []
        self.stderr = open(os.path.join(directory, "stderr"), "w+")

    def start(self, *arguments):
        self.process = subprocess.Popen(
            [self.program, "0", *arguments], cwd=self.directory, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=self.stderr, text=True)
        line = self.read_line()
        found = re.fullmatch(r"Serving on (https?://127\.0\.0\.1:[1-9]\d*)/\n", line)
        check(found, "It says not where it serves, but:", line)
        self.url = found[1]

    def read_line(self):
        with bounded(PATIENCE, "line on stdout"):
            return self.process.stdout.readline()

    def end(self):
        """By SIGTERM; the exit status."""
        self.process.terminate()
        return self.wait()

    def wait(self):
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise Wrong("It does not end") from None

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE)

    def check_stderr(self):
        self.stderr.seek(0)
        for line in self.stderr.read().splitlines():
            expected = any(text in line for text in self.expected_errors)
            check(expected or ACCESS_LINE.match(line), "Unexpected on stderr:", line)

    def curl(self, path, *options):
        """The answer; with the option -i its header before it."""
        done = subprocess.run(
            ["curl", "-sS", "--max-time", str(PATIENCE), *options, self.url + path],
            cwd=self.directory, capture_output=True, timeout=2 * PATIENCE)
        check(done.returncode == 0, f"curl {path} ends with {done.returncode}:",
              done.stderr.decode())
        return done.stdout.decode(errors="replace").replace("\r\n", "\n")

    def write(self, name, content):
        with open(os.path.join(self.directory, name), "wb") as file:
            file.write(content)


@contextlib.contextmanager
def bounded(seconds, what):
    def give_up(*_):
        raise Wrong(f"no {what} after {seconds} seconds")
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def hello(example):
    example.start()
    contains(example.curl("/", "-i"), "HTTP/1.1 200 OK\n", "\n\nHello 127.0.0.1\n")
    example.expected_errors = ["code 501"]
    contains(example.curl("/", "-i", "-d", "x"), "HTTP/1.1 501 ")


def https(example):
    if not shutil.which("openssl"):
        return print("SKIPPED: openssl is not installed")
    subprocess.run(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem "
        "-out cert.pem -days 2 -subj /CN=example -addext subjectAltName=IP:127.0.0.1".split(),
        cwd=example.directory, check=True, capture_output=True, timeout=PATIENCE)
    example.start("cert.pem", "key.pem")
    check(example.url.startswith("https://"), example.url)
    contains(example.curl("/", "--cacert", "cert.pem"), "Hello over TLSv1.3, TLS_")
    contains(example.curl("/", "--cacert", "cert.pem", "--tls-max", "1.2"),
             "Hello over TLSv1.2, ECDHE-")
    example.end()
    example.start()  # signs a certificate for itself
    contains(example.curl("/", "-k"), "Hello over TLSv1.3")


def get_values(example):
    example.start()
    page = example.curl("/a%20path?name=Ada%20L.&tag=x&tag=y&debug", "-H", "X-Test: 1",
                        "-w", "port %{local_port}")
    contains(page, "requestline      GET /a%20path?name", "command          GET\n",
             "path             /a path\n", "request_version  HTTP/1.1\n",
             "query            tag = x\n  query            tag = y\n", "the name         Ada L.\n",
             "debugging        yes\n", "server_name      127.0.0.1\n", "\n  X-Test: 1\n",
             f"server_port      {example.url.rsplit(':')[-1]}\n")
    port = page.rsplit("port ")[-1]
    contains(page, f"The client\n  address          127.0.0.1\n  port             {port}\n")
    contains(example.curl("/"), "the name         (none)\n", "debugging        no\n")


def threads(example):
    example.start()
    answers = example.curl("/[1-4]", "-Z", "--parallel-immediate")
    found = re.findall(r"^/([1-4]) was answered by (worker-\d+)$", answers, re.M)
    check(sorted(number for number, _ in found) == list("1234"), answers)
    check(len({name for _, name in found}) > 1, "all by one thread:", answers)


def forking(example):
    example.start()
    pattern = re.compile(rf"Process (\d+), forked by {example.process.pid}, answer 1\n")
    processes = set()
    for _ in range(3):
        answer = example.curl("/")
        found = pattern.fullmatch(answer)
        check(found, "not from a child, or not its first answer:", answer)
        processes.add(found[1])
    check(len(processes) == 3, "these should be three processes:", processes)
    example.expected_errors = ["ended by signal 6", "code 500"]
    contains(example.curl("/crash", "-i"), "HTTP/1.1 500 ")
    contains(example.curl("/"), "Process ")


def post_form(example):
    example.start()
    contains(example.curl("/"), "<form method=\"post\"")
    example.write("photo.jpg", b"first line of it" + b"\xff\x00" * (150 << 10))
    contains(example.curl("/", "-F", "name=Ada", "-F", "file=@photo.jpg;filename=../photo.jpg"),
             "Hello Ada\n", "name = Ada\n", "file: the file photo.jpg (image/jpeg), "
             f"{(300 << 10) + 16} bytes, begins with \"first line of it\"\n")
    contains(example.curl("/", "-d", "name=Grace+H.&colour=blue"),
             "Hello Grace H.\n", "colour = blue\n")
    example.expected_errors = ["code 413", "code 415"]
    example.write("large", b"." * (2 << 20))
    contains(example.curl("/", "-i", "-F", "file=@large"), "HTTP/1.1 413 ")
    many = "&".join(f"f{n}=1" for n in range(21))
    contains(example.curl("/", "-i", "-d", many), "HTTP/1.1 413 ")
    contains(example.curl("/", "-i", "-H", "Content-Type: text/csv", "-d", "a,b"),
             "HTTP/1.1 415 ")


def errors(example):
    example.start()
    contains(example.curl("/"), "Nothing is wrong here\n")
    example.expected_errors = ["code 4", "code 50", "basic_string::at"]
    contains(example.curl("/missing", "-i"), "HTTP/1.1 404 Not Found\n",
             "\n\n<!DOCTYPE html><title>Not Found</title>\n<h1>404 Not Found</h1>\n<p>")
    contains(example.curl("/teapot", "-i"), "HTTP/1.1 418 Short and stout\n",
             "<p>Try the coffee pot.\n")
    contains(example.curl("/secret", "-i"), "HTTP/1.1 403 ", "Not without a password")
    contains(example.curl("/secret", "-u", "ada:x"), "404")
    bug = example.curl("/bug", "-i")
    contains(bug, "HTTP/1.1 500 ")
    check("basic_string" not in bug, "the client sees what the bug said:", bug)
    contains(example.curl("/", "-i", "-X", "DELETE"), "HTTP/1.1 501 ", "<h1>501 ")


def headers(example):
    example.write("document", bytes(range(200)))
    os.utime(os.path.join(example.directory, "document"), (784111777, 784111777))
    example.start("document")
    date = "Sun, 06 Nov 1994 08:49:37 GMT"
    contains(example.curl("/", "-i"), "HTTP/1.1 200 OK\n", f"\nLast-Modified: {date}\n",
             "\n\ndocument has 200 bytes\n")
    for path in "/", "/file":
        fresh = example.curl(path, "-i", "-H", f"If-Modified-Since: {date}")
        contains(fresh, "HTTP/1.1 304 Not Modified\n", f"\nLast-Modified: {date}\n")
        check(fresh.endswith("\n\n"), "a 304 with content:", fresh)
    stale = "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT"
    contains(example.curl("/", "-i", "-H", stale), "HTTP/1.1 200 OK\n")
    example.curl("/file", "-OJ", "-r", "10-19")
    with open(os.path.join(example.directory, "file"), "rb") as part:
        check(part.read() == bytes(range(10, 20)), "not the range that was asked for")


def run_while_true(example):
    example.start()
    check(example.curl("/[1-3]") == "2 to go\n1 to go\n0 to go\n", "not three answers")
    check(example.read_line() == "Done\n" and example.wait() == 0, "it goes on")
    example.start()
    check(example.end() == 0 and example.read_line() == "Done\n", "SIGTERM does not end it")


def spam(example):
    example.start()
    contains(example.curl("/", "-i", "-X", "SPAM", "-d", "bacon"), "HTTP/1.1 200 Lovely\n",
             "\n\nSpam, bacon and spam\n")
    example.expected_errors = ["code 501"]
    contains(example.curl("/", "-i", "-X", "EGGS"), "HTTP/1.1 501 ")


def asio(example):
    example.start()

    def ticks():
        return int(re.fullmatch(r"The application has ticked (\d+) times\n", example.curl("/"))[1])
    before = ticks()
    with bounded(PATIENCE, "further tick"):
        while ticks() == before:
            pass
    check(example.end() == 0 and example.read_line() == "Done\n", "SIGTERM does not end it well")


def streaming(example):
    example.start()
    contains(example.curl("/"), "new EventSource(\"events\")")
    client = subprocess.Popen(["curl", "-sSN", "--max-time", str(PATIENCE),
                               example.url + "/events"], stdout=subprocess.PIPE, text=True)
    with bounded(PATIENCE, "event while the stream goes on"):
        lines = [client.stdout.readline() for _ in range(8)]
    check("".join(lines) == "retry: 2000\n\nid: 1\ndata: News number 1\n\n"
          "id: 2\ndata: News number 2\n\n", *lines)
    check(client.poll() is None, "the stream has ended")
    client.kill()
    client.wait()
    contains(example.curl("/count", "-i"), "\nTransfer-Encoding: chunked\n",
             "\n\none\ntwo\nthree\n")


def several(example):
    example.write("index.html", b"Files\n")
    example.start("admin.sock")
    check(example.curl("/") == "Files\n", "not the file")
    contains(example.curl("/stop", "-i", "-d", ""), "HTTP/1.1 405 ")
    example.expected_errors = ["code 405"]
    admin = subprocess.run(
        "curl -sS --max-time 30 --unix-socket admin.sock -X POST http://x/stop".split(),
        cwd=example.directory, capture_output=True, text=True, timeout=PATIENCE * 2)
    check(admin.stdout == "Good bye\n", admin)
    check(example.wait() == 0, "it does not end well")
    check(not os.path.exists(os.path.join(example.directory, "admin.sock")), "its socket is left")


def existing_socket(example):
    example.start()
    check(example.curl("/") == "Hello through a socket of before\n", "not the answer")


def main(name, program):
    if not shutil.which("curl"):
        return print("SKIPPED: curl is not installed")
    with tempfile.TemporaryDirectory() as directory:
        example = Example(os.path.abspath(program), directory)
        try:
            globals()[name](example)
            example.kill()
            example.check_stderr()
        except Wrong as wrong:
            example.stderr.seek(0)
            sys.exit(f"{wrong}\n--- its stderr:\n{example.stderr.read()}")
        finally:
            example.kill()


resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # forking crashes on purpose
main(*sys.argv[1:])
