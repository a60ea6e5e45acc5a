# SPDX-License-Identifier: LGPL-2.1-or-later
"""The web root, the directory's room or the firewall has fallen: what it still cannot do (docs/SECURITY.md).

Their system call filters leave no room for an interpreter, so the attacker is lib/attack.c, run in exactly that room's
unit in place of the room's program.
"""

import pytest

from lib import store
from lib.outside import INSIDE_V4
from lib.room import MARK, SERVICE, Probed, held

NAME = "a.example.test"
TOKEN = "/run/acme/challenges/visiblevisiblevisiblevisible"
WEBROOT, FIREWALL = "acme-webroot.service", "acme-firewall@webroot.service"
CLOSER = "acme-firewall-close@webroot-stopped.service"
DIRECTORY, RECORDS = "acme-directory.service", "/var/lib/acme/directory"
# What the attacker says is to be in the journal.
TEMPLATE = {WEBROOT: SERVICE, DIRECTORY: SERVICE, CLOSER: SERVICE, FIREWALL: f"{SERVICE}StandardOutput=journal\n"}

INET, INET6, UNIX, NETLINK, PACKET = "socket 2 1 0", "socket 10 1 0", "socket 1 1 0", "socket 16 3 0", "socket 17 3 0"
NETFILTER, UDP = "socket 16 3 12", "socket 2 2 0"
BRIDGE = "/etc/acme/bridge"
BRIDGE_KEY = f"{BRIDGE}/ssh.key"
WAYS_OUT = [f"inet {INSIDE_V4} 14000", "inet 127.0.0.1 14000", INET, INET6, UDP, PACKET]


@pytest.fixture(scope="module")
def target(machine):
    """A machine with a certificate; every file and directory of it is known, and a token is public."""
    machine.reset()
    machine.pebble.start()
    machine.configure()
    store.issue(machine, NAME)
    machine.settled()
    machine.write(TOKEN, "token")
    # root's, who needs no capability to read it.
    machine.write(BRIDGE_KEY, "key", mode=0o600)
    keep = "-path /proc -prune -o -path /sys -prune -o -path /usr -prune -o"
    machine.files = [path for path in machine.run(f"find / {keep} -type f -print").stdout.splitlines()
                     if " " not in path]
    machine.folders = [path for path in machine.run(f"find / {keep} -type d -print; echo /usr").stdout.splitlines()
                       if " " not in path]
    machine.keys = [path for path in machine.files if path.startswith(("/var/lib/acme", BRIDGE)) and "key" in path]
    assert len(machine.keys) >= 3 and {TOKEN, BRIDGE_KEY} <= set(machine.files)
    yield machine
    machine.run(["rm", "-rf", TOKEN, BRIDGE])


def attack(machine, unit, lines, settings=""):
    """What became of each line when the room, with these settings more, tried it."""
    with Probed(machine, unit, lines, TEMPLATE[unit] + settings) as room:
        if unit == DIRECTORY:
            machine.configure(Directory="/var/www/acme-challenge")
            try:
                with held(machine, DIRECTORY):
                    return room.result()
            finally:
                machine.configure()
        with held(machine, wants=f"{FIREWALL} {WEBROOT}"):
            machine.run(["curl", "--silent", "--max-time", "2", "http://127.0.0.1/"], check=False)
            if unit != CLOSER:
                return room.result()
        return room.result()


def allowed(answers):
    return sorted(line for line, result in answers.items() if result == "ok")


def traces(machine, unit):
    """Directories in which something stays that the room has made."""
    tried = attack(machine, unit, [f"create {folder}" for folder in machine.folders]
                   + [f"write {path}" for path in machine.files])
    find = f"find / -path /proc -prune -o -path /sys -prune -o -name {MARK} -print"
    stayed = machine.run(find, check=False).stdout.split()
    machine.run(["rm", "-f", *stayed])
    return stayed + [line for line in allowed(tried) if line.startswith("write") and MARK not in line]


@pytest.mark.parametrize("unit", [WEBROOT, FIREWALL, DIRECTORY])
def test_cannot_read_a_key(target, unit):
    assert allowed(attack(target, unit, [f"read {path}" for path in target.keys])) == []


@pytest.mark.parametrize("unit", [WEBROOT, FIREWALL])
def test_cannot_write_a_file(target, unit):
    assert traces(target, unit) == []


