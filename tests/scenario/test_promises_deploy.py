# SPDX-License-Identifier: LGPL-2.1-or-later
"""The deploy controller has fallen, or who waits for it: what they still cannot do (docs/SECURITY.md)."""

import pytest

from lib import store
from lib.outside import INSIDE_V4
from lib.room import MARK, Probed

NAME = "a.example.test"
UNIT = f"acme-deploy@{NAME}.service"
READY = f"acme-ready@{NAME}.service"
TARGET = "/srv/acmeward-test"
BRIDGE = "/etc/acme/bridge"
BUS = "unix /run/dbus/system_bus_socket"
# What each may write to.
OWN = {UNIT: ["/run/acme/deploy", "/var/lib/acme/deploy"], READY: []}


@pytest.fixture(scope="module")
def target(machine):
    """A machine with a deployed certificate; every file and directory of it is known."""
    machine.reset()
    machine.pebble.start()
    machine.configure()
    store.issue(machine, NAME)
    machine.run(["mkdir", "-p", TARGET])
    # root's, who needs no capability to read it.
    machine.write(f"{BRIDGE}/ssh.key", "key", mode=0o600)
    machine.configure(NAME, Deploy={"web": {"FullChain": f"{TARGET}/web.pem", "PrivateKey": f"{TARGET}/web.key"}})
    assert machine.start(UNIT).ok
    machine.settled()
    keep = "-path /proc -prune -o -path /sys -prune -o -path /usr -prune -o"
    machine.files = [path for path in machine.run(f"find / {keep} -type f -print").stdout.splitlines()
                     if " " not in path]
    machine.folders = [path for path in machine.run(f"find / {keep} -type d -print; echo /usr").stdout.splitlines()
                       if " " not in path]
    machine.keys = [path for path in machine.files if path.startswith(("/var/lib/acme", BRIDGE)) and "key" in path]
    assert len(machine.keys) >= 3 and {f"{TARGET}/web.key", f"{BRIDGE}/ssh.key"} <= set(machine.files)
    yield machine
    machine.run(["rm", "-r", BRIDGE])


@pytest.fixture(params=[UNIT, READY])
def unit(target, request):
    target.systemctl("stop", READY)
    return request.param


def attack(machine, unit, lines):
    with Probed(machine, unit, lines) as room:
        return room.start()


def allowed(answers):
    return sorted(line for line, result in answers.items() if result == "ok")


def test_cannot_read_a_key(target, unit):
    """Neither in the store nor where it was deployed to, nor root's for another machine."""
    keys = [*target.keys, f"{TARGET}/web.key"]
    assert allowed(attack(target, unit, [f"read {path}" for path in keys])) == []


def test_writes_its_record_and_its_locks_alone(target, unit):
    tried = attack(target, unit, [f"create {folder}" for folder in target.folders]
                   + [f"write {path}" for path in target.files])
    find = f"find / -path /proc -prune -o -path /sys -prune -o -name {MARK} -print"
    stayed = target.run(find, check=False).stdout.split()
    target.run(["rm", "-f", *stayed])
    assert sorted(path.rpartition("/")[0] for path in stayed) == OWN[unit]
    written = [line.split()[1] for line in allowed(tried) if line.startswith("write") and MARK not in line]
    assert [path for path in written if path.rpartition("/")[0] not in OWN[unit]] == []


def test_has_the_bus_and_no_other_way_out(target, unit):
    found = attack(target, unit, [f"inet {INSIDE_V4} 14000", "inet 127.0.0.1 14000", "socket 2 1 0", "socket 10 1 0",
                                  "socket 2 2 0", "socket 17 3 0", "socket 16 3 0", "flush", "unix /run/systemd/private",
                                  f"unix /run/acme/signer/{NAME}", BUS, "uid"])
    # uid 0 it is; without a capability that is a name.
    assert found.pop("uid") == "0"
    assert allowed(found) == [BUS], found


def test_has_no_capability(target, unit):
    found = attack(target, unit, ["status CapEff", "status CapBnd", "status CapPrm", "status CapAmb", "status NoNewPrivs",
                                  "status Seccomp:"])
    assert [int(found[f"status {which}"], 16) for which in ("CapEff", "CapBnd", "CapPrm", "CapAmb")] == [0] * 4
    assert found["status NoNewPrivs"] == "1" and found["status Seccomp:"] == "2"
