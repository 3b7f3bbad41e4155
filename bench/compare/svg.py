"""A few marks of SVG, and the colours of the servers."""
from html import escape

COLOURS = {"bare": "#999999", "basehttpd": "#d7301f", "nginx": "#1b7837", "h2o": "#2166ac",
           "lighttpd": "#e08214", "apache": "#762a83", "caddy": "#35978f", "python": "#bf812d"}


class Drawing:
    """Collects marks; text() gives the file."""

    def __init__(self, width, height):
        self.width, self.height, self.marks = width, height, []

    def line(self, x1, y1, x2, y2, colour="#dddddd", width=1):
        self.marks.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
                          f'stroke="{colour}" stroke-width="{width}"/>')

    def dot(self, x, y, colour, radius=4, title=""):
        self.marks.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{colour}" '
                          f'fill-opacity="0.85"><title>{escape(title)}</title></circle>')

    def path(self, points, colour, width=2):
        places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.marks.append(f'<polyline points="{places}" fill="none" stroke="{colour}" '
                          f'stroke-width="{width}"/>')

    def label(self, x, y, text, anchor="start", size=12, bold=False, colour="#222222"):
        weight = ' font-weight="bold"' if bold else ""
        self.marks.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" '
                          f'text-anchor="{anchor}"{weight}>{escape(str(text))}</text>')

    def legend(self, x, y, names):
        for name in names:
            self.dot(x, y - 4, COLOURS[name], 5)
            self.label(x + 9, y, "bare loop (the floor)" if name == "bare" else name)
            x += 28 + 7 * (21 if name == "bare" else len(name))

    def text(self):
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" '
                f'width="{self.width}" height="{self.height}" font-family="sans-serif">\n'
                f'<rect width="100%" height="100%" fill="#ffffff"/>\n'
                + "\n".join(self.marks) + "\n</svg>\n")


def number(value):
    """Short: 0.5, 7, 120, 3k, 2M."""
    for size, letter in (1e9, "G"), (1e6, "M"), (1e3, "k"):
        if value >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"
