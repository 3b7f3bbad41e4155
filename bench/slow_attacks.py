"""The attacks of bench/slow_clients.py: each a command of slowhttptest, or a crowd of our own."""
import asyncio
import os
import shutil
import signal
import subprocess
import sys

HEAD = b"GET /page.html HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
BODY = b"POST /page.html HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"


def slowhttptest(mode, path, count, seconds):
    """The command for one of slowhttptest's attacks (-H, -B, -R, -X), all connections at once."""
    extra = {"-H": ["-i", "1", "-x", "10"], "-B": ["-i", "1", "-x", "10", "-s", "8192"],
             "-R": ["-t", "HEAD", "-a", "5", "-b", "2000"],
             "-X": ["-w", "1", "-y", "64", "-n", "1", "-z", "5", "-k", "3"]}[mode]
    return lambda port: [shutil.which("slowhttptest") or sys.exit("apt-get install slowhttptest"),
                         mode, "-c", str(count), "-r", str(count), "-l", str(int(seconds)), "-v", "0",
                         "-u", f"http://127.0.0.1:{port}{path}", *extra]


def crowd(kind, count):
    """The command that runs a crowd of this file: "idle" or "byte-a-second"."""
    return lambda port: [sys.executable, __file__, kind, str(port), str(count)]


def attacks(count, crowd_count, seconds):
    """Name and command of each; the command wants the server's port."""
    return [
        (f"{count} slow headers (-H)", slowhttptest("-H", "/page.html", count, seconds)),
        (f"{count} slow bodies (-B)", slowhttptest("-B", "/cgi-bin/count", count, seconds)),
        (f"{count} range heads (-R)", slowhttptest("-R", "/page.html", count, seconds)),
        (f"{count} slow readers (-X)", slowhttptest("-X", "/large.bin", count, seconds)),
        (f"{crowd_count} idle", crowd("idle", crowd_count)),
        (f"{crowd_count} byte a second", crowd("byte-a-second", crowd_count)),
    ]


class Attack:
    """Runs while the block does, again and again: slowhttptest ends when all were closed."""

    def __init__(self, command, port):
        self.arguments = ["sh", "-c", 'while :; do "$@"; done', "attack", *command(port)]

    def __enter__(self):
        others = set(range(1, os.cpu_count())) or {0}
        self.process = subprocess.Popen(self.arguments, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, start_new_session=True,
                                        preexec_fn=lambda: os.sched_setaffinity(0, others))

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


async def member(kind, port, number, count):
    """One of a crowd; who is dropped comes back after a second."""
    start_text = b"" if kind == "idle" else HEAD if number % 2 else BODY
    # From several addresses of this machine, each of which has ports enough.
    own = f"127.0.0.{2 + number * 4 // count}"
    while True:
        await asyncio.sleep(number % 1000 / 1000)  # spread over the second
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(own, 0))
            writer.write(start_text)
            while not reader.at_eof():
                await asyncio.sleep(1)
                if kind != "idle":
                    writer.write(b"x")
                    await writer.drain()
            writer.close()
        except OSError:
            pass


async def run_crowd(kind, port, count):
    await asyncio.gather(*(member(kind, port, number, count) for number in range(count)))


if __name__ == "__main__":
    from measured_server import raise_file_limit
    raise_file_limit()
    asyncio.run(run_crowd(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
