# SPDX-License-Identifier: LGPL-2.1-or-later
"""The machine that is measured: the test bed's, with the other clients in a layer of their own.

Everything runs inside: the CA with its DNS, the relays that make it look far away, whoever gets a certificate.
"""

from lib import debian
from lib.container import Container
from lib.host import BUILD, ROOT, Lock, digest, once, prune, run
from lib.machine import Machine

BENCH = ROOT / "bench"
PACKAGES = ["acme-tiny", "apache2", "lego", "nginx-light", "uacme"]

TOOLS = "/usr/local/lib/bench"
PEBBLE_LOG = "/run/bench/pebble.log"
# The CA's HTTPS certificate is signed by a root of the test bed's own.
ROOT_CERTIFICATE = "/etc/pebble/ca.pem"
# Who knows of it. The system always does. told: who can be told of a root file is told of this one; others search
# it among those that Debian trusts. all: nobody is told. one: nobody is told, and it is the only one there is.
ROOTS = ("told", "all", "one")
# No delay: a relay that only counts connections, for the one run that is counted and not timed.
RELAY_PORTS = {0: 14001, "delay": 14002}

_PROGRAMS = {"floor": ["-lcurl", "-lcrypto", "-ljson-c", "-lpthread"], "relay": [], "stopwatch": []}

_RELAY_UNIT = """[Unit]
Description=Relay to the CA, {milliseconds} ms each way

[Service]
ExecStart={tools}/relay {port} 14000 {milliseconds} {handshake}
StandardOutput=truncate:/run/bench/relay-{port}.log
"""

# acme-tiny's README: the challenges are files, below a directory that a web server shows.
_NGINX_SITE = """server {
    listen 80 default_server;
    listen [::]:80 default_server;

    location /.well-known/acme-challenge/ {
        alias /var/www/challenges/;
        try_files $uri =404;
    }
}
"""


def _clients_layer(image, say):
    """(directory, lock) of an overlay layer with the other clients, made on first use."""
    folder = BUILD / "bench"
    key = digest(image.key, "\n".join(PACKAGES), (BENCH / "layer.sh").read_bytes())
    path = folder / f"clients-{image.release}-{key}"

    def make(temporary):
        say(f"installing {', '.join(PACKAGES)} from Debian {image.release} (once)")
        cache = BUILD / "cache" / image.release
        (cache / "partial").mkdir(parents=True, exist_ok=True)
        options = folder / "apt.conf"
        options.write_text("\n".join(debian.apt_options()) + "\n")
        packages = Lock(cache).exclusive()
        try:
            run(["unshare", "--mount", "--propagation", "private", "--", BENCH / "layer.sh",
                 image.path, temporary, cache, options, *PACKAGES],
                log=BUILD / "logs" / image.release / "bench-clients.log")
        finally:
            packages.release()

    lock = once(path, make)
    prune(folder, f"clients-{image.release}-", keep=1)
    return path / "upper", lock


class Bed(Machine):
    """A booted machine ready to be measured.

    delay_ms: the round trip of the far relay. handshake: it charges one for each connection, too. roots: one of ROOTS.
    bare: without acmeward installed.
    """

    def __init__(self, release, delay_ms, handshake=False, roots="told", bare=False, say=lambda text: None):
        super().__init__(release, bare=bare, say=say)
        layer, self._clients_lock = _clients_layer(self.image, say)
        self.container = Container([layer, *self.container.layers])
        self.delay_ms = delay_ms
        self.handshake = handshake
        self.roots = roots

    def destroy(self):
        super().destroy()
        self._clients_lock.release()

    def boot(self):
        super().boot()
        try:
            if self.roots == "one":
                self.run(": >/etc/ca-certificates.conf && update-ca-certificates --fresh")
            self._compile_tools()
            self._write_services()
            self.pebble.start(where="inside", strict=True, nonce_reject=0, authz_reuse=0, nosleep=True)
            self.systemctl("start", *[f"bench-relay-{port}.service" for port in RELAY_PORTS.values()])
            (self.payload / "bench").mkdir()
        except BaseException:
            self.destroy()
            raise
        return self

    @property
    def payload(self):
        """The machine's root cgroup, as the host sees it."""
        return self.container.cgroup.path / "payload"

    def directory(self, relayed=None):
        """The CA's directory, direct or by one of RELAY_PORTS; its replies name URLs of the same port."""
        return f"https://localhost:{RELAY_PORTS.get(relayed, 14000)}/dir"

    def _compile_tools(self):
        for name, libraries in _PROGRAMS.items():
            self.write(f"{TOOLS}/{name}.c", (BENCH / f"{name}.c").read_text())
            self.run(["gcc", "-O2", "-D_GNU_SOURCE", "-o", f"{TOOLS}/{name}", f"{TOOLS}/{name}.c", *libraries])

    def _write_services(self):
        self.run("mkdir -p /run/bench /var/lib/bench /var/www/challenges /var/www/html")
        for kind, port in RELAY_PORTS.items():
            self.write(f"/etc/systemd/system/bench-relay-{port}.service",
                       _RELAY_UNIT.format(port=port, tools=TOOLS, milliseconds=kind and self.delay_ms / 2,
                                          handshake="handshake" if self.handshake else ""))
        # To a file: the journal is the clients', and a busy CA must not slow it down.
        self.write("/etc/systemd/system/pebble.service.d/bench.conf",
                   f"[Service]\nStandardOutput=truncate:{PEBBLE_LOG}\nStandardError=inherit\n")
        self.write("/etc/nginx/sites-enabled/default", _NGINX_SITE)
