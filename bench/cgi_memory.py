#!/usr/bin/env python3
"""The memory that a script's gigabyte costs the server, each way.

    bench/cgi_memory.py [MEGABYTES]        default 1024; the disk needs as much for the upload

Downloads from a script that writes, uploads to one that counts (with a known length and in chunks):
growth of the server's resident memory at its highest (VmHWM, set back before each) over what it was
after a small request of the same kind.
"""
import os
import pathlib
import socket
import sys
import time

from measured_server import MeasuredServer

MEMORY_LIMIT = 8 << 20
PIECE = b"x" * (1 << 20)
SCRIPTS = {
    "write": "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\nexec head -c $QUERY_STRING /dev/zero\n",
    "count": "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\nexec wc -c\n",
}


def head(connection):
    """The status line and fields of an answer, and what came behind them."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            raise SystemExit(f"the connection ended: {data!r}")
        data += piece
    text, rest = data.split(b"\r\n\r\n", 1)
    if not text.startswith(b"HTTP/1.1 200 "):
        raise SystemExit(f"answered {text!r}")
    return rest


def ask(port, text):
    connection = socket.create_connection(("127.0.0.1", port), timeout=120)
    connection.sendall(text.encode())
    return connection


def download(port, size):
    """HTTP/1.0, so that the content ends with the connection, without chunks."""
    connection = ask(port, f"GET /cgi-bin/write?{size} HTTP/1.0\r\n\r\n")
    count = len(head(connection))
    while piece := connection.recv(1 << 20):
        count += len(piece)
    if count != size:
        raise SystemExit(f"{count} bytes came instead of {size}")


def upload(port, size, chunked):
    framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
    connection = ask(port, f"POST /cgi-bin/count HTTP/1.1\r\nHost: x\r\n{framing}\r\n"
                           "Connection: close\r\n\r\n")
    for begin in range(0, size, len(PIECE)):
        piece = PIECE[:min(len(PIECE), size - begin)]
        connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
    if chunked:
        connection.sendall(b"0\r\n\r\n")
    answer = head(connection)
    while piece := connection.recv(65536):
        answer += piece
    if str(size).encode() not in answer:
        raise SystemExit(f"the script counted {answer!r} instead of {size}")


def status(pid, name):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise KeyError(name)


def main():
    size = (int(sys.argv[1]) if len(sys.argv) > 1 else 1024) << 20
    worst = 0
    with MeasuredServer("--loops", "1", "--cgi", "--limit-body", str(2 * size)) as server:
        site = pathlib.Path(server.directory.name) / "site"
        (site / "cgi-bin").mkdir()
        for name, text in SCRIPTS.items():
            script = site / "cgi-bin" / name
            script.write_text(text)
            script.chmod(0o755)
        pid = server.process.pid
        for label, act in (("download", download),
                           ("upload", lambda port, n: upload(port, n, False)),
                           ("upload in chunks", lambda port, n: upload(port, n, True))):
            act(server.port, 1000)
            pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")
            before, begin = status(pid, "VmRSS"), time.monotonic()
            act(server.port, size)
            seconds, growth = time.monotonic() - begin, status(pid, "VmHWM") - before
            worst = max(worst, growth)
            print(f"{label:<17} {size >> 20} MiB in {seconds:.1f} s: {growth / (1 << 20):.2f} MiB "
                  f"more resident memory than {before / (1 << 20):.1f}", flush=True)
    return 0 if worst < MEMORY_LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
