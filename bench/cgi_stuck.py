#!/usr/bin/env python3
"""A static GET beside 64 scripts that are stuck, and as many requests that wait for their turn.

    bench/cgi_stuck.py [ROUNDS [SECONDS]]        default 5 rounds of 2 x 3 s

Each round measures without them and with them, on a new connection each time; server on core 0,
clients on the last core. The ratio of the medians of the rounds' p99 counts.
"""
import os
import pathlib
import socket
import statistics
import sys
import tempfile
import time

from measured_server import MeasuredServer, get, raise_file_limit

RATIO_LIMIT = 1.25  # noise of a small machine included
SCRIPTS, EACH = 4, 32  # 16 of each run, 16 wait


def children(pid):
    count = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        count += len(pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text().split())
    return count


def wait_for_children(pid, count):
    end = time.monotonic() + 20
    while (found := children(pid)) != count:
        if time.monotonic() > end:
            raise SystemExit(f"{found} scripts run instead of {count}")
        time.sleep(0.01)


def measure(port, seconds):
    """Seconds that each GET took; some hundreds of them a second."""
    times = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        begin = time.perf_counter()
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            get(connection)
        times.append(time.perf_counter() - begin)
        time.sleep(0.001)
    return times


def stick(port):
    connections = []
    for number in range(SCRIPTS * EACH):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.sendall(b"GET /cgi-bin/stuck%d HTTP/1.1\r\nHost: x\r\n\r\n" % (number % SCRIPTS))
        connections.append(connection)
    return connections


def unstick(connections):
    for connection in connections:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # reset
        connection.close()


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 3
    raise_file_limit()
    with tempfile.NamedTemporaryFile("w", suffix=".ini") as ini:
        ini.write("[cgi]\ndirectories = /cgi-bin\ntimeout = 1h\nqueue_timeout = 1h\ngrace = 1s\n"
                  "children = 64\nper_script = 16\n")
        ini.flush()
        with MeasuredServer("--loops", "1", "--config", ini.name) as server:
            directory = pathlib.Path(server.directory.name) / "site/cgi-bin"
            directory.mkdir()
            for number in range(SCRIPTS):
                (directory / f"stuck{number}").write_text("#!/bin/sh\nexec sleep 1h\n")
                (directory / f"stuck{number}").chmod(0o755)
            pid = server.process.pid
            os.sched_setaffinity(pid, {0})
            for task in os.listdir(f"/proc/{pid}/task"):
                os.sched_setaffinity(int(task), {0})
            os.sched_setaffinity(0, {os.cpu_count() - 1})
            measure(server.port, 0.5)
            p99 = {"without": [], "with": []}
            for _ in range(rounds):
                for label, times in p99.items():
                    connections = stick(server.port) if label == "with" else []
                    wait_for_children(pid, 64 if connections else 0)
                    sample = measure(server.port, seconds)
                    times.append(statistics.quantiles(sample, n=100)[98])
                    print(f"{label:<8} {len(sample)} requests: median "
                          f"{statistics.median(sample) * 1e3:.3f} ms, p99 {times[-1] * 1e3:.3f} ms",
                          flush=True)
                    unstick(connections)
                    wait_for_children(pid, 0)
    ratio = statistics.median(p99["with"]) / statistics.median(p99["without"])
    print(f"p99 with 64 stuck scripts: {ratio:.3f} x that without")
    return 0 if ratio <= RATIO_LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
