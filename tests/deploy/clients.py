"""Clients of several kinds, over TLS, each from an address of its own."""

import collections
import http.client
import socket
import ssl
import threading
import time

from farm import DOWNLOAD, FILM, PAGE, UPLOAD, UPLOAD_DIGEST

HALF = len(DOWNLOAD) // 2


class Client(threading.Thread):
    """Asks again and again, each time in the way of its kind. An answer that is not the right one
    is a failure, and so is a connection that ends where an answer is due."""

    def __init__(self, proxy, kind, number, tag):
        super().__init__(daemon=True)
        self.proxy, self.kind, self.tag = proxy, kind, tag
        self.source = f"127.0.1.{number}"
        self.stopped, self.answers, self.failures = threading.Event(), 0, []
        self.connection = None

    def run(self):
        while not self.stopped.is_set():
            try:
                getattr(self, self.kind)()
                self.answers += 1
            except Exception as error:  # all of them count
                self.failures.append(f"{self.kind}, {time.strftime('%T')}: {error!r}")
                self.close()

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def open(self):
        if self.connection is None:
            self.connection = http.client.HTTPSConnection(
                "127.0.0.1", self.proxy.https, timeout=20, source_address=(self.source, 0),
                context=ssl._create_unverified_context())
        return self.connection

    def ask(self, method, path, status=200, body=None, sent=None, **fields):
        """The answer, read to its end. The connection stays open if the other side wants it."""
        connection = self.open()
        connection.request(method, path, sent, {k.replace("_", "-"): v for k, v in fields.items()})
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != status or (body is not None and content != body):
            raise RuntimeError(f"{method} {path}: {answer.status}, {len(content)} bytes, "
                               f"{content[:60]!r}")
        if answer.will_close:
            self.close()
        return answer

    def page(self):
        self.ask("GET", "/", body=PAGE)
        time.sleep(0.015)

    def closing(self):
        self.ask("GET", "/page.html", body=PAGE, Connection="close")
        time.sleep(0.015)

    def revalidation(self):
        self.ask("GET", "/", 304, If_None_Match=self.tag)
        time.sleep(0.015)

    def missing(self):
        self.ask("GET", "/missing", 404)
        time.sleep(0.02)

    def script(self):
        self.ask("GET", "/cgi-bin/slow.sh", body=b"begin\nend\n")

    def form(self):
        self.ask("POST", "/cgi-bin/sum.sh", body=UPLOAD_DIGEST, sent=UPLOAD)
        time.sleep(0.05)

    def slow_upload(self):
        def pieces():
            for start in range(0, len(UPLOAD), 16384):
                time.sleep(0.1)
                yield UPLOAD[start:start + 16384]
        self.ask("POST", "/cgi-bin/sum.sh", body=UPLOAD_DIGEST, sent=pieces(),
                 Content_Length=str(len(UPLOAD)))

    def halves(self):
        """The second half may come from another server: it has the same ETag."""
        first = self.ask("GET", "/download.bin", 206, DOWNLOAD[:HALF], Range=f"bytes=0-{HALF - 1}")
        self.close()
        self.ask("GET", "/download.bin", 206, DOWNLOAD[HALF:], Range=f"bytes={HALF}-",
                 If_Range=first.getheader("ETag"))
        time.sleep(0.1)

    def slow_download(self):
        """Two or three seconds: it outlasts the drain delay."""
        plain = socket.create_connection(("127.0.0.1", self.proxy.https), 20, (self.source, 0))
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        with ssl._create_unverified_context().wrap_socket(plain) as secure:
            secure.sendall(b"GET /film.bin HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            got = bytearray()
            while part := secure.recv(16384):
                got += part
                time.sleep(0.002)
        if not got.endswith(FILM):
            raise RuntimeError(f"{len(got)} bytes of {len(FILM)}")


class Crowd:
    KINDS = ["page"] * 3 + ["closing"] * 2 + ["revalidation"] + ["form"] * 2 + [
        "script", "slow_upload", "missing", "halves"] + ["slow_download"] * 2

    def __init__(self, proxy, tag):
        self.clients = [Client(proxy, kind, number, tag)
                        for number, kind in enumerate(self.KINDS, 1)]
        for client in self.clients:
            client.start()

    def addresses(self):
        return {client.source for client in self.clients}

    def failures(self):
        return [failure for client in self.clients for failure in client.failures]

    def answers(self):
        """How many each kind had."""
        answers = collections.Counter()
        for client in self.clients:
            answers[client.kind] += client.answers
        return answers

    def idle(self):
        """The kinds that had none."""
        return [kind for kind, count in self.answers().items() if count == 0]

    def stop(self):
        for client in self.clients:
            client.stopped.set()
        for client in self.clients:
            client.join(30)
            client.close()
