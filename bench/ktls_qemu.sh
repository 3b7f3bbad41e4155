#!/bin/bash
# HTTPS where the kernel encrypts (kTLS), checked in a virtual machine with Debian's kernel.
#     bench/ktls_qemu.sh [WORK]        WORK (default /var/tmp/ktls) keeps the root file system
# Boots Debian bookworm (its kernel has the module `tls`, its OpenSSL uses it) in QEMU without KVM
# and runs the program (BASEHTTPD, default build/dev/basehttpd) there, with one loop: RSA and TLS
# 1.3, then ECDSA and TLS 1.2, then without the module. The clients' TLS is OpenSSL's own, not the
# kernel's. A line for each check; fails if one fails.
# Needs root, Debian's mirror, 2 GiB of disk, 1 GiB of memory; 1 to 3 minutes once for the root file
# system, then about 5. Installs qemu-system-x86 and mmdebstrap when they are missing.
set -euo pipefail
cd "$(dirname "$0")/.."
program=$(realpath "${BASEHTTPD:-build/dev/basehttpd}") work=${1:-/var/tmp/ktls}
packages=(qemu-system-x86 mmdebstrap e2fsprogs openssl)
dpkg -s "${packages[@]}" >/dev/null 2>&1 ||
    apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${packages[@]}"
mkdir -p "$work" && cd "$work"
if [ ! -e root/made ]; then
    rm -rf root
    timeout 600 nice mmdebstrap --quiet --variant=apt --include=linux-image-cloud-amd64 \
        --include=openssl,curl,kmod,procps,strace,python3,iproute2,mount \
        --include=libspdlog1.10,libfmt9,libbrotli1,libzstd1,libboost-program-options1.81.0 \
        bookworm root
    touch root/made
fi
rm -rf root/t
mkdir -p root/t/site/cgi-bin
cp "$program" root/t/basehttpd
for kind in rsa:2048 'ec -pkeyopt ec_paramgen_curve:P-256'; do
    # shellcheck disable=SC2086
    openssl req -x509 -nodes -days 30 -subj /CN=localhost -newkey $kind -keyout key -out crt 2>/dev/null
    cat crt key >"root/t/${kind:0:2}.pem"
