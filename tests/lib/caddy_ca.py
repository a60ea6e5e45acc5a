# SPDX-License-Identifier: LGPL-2.1-or-later
"""A second, independent certificate authority: Caddy's acme_server, which is the one of step-ca.

    MACHINE = {"packages": image.SERVERS}

    machine.pebble.start()                   # for its HTTPS certificate, which this one serves, too
    second = caddy_ca.start(machine)         # of lib.caddy_ca
    machine.write("/etc/acme/ca.d/second.conf", second.ca_file())

It runs on the machine's own loopback, and resolves as the machine does: names are put into /etc/hosts.
"""

from lib import store
from lib.pebble import TRUST

PORT = 14443
UNIT = "caddy-ca.service"
STORAGE = "/var/lib/caddy-ca"
ROOT = f"{STORAGE}/pki/authorities/local/root.crt"
_CONFIG = "/etc/caddy/ca.Caddyfile"
_CADDYFILE = f"""{{
    admin off
    auto_https off
    skip_install_trust
    storage file_system {STORAGE}
}}
https://localhost:{PORT} {{
    tls /etc/pebble/cert.pem /etc/pebble/key.pem
    acme_server
}}
"""


class CaddyCa:
    """The CA of a machine; Pebble has been started, so that there are a DNS and a certificate."""

    directory = f"https://localhost:{PORT}/acme/local/directory"

    def __init__(self, machine, names):
        self._machine = machine
        hosts = machine.read("/etc/hosts")
        machine.write("/etc/hosts", hosts + "".join(f"127.0.0.1 {name}\n" for name in names if name not in hosts))

    @staticmethod
    def ca_file():
        """For /etc/acme/ca.d."""
        return f"[CA]\nDirectory={CaddyCa.directory}\nTrust={TRUST}\n"

    def start(self):
        """The same authority as before, if there was one."""
        self._machine.write(_CONFIG, _CADDYFILE)
        self._machine.run(["systemd-run", "--quiet", f"--unit={UNIT}", "--collect", "--service-type=notify",
                           "--setenv=HOME=/root", "--", "/usr/bin/caddy", "run", "--config", _CONFIG,
                           "--adapter", "caddyfile"])
        return self

    def stop(self):
        self._machine.systemctl("stop", UNIT, check=False)

    def forget(self):
        """Whatever it knew: a new CA, with no accounts."""
        self.stop()
        self._machine.run(["rm", "-rf", STORAGE])

    def check_live(self, name, identifiers):
        """As store.check_live(), for one that this CA has issued."""
        return store.check_live(self._machine, name, identifiers, self._machine.read(ROOT))


def start(machine, names=("a.example.test", "b.example.test")):
    """A new one, which ends with the test."""
    ca = CaddyCa(machine, names)
    ca.forget()
    machine.at_end(ca.forget)
    return ca.start()
