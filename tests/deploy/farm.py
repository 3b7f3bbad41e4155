"""Three servers and the HAProxy before them, from the files in deploy/haproxy."""

import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from datetime import datetime

EXAMPLE = os.path.join(os.path.dirname(__file__), "..", "..", "deploy", "haproxy")
PAGE = b"<!doctype html>\n" + b"<p>A page like others, of some length.</p>\n" * 100
DOWNLOAD = os.urandom(8 << 20)
FILM = os.urandom(20 << 20)  # more than all buffers on the way hold
UPLOAD = os.urandom(64 << 10)
UPLOAD_DIGEST = (hashlib.sha256(UPLOAD).hexdigest() + "\n").encode()
SCRIPTS = {
    "sum.sh": "sha256sum | cut -d' ' -f1",
    "slow.sh": "echo begin; sleep 0.3; echo end",
    "who.sh": 'cat >/dev/null; echo "$REMOTE_ADDR $HTTPS $HTTP_X_REQUEST_ID"',
}


def write(path, content, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)
    os.chmod(path, mode)


def make_site(directory):
    write(directory + "/index.html", PAGE)
    write(directory + "/page.html", PAGE)
    write(directory + "/shipped.css", b"p { color: red }\n" * 50)
    write(directory + "/shipped.css.br", b"not really Brotli")
    write(directory + "/download.bin", DOWNLOAD)
    write(directory + "/film.bin", FILM)
    for name, lines in SCRIPTS.items():
        text = f"#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\n{lines}\n"
        write(f"{directory}/cgi-bin/{name}", text.encode(), 0o755)
    write(directory + "/large.bin", b"")
    os.truncate(directory + "/large.bin", 40 << 20)  # over the 32 MiB that are hashed


def copy_site(source, target, age):
    """As by hand: all have other times, but the file whose ETag is made from its time."""
    shutil.copytree(source, target)
    for where, _, names in os.walk(target):
        for name in names:
            if name != "large.bin":
                os.utime(os.path.join(where, name), (time.time() - age, time.time() - age))


