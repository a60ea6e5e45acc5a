# SPDX-License-Identifier: LGPL-2.1-or-later
"""The client, or the CA, has fallen and hands over chains of its own: none is installed that this certificate may not
have, and what was live stays live, byte for byte.

An authority of the attacker's signs for the very key that the signer has made, so that each chain is right but for
one thing.
"""

import base64
import json

import pytest

from lib import store
from lib.forge import FOLDER, LEAF, Forge
from lib.room import Fallen
from lib.trail import one, trail

NAME = "a.example.test"
UNIT = f"acme-renew@{NAME}.service"
CA = "https://localhost:14000"
REFUSED = "io.acmeward.Signer.ChainRefused"
CSR = f"{FOLDER}/pending.csr"

_FINALIZE = """
door = Door("/run/acme/door/signer")
door.call("SetAccount", account=CA + "/my-account/1")
result = door.call("Finalize", url=CA + "/finalize-order/1", nonce="AAAA")[1]["jws"]["payload"]
"""


@pytest.fixture(scope="module")
def forge(machine):
    """A machine with a live certificate, a pending key, and an attacker's authority with the CSR for that key."""
    machine.reset()
    machine.pebble.start()
    machine.configure()
    store.issue(machine, NAME)
    machine.settled()
    made = Forge(machine)
    with Fallen(machine, UNIT, _FINALIZE, values={"CA": CA}) as room:
        payload = room.start()
    csr = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["csr"]
    der = base64.urlsafe_b64decode(csr + "=" * (-len(csr) % 4))
    machine.run(["sh", "-c", f"openssl req -inform DER -out {CSR}"], input=der, text=False)
    return made


def install(machine, chain):
    """What the signer answers to Install from the client's room; the chain travels in a file."""
    machine.write("/usr/local/lib/acmeward-test/chain.pem", chain)
    code = """
chain = read_all("/usr/local/lib/acmeward-test/chain.pem")
result = Door("/run/acme/door/signer").call("Install", chain=chain)
"""
    with Fallen(machine, UNIT, code) as room:
        return room.start()


def digest(machine):
    return machine.run("cd /var/lib/acme && readlink live/* && find certs -name '*.pem' -exec sha256sum {} + | sort"
                       ).stdout


KEY_BLOCK = ("-----BEGIN PRIVATE KEY-----\n"
             "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg\n-----END PRIVATE KEY-----\n")


