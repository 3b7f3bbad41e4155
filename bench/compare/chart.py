"""Draws what the comparison has measured.

    python3 bench/compare/chart.py RESULTS.json OUT.svg     (RESULTS of --json)
"""
import json
import math
import pathlib
import sys

from svg import COLOURS, Drawing, number
from workloads import WORKLOADS

COLUMNS = [("cpu_us", "CPU per request, us (left is better)", 1),
           ("rate", "requests a second (right is better)", 1),
           ("p99_ms", "99th percentile, ms (left is better)", 1),
           ("pss", "proportional memory, MiB (left is better)", 2**20)]
LEFT, TOP, ROW, WIDTH, GAP = 150, 98, 24, 260, 26


def ticks(low, high):
    """Powers of ten, all of them within or just outside."""
    return [10.0**power for power in range(math.floor(math.log10(low)),
                                           math.ceil(math.log10(high)) + 1)]


def draw_column(drawing, index, column, rows):
    key, title, unit = column
    values = [one[key] / unit for _, figures in rows for one in figures.values() if one.get(key)]
    marks = ticks(min(values), max(values))
    left = LEFT + index * (WIDTH + GAP)
    bottom = TOP + ROW * len(rows)

    def place(value):
        low, high = math.log10(marks[0]), math.log10(marks[-1])
        return left + (math.log10(value) - low) / (high - low) * WIDTH

    drawing.label(left, TOP - 26, title, bold=True)
    for mark in marks:
        drawing.line(place(mark), TOP - 6, place(mark), bottom)
        drawing.label(place(mark), TOP - 10, number(mark), "middle", 10, colour="#777777")
    for number_, (_, figures) in enumerate(rows):
        y = TOP + ROW * (number_ + 0.5)
        for name in sorted(figures, key=lambda name: name == "basehttpd"):  # ours on top
            value = figures[name].get(key)
            if value:
                value /= unit
                drawing.dot(place(value), y, COLOURS[name], 5.5 if name == "basehttpd" else 4,
                            f"{name}: {value:.4g}")


def draw(results):
    rows = [(workload.says, results["workloads"][workload.name]) for workload in WORKLOADS
            if results["workloads"].get(workload.name)]
    drawing = Drawing(LEFT + 4 * (WIDTH + GAP), TOP + ROW * len(rows) + 20)
    names = [name for name in COLOURS if any(name in figures for _, figures in rows)]
    drawing.label(10, 22, f"One core, one worker each, access log {results['log']}; medians; "
                  "logarithmic scales", size=15, bold=True)
    drawing.legend(14, 44, names)
    for number_, (says, _) in enumerate(rows):
        y = TOP + ROW * (number_ + 0.5)
        drawing.line(10, y, drawing.width - 10, y, "#eeeeee")
        drawing.label(LEFT - 12, y + 4, says, "end")
    for index, column in enumerate(COLUMNS):
        draw_column(drawing, index, column, rows)
    return drawing.text()


if __name__ == "__main__":
    results_ = json.loads(pathlib.Path(sys.argv[1]).read_text())
    pathlib.Path(sys.argv[2]).write_text(draw(results_))
