"""Medians, ratios, the table and which goals were missed."""
import statistics

from workloads import WORKLOADS


def median(values):
    return statistics.median(values) if values else None


def ratio(ours, theirs):
    """The median of the ratios of each round: what slows the machine for a while slows both."""
    return median([a / b for a, b in zip(ours, theirs)])


def figures(runs, memory):
    """By server: medians of CPU, rate and p99; memory; and the ratio of our CPU to its."""
    ours = [run.cpu for run in runs.get("basehttpd", [])]
    result = {}
    for name, some in runs.items():
        cpu = [run.cpu for run in some]
        result[name] = {"cpu_us": median(cpu), "rate": median([run.rate for run in some]),
                        "p99_ms": median([run.p99 for run in some]), "pss": memory.get(name),
                        "ours_to_it": ratio(ours, cpu) if ours else None, "runs": len(some)}
    return result


def best_peer(figures_, key="cpu_us"):
    peers = [(one[key], name) for name, one in figures_.items() if name not in ("bare", "basehttpd")]
    return min(peers)[1] if peers else None


def show(workload, figures_, log):
    print(f"\n{workload.says}" + (", access log on" if log else ", access log off"))
    print(f"{'':11}{'CPU us':>10}{'ours/it':>9}{'requests/s':>12}{'p99 ms':>9}{'PSS MiB':>9}")
    for name, one in sorted(figures_.items(), key=lambda item: item[1]["cpu_us"]):
        print(f"{name:11}{one['cpu_us']:10.2f}{one['ours_to_it'] or 0:9.3f}{one['rate']:12.0f}"
              f"{one['p99_ms']:9.2f}{(one['pss'] or 0) / 2**20:9.1f}")
    for line in missed_in(workload, figures_, log):
        print("  missed:", line)


def show_resting(results):
    print(f"\n{'at rest':11}{'start ms':>10}{'RSS MiB':>9}{'PSS MiB':>9}{'program':>10}"
          f"{'idle conn.':>12}")
    for name, one in results.items():
        idle = "-" if one["idle_bytes"] is None else f"{one['idle_bytes']:.0f} B"
        print(f"{name:11}{one['start_ms']:10.1f}{one['rss'] / 2**20:9.1f}{one['pss'] / 2**20:9.1f}"
              f"{one['size'] / 2**20:8.1f} M{idle:>12}")


def missed_in(workload, figures_, log):
    ours = figures_.get("basehttpd")
    if not ours:
        return [f"{workload.name}: no figure"]
    lines = []
    limit = workload.goal_floor.get(log)
    bare = figures_.get("bare")
    if limit and bare and bare["ours_to_it"] > limit:
        lines.append(f"{workload.name}: {bare['ours_to_it']:.3f} x floor, at most {limit}")
    best = best_peer(figures_)
    if workload.goal_best and best and figures_[best]["ours_to_it"] > workload.goal_best:
        lines.append(f"{workload.name}: {figures_[best]['ours_to_it']:.3f} x {best}, "
                     f"at most {workload.goal_best}")
    quick = best_peer(figures_, "p99_ms")
    if quick and ours["p99_ms"] > figures_[quick]["p99_ms"]:
        lines.append(f"{workload.name}: p99 {ours['p99_ms']:.2f} ms, "
                     f"{quick} {figures_[quick]['p99_ms']:.2f} ms")
    return lines


def missed_at_rest(results):
    ours = results.get("basehttpd")
    if not ours:
        return []
    limits = {"start_ms": 20, "rss": 6 << 20, "size": 3 << 20, "idle_bytes": 1024}
    return [f"{key} {ours[key]}, less than {limit}" for key, limit in limits.items()
            if ours[key] is None or ours[key] > limit]


def missed(results):
    by_name = {workload.name: workload for workload in WORKLOADS}
    lines = [line for name, figures_ in results["workloads"].items()
             for line in missed_in(by_name[name], figures_, results["log"] == "on")]
    return lines + missed_at_rest(results["resting"])