def free_ports(count):
    probes = [socket.create_server(("0.0.0.0", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def wait_until(condition, what, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"waited in vain: {what}")
        time.sleep(0.02)


def read(path):
    try:
        with open(path, errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def kill_children():
    """What is left when something went wrong, such as half an upgrade."""
    while children := read(f"/proc/self/task/{os.getpid()}/children").split():
        for child in children:
            os.kill(int(child), signal.SIGKILL)
            os.waitpid(int(child), 0)


class Replica:
    """One server on an address of its own, 127.0.0.11 and on."""

    def __init__(self, program, work, number, ports, options):
        self.name, self.address = f"web{number}", f"127.0.0.{10 + number}"
        self.work, self.ports, self.pid = f"{work}/{self.name}", ports, None
        copy_site(work + "/site", self.work + "/site", age=1000 * number)
        self.command = [program, "--config", EXAMPLE + "/basehttpd.ini",
                        "--bind", self.address, "--port", str(ports[0]),
                        "--health-bind", f"{self.address}:{ports[1]}",
                        "--trusted-proxies", "127.0.0.1", "--drain-delay", "2s",
                        "--root", self.work + "/site", "--cgi", "--loops", "2",
                        "--access-log", self.work + "/access.log",
                        "--error-log", self.work + "/error.log", *options]

    def start(self):
        with open(self.work + "/stderr", "a") as stderr:
            self.pid = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=stderr,
                                        stderr=stderr).pid
        wait_until(self.is_ready, f"{self.name} is ready; {self.log()[-500:]}")

    def url(self, path, port=0):
        return f"http://{self.address}:{self.ports[port]}{path}"

    def is_ready(self):
        try:
            with urllib.request.urlopen(self.url("/readyz", 1), timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def log(self):
        return read(self.work + "/error.log") + read(self.work + "/stderr")

    def signal(self, number, sign):
        """Until `sign` is in the log once more."""
        seen = self.log().count(sign)
        os.kill(self.pid, number)
        wait_until(lambda: self.log().count(sign) > seen, f"{self.name}: {sign}")

    def upgrade(self):
        old = self.pid
        self.signal(signal.SIGUSR2, "Upgraded: process ")
        self.pid = int(self.log().rsplit("Upgraded: process ", 1)[1].split()[0])
        return self.wait(old)

    def stop(self):
        os.kill(self.pid, signal.SIGTERM)
        return self.wait(self.pid)

    def end(self, patience):
        """The exit status, after SIGTERM; killed when that takes too long."""
        try:
            return self.wait(self.pid, patience)
        except RuntimeError:
            os.kill(self.pid, signal.SIGKILL)
            return self.wait(self.pid)

    def wait(self, pid, seconds=30):
        """The exit status. After an upgrade it is our child, too: we are the subreaper."""
        status = []

        def ended():
            found, code = os.waitpid(pid, os.WNOHANG)
            status.append(os.waitstatus_to_exitcode(code))
            return found == pid

        wait_until(ended, f"the end of {self.name}, process {pid}", seconds)
        if pid == self.pid:
            self.pid = None
        return status[-1]

    def longest_end(self):
        """Seconds that it waited for requests before it stopped, at most."""
        def when(what):
            lines = [line for line in self.log().splitlines() if line.endswith(what)]
            return [datetime.fromisoformat(line.split("Z ")[0]) for line in lines]
        pairs = zip(when("running requests are finished"), when("info: Stopped"))
        return max((stopped - begun).total_seconds() for begun, stopped in pairs)

    def clients(self):
        """The addresses in its access log."""
        return {line.split(" ", 1)[0] for line in read(self.work + "/access.log").splitlines()}


def adapted(text, changes):
    for old, new in changes:
        if old not in text:
            raise RuntimeError(f"haproxy.cfg has no '{old}' any more")
        text = text.replace(old, new)
    return text


class Proxy:
    """HAProxy with the example, on 127.0.0.1 and for these replicas."""

    def __init__(self, work, ports, replica_ports, changes):
        self.http, self.https = ports
        self.log_file, self.socket = work + "/haproxy.log", work + "/admin.sock"
        with open(EXAMPLE + "/haproxy.cfg") as file:
            text = file.read()
        text = adapted(text, [
            ("bind :80\n", f"bind 127.0.0.1:{ports[0]}\n"),
            ("bind :443 ", f"bind 127.0.0.1:{ports[1]} "),
            ("/etc/haproxy/site.pem", work + "/site.pem"),
            ("/run/haproxy/admin.sock mode 660", self.socket),
            ("log /dev/log local0", "log stdout format raw local0"),
            ("    maxconn 20000\n", "    maxconn 1000\n"),  # not beyond this machine's descriptors
            ("10.0.0.1", "127.0.0.1"), (":8080", f":{replica_ports[0]}"),
            ("port 8081", f"port {replica_ports[1]}"),
            ("inter 2s fastinter 500ms downinter 1s",
             "inter 500ms fastinter 250ms downinter 500ms"),
            *changes])
        if os.geteuid() != 0:
            text = re.sub(r"(?m)^    (user|group|chroot) .*\n", "", text)
        write(work + "/haproxy.cfg", text.encode())
        command = ["haproxy", "-f", work + "/haproxy.cfg"]
        check = subprocess.run(command + ["-c"], capture_output=True, text=True)
        if check.returncode != 0 or "WARNING" in check.stderr:
            raise RuntimeError(f"haproxy -c: {check.stderr}")
        with open(self.log_file, "a") as log:
            self.process = subprocess.Popen(command + ["-db"], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)
        wait_until(lambda: os.path.exists(self.socket) or self.process.poll(), "HAProxy's socket")
        if self.process.poll() is not None:
            raise RuntimeError(f"HAProxy ended: {read(self.log_file)[-1000:]}")

    def servers(self):
        """What `show stat` says of each server, by its name."""
        with socket.socket(socket.AF_UNIX) as admin:
            admin.connect(self.socket)
            admin.sendall(b"show stat\n")
            lines = b"".join(iter(lambda: admin.recv(65536), b"")).decode().lstrip("# ").split("\n")
        names = lines[0].split(",")
        rows = [dict(zip(names, line.split(","))) for line in lines[1:] if line]
        return {row["svname"]: row for row in rows if row["svname"].startswith("web")}

    def is_up(self, name):
        return self.servers()[name]["status"] == "UP"

    def failed_checks(self):
        return sum(int(row["chkdown"]) for row in self.servers().values())

    def retries(self):
        return sum(int(row["wretr"]) + int(row["wredis"]) for row in self.servers().values())

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if os.path.exists(self.socket):
            os.unlink(self.socket)
