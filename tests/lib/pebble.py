# SPDX-License-Identifier: LGPL-2.1-or-later
"""The certificate authority: Pebble and its DNS, as units inside a machine.

where="inside": on the machine's own loopback; quick, and every validation comes from 127.0.0.1.
where="outside": in the outside namespace; validations arrive over the wire and cross the machine's firewall.

Pebble keeps everything in memory: each start is a new CA with new roots and no accounts.
"""

import json

from lib.debian import RELEASES
from lib.host import ROOT
from lib.outside import INSIDE_V4, INSIDE_V6, NAMESPACE, OUTSIDE_V4

FILES = ROOT / "tests" / "pebble"
UNITS = ("pebble-challtestsrv.service", "pebble.service")
TRUST = "/etc/acme/pebble-ca.pem"
PORT, MANAGEMENT_PORT, DNS_MANAGEMENT_PORT = 14000, 15000, 8055


class Pebble:
    """The CA of a machine."""

    def __init__(self, machine):
        self._machine = machine
        self.where = "inside"
        self._units = {}

    @property
    def host(self):
        return "localhost" if self.where == "inside" else "pebble.example.test"

    @property
    def directory(self):
        return f"https://{self.host}:{PORT}/dir"

    def defaults(self):
        """[Defaults] that make acmeward use this CA."""
        return {"CA": self.directory, "Trust": TRUST, "Contact": "mailto:admin@example.test",
                "TermsOfServiceAgreed": True}

    def start(self, where="inside", strict=True, nonce_reject=0, authz_reuse=0, nosleep=True, always_valid=False,
              orders_per_page=3, validity=None, ipv4=None, ipv6="", retry_after=None, alternate_roots=0,
              chain_length=1, http_port=80, config=None, env=None):
        """(Re)start the CA.

        nonce_reject, authz_reuse: percentages. validity: seconds a certificate lives. ipv4, ipv6: where every name
        points; by default the machine's address as this CA sees it, and no IPv6 ("" is none, "default" is the
        machine's). retry_after: {"authz": s, "order": s}, from Pebble 2.6 on; there is no Retry-After without it.
        config: more members for pebble.json.
        """
        self.stop()
        self.where = where
        variables = {
            "PEBBLE_VA_NOSLEEP": int(nosleep), "PEBBLE_VA_ALWAYS_VALID": int(always_valid),
            "PEBBLE_WFE_NONCEREJECT": nonce_reject, "PEBBLE_AUTHZREUSE": authz_reuse,
            "PEBBLE_WFE_ORDERS_PER_PAGE": orders_per_page, "PEBBLE_ALTERNATE_ROOTS": alternate_roots,
            "PEBBLE_CHAIN_LENGTH": chain_length, "PEBBLE_STRICT": f"-strict={str(strict).lower()}",
            "DNS_ARGUMENTS": self._dns_arguments(ipv4, ipv6), **(env or {}),
        }
        self._machine.write_files({
            "/etc/pebble/environment": "".join(f'{name}="{value}"\n' for name, value in variables.items()),
            "/etc/pebble/pebble.json": self._config(http_port, validity, retry_after, config or {}),
            "/etc/hosts": self._hosts(),
            TRUST: (self._machine.image.path / "etc/pebble/ca.pem").read_text(),
        })
        self._write_units()
        self._machine.systemctl("start", *UNITS)
        return self

    @staticmethod
    def _config(http_port, validity, retry_after, more):
        """pebble.json."""
        text = (FILES / "pebble.json").read_text()
        settings = json.loads(text)
        settings["pebble"]["httpPort"] = http_port
        if validity is not None:
            # Up to 2.6 and from 2.7 on; each ignores the other's.
            settings["pebble"]["certificateValidityPeriod"] = validity
            # An order that names no profile gets any of them.
            for profile in settings["pebble"]["profiles"].values():
                profile["validityPeriod"] = validity
        if retry_after is not None:
            settings["pebble"]["retryAfter"] = retry_after
        settings["pebble"].update(more)
        return json.dumps(settings, indent=4)

    def _hosts(self):
        """/etc/hosts: the CA's own name is not for its DNS to know."""
        address = "127.0.0.1" if self.where == "inside" else OUTSIDE_V4
        return f"127.0.0.1 localhost test-bed\n::1 localhost\n{address} pebble.example.test\n"

    def _dns_arguments(self, ipv4, ipv6):
        inside = self.where == "inside"
        if ipv6 == "default":
            ipv6 = "::1" if inside else INSIDE_V6
        if ipv4 is None:
            ipv4 = "127.0.0.1" if inside else INSIDE_V4
        release = RELEASES[self._machine.release]
        address = "127.0.0.1" if inside else OUTSIDE_V4
        # An empty value cannot be a word of its own in an unquoted $DNS_ARGUMENTS: hence -name=value.
        return (f"{release['dns_flag']}=127.0.0.1:8053,{address}:53 {release['dns_off']} "
                f"-defaultIPv4={ipv4} -defaultIPv6={ipv6}")

    def _write_units(self):
        """The units, for the place where they are to run; PID 1 reads them again only if they have changed."""
        place = f"NetworkNamespacePath={NAMESPACE}\n" if self.where == "outside" else ""
        files = {}
        for unit in UNITS:
            files[f"/etc/systemd/system/{unit}"] = (FILES / unit).read_text()
            files[f"/etc/systemd/system/{unit}.d/where.conf"] = f"[Service]\n{place}"
        if files != self._units:
            self._machine.write_files(files)
            self._machine.systemctl("daemon-reload")
            self._units = files

    def stop(self):
        self._machine.systemctl("stop", *UNITS, check=False)

    def _curl(self, *arguments):
        runner = self._machine if self.where == "inside" else self._machine.outside
        return runner.run(["curl", "--silent", "--fail", "--cacert", "/etc/pebble/ca.pem", *arguments]).stdout

    def get(self, path):
        """A page of the ACME interface, such as "/dir"."""
        return self._curl(f"https://localhost:{PORT}{path}")

    def root(self, number=0):
        """PEM of the root that issues now (for what a chain is checked against)."""
        return self._curl(f"https://localhost:{MANAGEMENT_PORT}/roots/{number}")

    def intermediate(self, number=0):
        return self._curl(f"https://localhost:{MANAGEMENT_PORT}/intermediates/{number}")

    def status_of(self, serial):
        """("Valid", None), or ("Revoked", the reason's number, 0 without one) of a serial number in hexadecimal."""
        found = json.loads(self._curl(f"https://localhost:{MANAGEMENT_PORT}/cert-status-by-serial/{serial.lstrip('0')}"))
        return found["Status"], found.get("Reason", 0) if found["Status"] == "Revoked" else None

    def dns(self, action, **values):
        """The DNS server's management interface: dns("add-a", host="a.example.test", addresses=["192.0.2.9"])."""
        self._curl("--data", json.dumps(values), f"http://127.0.0.1:{DNS_MANAGEMENT_PORT}/{action}")
