# SPDX-License-Identifier: LGPL-2.1-or-later
"""Settings that are changed while a certificate is live, or an order is under way: what counts when, and who says so."""

import json

import pytest

from lib import store
from lib.trail import one, trail

NAME = "a.example.test"
UNIT = f"acme-renew@{NAME}.service"


@pytest.fixture
def issued(fresh):
    """A certificate that was asked for without any wish."""
    fresh.pebble.start(nonce_reject=5, authz_reuse=50)
    fresh.configure()
    store.issue(fresh, NAME)
    fresh.settled()
    return fresh


def start(machine):
    """What a start, with nothing due, says of settings that do not count yet."""
    mark = machine.cursor()
    assert machine.start(UNIT).ok
    machine.settled()
    return one(machine, mark, "NOT_DUE", ACME_CERTIFICATE=NAME).get("ACME_SETTINGS")


def status(machine):
    """The same of acmectl status, whom anybody may ask."""
    text = machine.run(["setpriv", "--reuid=nobody", "--clear-groups", "acmectl", "status", "--json", NAME]).stdout
    return json.loads(text)[0].get("changedSettings")


def check_quietly(machine):
    """That a start has to ask the signer."""
    state = store.state(machine, NAME)
    state["certificate"]["checkedUsec"] -= 25 * 3600 * 1000000
    machine.write(f"{store.CERTS}/{NAME}/state.json", json.dumps(state), owner="acme-signer:acme-signer")


@pytest.mark.parametrize("settings, changed", [
    ({"PreferredChain": "Some Other Root"}, ["PreferredChain="]),
    ({"Profile": "shortlived"}, ["Profile="]),
    ({"Lifetime": "10d", "Backdate": "1h"}, ["Lifetime=", "Backdate="]),
])
def test_counts_from_the_next_certificate_on_and_says_so(issued, settings, changed):
    assert start(issued) is None and status(issued) is None
    before = store.certificate(issued, NAME)
    issued.configure(NAME, **settings)
    assert status(issued) == changed
    for _ in range(2):
        assert start(issued) == " ".join(changed)
        # The second time by the signer's word.
        check_quietly(issued)
    assert store.certificate(issued, NAME) == before
    # Taken back, it is as if nothing had been.
    issued.configure(NAME)
    assert start(issued) is None and status(issued) is None
    # Who does not want to wait need not.
    issued.configure(NAME, **settings)
    assert issued.run(["acmectl", "renew", NAME]).returncode == 0
    assert store.certificate(issued, NAME)["serial"] != before["serial"]
    issued.settled()
    assert start(issued) is None and status(issued) is None
    # It is not forgotten by a closer look at what is live.
    issued.configure(NAME)
    check_quietly(issued)
    assert start(issued) == " ".join(changed)


def test_of_a_certificate_that_nobody_knows_about(issued):
    """Without the state, nobody can tell what was asked for, and nobody pretends to."""
    issued.run(["rm", f"{store.CERTS}/{NAME}/state.json"])
    issued.configure(NAME, Profile="shortlived")
    assert issued.start(UNIT).ok
    assert start(issued) is None and status(issued) is None


@pytest.mark.parametrize("names", [["b.example.test"], [NAME, "b.example.test"]], ids=["fewer", "others"])
def test_names_of_an_order_under_way(fresh, names):
    """The run was killed; its order is for names that are not wanted any more. The CA waits for no proof of them then."""
    old = [NAME, "c.example.test", "d.example.test", "e.example.test"]
    fresh.pebble.start()
    fresh.configure(NAME, Identifiers=old)
    with fresh.mangler() as ca:
        fresh.configure(CA=ca.directory)
        # The CA is not told of any answer.
        ca.on("challenge").hang()
        fresh.systemctl("start", "--no-block", UNIT)
        fresh.wait_until(lambda: ca.seen("challenge"), 30, what="an answer to a challenge")
        fresh.systemctl("kill", "--signal=KILL", UNIT)
        fresh.settled(30)
        ca.heal()
        order = store.state(fresh, NAME)["order"]["url"]
        pending = {exchange.path for exchange in ca.seen("authorization")}
        assert len(pending) == len(old)
        ca.forget()
        fresh.configure(NAME, Identifiers=names)
        mark = fresh.cursor()
        store.issue(fresh, NAME, names)
        given_up = {exchange.path for exchange in ca.seen("authorization")
                    if exchange.payload == {"status": "deactivated"} and exchange.status == 200}
    abandoned = one(fresh, mark, "ORDER_ABANDONED", ACME_CERTIFICATE=NAME)
    assert abandoned["ACME_ORDER"] == order
    assert given_up == pending
    assert one(fresh, mark, "ORDER_CREATED")["ACME_ORDER"] != order
    assert trail(fresh, mark, "FAILED", "REFUSED") == []
    assert "order" not in store.state(fresh, NAME)
