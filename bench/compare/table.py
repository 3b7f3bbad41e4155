"""The tables of docs/performance.md.

    python3 bench/compare/table.py RESULTS.json...     (of --json, with the log on and off)
"""
import json
import pathlib
import sys

from report import best_peer
from workloads import WORKLOADS

SERVERS = ["bare", "basehttpd", "nginx", "h2o", "lighttpd", "apache", "caddy", "python"]


def cell(figures, name, key="cpu_us"):
    if name not in figures:
        return ""
    value = figures[name][key]
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}"


def table(results):
    names = [name for name in SERVERS
             if any(name in figures for figures in results["workloads"].values())]
    yield "| access log " + results["log"] + " | " + " | ".join(names) + " | ours / floor | ours / best peer | p99, ms: ours, best peer's |"
    yield "| --- |" + " ---: |" * (len(names) + 3)
    for workload in WORKLOADS:
        figures = results["workloads"].get(workload.name)
        if not figures:
            continue
        best, quick = best_peer(figures), best_peer(figures, "p99_ms")
        floor = f"{figures['bare']['ours_to_it']:.2f}" if "bare" in figures else ""
        ratio = f"{figures[best]['ours_to_it']:.2f} {best}" if best else ""
        p99 = f"{figures['basehttpd']['p99_ms']:.2f}"
        if quick:
            p99 += f", {figures[quick]['p99_ms']:.2f} {quick}"
        yield (f"| {workload.says} | " + " | ".join(cell(figures, name) for name in names)
               + f" | {floor} | {ratio} | {p99} |")


def resting(results):
    yield "| at rest | first answer, ms | RSS, MiB | proportional, MiB | program, MiB | an idle connection, bytes |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    for name, one in results.items():
        idle = "" if one["idle_bytes"] is None else f"{one['idle_bytes']:.0f}"
        yield (f"| {name} | {one['start_ms']:.0f} | {one['rss'] / 2**20:.1f} | "
               f"{one['pss'] / 2**20:.1f} | {one['size'] / 2**20:.1f} | {idle} |")


if __name__ == "__main__":
    for path in sys.argv[1:]:
        data = json.loads(pathlib.Path(path).read_text())
        print("\n".join(table(data)), end="\n\n")
        if data["resting"]:
            print("\n".join(resting(data["resting"])), end="\n\n")
