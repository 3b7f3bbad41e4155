"""The servers that are compared: how each is started, and what it has used so far."""
import os
import pathlib
import pwd
import re
import resource
import shutil
import socket
import subprocess
import time

from cpu_clock import CpuClock, family

BENCH = pathlib.Path(__file__).resolve().parent.parent
BUILD = BENCH.parent / "build/release"
SERVER_CORE, LOAD_CORE = 0, 1


def program_of(name):
    return shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")


PORTS = iter(range(18000, 32000))  # below those that clients get


def free_port():
    for port in PORTS:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass
    raise SystemExit("no port is free")


def be_preferred():
    """Before other work on this machine, where we may."""
    try:
        os.nice(-10)
    except PermissionError:
        pass


class Server:
    """One running server, on one core. `log`: requests go to a file."""

    name = ""
    program = ""          # looked for in PATH
    config = ""           # a template in bench/peers
    log_on, log_off = "", ""  # what {{access_log}} stands for
    cgi_on = ""           # and {{cgi}}, when there are to be scripts
    tls = cgi = True
    compresses = True     # answers Accept-Encoding with a coded form
    environment = {}

    @classmethod
    def available(cls):
        return program_of(cls.program) is not None

    def __init__(self, work, site, certificate, log=True, loops=1, scripts=False):
        self.work, self.site, self.log, self.loops = pathlib.Path(work), site, log, loops
        self.scripts = scripts
        self.certificate, self.key = certificate
        self.port, self.tls_port = free_port(), free_port()
        cores = ",".join(str(core) for core in range(loops))
        self.clock = CpuClock(self.name)
        self.output = self.work / f"{self.name}.out"
        command = ["taskset", "-c", cores, *self.command()]
        self.began = time.monotonic()
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(command,
                                            stdout=output, stderr=output, cwd=site,
                                            preexec_fn=self.before_exec,
                                            env={**os.environ, **self.environment})
        self.wait_until_ready()

    def before_exec(self):
        self.clock.enter()
        be_preferred()
        try:  # servers that keep files open, besides 10,000 connections
            resource.setrlimit(resource.RLIMIT_NOFILE, (65536, 65536))
        except (ValueError, OSError):
            pass

    def write_config(self):
        text = (BENCH / "peers" / self.config).read_text()
        user = pwd.getpwuid(os.getuid()).pw_name
        if user == "root" and self.name == "apache":  # refuses to serve as root
            user = "www-data"
        values = {"work": self.work, "site": self.site, "port": self.port, "cert": self.certificate,
                  "tls_port": self.tls_port, "key": self.key, "loops": self.loops,
                  "modules": "/usr/lib/apache2/modules", "user": user}
        def value(match):
            if match[1] == "cgi":
                return self.cgi_on if self.scripts else ""
            if match[1] == "access_log":
                line = self.log_on if self.log else self.log_off
                return line.replace("LOG", str(self.access_log()))
            return str(values[match[1]])
        path = self.work / f"{self.name}.conf"
        path.write_text(re.sub(r"\{\{([a-z_]+)[:a-z]*\}\}", value, text))
        return path

    def access_log(self):
        return self.work / f"{self.name}-access.log"

    def command(self):
        raise NotImplementedError

    def wait_until_ready(self):
        for _ in range(20000):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except ConnectionRefusedError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.0005)
        self.stop()
        raise SystemExit(f"{self.name} does not start:\n{self.output.read_text()[-2000:]}")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.clock.close()

    def cpu(self):
        """CPU seconds used so far by it and what it has started."""
        return self.clock.seconds(self.process.pid)

    def memory(self, kind="Pss"):
        """Bytes: Pss is proportional (shared pages by share), Private what it alone has."""
        total = 0
        for pid in family(self.process.pid):
            try:
                text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            except OSError:  # a script that has ended
                continue
            for line in text.splitlines()[1:]:
                name, value = line.split(":")
                if name == kind or (kind == "Private" and name.startswith("Private_")):
                    total += int(value.split()[0]) * 1024
        return total

    def url(self, path, tls=False):
        if tls:
            return f"https://localhost:{self.tls_port}{path}"
        return f"http://127.0.0.1:{self.port}{path}"


class Basehttpd(Server):
    name, config = "basehttpd", "basehttpd.ini"
    log_on, log_off = "LOG", "off"
    cgi_on = "[cgi]\ndirectories = /cgi-bin"

    @classmethod
    def available(cls):
        return True

    def command(self):
        program = os.environ.get("BASEHTTPD", BUILD / "basehttpd")
        return [program, "--config", self.write_config()]


class Bare(Server):
    """The floor: epoll, recv and send of a fixed answer."""
    name = "bare"
    tls = cgi = compresses = False
    size = 1024

    @classmethod
    def available(cls):
        return True

    def command(self):
        return [os.environ.get("BARE_EPOLL", BUILD / "bare_epoll"), str(self.port), str(self.size)]


class Nginx(Server):
    name = program = "nginx"
    config, cgi = "nginx.conf", False
    log_on, log_off = "LOG combined buffer=64k flush=1s", "off"

    def command(self):
        return [program_of("nginx"), "-c", self.write_config(), "-e", self.work / "nginx-error.log"]


class H2o(Server):
    name = program = "h2o"
    config, cgi = "h2o.yaml", False
    log_on = "access-log: LOG"

    def command(self):
        return [program_of("h2o"), "-c", self.write_config()]


class Lighttpd(Server):
    name = program = "lighttpd"
    config = "lighttpd.conf"
    log_on = 'accesslog.filename = "LOG"'
    cgi_on = ('server.modules += ( "mod_cgi" )\n'
              '$HTTP["url"] =~ "^/cgi-bin/" { cgi.assign = ( "" => "" ) }')

    def command(self):
        return [program_of("lighttpd"), "-D", "-f", self.write_config()]


class Apache(Server):
    name, program = "apache", "apache2"
    config = "apache.conf"
    log_on = ('LogFormat "%h %l %u %t \\"%r\\" %>s %O \\"%{Referer}i\\" \\"%{User-Agent}i\\"" combined\n'
              "CustomLog LOG combined\nBufferedLogs On")

    def command(self):
        return [program_of("apache2"), "-f", self.write_config(), "-DFOREGROUND"]


class Caddy(Server):
    name = program = "caddy"
    config, cgi = "Caddyfile", False
    log_on = "log {\n\t\toutput file LOG\n\t}"

    def command(self):
        self.environment = {"GOMAXPROCS": "1", "HOME": str(self.work), "XDG_DATA_HOME": str(self.work)}
        return [program_of("caddy"), "run", "--adapter", "caddyfile", "--config",
                self.write_config()]


class Python(Server):
    """http.server: the class model's original."""
    name, program = "python", "python3"
    tls = compresses = False

    def command(self):
        output = "sys.stderr" if self.log else "open(os.devnull, 'w')"
        program = (f"import http.server, os, sys; sys.stderr = {output}\n"
                   "class Handler(http.server.CGIHTTPRequestHandler):\n"
                   "    protocol_version = 'HTTP/1.1'\n"
                   "    def run_cgi(self):\n"
                   "        self.close_connection = True\n"
                   "        super().run_cgi()\n"
                   "http.server.ThreadingHTTPServer.request_queue_size = 1024\n"
                   f"http.server.ThreadingHTTPServer(('127.0.0.1', {self.port}), Handler)"
                   ".serve_forever()")
        return ["/usr/bin/python3", "-c", program]


SERVERS = {kind.name: kind for kind in
           (Bare, Basehttpd, Nginx, H2o, Lighttpd, Apache, Caddy, Python)}
