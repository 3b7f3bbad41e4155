"""What clients do: each workload is a request that all servers get, and how many do so at once."""
from dataclasses import dataclass, field

BROWSER = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Accept-Language": "en-GB,en;q=0.9,de;q=0.8",
    "Cache-Control": "no-cache",
    "Cookie": "session=3f786850e387550fdab836ed7e6dc881de23001b; theme=dark",
    "Pragma": "no-cache",
    "Referer": "http://localhost/index.html",
    "Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "same-origin",
    "Sec-Fetch-User": "?1", "Upgrade-Insecure-Requests": "1",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
                  "Chrome/131.0.0.0 Safari/537.36",
}


@dataclass
class Workload:
    name: str
    says: str                 # for the table
    path: str = "/1k.html"
    connections: int = 64
    headers: dict = field(default_factory=dict)
    status: int = 200
    script: str = ""          # of bench/wrk
    arguments: tuple = ()     # for it
    load_cores: str = "1"     # where the client runs
    seconds: int = 1          # at least, of a run
    tls: bool = False
    handshakes: str = ""      # "new" or "resumed": bench/tls_handshakes instead of wrk
    validator: bool = False   # adds If-None-Match and If-Modified-Since from a first answer
    floor: bool = False       # the bare loop is measured, too
    compressed: bool = False  # a coded answer is expected
    cgi: bool = False
    goal_floor: dict = field(default_factory=dict)  # most x floor: {log on: , log off: }
    goal_best: float = 0      # most x best peer


FLOOR = {True: 1.25, False: 1.10}

WORKLOADS = [
    Workload("1k", "hot 1 KiB", floor=True, goal_floor=FLOOR, goal_best=0.85),
    Workload("10k", "hot 10 KiB", "/10k.html", floor=True, goal_floor=FLOOR, goal_best=0.85),
    Workload("100k", "hot 100 KiB", "/100k.bin", goal_best=0.95),
    Workload("1m", "hot 1 MiB", "/1m.bin", connections=16, goal_best=0.95),
    Workload("100m", "hot 100 MiB", "/100m.bin", connections=4, seconds=6, goal_best=0.95),
    Workload("files", "10,000 files of 4 KiB", "/many/00000.html", script="many", goal_best=0.90),
    Workload("browser", "browser headers", "/page.html", headers=BROWSER, compressed=True,
             goal_best=0.90),
    Workload("304", "304", "/10k.html", status=304, validator=True, floor=True, goal_floor=FLOOR,
             goal_best=0.85),
    Workload("404", "404", "/missing.html", status=404, floor=True, goal_floor=FLOOR,
             goal_best=0.85),
    Workload("range", "single range", "/10k.html", status=206,
             headers={"Range": "bytes=1000-1999"}, floor=True, goal_floor=FLOOR, goal_best=0.85),
    Workload("close", "Connection: close", headers={"Connection": "close"}, goal_best=0.95),
    Workload("pipelined", "pipelined 16", script="pipelined", goal_best=0.5),
    Workload("c1000", "1,000 connections", connections=1000, floor=True, goal_best=0.90),
    Workload("c10000", "10,000 connections", connections=10000, floor=True),
    Workload("tls-1k", "TLS 1 KiB", tls=True, goal_best=1.0),
    Workload("tls-1m", "TLS 1 MiB", "/1m.bin", connections=16, tls=True, goal_best=1.0),
    Workload("tls-full", "full handshakes", tls=True, handshakes="new", goal_best=1.0),
    Workload("tls-resumed", "resumed handshakes", tls=True, handshakes="resumed", goal_best=1.0),
    Workload("cgi", "CGI", "/cgi-bin/hello", connections=8, cgi=True),
]
