# SPDX-License-Identifier: LGPL-2.1-or-later
"""The responder of tls-alpn-01, or its challenge room, has fallen: what it still cannot do (docs/SECURITY.md)."""

import pytest

from lib import store
from lib.outside import INSIDE_V4
from lib.room import MARK, SERVICE, Fallen, Probed, held, traces

NAME, NEIGHBOUR = "a.example.test", "neighbour.example.test"
DIRECTORY, LEASES = "/run/acme/alpn", "/run/acme/lease-alpn"
PUBLIC = f"{DIRECTORY}/visible.example.test"
RESPONDER, FIREWALL = "acme-alpn.service", "acme-firewall@alpn.service"
CHALLENGE = f"acme-challenge-alpn@{NAME}.service"
WAYS_OUT = [f"inet {INSIDE_V4} 14000", "inet 127.0.0.1 14000", "socket 2 1 0", "socket 10 1 0", "socket 1 1 0", "socket 16 3 0",
            "socket 17 3 0", "socket 2 2 0", "unix /run/systemd/journal/stdout", "unix /run/dbus/system_bus_socket",
            "unix /run/systemd/private"]


@pytest.fixture(scope="module")
def target(machine):
    """A machine with two certificates by tls-alpn-01, and something to be seen by the responder."""
    machine.reset()
    machine.pebble.start()
    machine.configure(Challenge="tls-alpn-01")
    for name in (NAME, NEIGHBOUR):
        store.issue(machine, name)
    machine.settled()
    machine.run(["install", "-o", "acme-challenge", "-g", "acme-challenge", "-m", "640", "/dev/null", PUBLIC])
    machine.run(f"echo throw-away >{PUBLIC}")
    keep = "-path /proc -prune -o -path /sys -prune -o -path /usr -prune -o"
    machine.files = [path for path in machine.run(f"find / {keep} -type f -print").stdout.splitlines() if " " not in path]
    machine.keys = [path for path in machine.files if path.startswith("/var/lib/acme") and "key" in path]
    assert len(machine.keys) >= 3 and PUBLIC in machine.files
    yield machine
    machine.run(["rm", "-f", PUBLIC])


def attack(machine, lines):
    """What became of each line when the responder tried it: started as its socket has it started."""
    with Probed(machine, RESPONDER, lines, SERVICE) as room, held(machine, wants=f"{FIREWALL} {RESPONDER}"):
        machine.run(["curl", "--silent", "--insecure", "--max-time", "2", "https://127.0.0.1/"], check=False)
        return room.result()


def allowed(answers):
    return sorted(line for line, result in answers.items() if result == "ok")


def test_responder__sees_throw_away_certificates_and_writes_nothing(target):
    found = attack(target, [*(f"read {path}" for path in target.files), *(f"write {path}" for path in target.files),
                            f"create {DIRECTORY}", "create /tmp", "create /run", "create /"])
    # What it can create is its own, and goes with it.
    assert [line for line in allowed(found) if not line.startswith("create")] == [f"read {PUBLIC}"]
    assert target.run(f"find / -path /proc -prune -o -path /sys -prune -o -name {MARK} -print", check=False).stdout == ""


def test_responder__cannot_open_any_socket_and_has_no_capability(target):
    found = attack(target, [*WAYS_OUT, "flush", "status CapEff", "status CapBnd", "status NoNewPrivs", "status Seccomp:"])
    assert (found.pop("status NoNewPrivs"), found.pop("status Seccomp:")) == ("1", "2")
    assert int(found.pop("status CapEff"), 16) == int(found.pop("status CapBnd"), 16) == 0
    assert len(found) == len(WAYS_OUT) + 1 and allowed(found) == [], found


def test_responder__cannot_outlive_the_leases(target):
    with Probed(target, RESPONDER, ["stay 60"], stay=60) as room, held(target, wants=f"{FIREWALL} {RESPONDER}"):
        assert room.result()["stay 60"] in ("ok", "EPERM", "EAGAIN")
    target.wait_until(lambda: not target.processes(unit=r"acme-alpn.*") and not target.listening(443), 5,
                      what="the responder to be gone")


def test_challenge__has_one_method_for_its_own_names_and_no_network(target):
    with held(target, f"acme-signer@{NEIGHBOUR}.socket"), held(target, f"acme-signer@{NAME}.socket"), \
            Fallen(target, CHALLENGE, """
door = Door("/run/acme/door/signer")
token = "anattackersanattackers"
found = can_make_sockets()
result = {
    "own": door.call("ValidationCertificate", token=token, identifier=NAME)[0],
    "others": [door.call("ValidationCertificate", token=token, identifier=other)[0] for other in (NEIGHBOUR, "*", "", "../x")],
    "bad": [door.call("ValidationCertificate", token=bad, identifier=NAME)[0] for bad in ("", "short", "../../../etc/shadow")],
    "denied": [door.call(*call)[0] for call in (("Describe",), ("InstallPlaceholder",))]
              + [door.call("KeyAuthorization", token=token)[0], door.call("KeyAuthorizationDigest", token=token)[0],
                 door.call("Fetch", url=CA + "/x", nonce="AAAA")[0]],
    "elsewhere": [can_connect(path, socket.AF_UNIX) for path in (
        f"/run/acme/signer-for-alpn/{NEIGHBOUR}", f"/run/acme/signer/{NAME}", "/run/systemd/private",
        "/run/dbus/system_bus_socket")] + [can_connect((HOST, 14000))],
    "sockets": [name for name in ("inet", "inet6", "udp", "packet", "vsock", "route", "netfilter") if found[name] == "ok"],
    "keys": [path for path in KEYS if can_read(path) == "ok"],
}""", values={"NAME": NAME, "NEIGHBOUR": NEIGHBOUR, "HOST": INSIDE_V4, "KEYS": target.keys,
              "CA": target.pebble.directory.rpartition("/")[0]}) as room:
        found = room.start()
    assert found["own"] is None
    assert set(found["others"]) == {"io.acmeward.Signer.IdentifierRefused"}
    assert set(found["bad"]) == {"org.varlink.service.InvalidParameter"}
    assert set(found["denied"]) == {"org.varlink.service.PermissionDenied"}
    assert "ok" not in found["elsewhere"] and found["sockets"] == [] and found["keys"] == []


def test_challenge__writes_to_its_two_directories_alone(target):
    assert traces(target, CHALLENGE) == ([DIRECTORY, LEASES], [PUBLIC])


def test_challenge__what_it_leaves_is_cleaned_up(target):
    """A certificate and its mark, as the room makes them, and then it is killed."""
    code = f"""
import fcntl, os, signal
os.makedirs("{LEASES}/{NAME}")
for path in ("{LEASES}/{NAME}/left.example.test", "{DIRECTORY}/left.example.test"):
    open(path, "w").close()
os.kill(os.getpid(), signal.SIGKILL)
"""
    target.settled()
    with Fallen(target, CHALLENGE, code):
        target.systemctl("start", "--no-block", CHALLENGE)
        target.wait_until(lambda: target.listdir(LEASES) == [] and "left.example.test" not in target.listdir(DIRECTORY), 10)
