"""Starts basehttpd with a small site for the measurements beside this file. Standard library only."""
import contextlib
import os
import pathlib
import random
import resource
import socket
import subprocess
import tempfile
import time

PAGE = b"x" * 1024


def raise_file_limit():
    """As many open files as this user may have; inherited by the server."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def free_port():
    """Below those that clients get, which linger by the thousand after a measurement."""
    while True:
        port = random.randrange(10000, 30000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("0.0.0.0", port))
            return port


class MeasuredServer:
    """The program at $BASEHTTPD or build/release/basehttpd, serving one 1 KiB page."""

    def __init__(self, *options):
        root = pathlib.Path(__file__).resolve().parent.parent
        program = os.environ.get("BASEHTTPD", root / "build/release/basehttpd")
        self.directory = tempfile.TemporaryDirectory()
        work = pathlib.Path(self.directory.name)
        (work / "site").mkdir()
        (work / "site/page.html").write_bytes(PAGE)
        self.port = free_port()
        self.process = subprocess.Popen(
            [program, "--root", work / "site", "--bind", "0.0.0.0", "--port", str(self.port),
             "--access-log", work / "access.log", "--error-log", work / "error.log", *options])
        self.wait_until_ready()

    def wait_until_ready(self):
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except ConnectionRefusedError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.02)
        raise SystemExit("the server does not answer")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)
        self.directory.cleanup()

    def threads(self):
        return len(os.listdir(f"/proc/{self.process.pid}/task"))

    def cpu(self):
        """Seconds of all threads that live."""
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9

    def memory(self):
        """Resident bytes: shared pages counted whole (Rss) and by share (Pss)."""
        lines = pathlib.Path(f"/proc/{self.process.pid}/smaps_rollup").read_text().splitlines()
        values = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines[1:]}
        return values["Rss"], values["Pss"]


REQUEST = b"GET /page.html HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\n\r\n"


def get(connection):
    """One request on an open connection; raises unless all of the page comes."""
    connection.sendall(REQUEST)
    data = b""
    while not data.endswith(PAGE):
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError(f"closed after {data[:60]!r}")
        data += piece
    if not data.startswith(b"HTTP/1.1 200 "):
        raise ConnectionError(f"answered {data[:60]!r}")
