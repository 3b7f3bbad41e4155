#!/usr/bin/env python3
"""A GET beside many clients that send one byte a second.

    bench/slow_clients.py [CLIENTS [SECONDS]]        default 1,000 and 15

Half of the slow clients are inside a request head, half inside a request body; one that the server
drops (408) comes back at once, so their number stays. Meanwhile another client makes requests, each
on a new connection, first without and then with the slow ones.
"""
import asyncio
import multiprocessing
import os
import socket
import statistics
import sys
import time

from measured_server import MeasuredServer, get, raise_file_limit

P99_LIMIT = 0.020  # seconds: "answered without delay"
HEAD = b"GET /page.html HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
BODY = b"POST /page.html HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"


async def slow_client(port, number, drops):
    start = HEAD if number % 2 else BODY
    await asyncio.sleep(number % 1000 / 1000)  # spread over the second
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(start)
            while True:
                await asyncio.sleep(1)
                writer.write(b"x")
                await writer.drain()
                if reader.at_eof():
                    raise ConnectionError
        except OSError:
            drops.value += 1
        writer.close()


async def slow_clients(port, count, ready, drops):
    tasks = [asyncio.create_task(slow_client(port, i, drops)) for i in range(count)]
    await asyncio.sleep(2)
    ready.set()
    await asyncio.gather(*tasks)


def measure(port, seconds):
    """Seconds that each GET took, about 100 of them a second."""
    times = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        begin = time.perf_counter()
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            get(connection)
        times.append(time.perf_counter() - begin)
        time.sleep(0.01)
    return times


def report(label, times):
    p99 = statistics.quantiles(times, n=100)[98]
    print(f"{label:<22} {len(times)} requests: median {statistics.median(times) * 1e3:.2f} ms, "
          f"p99 {p99 * 1e3:.2f} ms, most {max(times) * 1e3:.2f} ms", flush=True)
    return p99


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 15
    raise_file_limit()
    with MeasuredServer() as server:
        os.sched_setaffinity(server.process.pid, {0})
        os.sched_setaffinity(0, {os.cpu_count() - 1})
        measure(server.port, 0.5)
        report("no other clients:", measure(server.port, seconds))
        ready, drops = multiprocessing.Event(), multiprocessing.Value("i", 0)
        crowd = multiprocessing.Process(
            target=lambda: asyncio.run(slow_clients(server.port, count, ready, drops)), daemon=True)
        crowd.start()
        ready.wait()
        p99 = report(f"{count} slow clients:", measure(server.port, seconds))
        crowd.terminate()
        crowd.join()
    print(f"slow clients dropped and replaced: {drops.value}")
    return 0 if p99 <= P99_LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
