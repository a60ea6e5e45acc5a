# SPDX-License-Identifier: LGPL-2.1-or-later
"""The room of dns-01 has fallen, or a publisher: what they still cannot do (docs/SECURITY.md)."""

import pytest

from lib import store
from lib.outside import INSIDE_V4
from lib.room import FOLDER, MARK, Probed, held, knock

NAME = "a.example.test"
NEIGHBOUR = "b.example.test"
ROOM = f"acme-dns@{NAME}.service"
CLEAN = f"acme-dns-clean@{NAME}.service"
PUBLISH, PROGRAM = f"acme-dns-publish@{NAME}.service", f"acme-dns-program@{NAME}.service"
MARKS = "/var/lib/acme/dns"
KEY = "/etc/dns-keys/acme.key"
BRIDGE_KEY = "/etc/acme/bridge/ssh.key"
BUS = "unix /run/dbus/system_bus_socket"


@pytest.fixture(scope="module")
def target(machine):
    """A machine with keys of every kind, all of them known."""
    machine.reset()
    machine.pebble.start()
    machine.configure()
    store.issue(machine, NAME)
    machine.write(KEY, "a secret", mode=0o600)
    machine.run(f"mkdir -p {MARKS}/{NAME} && touch {MARKS}/{NAME}/mark")
    machine.settled()
    machine.write(BRIDGE_KEY, "root's", mode=0o600)
    machine.keys = machine.run("find /var/lib/acme -type f -name '*key*'").stdout.split() + [KEY, BRIDGE_KEY, "/etc/shadow"]
    keep = "-path /proc -prune -o -path /sys -prune -o -path /usr -prune -o"
    machine.folders = [path for path in machine.run(f"find / {keep} -type d -print; echo /usr").stdout.splitlines()
                       if " " not in path]
    assert len(machine.keys) >= 4
    # The attacker's program.
    with Probed(machine, ROOM, ["uid"]):
        pass
    yield machine
    machine.run(["rm", "-r", BRIDGE_KEY.rpartition("/")[0]])


def attack(machine, unit, lines):
    with Probed(machine, unit, lines) as room:
        return room.start()


def publisher(machine, unit, lines, secret=KEY):
    """The same in a transient unit, which has its sandbox from its drop-in."""
    machine.write(f"{FOLDER}/script", "".join(f"{line}\n" for line in lines))
    done = machine.run(["systemd-run", "--quiet", "--wait", "--pipe", f"--unit={unit}", "--service-type=oneshot",
                        f"--property=LoadCredential=tsig:{secret}", f"{FOLDER}/attack", f"{FOLDER}/script", "0"])
    answers = dict(line.split("\t")[1:3] for line in done.stdout.splitlines() if line.startswith("ATTACK"))
    assert int(answers.pop("done")) == len(lines)
    return answers


def allowed(answers):
    return sorted(line for line, result in answers.items() if result == "ok")


def traces(machine, lines):
    """Where something has stayed."""
    assert lines
    find = f"find / -path /proc -prune -o -path /sys -prune -o -name {MARK} -print"
    stayed = machine.run(find, check=False).stdout.split()
    machine.run(["rm", "-f", *stayed])
    return sorted(path.rpartition("/")[0] for path in stayed)


@pytest.mark.parametrize("unit", [ROOM, CLEAN])
def test_room__reads_no_key_and_writes_marks_alone(target, unit):
    with held(target, f"acme-signer@{NAME}.socket"):
        tried = attack(target, unit, [f"read {path}" for path in target.keys]
                       + [f"create {folder}" for folder in target.folders])
    assert [line for line in allowed(tried) if line.startswith("read")] == []
    assert [path for path in traces(target, tried) if not path.startswith(MARKS)] == []


@pytest.mark.parametrize("unit", [ROOM, CLEAN])
def test_room__has_the_bus_and_no_other_way_out(target, unit):
    found = attack(target, unit, [f"inet {INSIDE_V4} 14000", "socket 2 1 0", "socket 10 1 0", "socket 2 2 0",
                                  "socket 17 3 0", "socket 16 3 0", "unix /run/systemd/private",
                                  f"unix /run/acme/signer/{NAME}", f"unix /run/acme/signer-for-dns/{NEIGHBOUR}", BUS,
                                  "status CapEff", "status CapBnd", "status NoNewPrivs", "status Seccomp:"])
    assert [int(found.pop(f"status {which}"), 16) for which in ("CapEff", "CapBnd")] == [0, 0]
    assert found.pop("status NoNewPrivs") == "1" and found.pop("status Seccomp:") == "2"
    assert allowed(found) == [BUS], found


def test_room__its_door_of_the_signer_has_one_method(target):
    with held(target, f"acme-signer@{NAME}.socket"):
        own, *denied = knock(target, f"/run/acme/signer-for-dns/{NAME}", """
result = [door.call(method, **parameters)[0] for method, parameters in (
    ("KeyAuthorizationDigest", {"token": "anattackersanattackers"}),
    ("KeyAuthorization", {"token": "anattackersanattackers"}), ("Describe", {}), ("Install", {"chain": ""}),
    ("Fetch", {"url": "https://localhost:14000/x", "nonce": "AAAA"}))]
""")
    assert own is None
    assert set(denied) == {"org.varlink.service.PermissionDenied"}


def test_client__cannot_have_other_names_published(target):
    """At the room's door, a client under foreign control."""
    target.write("/etc/acme/dns.d/bind.conf", f"[DNS]\nKey={KEY}\n")
    target.configure(NAME, Challenge="dns-01", DNSPublisher="bind")
    with held(target, f"acme-dns@{NAME}.socket", f"acme-signer@{NAME}.socket"):
        errors = knock(target, f"/run/acme/dns/{NAME}", """
token = "anattackersanattackers"
def publish(**more):
    return door.call("Publish", "io.acmeward.Challenge", challenges=[{"type": "dns-01", "identifier": NAME, "token": token, **more}])[0]
result = [publish(identifier=name) for name in (NEIGHBOUR, "example.test", "a.a.example.test", "*." + NAME, "x y", "")]
result += [publish(type="http-01"), publish(token="../../etc/passwd"), publish(more=1)]
result += [door.call("Check", "io.acmeward.Challenge", identifiers=[NEIGHBOUR])[0]]
""", NAME=NAME, NEIGHBOUR=NEIGHBOUR)
        assert target.listdir(f"{MARKS}/{NAME}") == ["mark"]
    assert set(errors) == {"io.acmeward.Challenge.ChallengeRefused"}


@pytest.mark.parametrize("unit", [PUBLISH, PROGRAM])
def test_publisher__has_its_own_secret_and_nobody_elses(target, unit):
    lines = [f"read {path}" for path in target.keys] + [
        f"read /run/credentials/{unit}/tsig", "unix /run/systemd/private", f"unix /run/acme/signer-for-dns/{NAME}",
        "status CapEff", "status CapBnd", "status NoNewPrivs", "socket 17 3 0"]
    found = publisher(target, unit, lines)
    assert [int(found.pop(f"status {which}"), 16) for which in ("CapEff", "CapBnd")] == [0, 0]
    assert found.pop("status NoNewPrivs") == "1"
    assert allowed(found) == [f"read /run/credentials/{unit}/tsig"], found


@pytest.mark.parametrize("unit", [PUBLISH, PROGRAM])
def test_publisher__leaves_nothing_behind(target, unit):
    found = publisher(target, unit, [f"create {folder}" for folder in target.folders] + ["uid"])
    assert found["uid"] != "0"
    assert traces(target, found) == []
