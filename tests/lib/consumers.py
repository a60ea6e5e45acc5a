# SPDX-License-Identifier: LGPL-2.1-or-later
"""What serves certificates on a machine, seen from its clients: who serves which one, and a visitor who never rests."""

import contextlib
import json
import re

from lib import store
from lib.host import LIB

UNITS = ["apache2.service", "dovecot.service", "haproxy.service", "nginx.service", "postfix.service",
         "postgresql.service"]

ROOTS = "/run/acmeward-test/root.pem"

# systemd: a unit was reloaded.
_RELOADED = "7b05ebc668384222baa8881179cfda54"


def quiet(machine):
    """Nothing of these listens afterwards, and nothing has failed."""
    machine.systemctl("stop", *UNITS, "postgresql@*.service", "postfix@*.service", check=False)
    machine.systemctl("reset-failed", check=False)


def application(machine):
    """What stands behind a proxy: something on port 8080 of the loopback."""
    machine.run(["systemd-run", "--quiet", "--collect", "--unit=application.service", "--", "python3", "-m",
                 "http.server", "--bind", "127.0.0.1", "--directory", "/usr/share/common-licenses", "8080"])
    machine.at_end(lambda: machine.systemctl("stop", "application.service", check=False))
    machine.wait_until(lambda: machine.listening(8080), what="the application to listen")


def served(machine, port, starttls=None, name=None):
    """The SHA-256 fingerprint of the certificate that is served there, None when there is none."""
    argv = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}"]
    argv += ["-starttls", starttls] if starttls else []
    argv += ["-servername", name] if name else []
    done = machine.run(argv, input="", check=False, timeout=20)
    found = re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", done.stdout, re.DOTALL)
    if not found:
        return None
    text = machine.run(["openssl", "x509", "-noout", "-fingerprint", "-sha256"], input=found.group()).stdout
    return text.rpartition("=")[2].strip().replace(":", "").lower()


def live(machine, name):
    """The same of the certificate that is live."""
    return store.certificate(machine, name)["fingerprint"]


def wait_served(machine, name, port, starttls=None, timeout=20):
    """Wait until the live certificate of NAME is what is served; its fingerprint."""
    wanted = live(machine, name)
    machine.wait_until(lambda: served(machine, port, starttls) == wanted, timeout, 0.2,
                       what=f"port {port} to serve {wanted}")
    return wanted


def renew(machine, name):
    """A new certificate for NAME, due or not; its fingerprint."""
    before = live(machine, name)
    machine.run(["touch", f"{store.REQUESTS}/{name}"])
    started = machine.start(f"acme-renew@{name}.service")
    assert started.ok and started.result == "success", started
    after = live(machine, name)
    assert after != before
    return after


def reloads(machine, mark, unit):
    """How often PID 1 has reloaded a unit since the mark."""
    return len(machine.journal(since=mark, MESSAGE_ID=_RELOADED, UNIT=unit))


class Visitor:
    """What a visitor has seen so far; of visits() in their order."""

    def __init__(self, machine, output):
        self._machine, self._output = machine, output

    def visits(self):
        # The last line may be half.
        lines = self._machine.read(self._output).rpartition("\n")[0].splitlines()
        return [json.loads(line) for line in lines]

    @property
    def errors(self):
        return [visit["error"] for visit in self.visits() if "error" in visit]

    @property
    def fingerprints(self):
        """Each that was seen, in the order of its first visit."""
        return list(dict.fromkeys(visit["fingerprint"] for visit in self.visits() if "fingerprint" in visit))

    def more(self, n=20):
        """Wait for n visits more."""
        wanted = len(self.visits()) + n
        self._machine.wait_until(lambda: len(self.visits()) >= wanted, 30, 0.1, what=f"{n} visits more")

    def sees(self, fingerprint, timeout=30):
        """Wait until the last visit is served that certificate."""
        def last():
            visits = self.visits()
            return visits and visits[-1].get("fingerprint") == fingerprint
        self._machine.wait_until(last, timeout, 0.1, what=f"a visitor to see {fingerprint}")


@contextlib.contextmanager
def visitor(machine, port, name, trusting=False):
    """One who comes to the TLS port of the machine over and over, trusts the CA alone, and insists on the name.

    trusting: or takes any certificate, as one has to who meets a placeholder.
    """
    output = f"/run/acmeward-test/visitor-{port}.json"
    machine.run(["rm", "-f", output])
    if not trusting:
        machine.write(ROOTS, machine.pebble.root())
    machine.write("/run/acmeward-test/tls_loop.py", (LIB / "tls_loop.py").read_text())
    machine.run(["systemd-run", "--quiet", "--collect", "--unit=visitor.service", "--property=StandardOutput=truncate:"
                 + output, "--", "python3", "/run/acmeward-test/tls_loop.py", str(port), name,
                 *([] if trusting else [ROOTS])])
    try:
        found = Visitor(machine, output)
        machine.wait_until(lambda: machine.exists(output), what="the visitor's first visit")
        yield found
    finally:
        machine.systemctl("stop", "visitor.service", check=False)
