# SPDX-License-Identifier: LGPL-2.1-or-later
"""What verify scenarios share: a certificate that is live without a CA, servers that serve one, and a run of the room.
"""

import contextlib

from lib.host import LIB
from lib.store import CERTS, LIVE
from lib.trail import trail

NAME = "a.example.test"
UNIT = f"acme-verify@{NAME}.service"
OTHER = "/run/acmeward-test/other"

_SITE = "/etc/nginx/sites-enabled/default"
_SERVER = "/usr/local/lib/acmeward-test/starttls_server.py"


def make_certificate(machine, folder, name=NAME, key="ec -pkeyopt ec_paramgen_curve:P-256", subject=None):
    """privkey.pem, cert.pem, chain.pem, fullchain.pem in a directory: self-signed, which is as good as any here."""
    machine.run(f"mkdir -p {folder} && cd {folder} && openssl req -x509 -newkey {key} -nodes -days 90 "
                f"-subj '/CN={subject or name}' -addext subjectAltName=DNS:{name} -keyout privkey.pem -out cert.pem "
                "2>/dev/null && : >chain.pem && cp cert.pem fullchain.pem && chmod 0600 privkey.pem")


def go_live(machine, generation=1, name=NAME, **options):
    """A new generation of NAME goes live, as the signer has it."""
    folder = f"{CERTS}/{name}/{generation}"
    make_certificate(machine, folder, name, **options)
    machine.run(["chown", "-R", "acme-signer:", f"{CERTS}/{name}"])
    machine.run(["ln", "-sfnr", folder, f"{LIVE}/{name}"])
    return f"{LIVE}/{name}"


def nginx(machine, *sites, extra="", how="restart"):
    """Each site: (listen, folder of the certificate or None, server name). After a restart it serves just these; a
    reload goes on with the old workers for a moment."""
    text = ""
    for listen, folder, *name in sites:
        tls = f"ssl_certificate {folder}/fullchain.pem; ssl_certificate_key {folder}/privkey.pem;" if folder else ""
        kind = "ssl" if folder else ""
        text += (f"server {{ {''.join(f'listen {address} {kind};' for address in listen)} "
                 f"server_name {name[0] if name else '_'}; {tls} {extra} root /var/www/html; }}\n")
    machine.write(_SITE, text)
    machine.systemctl(how, "nginx.service")


@contextlib.contextmanager
def starttls(machine, folder, *services):
    """lib/starttls_server.py in the machine: services are "smtp:2525" and the like."""
    machine.write(_SERVER, (LIB / "starttls_server.py").read_text())
    unit = "test-starttls.service"
    machine.run(["systemd-run", "--quiet", f"--unit={unit}", "/usr/bin/python3", "-B", _SERVER,
                 f"{folder}/fullchain.pem", f"{folder}/privkey.pem", *services])
    try:
        for service in services:
            machine.wait_until(lambda port=int(service.partition(":")[2]): machine.listening(port), 10)
        yield
    finally:
        machine.systemctl("stop", unit, check=False)
        machine.systemctl("reset-failed", unit, check=False)


class Run:
    """What came of a run: the unit's Started, and the audit entries by endpoint or unit."""

    def __init__(self, machine, mark, started):
        self.started = started
        self.entries = trail(machine, mark, "VERIFIED", "VERIFY_FAILED", "VERIFY_SKIPPED", ACME_CERTIFICATE=NAME)
        self.events = {entry.get("ACME_ENDPOINT", entry.get("ACME_UNIT", "")): entry["EVENT"]
                       for entry in self.entries}
        self.reasons = {entry.get("ACME_ENDPOINT", entry.get("ACME_UNIT", "")): entry.get("ACME_REASON")
                        for entry in self.entries}

    def entry(self, endpoint):
        return next(entry for entry in self.entries if entry.get("ACME_ENDPOINT") == endpoint)


def verify(machine, *endpoints, **target):
    """Write [Deploy web] with these Verify= and start the room."""
    if endpoints:
        target["Verify"] = list(endpoints)
    machine.configure(NAME, Deploy={"web": target} if target else {})
    mark = machine.cursor()
    return Run(machine, mark, machine.start(UNIT))