def test_firewall__what_closes_writes_what_is_said_of_the_ports_and_nothing_else(target):
    """And not beside it: what it could put in the place of such a file PID 1 would follow, as root."""
    assert traces(target, CLOSER) == ["write /run/acme/port/alpn", "write /run/acme/port/webroot"]


def test_directory__writes_above_the_directory_and_to_its_record(target):
    target.run(["mkdir", "-p", "/var/www"])
    before = target.listdir("/var/www")
    assert traces(target, DIRECTORY) == []
    # Both are elsewhere for it.
    places = ["create /run/acme/directory", "create /run/acme/parent"]
    assert allowed(attack(target, DIRECTORY, places)) == places
    assert target.listdir("/var/www") == [*before, MARK] and target.listdir(RECORDS) == [MARK]
    target.run(["rm", f"/var/www/{MARK}", f"{RECORDS}/{MARK}"])


def test_directory__has_no_way_out(target):
    found = attack(target, DIRECTORY, [*WAYS_OUT, NETLINK, NETFILTER, "flush", "unix /run/systemd/private",
                                       "unix /run/dbus/system_bus_socket", f"unix /run/acme/signer/{NAME}"])
    assert allowed(found) == [], found


def test_webroot__sees_no_file_but_tokens(target):
    found = allowed(attack(target, WEBROOT, [f"read {path}" for path in target.files]))
    assert found == [f"read {TOKEN}"]


def test_webroot__cannot_open_any_socket(target):
    doors = ["unix /run/systemd/journal/stdout", "unix /run/dbus/system_bus_socket", "unix /run/systemd/private"]
    found = attack(target, WEBROOT, [*WAYS_OUT, UNIX, NETLINK, NETFILTER, *doors, "flush"])
    assert len(found) == len(WAYS_OUT) + 7 and allowed(found) == [], found


@pytest.mark.parametrize("unit, capabilities", [(WEBROOT, 0), (FIREWALL, 1 << 12), (DIRECTORY, 0)])
def test_capabilities(target, unit, capabilities):
    """The firewall has CAP_NET_ADMIN, the others have none."""
    found = attack(target, unit, ["status CapEff", "status CapBnd", "status CapPrm", "status CapAmb",
                                  "status NoNewPrivs", "status Seccomp:"],
                   # It has no /proc, where that is told.
                   "BindReadOnlyPaths=/proc\n" if unit == FIREWALL else "")
    assert int(found["status CapEff"], 16) == int(found["status CapPrm"], 16) == capabilities
    assert int(found["status CapBnd"], 16) & ~capabilities == 0
    assert int(found["status CapAmb"], 16) == 0
    assert found["status NoNewPrivs"] == "1" and found["status Seccomp:"] == "2"


def test_firewall__has_netlink_and_no_way_out(target):
    found = attack(target, FIREWALL, [*WAYS_OUT, NETFILTER, "unix /run/systemd/private",
                                    "unix /run/dbus/system_bus_socket", f"unix /run/acme/signer/{NAME}"])
    assert allowed(found) == [NETFILTER], found


def test_firewall__cannot_accept_by_the_sockets_that_it_is_handed(target):
    """The web root can, and has nobody there, or the one who looks."""
    assert attack(target, FIREWALL, ["accept"]) == {"accept": "EPERM"}
    assert attack(target, WEBROOT, ["accept"])["accept"] in ("ok", "EAGAIN")


def test_webroot__cannot_outlive_the_leases(target):
    """With a child of its own, and deaf to whatever asks it to end."""
    with Probed(target, WEBROOT, ["stay 60"], stay=60) as room, held(target, wants=f"{FIREWALL} {WEBROOT}"):
        # "ok": it has a child. Whether it may or not, nobody stays.
        assert room.result()["stay 60"] in ("ok", "EPERM", "EAGAIN")
    target.wait_until(lambda: not target.processes(unit=r"acme-webroot.*") and not target.listening(80), 5,
                      what="the web root to be gone")


def test_firewall__cannot_stay_longer_than_its_transaction(target):
    """Its child is gone before the lease is."""
    with Probed(target, FIREWALL, ["stay 60"], TEMPLATE[FIREWALL]) as room, held(target, wants=f"{FIREWALL} {WEBROOT}"):
        assert room.result()["stay 60"] in ("ok", "EPERM", "EAGAIN")
        target.wait_until(lambda: not [process for process in target.processes(unit=r"acme-firewall@.*")
                                       if process["comm"] == "attack"], 5, what="the firewall's child to be gone")
