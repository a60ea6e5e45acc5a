# SPDX-License-Identifier: LGPL-2.1-or-later
"""Settings that are changed while a certificate is live: what counts when, and who says so."""

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