done
cat >root/t/init <<'END'
#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t tmpfs tmp /tmp
ip link set lo up; uname -r; openssl version
timeout 1500 python3 /t/check.py || echo "FAIL: check.py ended with status $?"
sync; echo END; echo o >/proc/sysrq-trigger; sleep 60
END
head=$'#!/bin/sh\necho Content-Type: text/plain; echo'
printf '%s\nseq -f %%09.0f $QUERY_STRING\n' "$head" >root/t/site/cgi-bin/count
printf '%s\nsha256sum\n' "$head" >root/t/site/cgi-bin/hash
chmod 755 root/t/init root/t/site/cgi-bin/* && chmod 600 root/t/*.pem
cat >root/t/check.py <<'END'
import os, pathlib, re, socket, ssl, subprocess, time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
SITE, PORT, V12, V13 = '/t/site/', 8443, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
OLD = 'AES128-GCM-SHA256 AES256-GCM-SHA384 CHACHA20-POLY1305'
NEW = 'TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256'
def content(name): return pathlib.Path(SITE, name).read_bytes()
def stat():
    with open('/proc/net/tls_stat') as f: return {k: int(v) for k, v in map(str.split, f)}
def check(name):
    def run(body):
        began = time.time()
        try: verdict, more = 'ok  ', body() or ''
        except Exception as e: verdict, more = 'FAIL', type(e).__name__ + ': ' + str(e)[:300]
        print(verdict, name, more, '(%.1f s)' % (time.time() - began))
    return run
def start(key):
    command = '/t/basehttpd -b 127.0.0.1 -p %d --root %s --cgi --loops 1 --access-log off --tls-cert %s'
    daemon = subprocess.Popen((command % (PORT, SITE, key)).split(), stderr=open('/tmp/log', 'w'))
    while daemon.poll() is None:
        try: socket.create_connection(('127.0.0.1', PORT)).close(); return daemon
        except OSError: time.sleep(.1)
def stop(daemon):
    @check('ends with status 0, and nothing unexpected in the log')
    def _():
        daemon.terminate(); assert daemon.wait(60) == 0, daemon.returncode
        lines = [l for l in open('/tmp/log') if ' info: ' not in l and 'A file became shorter' not in l]
        assert not lines, lines
def curl(path, *more):
    url = 'https://127.0.0.1:%d/%s' % (PORT, path)
    return subprocess.run(['curl', '-sk', '-m', '200', *more, url], stdout=subprocess.PIPE).stdout
def connect(version, receive_buffer=0):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname, c.verify_mode, c.maximum_version = False, ssl.CERT_NONE, version
    s = socket.socket()
    if receive_buffer: s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    s.settimeout(30); s.connect(('127.0.0.1', PORT))
    return c.wrap_socket(s, suppress_ragged_eofs=False)
def request(path, more='', method='GET'):
    return ('%s /%s HTTP/1.1\r\nHost: a\r\n%s\r\n' % (method, path, more)).encode()
def answer(f, pause=0, head=False):
    """Status and content of the next answer; a pause after each 16 KiB."""
    status, parts = int(f.readline().split()[1]), []
    fields = dict(line.lower().split(b': ', 1) for line in iter(f.readline, b'\r\n'))
    chunked = b'transfer-encoding' in fields
    left = 0 if head or status == 304 or chunked else int(fields[b'content-length'])
    while size := int(f.readline(), 16) if chunked else min(left, 16384):
        parts.append(f.read(size))
        assert len(parts[-1]) == size, 'cut off'
        if chunked: f.readline()
        left -= size
        time.sleep(pause)
    if chunked: f.readline()
    return status, b''.join(parts)
def same(got, want, what):
    if got == want: return
    at = len(os.path.commonprefix([got, want]))
    raise AssertionError('%s: from byte %d on %r, not %r' % (what, at, got[at:][:24], want[at:][:24]))
def count(n): return b''.join(b'%09d\n' % i for i in range(1, n + 1))
def suites(kind):
    old = ['ECDHE-%s-%s' % (kind, c) for c in OLD.split()]
    for suite in [*old, *NEW.split()]:
        @check(suite + ': the kernel sends')
        def _():
            limit = '--tls-max 1.2 --ciphers' if suite in old else '--tlsv1.3 --tls13-ciphers'
            before = stat(); same(curl('1m', *limit.split(), suite), content('1m'), '1m'); after = stat()
            assert after['TlsTxSw'] > before['TlsTxSw'], after
            return 'TlsRxSw +%d' % (after['TlsRxSw'] - before['TlsRxSw'])
def traced(daemon):
    @check('100 MiB go by sendfile')
    def _():
        command = 'strace -f -o /tmp/trace -e trace=sendfile -p %d' % daemon.pid
        tracer = subprocess.Popen(command.split(), stderr=subprocess.PIPE)
        tracer.stderr.readline()
        same(sha256(curl('100m')).digest(), sha256(content('100m')).digest(), '100m')
        tracer.terminate(); tracer.wait()
        sizes = [int(n) for n in re.findall(r'sendfile\(.* = (\d+)$', open('/tmp/trace').read(), re.M)]
        assert sum(sizes) > 99 << 20, sizes
        return '%d calls, %d bytes' % (len(sizes), sum(sizes))
def crowd(v, name, paths, want, clients=8):
    """Clients that ask for all at once, then read slowly: nobody may get another's bytes."""
    def one(i):
        own = [p.replace('#', str(i)) for p in paths]
        with connect(v, 8192) as s, s.makefile('rb') as f:
            s.sendall(b''.join(map(request, own))); time.sleep(1)
            for p in own: same(answer(f, .01)[1], want(p), p)
    @check('%s of %d slow readers' % (name, clients))
    def _():
        with ThreadPoolExecutor(clients) as pool: list(pool.map(one, range(clients)))
def crowds(v):
    for paths in ['s#'] * 150, ['f#'] * 10, ['s#', 'f#'] * 10:
        crowd(v, '%s and more, %d requests' % (paths[0], len(paths)), paths, content)
    crowd(v, 'output of scripts', ['cgi-bin/count?200000'], lambda p: count(200000), 4)
def exchanges(v):
    @check('one connection: ranges, small, large, script, listing, HEAD, 304, close_notify')
    def _():
        with connect(v) as s, s.makefile('rb') as f:
            for a, b in (0, 0), (5, 1000), (300000, 5000000), (5000000, 10485759):
                s.sendall(request('10m', 'Range: bytes=%d-%d\r\n' % (a, b)))
                same(answer(f)[1], content('10m')[a:b + 1], 'range')
            for name in 's1', '10m', 's1', '1m', 'f1', 's2':
                s.sendall(request(name)); same(answer(f)[1], content(name), name)
            s.sendall(request('cgi-bin/count?100000')); same(answer(f)[1], count(100000), 'script')
            s.sendall(request('')); assert b'100m' in answer(f)[1]
            s.sendall(request('10m', method='HEAD')); assert answer(f, head=True)[0] == 200
            s.sendall(request('10m', 'If-None-Match: *\r\n')); assert answer(f)[0] == 304
            s.sendall(request('1m', 'Connection: close\r\n')); same(answer(f)[1], content('1m'), '1m')
            assert f.read() == b''  # raises SSLEOFError without close_notify
    @check('uploads')
    def _():
        for size in 1000, 100000, 20 << 20:
            with connect(v) as s, s.makefile('rb') as f:
                body = os.urandom(size)
                s.sendall(request('cgi-bin/hash', 'Content-Length: %d\r\n' % size, 'POST') + body)
                assert answer(f)[1].split()[0].decode() == sha256(body).hexdigest(), size
                s.sendall(request('s1')); same(answer(f)[1], content('s1'), 's1')
    @check('clients that abort, and a file that is cut while it is sent')
    def _():
        for _ in range(5):
            with connect(v) as s:
                s.sendall(request('100m')); s.recv(100000)
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
        pathlib.Path(SITE, 'cut').write_bytes(content('10m'))
        with connect(v, 8192) as s, s.makefile('rb') as f:
            s.sendall(request('cut')); s.recv(1); os.truncate(SITE + 'cut', 6 << 20)
            try: answer(f); raise AssertionError('the answer seemed whole')
            except (ssl.SSLError, OSError, ValueError, IndexError): pass
        same(curl('1m'), content('1m'), '1m')
for size in 1, 10, 100:
    pathlib.Path(SITE, '%dm' % size).write_bytes(os.urandom(size << 20))
for i in range(8):
    for name, lines in ('s', 2000), ('f', 40000):  # the cache holds files up to 256 KiB
        pathlib.Path(SITE, name + str(i)).write_text(''.join('%d%08d\n' % (i, n) for n in range(lines)))
def run(title, key, version, kind=None):
    print(title); daemon = start(key)
    if kind: suites(kind); exchanges(version); traced(daemon)
    crowds(version); stop(daemon)
with open('/proc/sys/kernel/modprobe', 'r+') as f: loader = f.read(); f.seek(0); f.write('/bin/false\n')
run('OpenSSL sends', '/t/rs.pem', V13)
with open('/proc/sys/kernel/modprobe', 'w') as f: f.write(loader)
subprocess.run(['modprobe', 'tls'], check=True)
run('The kernel sends, TLS 1.3', '/t/rs.pem', V13, 'RSA')
run('The kernel sends, TLS 1.2', '/t/ec.pem', V12, 'ECDSA')
print(' '.join('%s %d' % (k, v) for k, v in stat().items() if v))
END
mke2fs -q -F -t ext4 -d root image 1500m

timeout 1800 nice qemu-system-x86_64 -machine q35 -accel tcg,thread=multi -cpu max -smp 2 -m 1024 \
    -nodefaults -display none -no-reboot -serial stdio -nic none \
    -drive file=image,format=raw,if=none,id=disk,cache=unsafe -device nvme,drive=disk,serial=1 \
    -kernel root/boot/vmlinuz-*-cloud-amd64 \
    -append 'root=/dev/nvme0n1 rw console=ttyS0 panic=-1 quiet mitigations=off init=/t/init' \
    </dev/null 2>&1 | tee console.log
grep -q '^END' console.log && ! grep -q '^FAIL' console.log
