# SPDX-License-Identifier: LGPL-2.1-or-later
"""The revocation's client has fallen: it can do what root has asked for, or not do it (docs/SECURITY.md)."""

import base64
import json

import pytest

from lib import store
from lib.room import Fallen, traces
from lib.trail import trail

NAME = "a.example.test"
NEIGHBOUR = "neighbour.example.test"
UNIT = f"acme-revoke@{NAME}.service"
REQUEST = f"/run/acme/revoke/{NAME}"
CA = "https://localhost:14000"


@pytest.fixture(scope="module")
def target(machine):
    """Two live certificates and an older one, of which root wants the older one revoked."""
    machine.reset()
    machine.pebble.start()
    machine.configure()
    for name in (NAME, NEIGHBOUR):
        store.issue(machine, name)
    assert machine.run(["acmectl", "renew", NAME]).returncode == 0
    machine.write(REQUEST, json.dumps({"generation": "1", "reason": "superseded"}))
    machine.settled()
    return machine


def attack(machine, code, **values):
    with Fallen(machine, UNIT, code, values={"CA": CA, "NAME": NAME, "NEIGHBOUR": NEIGHBOUR, **values}) as room:
        return room.start()


def test_cannot_read_a_key_or_what_is_asked_for(target):
    keys = target.run("find /var/lib/acme -name '*key*.pem'").stdout.split()
    assert len(keys) >= 4
    found = attack(target, """
result = {path: can_read(path) for path in KEYS}, private_keys(), os.listdir("/run/acme"), can_read(REQUEST)
""", KEYS=keys, REQUEST=REQUEST)
    assert set(found[0].values()) == {"ENOENT"} and found[1] == []
    assert found[2] == ["door"] and found[3] == "ENOENT"


def test_revokes_what_root_has_named_and_nothing_else(target):
    """Whatever it adds to its call: the signature is for that certificate and that reason, to that CA, or there is none."""
    mark = target.cursor()
    found = attack(target, """
door = Door("/run/acme/door/signer")
sign = {"url": CA + "/revoke-cert", "nonce": "AAAA"}
result = {
    "good": door.call("Revoke", **sign),
    "more": [door.call("Revoke", **sign, **{name: value})[0] for name, value in (
        ("certificate", "MIIB"), ("serial", "01"), ("generation", "2"), ("reason", 1), ("name", NEIGHBOUR),
        ("key", "certificate"))],
    "foreign": door.call("Revoke", url="https://evil.example.test/revoke-cert", nonce="AAAA")[0],
}""")
    header, payload = (json.loads(base64.urlsafe_b64decode(found["good"][1]["jws"][part] + "==="))
                       for part in ("protected", "payload"))
    der = target.run(f"openssl x509 -in {store.CERTS}/{NAME}/1/cert.pem -outform DER | base64 -w0").stdout
    assert base64.urlsafe_b64decode(payload.pop("certificate") + "===") == base64.b64decode(der)
    assert payload == {"reason": 4} and header["url"] == f"{CA}/revoke-cert" and header["nonce"] == "AAAA"
    assert set(found["more"]) == {"org.varlink.service.InvalidParameter"}
    assert found["foreign"] == "io.acmeward.Signer.UrlRefused"
    assert len(trail(target, mark, "SIGNED", ACME_CERTIFICATE=NAME)) == 1
    # Nothing else is meant by it, and the live one is as good as before.
    assert target.listdir("/var/lib/acme/retired") == []
    assert "revocation" not in store.state(target, NAME)["certificate"]


def test_without_a_request_there_is_nothing(target):
    target.run(["mv", REQUEST, "/root/request"])
    target.write(REQUEST, "")
    found = attack(target, """
door = Door("/run/acme/door/signer")
result = [door.call("DescribeRevocation")[0], door.call("Revoke", url=CA + "/x", nonce="AAAA")[0],
          door.call("SetRevocation", revoked=True)[0]]
""")
    assert set(found) == {"io.acmeward.Signer.RevocationRefused"}
    target.run(["mv", "/root/request", REQUEST])
    assert "revocation" not in store.state(target, NAME)["certificate"]


def test_cannot_renew_or_do_anything_else(target):
    before = store.generation(target, NAME), store.state(target, NAME)
    chain = target.read(f"{store.LIVE}/{NEIGHBOUR}/fullchain.pem")
    found = attack(target, """
door = Door("/run/acme/door/signer")
sign = {"url": CA + "/x", "nonce": "AAAA"}
calls = {"Describe": {}, "NewOrder": sign, "Fetch": sign, "AnswerChallenge": sign, "Finalize": sign, "Install": {"chain": CHAIN},
         "KeyAuthorization": {"token": "t" * 43}, "InstallPlaceholder": {}, "ForgetAccount": {}, "ForgetOrder": {},
         "SetOrder": {"order": CA + "/x"}, "SetRenewalInfo": {}, "ReportFailure": {"outcome": 75}}
result = {name: door.call(name, **parameters)[0] for name, parameters in calls.items()}
""", CHAIN=chain)
    assert set(found.values()) == {"org.varlink.service.PermissionDenied"}, found
    assert (store.generation(target, NAME), store.state(target, NAME)) == before


def test_reaches_no_other_door(target):
    found = attack(target, """
paths = [f"/run/acme/{door}/{name}" for door in ("signer", "signer-for-revoke", "signer-for-challenge", "challenge")
         for name in (NAME, NEIGHBOUR)]
paths += ["/run/acme/credentials", "/run/systemd/private", "/run/dbus/system_bus_socket"]
result = {path: can_connect(path, socket.AF_UNIX) for path in paths}, os.listdir("/run/acme/door")
""")
    assert set(found[0].values()) == {"ENOENT"} and found[1] == ["signer"]


def test_leaves_nothing_on_disk(target):
    assert traces(target, UNIT) == ([], [])


def test_cannot_touch_the_firewall_or_see_a_sibling(target):
    found = attack(target, "result = flush_ruleset(), can_make_sockets(), visible_processes()")
    assert found[0] == "EPERM" and len(found[2]) <= 2
    assert found[1]["inet"] == "ok" and found[1]["packet"] != "ok" and found[1]["vsock"] != "ok"


def test_has_no_capability(target):
    found = attack(target, "result = dict(line.split(':', 1) for line in read_all('/proc/self/status').splitlines())")
    assert {found[name].strip() for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb")} == {"0" * 16}
    assert found["NoNewPrivs"].strip() == "1" and found["Seccomp"].strip() == "2"


def test_the_room_itself_still_works(target):
    """The attacks above are turned away by the unit that the program lives in, and not by one in which nobody could."""
    serial = store.certificate(target, NAME, f"{store.CERTS}/{NAME}/1/cert.pem")["serial"]
    assert target.start(UNIT).ok
    assert target.pebble.status_of(serial) == ("Revoked", 4)
