#!/usr/bin/env python3
"""Rolling restarts behind HAProxy: does any request fail? `./dev deploy-test`

    run.py PROGRAM [ROUNDS]        default 3

Three servers and Debian's HAProxy on loopback, with the files of deploy/haproxy but for addresses,
certificate and times. While clients of many kinds are busy, each server in turn is stopped and
started anew, then upgraded (SIGUSR2), reloaded (SIGHUP) and killed. Once with X-Forwarded-For, once
with the PROXY protocol. Also looks through deploy/kubernetes. Ends by itself within 90 seconds;
exit status 1 when a request failed or anything else is not as it should be."""

import ctypes
import http.client
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request

from clients import Crowd
from farm import Proxy, Replica, free_ports, kill_children, make_site, wait_until
from manifests import mistakes_of_kubernetes

PR_SET_CHILD_SUBREAPER = 36
FORMS = {"/": "gzip", "/page.html": "zstd", "/shipped.css": "br", "/download.bin": "identity",
         "/large.bin": "identity", "/index.html": "identity"}
PROXY_PROTOCOL = [("    option forwardfor\n", ""),
                  ("default-server slowstart", "default-server send-proxy-v2 slowstart")]
AS_ROOT = ["--user", "root"] if os.geteuid() == 0 else []  # or a warning asks for a user
LONG = ("script", "form", "slow_upload", "slow_download", "halves")  # what a crash may cut
UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class Report:
    def __init__(self):
        self.passed, self.failed = 0, 0

    def check(self, good, what, why=""):
        self.passed, self.failed = self.passed + bool(good), self.failed + (not good)
        print(f"ok    {what}" if good else f"FAIL  {what} {why}", flush=True)


def tag_of(replica, path, coding):
    """Its ETag without the server's name; a HEAD leaves the content out."""
    request = urllib.request.Request(replica.url(path), method="HEAD",
                                     headers={"Accept-Encoding": coding})
    with urllib.request.urlopen(request, timeout=10) as answer:
        wanted = None if coding == "identity" else coding
        if answer.headers["Content-Encoding"] != wanted:
            return f"{replica.name} sent {answer.headers['Content-Encoding']}"
        return answer.headers["ETag"]


def check_tags(report, replicas):
    for path, coding in FORMS.items():
        tags = {tag_of(replica, path, coding) for replica in replicas}
        report.check(len(tags) == 1 and None not in tags, f"equal ETags: {path} ({coding})", tags)


def restart(replica, proxy):
    status = replica.stop()
    if status != 0:
        raise RuntimeError(f"{replica.name}: exit status {status}: {replica.log()[-500:]}")
    replica.start()
    wait_until(lambda: proxy.is_up(replica.name), f"HAProxy takes {replica.name} back")


def crash(replica, proxy):
    os.kill(replica.pid, signal.SIGKILL)
    replica.wait(replica.pid)
    wait_until(lambda: not proxy.is_up(replica.name), f"HAProxy misses {replica.name}")
    time.sleep(0.5)
    replica.start()
    wait_until(lambda: proxy.is_up(replica.name), f"HAProxy takes {replica.name} back")


def check_load(report, proxy, what, replicas, change, tag, may_fail=()):
    """`change` is made to each of the servers while clients are busy. Some kinds may fail."""
    crowd = Crowd(proxy, tag)
    begin = time.monotonic()
    for replica in replicas:
        change(replica)
    took = time.monotonic() - begin
    time.sleep(max(0, 1.5 - took))
    patience = time.monotonic() + 15
    while crowd.idle() and time.monotonic() < patience:  # such as downloads that crashes have cut
        time.sleep(0.05)
    crowd.stop()
    failures = crowd.failures()
    bad = [failure for failure in failures if failure.split(",")[0] not in may_fail]
    report.check(not bad, f"{what}: {crowd.answers().total()} requests in {took:.0f} s, "
                 f"{len(failures)} failed, {proxy.retries()} were tried again",
                 "\n  " + "\n  ".join(bad[:8]))
    report.check(not crowd.idle(), f"{what}: clients of all kinds had answers", crowd.idle())
    return crowd.addresses()


def ask_who(proxy):
    """A client that lies about itself: what a script sees of it, and the answer."""
    connection = http.client.HTTPSConnection("127.0.0.1", proxy.https, timeout=10,
                                             source_address=("127.0.2.1", 0),
                                             context=ssl._create_unverified_context())
    connection.request("POST", "/cgi-bin/who.sh", "x", {"X-Forwarded-For": "6.6.6.6",
                       "X-Request-Id": "forged", "X-Forwarded-Proto": "http"})
    answer = connection.getresponse()
    seen = answer.read().decode().split()
    connection.close()
    return seen, answer.getheader("X-Request-Id")


def check_client(report, proxy, replicas, clients, variant):
    logged = set().union(*(replica.clients() for replica in replicas)) - {"127.0.2.1"}
    # tag_of() asks without HAProxy, as a client with HAProxy's address.
    report.check(clients <= logged <= clients | {"127.0.0.1"},
                 f"{variant}: the logs have the addresses of all {len(clients)} clients", logged)


