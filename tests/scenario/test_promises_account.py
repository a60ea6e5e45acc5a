# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rooms of an account have fallen: what an attacker in either still cannot do (docs/SECURITY.md)."""

import base64
import json

import pytest
from lib import store
from lib.outside import INSIDE_V4
from lib.room import Fallen, traces

NAME = "a.example.test"
CA = "pebble"
CLIENT, SIGNER = f"acme-account@{CA}.service", f"acme-account-signer@{CA}.service"
REQUEST = f"/run/acme/account-request/{CA}"
INTERFACE = "io.acmeward.AccountSigner"
BINDINGS = "/etc/credstore/acme.external-accounts"


@pytest.fixture(scope="module")
def target(machine):
    """A machine with a certificate, two accounts, and a secret in the credential store."""
    machine.reset()
    machine.pebble.start()
    machine.write(f"/etc/acme/ca.d/{CA}.conf", f"[CA]\nDirectory={machine.pebble.directory}\n")
    machine.configure(CA=CA)
    store.issue(machine, NAME)
    machine.run(["acmectl", "account", "register", f"{CA}@other"])
    machine.run(["acmectl", "account", "show", CA])
    machine.write(BINDINGS, "elsewhere key-id AAAAAAAAAAAAAAAAAAAAAAAAAA\n", 0o600)
    machine.settled()
    machine.keys = machine.run("find /var/lib/acme -name '*key*.pem'").stdout.split()
    machine.account = json.loads(machine.read(f"{store.ACCOUNTS}/{CA}/about.json"))["account"]
    assert len(machine.keys) >= 3
    yield machine
    machine.run(["rm", "-f", BINDINGS, REQUEST])


def inside(machine, unit, code, **values):
    with Fallen(machine, unit, code, values={"I": INTERFACE, "ACCOUNT": machine.account,
                                             "URL": machine.pebble.directory.removesuffix("/dir"), **values}) as room:
        return room.start()


def payload(reply):
    assert reply[0] is None, reply
    text = reply[1]["jws"]["payload"]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def test_client__reads_no_key_and_leaves_nothing(target):
    found = inside(target, CLIENT, """
result = {path: can_read(path) for path in KEYS}, private_keys(), sorted(os.listdir("/run/acme")), \
         sorted(os.listdir("/run/acme/door"))""", KEYS=[*target.keys, BINDINGS, REQUEST])
    assert set(found[0].values()) <= {"ENOENT", "EACCES"} and found[1] == []
    assert found[2] == ["door"] and found[3] == ["signer"]
    assert traces(target, CLIENT) == ([], [])


_EVERYTHING = """
door = Door("/run/acme/door/signer")
door.call("SetAccount", I, account=ACCOUNT)
result = {
    "new": door.call("NewAccount", I, url=URL + "/new", nonce="AAAA"),
    "update": door.call("UpdateAccount", I, url=ACCOUNT, nonce="AAAA"),
    "elsewhere": door.call("UpdateAccount", I, url=URL + "/my-account/999", nonce="AAAA"),
    "foreign": door.call("NewAccount", I, url="https://evil.example/new", nonce="AAAA"),
    "foreign account": door.call("SetAccount", I, account="https://evil.example/1"),
    "change": door.call("ChangeKey", I, url=URL + "/rollover", nonce="AAAA"),
    "finish": door.call("Finish", I),
    "chosen": door.call("UpdateAccount", I, url=ACCOUNT, nonce="AAAA", contact=["mailto:evil@example.test"]),
    "order": door.call("NewOrder", I, url=URL + "/order-plz", nonce="AAAA"),
}"""


def test_client__has_nothing_signed_that_root_has_not_asked_for(target):
    target.write(REQUEST, '{"operation": "show"}')
    found = inside(target, CLIENT, _EVERYTHING)
    assert payload(found["new"]) == {"onlyReturnExisting": True}
    assert found["update"][0] == found["change"][0] == f"{INTERFACE}.NotRequested"
    assert found["foreign"][0] == found["foreign account"][0] == f"{INTERFACE}.UrlRefused"
    assert found["chosen"][0] == "org.varlink.service.InvalidParameter"
    assert found["order"][0] == "org.varlink.service.MethodNotFound"

    target.write(REQUEST, '{"operation": "update"}')
    found = inside(target, CLIENT, _EVERYTHING)
    assert payload(found["update"]) == {"contact": ["mailto:admin@example.test"]}
    assert found["elsewhere"][0] == f"{INTERFACE}.UrlRefused"
    assert found["change"][0] == f"{INTERFACE}.NotRequested"

    target.write(REQUEST, '{"operation": "deactivate"}')
    found = inside(target, CLIENT, 'result = {"finish": Door("/run/acme/door/signer").call("Finish", I)}')
    assert found["finish"][0] == f"{INTERFACE}.NotRequested"
    target.run(["rm", REQUEST])


def test_client__that_lies_loses_no_account(target):
    """It says that the CA has changed the key, which it was never asked: the key that the CA knows is still there."""
    before = store.public_key(target, f"{store.ACCOUNTS}/{CA}/key.pem")
    target.write(REQUEST, '{"operation": "changeKey"}')
    inside(target, CLIENT, """
door = Door("/run/acme/door/signer")
door.call("SetAccount", I, account=ACCOUNT)
door.call("ChangeKey", I, url=URL + "/rollover", nonce="AAAA")
result = door.call("Finish", I)""")
    target.run(["rm", REQUEST])
    files = [f"{store.ACCOUNTS}/{CA}/{name}" for name in target.listdir(f"{store.ACCOUNTS}/{CA}") if "old-" in name]
    assert before in [store.public_key(target, path) for path in files]


def test_signer__sees_its_account_alone(target):
    found = inside(target, SIGNER, """
result = {path: can_read(path) for path in KEYS}, can_make_sockets(), can_connect((HOST, 14000)), \
         os.listdir("/var/lib/acme/certs"), os.listdir("/var/lib/acme/accounts"), can_create("/run/acme/door")""",
                   KEYS=target.keys, HOST=INSIDE_V4)
    own = f"{store.ACCOUNTS}/{CA}/key.pem"
    assert found[0].pop(own) == "ok"
    assert set(found[0].values()) <= {"ENOENT", "EACCES"}
    assert not [name for name in ("inet", "inet6", "udp", "packet", "route", "netfilter") if found[1][name] == "ok"]
    assert found[2] != "ok" and found[3] == [] and found[4] == [CA] and found[5] != "ok"
    folders, files = traces(target, SIGNER)
    assert [path for path in folders + files if not path.startswith(f"{store.ACCOUNTS}/{CA}")] == []
