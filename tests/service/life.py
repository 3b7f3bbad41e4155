#!/usr/bin/env python3
"""Reloads and upgrades under load: does any request fail, does memory grow?

    life.py PROGRAM [RELOADS [UPGRADES]]        default 100 and 10

Starts PROGRAM in a directory of its own, keeps clients of several kinds busy, sends SIGHUP (with
changing settings and a renewed certificate) and SIGUSR2, and counts what went wrong: an answer that
is not the right one, a connection that broke where an answer was due. Ends by itself within two
minutes; exit status 1 when a request failed."""

import hashlib
import http.client
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

PROGRAM = os.path.abspath(sys.argv[1])
RELOADS = int(sys.argv[2]) if len(sys.argv) > 2 else 100
UPGRADES = int(sys.argv[3]) if len(sys.argv) > 3 else 10

SETTINGS = """[server]
bind = 127.0.0.1
port = {port}
threads = {threads}
health = on
landlock = {landlock}
[cache]
entries = {entries}
[site]
root = {work}/site
header = X-Generation: {generation}
[cgi]
directories = /cgi-bin
[tls]
certificate = {work}/certificate.pem
port = {tls_port}
[log]
access = {work}/access.log
error = {work}/error.log
"""

UPLOAD = b"0123456789abcdef" * 4096
DOWNLOAD = os.urandom(8 << 20)
SCRIPT = """#!/bin/sh
printf 'Content-Type: text/plain\\n\\nbegin\\n'
sleep 0.3
printf 'end\\n'
"""
SUM_SCRIPT = """#!/bin/sh
printf 'Content-Type: text/plain\\n\\n'
sha256sum | cut -d' ' -f1
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def write(path, content, mode=0o644):
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    os.chmod(path, mode)


class Server:
    """The program with its settings, through all its upgrades."""

    def __init__(self, work):
        self.work, self.generation = work, 0
        self.port, self.tls_port = free_port(), free_port()
        os.makedirs(work + "/site/cgi-bin")
        write(work + "/site/index.html", "the page\n")
        write(work + "/site/large.bin", DOWNLOAD)
        write(work + "/site/cgi-bin/slow.sh", SCRIPT, 0o755)
        write(work + "/site/cgi-bin/sum.sh", SUM_SCRIPT, 0o755)
        self.configure()
        self.process = subprocess.Popen([PROGRAM, "--config", work + "/life.ini"],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=open(work + "/stderr", "w"))
        self.pid = self.process.pid
        self.wait_for("Serving ")

    def configure(self):
        self.generation += 1
        if self.generation % 10 == 1:
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                            "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                            "/CN=localhost", "-keyout", self.work + "/new.key", "-out",
                            self.work + "/new.pem"], check=True, capture_output=True)
            with open(self.work + "/new.pem") as pem, open(self.work + "/new.key") as key:
                write(self.work + "/certificate.pem", pem.read() + key.read(), 0o600)
        write(self.work + "/life.ini", SETTINGS.format(
            port=self.port, tls_port=self.tls_port, work=self.work, generation=self.generation, landlock=os.environ.get("LANDLOCK", "on"),
            threads=8 + self.generation % 3, entries=1000 + self.generation))

    def log(self):
        try:
            with open(self.work + "/error.log") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def wait_for(self, text, seen=0):
        """Until `text` stands in the log more than `seen` times."""
        end = time.monotonic() + 20
        while self.log().count(text) <= seen:
            if time.monotonic() > end:
                raise SystemExit(f"no '{text}' in the log:\n{self.log()[-3000:]}")
            time.sleep(0.005)

    def reload(self):
        self.configure()
        seen = self.log().count("Reloaded")
        os.kill(self.pid, signal.SIGHUP)
        self.wait_for("Reloaded", seen)

    def upgrade(self):
        seen = self.log().count("Upgraded: process")
        os.kill(self.pid, signal.SIGUSR2)
        self.wait_for("Upgraded: process", seen)
        self.pid = int(self.log().rsplit("Upgraded: process ", 1)[1].split()[0])

    def memory(self):
        """Resident KiB of the process that serves now."""
        with open(f"/proc/{self.pid}/status") as status:
            return int(status.read().split("VmRSS:")[1].split()[0])

    def stop(self):
        os.kill(self.pid, signal.SIGTERM)
        self.process.wait(60)
        end = time.monotonic() + 60
        while os.path.exists(f"/proc/{self.pid}/stat") and time.monotonic() < end:
            with open(f"/proc/{self.pid}/stat") as stat:
                if stat.read().rsplit(")", 1)[1].split()[0] == "Z":
                    break
            time.sleep(0.02)


class Client(threading.Thread):
    """Asks again and again, each time in the way of its kind."""

    def __init__(self, server, kind, stop):
        super().__init__(daemon=True)
        self.server, self.kind, self.stop = server, kind, stop
        self.answers, self.failures, self.connection = 0, [], None

    def connect(self, secure=False):
        if self.connection is None:
            if secure:
                context = ssl._create_unverified_context()
                self.connection = http.client.HTTPSConnection("127.0.0.1", self.server.tls_port,
                                                              timeout=30, context=context)
            else:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.server.port,
                                                             timeout=30)
        return self.connection

    def run(self):
        while not self.stop.is_set():
            try:
                getattr(self, self.kind)()
                self.answers += 1
            except Exception as error:  # all of them count
                self.failures.append(f"{self.kind}: {error!r}")
                self.connection = None

    def expect(self, method, path, status, body, sent=None, secure=False, **fields):
        connection = self.connect(secure)
        connection.request(method, path, sent, fields)
        response = connection.getresponse()
        content = response.read()
        if response.status != status or (body is not None and content != body):
            raise RuntimeError(f"{response.status} {content[:100]!r}")
        if response.will_close:
            connection.close()
            self.connection = None

    def page(self):
        self.expect("GET", "/", 200, b"the page\n")

    def secure_page(self):
        self.expect("GET", "/", 200, b"the page\n", secure=True)

    def missing(self):
        self.expect("GET", "/missing", 404, None)

    def closing(self):
        self.expect("GET", "/index.html", 200, b"the page\n", Connection="close")

    def script(self):
        self.expect("GET", "/cgi-bin/slow.sh", 200, b"begin\nend\n")

    def upload(self):
        def slowly():
            for _ in range(8):
                time.sleep(0.1)
                yield UPLOAD
        digest = hashlib.sha256(UPLOAD * 8).hexdigest() + "\n"
        self.expect("POST", "/cgi-bin/sum.sh", 200, digest.encode(), slowly(),
                    **{"Content-Length": str(8 * len(UPLOAD))})

    def download(self):
        with socket.create_connection(("127.0.0.1", self.server.port), 30) as plain:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            plain.sendall(b"GET /large.bin HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            got = b""
            while part := plain.recv(262144):
                got += part
                time.sleep(0.02)
            if got.split(b"\r\n\r\n", 1)[1] != DOWNLOAD:
                raise RuntimeError(f"{len(got)} bytes of {len(DOWNLOAD)}")


def main():
    with tempfile.TemporaryDirectory() as work:
        os.chmod(work, 0o755)
        server = Server(work)
        stop = threading.Event()
        kinds = (["page"] * 3 + ["closing"] * 2 + ["secure_page", "missing"] + ["script"] * 2 +
                 ["upload"] * 2 + ["download"] * 2)
        clients = [Client(server, kind, stop) for kind in kinds]
        for client in clients:
            client.start()
        first_memory, memory = None, 0
        for number in range(RELOADS):
            server.reload()
            if UPGRADES and number % max(1, RELOADS // UPGRADES) == 0 and number // max(
                    1, RELOADS // UPGRADES) < UPGRADES:
                server.upgrade()
            memory = server.memory()
            first_memory = first_memory or memory
            time.sleep(0.02)
        stop.set()
        for client in clients:
            client.join(30)
        server.stop()
        failures = [failure for client in clients for failure in client.failures]
        bad_lines = [line for line in server.log().splitlines() if " error: " in line]
        done = {}
        for client in clients:
            done[client.kind] = done.get(client.kind, 0) + client.answers
        print(f"{RELOADS} reloads, {UPGRADES} upgrades; answers: {done}; "
              f"memory {first_memory} to {memory} KiB; {len(failures)} failed")
        for text in failures[:10] + bad_lines[:10]:
            print("  " + text)
        grown = memory > first_memory * 2 + 8192
        idle = [kind for kind, count in done.items() if count == 0]
        if failures or bad_lines or grown or idle:
            raise SystemExit(1)


if __name__ == "__main__":
    main()
