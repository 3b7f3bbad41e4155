"""Draws what bench/compare/growth.py has measured.

    python3 bench/compare/growth_chart.py RESULTS.json OUT.svg
"""
import json
import math
import pathlib
import sys

from svg import COLOURS, Drawing, number

SERIES = [("connections", "connections, 1 KiB"), ("files", "files of 1 KiB, at random"),
          ("size", "bytes of the file")]
LEFT, TOP, WIDTH, HEIGHT, GAP = 60, 90, 320, 260, 70


def draw_panel(drawing, index, title, series):
    xs = sorted(int(x) for x in series)
    values = [value for figures in series.values() for value in figures.values()]
    low = math.floor(math.log10(min(values)) * 3) / 3
    high = math.ceil(math.log10(max(values)) * 3) / 3
    left = LEFT + index * (WIDTH + GAP)

    def place(x, y):
        along = math.log10(x) - math.log10(xs[0])
        span = math.log10(xs[-1]) - math.log10(xs[0])
        return (left + along / span * WIDTH,
                TOP + HEIGHT - (math.log10(y) - low) / (high - low) * HEIGHT)

    drawing.label(left, TOP - 22, f"CPU per request, us, by {title}", bold=True)
    for x in xs:
        drawing.line(place(x, 1)[0], TOP, place(x, 1)[0], TOP + HEIGHT)
        drawing.label(place(x, 1)[0], TOP + HEIGHT + 16, number(x), "middle", 11)
    power = low
    while power <= high + 0.01:
        y = place(xs[0], 10**power)[1]
        drawing.line(left, y, left + WIDTH, y)
        drawing.label(left - 6, y + 4, number(float(f"{10**power:.2g}")), "end", 11)
        power += 1 / 3
    for name in sorted(COLOURS, key=lambda name: name == "basehttpd"):
        points = [(x, series[str(x)][name]) for x in xs if name in series[str(x)]]
        places = [place(x, y) for x, y in points]
        if places:
            drawing.path(places, COLOURS[name], 3 if name == "basehttpd" else 1.5)
        for (x, y), at in zip(points, places):
            drawing.dot(*at, COLOURS[name], 3.5, f"{name} {x}: {y:.2f} us")


def draw(results):
    panels = [(title, results[key]) for key, title in SERIES if key in results]
    drawing = Drawing(LEFT + len(panels) * (WIDTH + GAP), TOP + HEIGHT + 40)
    names = [name for name in COLOURS
             if any(name in figures for _, series in panels for figures in series.values())]
    drawing.label(10, 22, "What a request costs as things grow: one core, access log on",
                  size=15, bold=True)
    drawing.legend(14, 46, names)
    for index, (title, series) in enumerate(panels):
        draw_panel(drawing, index, title, series)
    return drawing.text()


if __name__ == "__main__":
    results_ = json.loads(pathlib.Path(sys.argv[1]).read_text())
    pathlib.Path(sys.argv[2]).write_text(draw(results_))
