"""What servers hold when nothing happens: memory at rest and per idle connection, start, size."""
import http.client
import os
import socket
import time

from servers import program_of, BUILD

IDLE = 10_000
REQUEST = b"GET /1k.html HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\n\r\n"


def first_answer(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("GET", "/1k.html")
    connection.getresponse().read()
    connection.close()


def ask(connection):
    """One request; all of the answer's 1,024 bytes of content."""
    connection.sendall(REQUEST)
    data = b""
    while b"\r\n\r\n" not in data or len(data) - data.index(b"\r\n\r\n") < 1028:
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError("closed")
        data += piece


def connect(server, number):
    connection = socket.socket()
    connection.settimeout(20)
    connection.bind((f"127.0.0.{2 + number // 5000}", 0))
    connection.connect(("127.0.0.1", server.port))
    ask(connection)
    return connection


def idle_cost(server):
    """Bytes of user memory for each of 10,000 connections that wait; None: it does not hold them."""
    connections = []
    try:
        for connection in [connect(server, number) for number in range(100)]:
            connection.close()
        time.sleep(0.2)
        before = server.memory("Private")
        connections = [connect(server, number) for number in range(IDLE)]
        cost = (server.memory("Private") - before) / IDLE
        for connection in connections[::100]:
            ask(connection)  # still served
        return cost
    except OSError:
        return None
    finally:
        for connection in connections:
            connection.close()


def start_time(bench, kind):
    """Milliseconds from exec to the first answer."""
    times = []
    for _ in range(5):
        server = bench.start(kind)
        first_answer(server)
        times.append((time.monotonic() - server.began) * 1000)
        server.stop()
    return sorted(times)[2]


def size_of(kind):
    path = BUILD / "basehttpd" if kind.name == "basehttpd" else program_of(kind.program)
    return os.path.getsize(os.path.realpath(path))


def compare(bench):
    results = {}
    for kind in bench.options.servers:
        if kind.name == "bare":
            continue
        start = start_time(bench, kind)
        server = bench.start(kind)
        try:
            first_answer(server)
            rss, pss = server.memory("Rss"), server.memory()
            results[kind.name] = {"start_ms": start, "rss": rss, "pss": pss, "size": size_of(kind),
                                  "idle_bytes": idle_cost(server)}
        finally:
            server.stop()
    return results
