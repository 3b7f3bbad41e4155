"""How the CPU time of a request grows with connections, files, size and loops.

    ./dev bench growth [PEER...] [--rounds N] [--json FILE]
"""
import argparse
import json
import os
import pathlib
import statistics
import sys
import tempfile

from content import make_certificate, make_names, make_site
from measure import Unfit, measure, prepare
from report import ratio
from servers import SERVERS
from workloads import Workload

CONNECTIONS = [1, 10, 64, 1000, 10000]
FILES = [1, 100, 10_000, 100_000, 1_000_000]
SIZES = [100, 1 << 10, 10 << 10, 100 << 10, 1 << 20, 10 << 20]


def workloads(site):
    """Of each series: (name, what grows, workload)."""
    for count in CONNECTIONS:
        yield "connections", count, Workload(f"{count}", "", connections=count)
    for count in FILES:
        yield "files", count, Workload(f"{count}", "", "/names/0/0.html", script="any",
                                       arguments=(str(count),))
    for size in SIZES:
        (site / f"{size}.bin").write_bytes(os.urandom(size))
        yield "size", size, Workload(f"{size}", "", f"/{size}.bin",
                                     connections=64 if size <= 1 << 20 else 8)


def compare(kinds, start, workload, rounds):
    """Median microseconds by server."""
    servers, headers, runs = {}, {}, {}
    try:
        for kind in kinds:
            server = servers[kind.name] = start(kind)
            try:
                headers[kind.name] = prepare(server, workload)
                measure(server, workload, headers[kind.name], 2)  # warm
                runs[kind.name] = []
            except (Unfit, OSError) as error:
                print(f"without {kind.name}: {error}", file=sys.stderr)
                servers.pop(kind.name).stop()
        for number in range(rounds):
            names = list(servers)
            for name in names[number % len(names):] + names[:number % len(names)]:
                runs[name].append(measure(servers[name], workload, headers[name], 1).cpu)
    finally:
        for server in servers.values():
            server.stop()
            server.access_log().unlink(missing_ok=True)
    return runs


def compare_loops(start, rounds):
    """CPU and requests a second with one loop and with two; the client then shares their cores."""
    figures = {}
    for loops in (1, 2):
        server = start(SERVERS["basehttpd"], loops=loops)
        workload = Workload("loops", "", connections=64, load_cores="0,1" if loops == 2 else "1")
        headers = prepare(server, workload)
        measure(server, workload, headers, 1)
        runs = [measure(server, workload, headers, 1) for _ in range(rounds)]
        figures[loops] = {"cpu_us": statistics.median(run.cpu for run in runs),
                          "rate": statistics.median(run.rate for run in runs)}
        server.stop()
    return figures


def main():
    parser = argparse.ArgumentParser(prog="./dev bench growth", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peers", nargs="*", default=["nginx", "h2o", "lighttpd"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--only", choices=["connections", "files", "size", "loops"])
    options = parser.parse_args()
    kinds = [SERVERS[name] for name in ["basehttpd", *options.peers]]
    results = {}
    with tempfile.TemporaryDirectory() as work:
        pathlib.Path(work).chmod(0o755)
        site = pathlib.Path(work) / "site"
        make_site(site)
        if options.only in (None, "files"):
            make_names(site, max(FILES))
        certificate = make_certificate(work)

        def start(kind, **more):
            return kind(work, site, certificate, True, **more)

        for series, value, workload in workloads(site):
            if options.only not in (None, series):
                continue
            runs = compare(kinds, start, workload, options.rounds)
            results.setdefault(series, {})[value] = {
                name: statistics.median(some) for name, some in runs.items()}
            print(f"{series} {value:>9}: " + ", ".join(
                f"{name} {statistics.median(some):.2f} us"
                + (f" ({ratio(runs['basehttpd'], some):.2f})" if name != "basehttpd" else "")
                for name, some in runs.items()), flush=True)
        if options.only in (None, "loops"):
            results["loops"] = compare_loops(start, options.rounds)
            print("loops:", results["loops"])
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
