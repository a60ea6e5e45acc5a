# SPDX-License-Identifier: LGPL-2.1-or-later
"""Debian releases the test bed knows, and where this machine's own apt configuration says packages come from."""

import shlex
import subprocess

from lib.host import BedError

# Each release that is supported, with what differs between them for the test bed.
RELEASES = {
    "bookworm": {"systemd": 252, "pebble": "2.4", "dns_flag": "-dns01", "dns_off": ""},
    "trixie": {"systemd": 257, "pebble": "2.6", "dns_flag": "-dns01", "dns_off": "-doh="},
    "forky": {"systemd": 262, "pebble": "2.10", "dns_flag": "-dnsserver", "dns_off": "-doh="},
}
DEFAULT_RELEASE = "bookworm"

# Proxies, certificates, retries and date checks: what makes the mirror reachable from here.
_INHERITED = ("Acquire::http", "Acquire::https", "Acquire::Check-", "Acquire::Retries")


def mirror():
    """The URI of the main archive that this machine's apt uses; other releases are taken from the same place."""
    listing = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(ORIGIN)|$(COMPONENT)|$(CODENAME)|$(REPO_URI)",
         "Created-By: Packages"], check=True, text=True, capture_output=True).stdout
    for line in listing.splitlines():
        origin, component, codename, uri = line.split("|", 3)
        if origin == "Debian" and component == "main" and "-" not in codename:
            return uri
    raise BedError("apt knows no main archive of Debian on this machine: run apt-get update, "
                   "or look into /etc/apt/sources.list.d")


def apt_options():
    """Options for another apt, as lines of its configuration: how this machine reaches its mirror."""
    dump = subprocess.run(["apt-config", "dump", "--format", '%F "%v";%n', "Acquire"],
                          check=True, text=True, capture_output=True).stdout
    options = [line for line in dump.splitlines() if line.startswith(_INHERITED) and ' "";' not in line]
    # A mirror that is a snapshot serves release files that have run out; signatures are checked all the same.
    return options + ['Acquire::Check-Valid-Until "false";', 'Acquire::Languages "none";']


def release_of_host():
    """VERSION_CODENAME of the machine we run on, or None."""
    with open("/etc/os-release", encoding="utf-8") as stream:
        for line in stream:
            if line.startswith("VERSION_CODENAME="):
                return shlex.split(line.split("=", 1)[1])[0]
    return None
