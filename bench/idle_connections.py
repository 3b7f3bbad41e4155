#!/usr/bin/env python3
"""What idle keep-alive connections cost the server: threads and resident memory.

    bench/idle_connections.py [COUNT]        default 10,000

Each connection makes one request and then stays open. The open-files limit must allow COUNT in
each of the two processes; with a lower limit fewer are opened, and that is said.
"""
import socket
import sys

from measured_server import MeasuredServer, get, raise_file_limit

MEMORY_LIMIT = 4096  # bytes each, from the project's figures


def connect(server, number):
    connection = socket.socket()
    # A source address has about 28,000 ports; several loopback addresses never run out.
    connection.bind((f"127.0.0.{1 + number // 5000}", 0))
    connection.connect(("127.0.0.1", server.port))
    get(connection)
    return connection


def main():
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    count = min(wanted, raise_file_limit() - 100)
    if count < wanted:
        print(f"only {count} connections: the open-files limit is {count + 100}")
    with MeasuredServer("--loops", "1") as server:
        for connection in [connect(server, i) for i in range(200)]:  # warm: caches, first threads
            connection.close()
        threads, (rss, pss) = server.threads(), server.memory()
        connections = [connect(server, i) for i in range(count)]
        threads_after, (rss_after, pss_after) = server.threads(), server.memory()
        for connection in connections[::100]:
            get(connection)  # still open and served
    each = (rss_after - rss) / count
    print(f"{count} idle connections: {threads_after - threads} additional threads (of {threads}), "
          f"{each:.0f} bytes each by RSS ({rss >> 10} -> {rss_after >> 10} KiB), "
          f"{(pss_after - pss) / count:.0f} by PSS")
    return 0 if threads_after == threads and each <= MEMORY_LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
