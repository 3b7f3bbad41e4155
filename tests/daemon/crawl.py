#!/usr/bin/env python3
"""Follows every link of a served directory tree and compares each answer with the disk.

    crawl.py PORT ROOT

Each resource is asked for on kept connections: GET (content equal to the file, Content-Length
right), HEAD (same fields), GET with its ETag (304 and nothing else). A link to what is not on disk
must be 404. Prints what is wrong, at most 20 lines, and one line of figures; exit status 0 or 1.
"""
import html.parser
import http.client
import os
import sys
import urllib.parse

PROBLEMS = []


def problem(text):
    PROBLEMS.append(text)


class Links(html.parser.HTMLParser):
    """The targets of href and src."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.found = set()

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("href", "src") and value:
                self.found.add(value)


class Client:
    """One connection, counted when it had to be made again."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.connects = 0
        connect = self.connection.connect

        def counted():
            self.connects += 1
            connect()

        self.connection.connect = counted

    def ask(self, method, target, fields=()):
        self.connection.request(method, target, headers=dict(fields))
        answer = self.connection.getresponse()
        return answer, answer.read()


def file_of(root, path):
    """What a path stands for on disk, or None."""
    name = os.path.join(root, urllib.parse.unquote(path).lstrip("/"))
    if os.path.isdir(name):
        name = os.path.join(name, "index.html")
    return name if os.path.isfile(name) else None


def check(client, root, path):
    """Asks for one path in every way; the content if it is a page."""
    answer, content = client.ask("GET", path)
    name = file_of(root, path)
    if name is None:
        if answer.status != 404:
            problem(f"{path}: {answer.status} for what is not on disk")
        return b""
    if answer.status == 301 and answer.headers["Location"] == path + "/":
        return check(client, root, path + "/")
    if answer.status != 200:
        problem(f"{path}: {answer.status} {answer.reason}")
        return b""
    with open(name, "rb") as file:
        if file.read() != content:
            problem(f"{path}: {len(content)} bytes that are not those of {name}")
    if answer.headers["Content-Length"] != str(len(content)):
        problem(f"{path}: Content-Length {answer.headers['Content-Length']}, {len(content)} bytes")
    head, nothing = client.ask("HEAD", path)
    fields = [f for f in answer.getheaders() if f[0] != "Date"]
    if nothing or [f for f in head.getheaders() if f[0] != "Date"] != fields:
        problem(f"{path}: HEAD differs from GET")
    again, nothing = client.ask("GET", path, {"If-None-Match": answer.headers["ETag"] or ""})
    if again.status != 304 or nothing:
        problem(f"{path}: {again.status} with {len(nothing)} bytes for its own ETag")
    return content if answer.headers["Content-Type"].startswith("text/html") else b""


def crawl(port, root):
    client = Client(port)
    waiting, seen, links, size = ["/"], {"/"}, 0, 0
    while waiting:
        path = waiting.pop()
        content = check(client, root, path)
        size += len(content)
        if not content:
            continue
        parser = Links()
        parser.feed(content.decode("utf-8"))
        for link in parser.found:
            links += 1
            url = urllib.parse.urlsplit(urllib.parse.urljoin(f"http://127.0.0.1{path}", link))
            if url.scheme != "http" or url.netloc != "127.0.0.1":
                continue
            target = urllib.parse.quote(url.path or "/", safe="/%~+,;=:@!$&'()*")
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    return len(seen), links, size, client.connects


def main():
    port, root = int(sys.argv[1]), sys.argv[2]
    resources, links, size, connects = crawl(port, root)
    for text in PROBLEMS[:20]:
        print(text)
    print(f"{resources} resources, {links} links, {size} bytes of pages, {connects} connections, "
          f"{len(PROBLEMS)} problems")
    return 1 if PROBLEMS else 0


if __name__ == "__main__":
    sys.exit(main())
