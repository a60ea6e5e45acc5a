# SPDX-License-Identifier: LGPL-2.1-or-later
"""tools/demo: a certificate from nothing to installed, in a machine made for it, with everything that happens on show.

The CA is Pebble in the outside namespace, behind a proxy that takes its time as a CA on the Internet would: a renewal
against it takes about a second instead of a tenth, so that there is something to watch. The machine has a firewall
that lets nobody in, so the rule that is added for the challenge is what lets the CA's validation through.
"""

import argparse
import sys
import time

from lib.debian import DEFAULT_RELEASE, RELEASES
from lib.demo_watch import Watch
from lib.host import BedError
from lib.machine import Machine
from lib.shell import exit_on_signals, interact
from lib.terminal import Terminal

NAME = "demo.example.test"
UNIT = f"acme-renew@{NAME}.service"
LIVE = f"/var/lib/acme/live/{NAME}"
ROUND_TRIP_SECONDS = 0.1

FIREWALL = """
table inet filter {
        chain input {
                type filter hook input priority filter; policy drop;
                ct state established,related accept
                meta l4proto ipv6-icmp accept
        }
}
"""


def prepare(machine, out):
    """The CA outside, the firewall, the configuration a user would write."""
    out.title("A CA outside, a firewall that lets nobody in")
    machine.pebble.start(where="outside", nonce_reject=5, authz_reuse=50)
    machine.nft(FIREWALL)
    proxy = machine.mangler().start()
    proxy.on().late(ROUND_TRIP_SECONDS)
    machine.configure(CA=proxy.directory)
    out.fact("the CA's directory", f"{proxy.directory} (Pebble {RELEASES[machine.release]['pebble']})")
    out.fact("port 80, seen by the CA", "open" if machine.outside.reaches(80) else "closed")
    out.text(machine.run("sed -n 's/^/    /p' /etc/acme/acme.conf.d/*.conf").stdout)
    return proxy


def renew(machine, out):
    """`systemctl start`, watched; returns the Watch."""
    out.title(f"systemctl start {UNIT.removesuffix('.service')}")
    watch = Watch(machine, out)
    watch.follow(machine.popen(["systemctl", "start", UNIT]))
    out.fact("systemctl", f"exit status {watch.status} after {watch.seconds:.2f} s")
    return watch


def show_ruleset(machine, out, watch, before):
    out.title("The ruleset while the challenge was pending")
    out.text(watch.ruleset or "    (the watch was too slow to see it change)\n")
    out.title("… and now")
    after = machine.run(["nft", "list", "ruleset"]).stdout
    out.text(after)
    out.fact("the same as before", "yes" if after == before else "NO")


def show_certificate(machine, out):
    out.title("The certificate")
    out.text(machine.run(["openssl", "x509", "-in", f"{LIVE}/cert.pem", "-noout", "-subject", "-issuer", "-dates",
                          "-serial", "-ext", "subjectAltName"]).stdout)
    machine.write("/root/pebble-root.pem", machine.pebble.root())
    verdict = machine.run(["openssl", "verify", "-CAfile", "/root/pebble-root.pem", "-untrusted",
                           f"{LIVE}/chain.pem", f"{LIVE}/cert.pem"], check=False)
    out.fact("openssl verify", (verdict.stdout + verdict.stderr).strip())
    out.text(machine.run(["ls", "-l", "--dereference-command-line", "--time-style=+", f"{LIVE}/"]).stdout)


def show_audit(machine, out, mark):
    """Every audit entry with the fields that are the project's own."""
    out.title("The audit trail, from the journal")
    for entry in machine.audit(since=mark):
        out.entry(entry.get("_SYSTEMD_UNIT", ""), entry.get("MESSAGE", ""))
        out.fields({name: value for name, value in sorted(entry.items()) if name.startswith("ACME_")})


def show_rest(machine, out, proxy):
    out.title("What is left running")
    units = machine.systemctl("list-units", "--no-legend", "--plain", "acme*").stdout
    out.text(units or "    nothing\n")
    out.fact("port 80, seen by the CA", "open" if machine.outside.reaches(80) else "closed")
    out.fact("HTTPS requests", f"{len(proxy.seen())} over {proxy.connections} connection(s)")
    proxy.forget()
    again = machine.start(UNIT)
    out.fact("started again", f"exit status {again.returncode} after {again.seconds:.2f} s, "
             f"with {len(proxy.seen())} requests to the CA: nothing is due")


def show_failure(machine, out, watch, mark):
    out.title("It failed; the journal says")
    out.text(machine.run(["journalctl", "--no-pager", "--output=short-precise", f"--after-cursor={mark}"],
                         check=False).stdout)
    out.text(watch.output)


def demonstrate(machine, out):
    """Everything from a booted machine on; True if a certificate came of it."""
    proxy = prepare(machine, out)
    before = machine.run(["nft", "list", "ruleset"]).stdout
    mark = machine.cursor()
    watch = renew(machine, out)
    if watch.status != 0:
        show_failure(machine, out, watch, mark)
        return False
    machine.settled()
    show_ruleset(machine, out, watch, before)
    show_certificate(machine, out)
    show_audit(machine, out, mark)
    show_rest(machine, out, proxy)
    return True


def main():
    parser = argparse.ArgumentParser(
        prog="tools/demo", description="Watch acmeward get a certificate from a CA inside a booted container.")
    parser.add_argument("--os", default=DEFAULT_RELEASE, choices=list(RELEASES))
    parser.add_argument("--shell", action="store_true", help="stay inside afterwards, in a shell")
    options = parser.parse_args()
    exit_on_signals()
    out = Terminal(sys.stdout)
    try:
        out.title(f"A machine with Debian {options.os} and acmeward")
        machine = Machine(options.os, say=lambda text: out.text(f"    {text}…\n"))
        begin = time.monotonic()
        with machine:
            out.fact("booted", f"systemd {machine.systemd} in {time.monotonic() - begin:.1f} s")
            worked = demonstrate(machine, out)
            if options.shell:
                interact(machine)
    except BedError as error:
        sys.exit(f"tools/demo: {error}")
    except KeyboardInterrupt:
        print("\ninterrupted; the machine is gone")
        sys.exit(130)
    out.text("\nThe machine is gone, and all that was made for it.\n")
    sys.exit(0 if worked else 1)


if __name__ == "__main__":
    main()
