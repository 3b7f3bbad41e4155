"""The files that every server has under its document root, and a certificate."""
import os
import pathlib
import subprocess

SIZES = {"1k.html": 1 << 10, "10k.html": 10 << 10, "100k.bin": 100 << 10, "1m.bin": 1 << 20,
         "100m.bin": 100 << 20}
MANY = 10_000


def text_of(size):
    """Text that compresses as pages do: about to a fifth."""
    words = "".join(f"<p>line {i} of {i * 7919 % 1009} words, {i * 104729 % 100003:x}</p>\n"
                    for i in range(size // 24 + 1))
    return words[:size].encode()


def make_site(root):
    """Fills the directory `root`; many/ has 10,000 files of 4 KiB."""
    root = pathlib.Path(root)
    (root / "many").mkdir(parents=True)
    (root / "cgi-bin").mkdir()
    for name, size in SIZES.items():
        (root / name).write_bytes(text_of(size) if size <= 10 << 10 else os.urandom(size))
    page = root / "page.html"
    page.write_bytes(text_of(10 << 10))
    for command, suffix in (["gzip", "-9nkf"], ".gz"), (["brotli", "-kf"], ".br"):
        subprocess.run([*command, page], check=True)
        os.utime(f"{page}{suffix}", (page.stat().st_mtime,) * 2)
    for number in range(MANY):
        (root / f"many/{number:05}.html").write_bytes(b"%05d" % number + b"m" * 4091)


def make_names(root, count):
    """names/0/0.html and so on: `count` names, 1,000 in a directory, for a few hundred files."""
    root = pathlib.Path(root)
    for directory in range((count + 999) // 1000):
        (root / f"names/{directory}").mkdir(parents=True)
        first = root / f"names/{directory}/0.html"
        first.write_bytes(b"%06d" % directory + b"n" * 1018)
        for number in range(1, min(1000, count - directory * 1000)):
            os.link(first, root / f"names/{directory}/{number}.html")


def make_script(root, source):
    """The CGI program: a static C program, so that starting it costs every server the same."""
    script = pathlib.Path(root) / "cgi-bin/hello"
    subprocess.run(["cc", "-O2", "-static", "-o", script, source], check=True)


def make_certificate(directory):
    """An ECDSA key on P-256, self-signed; the paths of certificate and key."""
    certificate, key = f"{directory}/cert.pem", f"{directory}/key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                    "-keyout", key, "-out", certificate], check=True, capture_output=True)
    for path in certificate, key:
        os.chmod(path, 0o644)
    return certificate, key
