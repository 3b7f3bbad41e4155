"""Compares servers, each on one core with one worker, loaded from the other core.

    ./dev bench [PEER...] [WORKLOAD...] [--rounds N] [--seconds N] [--log on|off] [--json FILE]

Without names: all servers that are installed, all workloads. In each round every server has its
turn, in another order; medians count. CPU is that of all threads and children of a server, by
their CPU clocks. With --strict a missed goal is exit status 1.
"""
import argparse
import json
import pathlib
import resource
import sys
import tempfile

import report
import resting
from content import make_certificate, make_script, make_site
from measure import Unfit, measure, prepare, response_size
from servers import BENCH, SERVERS
from workloads import WORKLOADS


def arguments():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="PEER|WORKLOAD")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="of one run")
    parser.add_argument("--log", choices=["on", "off"], default="on", help="access logs")
    parser.add_argument("--json", type=pathlib.Path, help="writes all figures there")
    parser.add_argument("--strict", action="store_true", help="a missed goal is a failure")
    options = parser.parse_intermixed_args()
    workloads = [workload.name for workload in WORKLOADS] + ["resting"]
    for name in options.names:
        if name not in workloads and name not in SERVERS:
            parser.error(f"'{name}' is neither a server ({', '.join(SERVERS)}) "
                         f"nor a workload ({', '.join(workloads)})")
    options.servers = [kind for name, kind in SERVERS.items()
                       if kind.available() and (name in options.names or name == "basehttpd" or
                                                not set(options.names) & set(SERVERS))]
    wanted = set(options.names) & set(workloads)
    options.workloads = [one for one in WORKLOADS if not wanted or one.name in wanted]
    options.resting = not wanted or "resting" in wanted
    return options


class Bench:
    """The content and a place for logs; servers are started for each workload anew."""

    def __init__(self, options, work):
        self.options, self.work = options, pathlib.Path(work)
        self.site = self.work / "site"
        make_site(self.site)
        make_script(self.site, BENCH / "cgi_hello.c")
        self.certificate = make_certificate(work)

    def start(self, kind, **more):
        return kind(self.work, self.site, self.certificate, self.options.log == "on", **more)

    def compare(self, workload):
        """Runs by server name, and what each then held in memory."""
        started, headers, runs, memory = {}, {}, {}, {}
        try:
            for kind in sorted(self.options.servers, key=lambda kind: kind.name == "bare"):
                if kind.name == "bare":
                    if not workload.floor:
                        continue
                    ours = started["basehttpd"]
                    kind.size = response_size(ours, workload, headers["basehttpd"])
                server = self.start(kind, scripts=workload.cgi)
                started[kind.name] = server
                try:
                    headers[kind.name] = prepare(server, workload)
                    measure(server, workload, headers[kind.name], 1)  # warm
                    runs[kind.name] = []
                except (Unfit, OSError) as error:
                    print(f"{workload.name}: without {kind.name}: {error}", file=sys.stderr)
                    started.pop(kind.name).stop()
            for number in range(self.options.rounds):
                names = list(started)
                for name in names[number % len(names):] + names[:number % len(names)]:
                    self.run_once(started, name, workload, headers[name], runs)
            for name, server in started.items():
                memory[name] = server.memory()
        finally:
            for server in started.values():
                server.stop()
                server.access_log().unlink(missing_ok=True)
        return {name: some for name, some in runs.items() if some}, memory

    def run_once(self, started, name, workload, headers, runs):
        try:
            runs[name].append(measure(started[name], workload, headers, self.options.seconds))
        except Unfit as error:
            print(f"{workload.name}: a run of {name} failed: {error}", file=sys.stderr)
        log = started[name].access_log()
        if log.exists():
            with open(log, "w"):  # emptied: writers append
                pass


def main():
    options = arguments()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    results = {"log": options.log, "workloads": {}, "resting": {}}
    with tempfile.TemporaryDirectory() as work:
        pathlib.Path(work).chmod(0o755)
        bench = Bench(options, work)
        for workload in options.workloads:
            runs, memory = bench.compare(workload)
            figures = report.figures(runs, memory)
            results["workloads"][workload.name] = figures
            report.show(workload, figures, options.log == "on")
        if options.resting:
            results["resting"] = resting.compare(bench)
            report.show_resting(results["resting"])
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")
    missed = report.missed(results)
    for line in missed:
        print("missed:", line)
    return 1 if options.strict and missed else 0


if __name__ == "__main__":
    sys.exit(main())
