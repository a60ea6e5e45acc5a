# SPDX-License-Identifier: LGPL-2.1-or-later
"""The credentials room has fallen: what it still cannot do (docs/SECURITY.md)."""

import pytest

from lib import store
from lib.outside import INSIDE_V4
from lib.room import MARK, Probed

NAME = "a.example.test"
UNIT = "acme-credentials.service"

KEEP = "-path /proc -prune -o -path /sys -prune -o -path /usr -prune -o"
WAYS_OUT = [f"inet {INSIDE_V4} 14000", "inet 127.0.0.1 14000", "socket 2 1 0", "socket 10 1 0", "socket 2 2 0",
            "socket 16 3 0", "socket 16 3 12", "socket 17 3 0"]


@pytest.fixture(scope="module")
def target(machine):
    machine.reset()
    machine.pebble.start()
    machine.configure()
    store.issue(machine, NAME)
    machine.settled()
    machine.systemctl("start", "acme-credentials.socket")
    return machine


def attack(machine, lines):
    with Probed(machine, UNIT, lines) as room:
        return room.start()


def allowed(answers):
    return sorted(line for line, result in answers.items() if result == "ok")


def found(machine, kind):
    return [path for path in machine.run(f"find / {KEEP} -type {kind} -print").stdout.splitlines() if " " not in path]


def test_cannot_write(target):
    """Not the store, and nothing that stays."""
    tried = attack(target, [f"create {path}" for path in [*found(target, "d"), "/usr"]]
                   + [f"write {path}" for path in found(target, "f")])
    stayed = target.run(f"find / -path /proc -prune -o -path /sys -prune -o -name {MARK} -print", check=False).stdout.split()
    target.run(["rm", "-f", *stayed])
    assert stayed == []
    assert [line for line in allowed(tried) if line.startswith("write") and MARK not in line] == []


def test_cannot_reach_the_network(target):
    assert allowed(attack(target, WAYS_OUT)) == []


def test_cannot_knock_at_any_door(target):
    doors = ["/run/systemd/private", "/run/dbus/system_bus_socket", "/run/acme/credentials", "/run/systemd/notify"]
    assert allowed(attack(target, [f"unix {path}" for path in doors])) == []


def test_reads_keys_of_certificates_and_no_other(target):
    """It serves every NAME, so that it can read every NAME's key: that is what it is for. An account's it cannot."""
    keys = target.run("find /var/lib/acme /etc -name '*key*.pem'").stdout.split()
    read = [line.removeprefix("read ") for line in allowed(attack(target, [f"read {path}" for path in keys]))]
    assert [path for path in keys if path.startswith(store.ACCOUNTS)]
    assert read and all(path.startswith(f"{store.CERTS}/") for path in read), read


def test_cannot_signal_or_trace(target):
    """A signer has its number."""
    pid = target.popen(["setpriv", "--reuid=acme-signer", "--regid=acme-signer", "--clear-groups", "sleep", "100"])
    number = target.wait_until(lambda: target.run(["pgrep", "-x", "-u", "acme-signer", "sleep"], check=False).stdout.strip())
    try:
        assert attack(target, [f"signal {number}"])[f"signal {number}"] != "ok"
    finally:
        target.run(["kill", number])
        pid.wait()
