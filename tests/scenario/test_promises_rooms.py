# SPDX-License-Identifier: LGPL-2.1-or-later
"""The signer or the challenge room has fallen: what it still cannot do (docs/SECURITY.md).

Every test runs the attacker in exactly that room's unit, in place of the room's program.
"""

import pytest

from lib import store
from lib.outside import INSIDE_V4
from lib.room import Fallen, held, traces

NAME = "a.example.test"
NEIGHBOUR = "neighbour.example.test"
CHALLENGES = "/run/acme/challenges"
LEASES = "/run/acme/lease"

# What a process could begin a connection with; AF_UNIX is how everybody reaches the journal.
NETWORK = ("inet", "inet6", "udp", "packet", "vsock", "route", "netfilter")


@pytest.fixture(scope="module")
def target(machine):
    """A machine with two certificates whose keys are in the store."""
    machine.reset()
    machine.pebble.start()
    machine.configure()
    for name in (NAME, NEIGHBOUR):
        store.issue(machine, name)
    machine.settled()
    machine.keys = machine.run("find /var/lib/acme -name '*key*.pem'").stdout.split()
    assert len(machine.keys) >= 3
    return machine


def inside(machine, unit, code, **values):
    with Fallen(machine, unit, code, values=values) as room:
        return room.start()


_NO_NETWORK = """
found = can_make_sockets()
found["connect"] = can_connect((HOST, 14000))
found["loopback"] = can_connect(("127.0.0.1", 14000))
found["interfaces"] = sorted(name for _, name in socket.if_nameindex()) if found["route"] == "ok" else []
result = found
"""


def no_network(found):
    assert not [name for name in NETWORK if found[name] == "ok"], found
    assert found["connect"] != "ok" and found["loopback"] != "ok", found


# The signer

SIGNER = f"acme-signer@{NAME}.service"


def test_signer__cannot_reach_the_network(target):
    no_network(inside(target, SIGNER, _NO_NETWORK, HOST=INSIDE_V4))


def test_signer__cannot_see_keys_of_another_name(target):
    found = inside(target, SIGNER, "result = {path: can_read(path) for path in KEYS}, private_keys()",
                   KEYS=target.keys)
    neighbours = [path for path in target.keys if f"/{NEIGHBOUR}/" in path]
    assert neighbours and {found[0][path] for path in neighbours} <= {"ENOENT", "EACCES"}
    assert not [path for path in found[1] if NEIGHBOUR in path]
    # The way it can fail: its own key it reads.
    assert [path for path in found[1] if f"/{NAME}/" in path]


def test_signer__writes_nowhere_but_to_its_store(target):
    folders, files = traces(target, SIGNER)
    # Which keys are retired is said for all names at once.
    own = (f"{store.CERTS}/{NAME}", store.ACCOUNTS, store.LIVE, "/var/lib/acme/retired")
    assert [path for path in folders + files if not path.startswith(own)] == []
    # The way it can fail: there it writes.
    assert f"{store.CERTS}/{NAME}" in folders


def test_signer__cannot_knock_at_any_door(target):
    with held(target, f"acme-signer@{NEIGHBOUR}.socket"):
        found = inside(target, SIGNER, """
paths = [f"/run/acme/signer/{NEIGHBOUR}", f"/run/acme/signer-for-challenge/{NEIGHBOUR}", f"/run/acme/challenge/{NEIGHBOUR}", "/run/systemd/private",
         "/run/dbus/system_bus_socket"]
result = {path: can_connect(path, socket.AF_UNIX) for path in paths}
""", NEIGHBOUR=NEIGHBOUR)
    assert set(found.values()) <= {"ENOENT", "EACCES"}, found


# The challenge room

CHALLENGE = f"acme-challenge@{NAME}.service"


def test_challenge__cannot_open_a_network_connection(target):
    no_network(inside(target, CHALLENGE, _NO_NETWORK, HOST=INSIDE_V4))


def test_challenge__cannot_read_a_key(target):
    found = inside(target, CHALLENGE, "result = {path: can_read(path) for path in KEYS}, private_keys()",
                   KEYS=target.keys)
    assert set(found[0].values()) <= {"ENOENT", "EACCES"} and found[1] == []


def test_challenge__cannot_reach_the_signer_of_another_name(target):
    with held(target, f"acme-signer@{NEIGHBOUR}.socket"), held(target, f"acme-signer@{NAME}.socket"):
        found = inside(target, CHALLENGE, """
door = Door("/run/acme/door/signer")
own = door.call("KeyAuthorization", token="anattackersanattackers")
bad = [door.call("KeyAuthorization", token=token)[0] for token in (
    "", "../../../etc/shadow", "short", "x" * 129, "a" * 30 + "\\n", "a" * 30 + "/", "." * 30)]
denied = [door.call("Describe"), door.call("NewOrder", url=CA + "/x", nonce="AAAA"), door.call("Install", chain=""),
          door.call("Fetch", url=CA + "/x", nonce="AAAA"), door.call("InstallPlaceholder")]
result = {"other": can_connect(f"/run/acme/signer-for-challenge/{NEIGHBOUR}", socket.AF_UNIX),
          "client's": can_connect(f"/run/acme/signer/{NEIGHBOUR}", socket.AF_UNIX),
          "manager": can_connect("/run/systemd/private", socket.AF_UNIX),
          "bus": can_connect("/run/dbus/system_bus_socket", socket.AF_UNIX),
          "own": own[0], "bad": bad, "denied": [error for error, _ in denied]}
""", NEIGHBOUR=NEIGHBOUR, CA=target.pebble.directory.rpartition("/")[0])
    # Its own door leads to the one thing that it is for, and to no order and no certificate.
    assert found.pop("own") is None
    assert set(found.pop("bad")) == {"org.varlink.service.InvalidParameter"}
    assert set(found.pop("denied")) == {"org.varlink.service.PermissionDenied"}
    assert set(found.values()) <= {"ENOENT", "EACCES"}, found


def test_challenge__writes_nowhere_but_to_the_tokens_and_their_marks(target):
    assert traces(target, CHALLENGE) == ([CHALLENGES, LEASES], [])


def test_challenge__what_it_leaves_is_cleaned_up(target):
    """A token and its mark, as the room makes them, and then it is killed."""
    token = "leftbyanattackerleftbyanattacker"
    code = f"""
folder = "{LEASES}/{NAME}"
os.mkdir(folder)
for path in folder, "{CHALLENGES}":
    open(os.path.join(path, "{token}"), "w").close()
result = os.listdir(folder)"""
    with Fallen(target, CHALLENGE, code, after="os.kill(os.getpid(), 9)") as room:
        assert room.start() == [token]
    target.wait_until(lambda: target.listdir(CHALLENGES) + target.listdir(LEASES) == [], 5, what="the token to go")