def wrong_chain(forge, case):
    """The chain of a case: right but for that."""
    middle = forge.pem("intermediate")
    good = forge.leaf(CSR, [NAME])
    if case in ("foreign-key", "no-server-authority"):
        forge.key("foreign")
    return {
        "private-key-block": lambda: good + middle + KEY_BLOCK,
        "private-key-block-first": lambda: KEY_BLOCK + good + middle,
        "request-block": lambda: good + forge.machine.read(CSR),
        "text-in-front": lambda: "subject=CN=a.example.test\n" + good + middle,
        "text-behind": lambda: good + middle + "trailing\n",
        "nul-byte": lambda: good + "\0" + middle,
        "half-a-block": lambda: good + middle[:len(middle) // 2],
        "empty": lambda: "",
        "no-block": lambda: "\n\n",
        "broken-base64": lambda: good.replace("M", "*", 3) + middle,
        "eleven-certificates": lambda: good + middle * 10,
        "too-long": lambda: good + middle + "\n" * (97 * 1024),
        "foreign-key": lambda: forge.leaf(forge.request("foreign"), [NAME]) + middle,
        "another-name": lambda: forge.leaf(CSR, ["foreign.example.test"]) + middle,
        "a-name-too-many": lambda: forge.leaf(CSR, [NAME, "foreign.example.test"]) + middle,
        "no-name": lambda: forge.leaf(CSR, []) + middle,
        "wildcard": lambda: forge.leaf(CSR, ["*.example.test"]) + middle,
        "nul-in-name": lambda: forge.leaf(CSR, [], extensions=LEAF + "subjectAltName=DER:30:12:82:10:61:2e:65:78:61:6d"
                                          ":70:6c:65:2e:74:65:73:74:00:78\n") + middle,
        "expired": lambda: forge.leaf(CSR, [NAME], start=-7200, end=-3600) + middle,
        "valid-tomorrow": lambda: forge.leaf(CSR, [NAME], start=2 * 3600) + middle,
        "an-authority": lambda: forge.leaf(CSR, [NAME], extensions=LEAF.replace("CA:FALSE", "CA:TRUE")) + middle,
        "client-only": lambda: forge.leaf(CSR, [NAME], extensions=LEAF.replace("serverAuth", "clientAuth")) + middle,
        "signed-by-nobody-here": lambda: forge.leaf(CSR, [NAME], issuer="root") + middle,
        "wrong-order": lambda: middle + good,
        "sha1": lambda: forge.leaf(CSR, [NAME], digest="sha1") + middle,
        "small-key-above": lambda: _below(forge, "small", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"),
        "no-authority-above": lambda: _below(forge, "no-authority", extensions="basicConstraints=critical,CA:FALSE\n"),
        "broken-signature": lambda: _flip(good) + middle,
    }[case]()


def _below(forge, name, *algorithm, **options):
    above = forge.authority(name, *algorithm, **options)
    return forge.leaf(CSR, [NAME], issuer=name) + above


def _flip(pem):
    """Change the last bytes of the DER: the signature."""
    lines = pem.strip().splitlines()
    der = bytearray(base64.b64decode("".join(lines[1:-1])))
    der[-1] ^= 1
    text = base64.b64encode(bytes(der)).decode()
    body = "\n".join(text[i:i + 64] for i in range(0, len(text), 64))
    return f"{lines[0]}\n{body}\n{lines[-1]}\n"


CASES = [
    "private-key-block", "private-key-block-first", "request-block", "text-in-front", "text-behind", "nul-byte",
    "half-a-block", "empty", "no-block", "broken-base64", "eleven-certificates", "too-long", "foreign-key",
    "another-name", "a-name-too-many", "no-name", "wildcard", "nul-in-name", "expired", "valid-tomorrow",
    "an-authority", "client-only", "signed-by-nobody-here", "wrong-order", "sha1", "small-key-above",
    "no-authority-above", "broken-signature",
]


@pytest.mark.parametrize("case", CASES)
def test_refuses(machine, forge, case):
    before = digest(machine)
    chain = wrong_chain(forge, case)
    mark = machine.cursor()
    # What is no JSON string or no frame any more costs the connection.
    error, parameters = install(machine, chain) or ("disconnected", {})
    assert error == ("disconnected" if case in ("nul-byte", "too-long") else REFUSED), (error, parameters)
    if error == REFUSED:
        entry = one(machine, mark, "CHAIN_REFUSED", ACME_CERTIFICATE=NAME)
        assert entry["ACME_REASON"] == parameters["reason"] and " " not in parameters["reason"]
    assert trail(machine, mark, "INSTALLED") == []
    assert digest(machine) == before


def test_refuses_the_chain_of_yesterday(machine, forge):
    """What is live now is for another key than the one that is pending."""
    before = digest(machine)
    error, _ = install(machine, machine.read(f"{store.LIVE}/{NAME}/fullchain.pem"))
    assert error == REFUSED
    assert digest(machine) == before


def test_zz_accepts_the_right_one(machine, forge):
    """The same road with nothing wrong, so that the refusals above show something; CRLF is forgiven."""
    chain = forge.leaf(CSR, [NAME]) + "\n" + forge.pem("intermediate")
    mark = machine.cursor()
    error, parameters = install(machine, chain.replace("\n", "\r\n"))
    assert error is None, (error, parameters)
    installed = one(machine, mark, "INSTALLED", ACME_CERTIFICATE=NAME)
    assert store.certificate(machine, NAME)["serial"].lstrip("0") == installed["ACME_SERIAL"].lower().lstrip("0")
    assert "\r" not in machine.read(f"{store.LIVE}/{NAME}/cert.pem")
    assert store.public_key(machine, f"{store.LIVE}/{NAME}/privkey.pem") == (
        store.certificate(machine, NAME)["public_key"])
