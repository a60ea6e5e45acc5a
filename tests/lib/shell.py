# SPDX-License-Identifier: LGPL-2.1-or-later
"""A shell in a machine, for whoever wants to look around: used by tools/shell and by tools/demo --shell."""

import argparse
import os
import signal
import subprocess
import sys

from lib.container import ENVIRONMENT
from lib.debian import DEFAULT_RELEASE, RELEASES
from lib.host import BedError
from lib.machine import Machine

_GREETING = """
{release}, systemd {systemd}. The CA is Pebble ({where}), every name points here. Leave with exit or Ctrl-D;
nothing stays. Try:

    systemctl start acme-renew@demo.example.test
    journalctl ACME_CERTIFICATE=demo.example.test
    systemctl list-units 'acme*'
"""


def interact(machine):
    """Give the terminal to a shell in the machine until it ends. script(1) makes a terminal of the machine's own."""
    environment = {**ENVIRONMENT, "TERM": os.environ.get("TERM", "dumb"), "SHELL": "/bin/bash"}
    for name in ("SYSTEMD_PAGER", "SYSTEMD_COLORS"):
        del environment[name]
    print(_GREETING.format(release=machine.release, systemd=machine.systemd, where=machine.pebble.where))
    subprocess.run(machine.container.inside(["script", "--quiet", "--command", "cd; exec bash -l", "/dev/null"]),
                   check=False, env=environment)


def exit_on_signals():
    """Let SIGTERM and a lost terminal end us as Ctrl-C does: with everything taken down."""
    def leave(*_):
        raise KeyboardInterrupt
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)


def main():
    parser = argparse.ArgumentParser(
        prog="tools/shell", description="Boot a machine with acmeward, Pebble and its DNS, and open a shell in it.")
    parser.add_argument("--os", default=DEFAULT_RELEASE, choices=list(RELEASES))
    parser.add_argument("--outside", action="store_true", help="run the CA outside, across the machine's firewall")
    parser.add_argument("--bare", action="store_true", help="without acmeward installed")
    options = parser.parse_args()
    exit_on_signals()
    try:
        with Machine(options.os, bare=options.bare, say=print) as machine:
            machine.pebble.start(where="outside" if options.outside else "inside")
            machine.configure()
            interact(machine)
    except BedError as error:
        sys.exit(f"tools/shell: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
