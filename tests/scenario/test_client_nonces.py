# SPDX-License-Identifier: LGPL-2.1-or-later
"""Nonces that the CA rejects, forgets to send, or sends in a form that is none."""

import pytest

from lib import store
from lib.unhappy import (NAME, UNIT, check_every_nonce_is_used_once, fails, misbehaving_ca, renew_at_once, renews,
                         requests)

SIGNED = ["newAccount", "newOrder", "authorization", "challenge", "order", "finalize", "certificate"]
HUNDRED = [NAME] + [f"n{number}.example.test" for number in range(99)]


@pytest.fixture
def ca(fresh):
    with misbehaving_ca(fresh) as mangler:
        yield mangler


def test_five_percent_rejected__hundred_names_ten_times(fresh):
    fresh.pebble.start(nonce_reject=5, authz_reuse=50)
    fresh.configure()
    fresh.configure(NAME, Identifiers=HUNDRED)
    store.issue(fresh, NAME, HUNDRED)
    for _ in range(9):
        renew_at_once(fresh)
        store.issue(fresh, NAME, HUNDRED)


@pytest.mark.parametrize("names", [1, 20])
def test_half_rejected(fresh, names):
    fresh.pebble.start(nonce_reject=50)
    fresh.configure()
    fresh.configure(NAME, Identifiers=HUNDRED[:names])
    store.issue(fresh, NAME, HUNDRED[:names])


@pytest.mark.parametrize("step", SIGNED)
def test_five_fresh_tries(fresh, ca, step):
    ca.on(step, times=5).problem("badNonce")
    assert renews(fresh, ca)[step] >= 6


@pytest.mark.parametrize("step", SIGNED)
def test_rejected_for_ever(fresh, ca, step):
    """It comes to an end, and soon."""
    ca.on(step).problem("badNonce")
    started = fails(fresh, 75)
    assert requests(ca)[step] == 18
    assert started.seconds < 29
    check_every_nonce_is_used_once(ca)


@pytest.mark.parametrize("step, value", [(step, None) for step in SIGNED] + [
    ("newOrder", value) for value in ("", "not a nonce", "x" * 5000, "a\tb", "a\"b", "AAAA=")])
def test_reply_without_a_nonce(fresh, ca, step, value):
    ca.on(step).header("Replay-Nonce", value)
    seen = renews(fresh, ca)
    assert seen["newNonce"] <= 3 + seen[step]


def test_journal_has_no_nonce(fresh, ca):
    """One that was used, and one that is good still: whoever reads the journal is to know none."""
    mark = fresh.cursor()
    ca.on("newOrder", times=1).problem("badNonce")
    renews(fresh, ca)
    nonces = {exchange.protected["nonce"] for exchange in ca.seen() if exchange.protected}
    nonces |= {value for exchange in ca.seen() for name, value in exchange.headers_out if name.lower() == "replay-nonce"}
    ours = "\n".join(str(entry) for entry in fresh.journal(since=mark)
                     if entry.get("_SYSTEMD_UNIT") != "pebble.service")
    assert UNIT in ours and len(nonces) > 8
    assert not [nonce for nonce in nonces if nonce in ours]


def test_reply_with_two_nonces(fresh, ca):
    ca.on("newOrder").change(lambda exchange: exchange.headers_out.append(("Replay-Nonce", "AAAA")))
    renews(fresh, ca)
    assert "AAAA" not in [exchange.protected["nonce"] for exchange in ca.seen() if exchange.protected]


def test_no_nonce_to_be_had(fresh, ca):
    ca.on("newNonce").header("Replay-Nonce", None)
    fails(fresh, 75)
    assert requests(ca)["newNonce"] == 3
    assert "newAccount" not in requests(ca)
