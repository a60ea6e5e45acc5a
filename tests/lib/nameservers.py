# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two authoritative name servers of the test bed (BIND), and a CA that asks the first.

Both have the zone example.test, each its own copy, so that a test decides when the second one has what the first has;
delegated.test is the first one's alone. Updates take the key acme.
"""

from lib import image
from lib.debian import RELEASES

PACKAGES = image.SERVERS
PRIMARY, SECONDARY = "127.0.0.1", "127.0.0.2"
KEY = "/etc/dns-keys/acme.key"
WRONG_KEY = "/etc/dns-keys/wrong.key"

_KEY = 'key "acme" {{ algorithm hmac-sha256; secret "{secret}"; }};\n'
_RIGHT = _KEY.format(secret="bm90IGEgc2VjcmV0IGF0IGFsbCwganVzdCBhIHRlc3Q=")
_WRONG = _KEY.format(secret="YW5vdGhlciBvbmUgdGhhdCBub2JvZHkgaGFzIGdpdmVu")
# Pebble asks where challtestsrv would be.
_PORTS = {PRIMARY: (53, 8053), SECONDARY: (53,)}

_CONFIGURATION = """\
{key}
options {{
        directory "/run/named-{address}";
        {listen}
        listen-on-v6 {{ none; }};
        pid-file none;
        // So that it follows a CNAME from one of its zones into another, as a CA's resolver does.
        recursion yes;
        notify no;
        dnssec-validation no;
}};
controls {{ }};
{zones}
"""
_ZONE = """\
zone "{name}" {{ type primary; file "{name}"; allow-update {{ key "acme"; }}; }};
"""
_RECORDS = """\
$TTL 1
@ SOA ns1.example.test. admin.example.test. 1 1 1 1 1
@ NS ns1.example.test.
"""
_EXAMPLE = _RECORDS + """\
@ NS ns2.example.test.
@ A 127.0.0.1
* A 127.0.0.1
ns1 A {PRIMARY}
ns2 A {SECONDARY}
_acme-challenge.cname CNAME cname.delegated.test.
_acme-challenge.circle CNAME _acme-challenge.circle
""".format(PRIMARY=PRIMARY, SECONDARY=SECONDARY)
_UNIT = """\
[Service]
RuntimeDirectory=named-{address}
RuntimeDirectoryPreserve=yes
ExecStart=/usr/sbin/named -f -c /etc/bind-test/{address}.conf
ExecStartPost=/bin/sh -c 'until dig +short +tries=1 +time=1 @{address} example.test SOA | grep -q ns1; do sleep 0.05; done'
TimeoutStartSec=20
"""


class NameServers:
    """The servers of a machine."""

    def __init__(self, machine):
        self.machine = machine

    def start(self, config=None):
        """(Re)start both with nothing published, and Pebble, with these members of its configuration, with the first as
        its resolver."""
        m = self.machine
        m.systemctl("stop", "dns-1.service", "dns-2.service", check=False)
        files = {}
        for number, address in enumerate((PRIMARY, SECONDARY), 1):
            zones = ["example.test"] + (["delegated.test"] if address == PRIMARY else [])
            listen = " ".join(f"listen-on port {port} {{ {address}; }};" for port in _PORTS[address])
            files[f"/etc/bind-test/{address}.conf"] = _CONFIGURATION.format(
                key=_RIGHT, address=address, listen=listen, zones="".join(_ZONE.format(name=name) for name in zones))
            files[f"/run/named-{address}/example.test"] = _EXAMPLE
            files[f"/run/named-{address}/delegated.test"] = _RECORDS
            files[f"/etc/systemd/system/dns-{number}.service"] = _UNIT.format(address=address)
        m.run(f"rm -rf /run/named-{PRIMARY} /run/named-{SECONDARY}")
        m.write_files(files)
        m.write(KEY, _RIGHT, mode=0o600)
        m.write(WRONG_KEY, _WRONG, mode=0o600)
        m.pebble.stop()
        # BIND listens on addresses that an interface has.
        m.run(["ip", "address", "replace", f"{SECONDARY}/32", "dev", "lo"])
        m.systemctl("daemon-reload")
        m.systemctl("start", "dns-1.service", "dns-2.service")
        release = RELEASES[m.release]
        # Its own DNS is kept out of the way.
        m.pebble.start(env={"DNS_ARGUMENTS": f"{release['dns_flag']}=127.0.0.1:8059 {release['dns_off']}"}, config=config)
        return self

    def publisher(self, name="bind", **settings):
        """dns.d/NAME.conf."""
        text = "".join(f"{key}={value}\n" for key, value in settings.items())
        self.machine.write(f"/etc/acme/dns.d/{name}.conf", f"[DNS]\n{text}")

    def values(self, name, server=PRIMARY):
        """The TXT records of a name, sorted."""
        text = self.machine.run(["dig", "+short", "+norecurse", f"@{server}", name, "TXT"]).stdout
        return sorted(line.strip('"') for line in text.splitlines() if line.startswith('"'))

    def add(self, name, value, server=SECONDARY, action="add"):
        ttl = " 1" if action == "add" else ""
        self.machine.run(["nsupdate", "-k", KEY],
                         input=f'server {server}\nzone example.test.\nupdate {action} {name}.{ttl} TXT "{value}"\nsend\n')

    def copy(self, name):
        """Bring the second one to what the first has of this name."""
        there, here = self.values(name), self.values(name, SECONDARY)
        for value in set(there) - set(here):
            self.add(name, value)
        for value in set(here) - set(there):
            self.add(name, value, action="delete")
        return there
