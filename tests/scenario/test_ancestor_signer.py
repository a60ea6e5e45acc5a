# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the ancestor's signer and master took from anybody, each reproduced with lacme 0.8.4; ours must be seen not to.

The CA is hostile here, through a proxy that changes what Pebble says. What a fallen client may try at the signer's
door is in test_promises_client.py and test_promises_install.py.
"""

import pytest

from lib import store
from lib.room import held, knock
from lib.trail import names, one, trail

NAME = "a.example.test"
UNIT = f"acme-renew@{NAME}.service"


@pytest.fixture
def hostile(fresh):
    """A machine that asks a CA whose answers the test changes, with a live certificate made before it fell."""
    fresh.pebble.start()
    with fresh.mangler() as ca:
        fresh.configure(CA=ca.directory)
        store.issue(fresh, NAME)
        fresh.settled()
        fresh.run(["touch", f"{store.REQUESTS}/{NAME}"])
        fresh.ca = ca
        yield fresh


def digest(machine):
    return machine.run("cd /var/lib/acme && readlink live/* && find certs/*/*/ -name '*.pem' ! -path '*/pending/*' "
                       "-exec sha256sum {} + | sort").stdout


def refuses(machine, exit_statuses=(75, 77)):
    """A start fails in a way that the man page knows, and what is live stays byte for byte. Returns the audit trail."""
    before, mark = digest(machine), machine.cursor()
    started = machine.start(UNIT)
    assert started.exit_status in exit_statuses, started
    assert digest(machine) == before
    store.wait_gone(machine)
    return trail(machine, mark)


def test_signer_that_signs_a_foreign_name_a_contact_change_a_deactivation_a_key_change(fresh):
    fresh.pebble.start()
    fresh.configure()
    methods = ["NewOrder", "NewAccount", "Fetch"]
    foreign = {"identifiers": [{"type": "dns", "value": "foreign.example.test"}], "contact": ["mailto:evil@evil.test"],
               "payload": "eyJzdGF0dXMiOiJkZWFjdGl2YXRlZCJ9", "newKey": {}, "status": "deactivated"}
    with held(fresh, f"acme-signer@{NAME}.socket"):
        mark = fresh.cursor()
        found = knock(fresh, f"/run/acme/signer/{NAME}", """
result = [[door.call(method, url=CA + "/x", nonce="AAAA", **{name: value})[0] for method in METHODS]
          for name, value in FOREIGN.items()]
""", CA="https://localhost:14000", METHODS=methods, FOREIGN=foreign)
    assert {error for row in found for error in row} == {"org.varlink.service.InvalidParameter"}
    assert trail(fresh, mark, "SIGNED") == []
    assert len(trail(fresh, mark, "REFUSED", ACME_CERTIFICATE=NAME)) == len(foreign) * len(methods)


def test_chain_file_with_a_private_key_block_in_it_installed_as_it_came(hostile):
    block = b"-----BEGIN PRIVATE KEY-----\nU01VR0dMRUQtUFJJVkFURS1LRVk=\n-----END PRIVATE KEY-----\n"

    def smuggle(exchange):
        exchange.body += block
    hostile.ca.on("certificate").change(smuggle)
    assert "CHAIN_REFUSED" in names(refuses(hostile))
    assert not hostile.run("grep -rl U01VR0dMRUQtUFJJVkFURS1LRVk /var/lib/acme", check=False).stdout


def test_old_chain_with_the_wrong_names_accepted(hostile):
    """The CA answers with a chain that it made for other names, and with the one of last time."""
    old = hostile.read(f"{store.LIVE}/{NAME}/fullchain.pem").encode()
    store.issue(hostile, "other.example.test")
    other = hostile.read(f"{store.LIVE}/other.example.test/fullchain.pem").encode()
    for chain in (old, other):
        fault = hostile.ca.on("certificate").body(chain)
        assert "CHAIN_REFUSED" in names(refuses(hostile))
        fault.cancel()


FORGED = "Certificate forged.example.test was installed"


@pytest.mark.parametrize("where", ["problem", "challenge-error", "order-url", "terms"])
def test_audit_line_forged_by_a_newline(hostile, where):
    text = (f"harmless\n{FORGED}\r\n\x1b[31mred\x1b]0;title\x07\u202e\u0085{FORGED}\n"
            "ACME_CERTIFICATE=forged.example.test")
    if where == "problem":
        hostile.ca.on("newOrder").problem("rejectedIdentifier", detail=text, status=403, headers={"X": "y"},
                                          subproblems=[{"type": "urn:x:" + text, "detail": text,
                                                        "identifier": {"type": "dns", "value": text}}])
    elif where == "challenge-error":
        # Pebble uses a valid authorization again now and then, also when told not to.
        hostile.ca.on("newOrder").json({"status": "pending"})
        hostile.ca.on("authorization").json(lambda document: document.update(
            status="invalid", challenges=[{**challenge, "status": "invalid", "error": {
                "type": "urn:ietf:params:acme:error:dns", "detail": text}} for challenge in document["challenges"]]))
    elif where == "order-url":
        hostile.ca.on("newOrder").header("Location", "https://localhost:14500/my-order/\t" + FORGED)
    else:
        hostile.ca.on("directory").json(lambda document: document["meta"].update(termsOfService=text, website=text))
        hostile.ca.on("newOrder").problem("userActionRequired", detail=text, status=403, instance=text)
    mark = hostile.cursor()
    refuses(hostile)
    ours = [entry for entry in hostile.journal(since=mark)
            if str(entry.get("_SYSTEMD_UNIT", entry.get("UNIT", ""))).startswith("acme-")]
    assert one(hostile, mark, "FAILED", ACME_CERTIFICATE=NAME)
    for entry in ours:
        for field, value in entry.items():
            assert not isinstance(value, bytes), (field, value)
            assert not any(ord(c) < 32 or 127 <= ord(c) < 160 or c == "\u202e" for c in str(value)), (field, value)
        assert not str(entry.get("MESSAGE", "")).startswith(FORGED), entry
        assert entry.get("ACME_CERTIFICATE") in (None, NAME)
