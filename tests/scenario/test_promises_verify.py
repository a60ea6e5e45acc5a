# SPDX-License-Identifier: LGPL-2.1-or-later
"""The verify room has fallen: what it still cannot do (docs/SECURITY.md). It has a network, and may use it."""

import pytest

from lib.room import Fallen, held, traces
from lib.served import NAME, UNIT, go_live, verify

NEIGHBOUR = "neighbour.example.test"


@pytest.fixture(scope="module")
def target(machine):
    """A machine with two live certificates, whose keys are in the store, and one door open."""
    machine.reset()
    machine.pebble.start()
    machine.configure()
    go_live(machine)
    go_live(machine, name=NEIGHBOUR)
    machine.configure(NAME, Deploy={"web": {"Verify": "localhost:443"}})
    return machine


def attack(machine, code, **values):
    with Fallen(machine, UNIT, code, values=values) as room:
        return room.start()


def test_cannot_read_or_see_a_key(target):
    keys = target.run("find /var/lib/acme -name '*key*.pem'").stdout.split()
    assert len(keys) == 2
    found = attack(target, """
store = [os.path.join(folder, name) for folder, _, names in os.walk("/var/lib/acme") for name in names]
files = [path for path in store if not os.path.islink(path)]
result = {path: can_read(path) for path in KEYS}, private_keys(), files, os.listdir("/run/acme/door")
""", KEYS=keys)
    # Not even refused: not there.
    assert set(found[0].values()) == {"ENOENT"} and found[1] == []
    # Of the store it sees the links, and of what they lead to the one certificate.
    assert found[2] == [] and found[3] == ["cert.pem"]


def test_sees_its_own_certificate_alone(target):
    found = attack(target, """
result = read_all("/run/acme/door/cert.pem"), sorted(os.listdir("/var/lib/acme/live")), {
    path: can_read(path) for path in (f"/var/lib/acme/live/{NEIGHBOUR}/cert.pem", f"/var/lib/acme/certs/{NEIGHBOUR}")}
""", NEIGHBOUR=NEIGHBOUR)
    assert found[0] == target.read(f"/var/lib/acme/live/{NAME}/cert.pem")
    assert found[1] == [NAME, NEIGHBOUR] and set(found[2].values()) == {"ENOENT"}


def test_sees_the_control_groups_and_nothing_else_of_sys(target):
    assert attack(target, 'result = os.listdir("/sys"), os.listdir("/sys/fs")') == [["fs"], ["cgroup"]]


def test_reaches_no_door(target):
    with held(target, f"acme-signer@{NAME}.socket", f"acme-challenge@{NAME}.socket"):
        found = attack(target, """
paths = [f"/run/acme/signer/{NAME}", f"/run/acme/challenge/{NAME}", "/run/acme/door/signer", "/run/acme/credentials",
         "/run/systemd/private", "/run/systemd/notify", "/run/dbus/system_bus_socket"]
result = {path: can_connect(path, socket.AF_UNIX) for path in paths}, os.listdir("/run/acme")
""", NAME=NAME)
    assert set(found[0].values()) == {"ENOENT"} and found[1] == ["door"]


def test_leaves_nothing_on_disk(target):
    assert traces(target, UNIT) == ([], [])


def test_cannot_touch_the_firewall_or_listen_to_the_wire(target):
    found = attack(target, "result = flush_ruleset(), can_make_sockets()")
    assert found[0] == "EPERM"
    # The way it can fail: the network is what it is for.
    assert found[1]["inet"] == found[1]["inet6"] == "ok"
    assert found[1]["packet"] != "ok" and found[1]["vsock"] != "ok"


def test_cannot_trace_read_or_signal_a_sibling(target):
    sibling = f"acme-verify@{NEIGHBOUR}.service"
    with Fallen(target, sibling, "result = os.getuid()", after="import time; time.sleep(60)") as room:
        room.start()
        pid = target.processes(unit=sibling.replace(".", r"\."))[0]["pid"]
        found = attack(target, "result = threaten(PID), visible_processes()", PID=pid)
    assert "ok" not in found[0].values(), found[0]
    assert pid not in found[1]


def test_has_no_capability(target):
    found = attack(target, "result = dict(line.split(':', 1) for line in read_all('/proc/self/status').splitlines())")
    assert {found[name].strip() for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb")} == {"0" * 16}
    assert found["NoNewPrivs"].strip() == "1" and found["Seccomp"].strip() == "2"


def test_the_room_itself_still_works(target):
    """The attacks above are turned away by the unit that the program lives in, and not by one in which nobody could."""
    assert verify(target, "localhost:1").reasons == {"localhost:1": "noConnection"}
