"""One run of a workload against one server: checked first, then loaded from the other core."""
import http.client
import re
import ssl
import subprocess
from dataclasses import dataclass

from servers import BENCH, BUILD, LOAD_CORE, be_preferred


@dataclass
class Run:
    cpu: float       # microseconds a request
    rate: float      # requests a second
    p99: float       # milliseconds


class Unfit(Exception):
    """The server does not do what the workload asks for; says what it did."""


def ask(server, workload, headers):
    """One request as the workload has it; status, header fields and body."""
    if workload.tls:
        context = ssl._create_unverified_context()
        connection = http.client.HTTPSConnection("localhost", server.tls_port, context=context)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("GET", workload.path, headers={"Accept-Encoding": "", **headers})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, answer.headers, body


def prepare(server, workload):
    """The header fields to send; raises Unfit unless the answer is the right one."""
    headers = dict(workload.headers)
    if server.name == "bare":
        return headers
    if workload.tls and not server.tls or workload.cgi and not server.cgi:
        raise Unfit("does not do that")
    if workload.compressed and not server.compresses:
        raise Unfit("does not compress")
    if workload.validator:
        _, fields, _ = ask(server, workload, {})
        if "ETag" in fields:
            headers["If-None-Match"] = fields["ETag"]
        headers["If-Modified-Since"] = fields["Last-Modified"]
    status, fields, body = ask(server, workload, headers)
    right = status == workload.status
    right = right and bool(fields.get("Content-Encoding")) == workload.compressed
    right = right and (status != 206 or len(body) == 1000)
    if not right:
        raise Unfit(f"answers {status}, {len(body)} bytes")
    return headers


def response_size(server, workload, headers):
    """Bytes of the content, for the bare loop."""
    return len(ask(server, workload, headers)[2])


def milliseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60000}[unit]


def run_wrk(server, workload, headers, seconds):
    command = ["taskset", "-c", workload.load_cores, "wrk", "-t1", f"-c{workload.connections}",
               f"-d{seconds}s", "--latency", "--timeout", "20s"]
    for name, value in headers.items():
        command += ["-H", f"{name}: {value}"]
    if workload.script:
        command += ["-s", BENCH / f"wrk/{workload.script}.lua"]
    command += [server.url(workload.path, workload.tls), "--", *workload.arguments]
    text = subprocess.run(command, check=True, capture_output=True, text=True,
                          preexec_fn=be_preferred).stdout
    trouble = re.search(r"Socket errors:.*", text)
    if trouble and not workload.headers.get("Connection"):
        raise Unfit(trouble[0])
    if "Non-2xx" in text and workload.status < 300:
        raise Unfit("answers no 200 under load")
    count = int(re.search(r"(\d+) requests in", text)[1])
    return (count, float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]),
            milliseconds(re.search(r"^ +99% +(\S+)", text, re.MULTILINE)[1]))


def run_handshakes(server, workload, seconds):
    text = subprocess.run(["taskset", "-c", str(LOAD_CORE), BUILD / "tls_handshakes",
                           str(server.tls_port), str(seconds), workload.handshakes],
                          check=True, capture_output=True, text=True,
                          preexec_fn=be_preferred).stdout
    count, rate, p99 = text.split()
    return int(count), float(rate), float(p99)


def measure(server, workload, headers, seconds):
    """A Run; raises Unfit when answers were wrong."""
    seconds = max(seconds, workload.seconds)
    before = server.cpu()
    if workload.handshakes:
        count, rate, p99 = run_handshakes(server, workload, seconds)
    else:
        count, rate, p99 = run_wrk(server, workload, headers, seconds)
    if count == 0:
        raise Unfit("answers nothing")
    return Run((server.cpu() - before) / count * 1e6, rate, p99)