def check_front(report, proxy):
    connection = http.client.HTTPConnection("127.0.0.1", proxy.http, timeout=10)
    connection.request("GET", "/page.html", headers={"Host": "example.org"})
    answer = connection.getresponse()
    report.check((answer.status, answer.getheader("Location")) ==
                 (301, "https://example.org/page.html"), "plain HTTP is sent on to https")
    connection.close()


def check_x_forwarded_for(report, program, work, rounds):
    ports, front = free_ports(2), free_ports(2)
    proxy = Proxy(work, front, ports, [])
    replicas = []
    try:
        for number in (1, 2, 3):
            replicas.append(Replica(program, work, number, ports, AS_ROOT))
            replicas[-1].start()
        wait_until(lambda: all(proxy.is_up(replica.name) for replica in replicas), "all are up")
        check_front(report, proxy)
        check_tags(report, replicas)
        tag = tag_of(replicas[0], "/", "identity")
        clients = check_load(report, proxy, f"{rounds} rolling restarts", replicas * rounds,
                             lambda replica: restart(replica, proxy), tag)
        check_tags(report, replicas)
        longest = max(replica.longest_end() for replica in replicas)
        report.check(longest > 0.3, f"one of them waited {longest:.1f} s for running requests")
        before = proxy.failed_checks()
        check_load(report, proxy, "an upgrade of each", replicas,
                   lambda replica: replica.upgrade() and report.check(False, "exit 0"), tag)
        check_load(report, proxy, "a reload of each", replicas,
                   lambda replica: replica.signal(signal.SIGHUP, "Reloaded: "), tag)
        report.check(proxy.failed_checks() == before, "HAProxy noticed none of these")
        check_load(report, proxy, "a crash of each, which only what was under way may notice",
                   replicas, lambda replica: crash(replica, proxy), tag, LONG)
        seen, request_id = ask_who(proxy)
        report.check(seen == ["127.0.2.1", "on", request_id] and re.fullmatch(UUID, request_id),
                     "a script sees the client, https and HAProxy's request id", seen)
        check_client(report, proxy, replicas, clients, "X-Forwarded-For")
        return tag
    finally:
        stop_all(report, proxy, replicas)


def check_proxy_protocol(report, program, work, tag):
    ports, front = free_ports(2), free_ports(2)
    proxy = Proxy(work, front, ports, PROXY_PROTOCOL)
    replicas = []
    try:
        for number in (1, 2, 3):
            shutil.rmtree(f"{work}/web{number}")
            replicas.append(Replica(program, work, number, ports,
                                    ["--proxy-protocol", "on", *AS_ROOT]))
            replicas[-1].start()
        wait_until(lambda: all(proxy.is_up(replica.name) for replica in replicas), "all are up")
        clients = check_load(report, proxy, "PROXY: a rolling restart", replicas,
                             lambda replica: restart(replica, proxy), tag)
        seen, request_id = ask_who(proxy)
        report.check(seen == ["127.0.2.1", request_id] and not re.fullmatch(UUID, request_id),
                     "PROXY: a script sees the client, and no header is believed", seen)
        check_client(report, proxy, replicas, clients, "PROXY")
    finally:
        stop_all(report, proxy, replicas)


def stop_all(report, proxy, replicas):
    for replica in replicas:
        if replica.pid is not None:
            os.kill(replica.pid, signal.SIGTERM)
    for replica in replicas:
        if replica.pid is not None:
            status = replica.end(patience=10)
            report.check(status == 0, f"{replica.name} ends well", status)
        bad = [line for line in replica.log().splitlines() if re.search(" (error|warning): ", line)]
        report.check(not bad, f"{replica.name} has nothing to complain about", bad[:3])
    proxy.stop()


def make_certificate(work):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-out", work + "/site.pem",
                    "-keyout", work + "/site.pem.key"], check=True, capture_output=True)


def main():
    if shutil.which("haproxy") is None:
        print("SKIPPED: haproxy is missing; ./dev deploy-test installs it")
        return
    program, rounds = os.path.abspath(sys.argv[1]), int((sys.argv + ["3"])[2])
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # upgraded servers are ours
    signal.signal(signal.SIGALRM, lambda *_: sys.exit("FAIL  not done after 180 seconds"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    signal.alarm(180)  # twice what it needs when others work here, and a while to clean up
    report = Report()
    for what, mistakes in mistakes_of_kubernetes(program):
        report.check(not mistakes, what, mistakes)
    with tempfile.TemporaryDirectory(prefix="basehttpd-deploy-") as work:
        os.chmod(work, 0o755)
        make_certificate(work)
        make_site(work + "/site")
        try:
            tag = check_x_forwarded_for(report, program, work, rounds)
            check_proxy_protocol(report, program, work, tag)
        finally:
            kill_children()
    print(f"{report.passed} passed, {report.failed} failed")
    sys.exit(report.failed != 0)


if __name__ == "__main__":
    main()
