#!/usr/bin/env python3
"""A normal client's requests, without and with each attack of slow clients.

    bench/slow_clients.py [CONNECTIONS [SECONDS [CROWD]]]        default 1,000, 15 and 10,000

The attacks are those of slowhttptest (Debian has it), with CONNECTIONS each, and two crowds of CROWD
connections that are idle or send a byte a second (slow_attacks.py). The normal client makes about
100 requests a second, each on a new connection. Before each attack it is measured alone, so that
what the machine does meanwhile is not blamed on the attack: compare the two lines. Server and
normal client share one core, and the attackers, who need much more time than they cost the server,
have the others.
"""
import os
import pathlib
import socket
import statistics
import sys
import time

import slow_attacks
from measured_server import MeasuredServer, get, raise_file_limit

P99_LIMIT = 0.020  # seconds: "answered without delay"


def measure(port, seconds):
    """Seconds that each GET took."""
    times = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        begin = time.perf_counter()
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            get(connection)
        times.append(time.perf_counter() - begin)
        time.sleep(0.01)
    return times


def report(label, times, note=""):
    p50, p99 = statistics.median(times), statistics.quantiles(times, n=100)[98]
    print(f"{label:<28} {len(times):>5} requests: p50 {p50 * 1e3:.2f} ms, p99 {p99 * 1e3:.2f} ms, "
          f"most {max(times) * 1e3:.2f} ms{note}", flush=True)
    return p99


def open_descriptors(server):
    """Of the server: about 20, and its connections."""
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 15
    crowd = int(sys.argv[3]) if len(sys.argv) > 3 else 10000
    raise_file_limit()
    os.sched_setaffinity(0, {0})
    good = True
    for name, command in slow_attacks.attacks(count, crowd, seconds + 8):
        with MeasuredServer("--cgi") as server:
            site = pathlib.Path(server.directory.name) / "site"
            (site / "large.bin").write_bytes(b"x" * (4 << 20))
            script = site / "cgi-bin/count"  # something that takes bodies
            script.parent.mkdir()
            script.write_text("#!/bin/sh\nprintf 'Content-Type: text/plain\n\n'\nwc -c\n")
            script.chmod(0o755)
            measure(server.port, 0.5)
            before = server.cpu()
            times = measure(server.port, seconds / 3)
            report("alone:", times, f"; {(server.cpu() - before) / seconds * 3e3:.0f} ms CPU a second")
            with slow_attacks.Attack(command, server.port):
                time.sleep(3)
                times, most, before = [], 0, server.cpu()
                for _ in range(10):
                    times += measure(server.port, seconds / 10)
                    most = max(most, open_descriptors(server))
                p99 = report(name + ":", times,
                             f"; {(server.cpu() - before) / seconds * 1e3:.0f} ms CPU a second, "
                             f"{most} descriptors, {server.memory()[0] >> 20} MiB")
            good = good and p99 <= P99_LIMIT
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
