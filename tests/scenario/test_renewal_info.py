# SPDX-License-Identifier: LGPL-2.1-or-later
"""The CA says when to renew (RFC 9773). Pebble does so from 2.6 on; for the nonsense others may say, the mangler says it."""

import base64
import datetime
import json
import time

import pytest

from lib import store
from lib.revoke import revoke
from lib.trail import one, started_units, trail
from lib.unhappy import misbehaving_ca, requests

NAME = "a.example.test"
UNIT = f"acme-renew@{NAME}.service"
SIGNER = f"acme-signer@{NAME}.service"
STATE = f"{store.CERTS}/{NAME}/state.json"
DAY = 86400


@pytest.fixture
def ca(fresh):
    """A CA that has renewal information at a place of its own, and a certificate that is two days old."""
    with misbehaving_ca(fresh, validity=90 * DAY) as mangler:
        mangler.on("directory").json(
            lambda document: document.update(renewalInfo=document["newNonce"].replace("nonce-plz", "renewal-info")))
        store.issue(fresh, NAME)
        fresh.settled()
        age(fresh, 2 * DAY)
        mangler.forget()
        yield mangler


def age(machine, seconds):
    """Let the state tell that the certificate was installed, and its CA asked when to renew it, so long ago."""
    state = store.state(machine, NAME)
    state["certificate"]["installedUsec"] -= seconds * 1000000
    state["certificate"]["renewalInfo"]["againUsec"] -= seconds * 1000000
    machine.write(STATE, json.dumps(state), owner="acme-signer:acme-signer")


def moment(days):
    at = datetime.datetime.fromtimestamp(time.time() + days * DAY, datetime.timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def window(start, end, **more):
    return {"suggestedWindow": {"start": moment(start), "end": moment(end)}, **more}


def renewal_id(machine):
    """Section 4.1, from what openssl prints."""
    text = machine.run(["openssl", "x509", "-in", f"{store.LIVE}/{NAME}/cert.pem", "-noout", "-serial",
                        "-ext", "authorityKeyIdentifier"]).stdout
    serial = bytes.fromhex(text.splitlines()[0].partition("=")[2])
    serial = b"\0" + serial if serial[0] & 0x80 else serial
    key = bytes.fromhex(text.splitlines()[2].strip().removeprefix("keyid:").replace(":", ""))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (key, serial))


def not_due(machine):
    before = store.generation(machine, NAME)
    started = machine.start(UNIT)
    assert started.ok, started
    assert store.generation(machine, NAME) == before
    machine.settled()


def test_a_window_that_has_passed__is_renewed_at_once(fresh, ca):
    ca.on("renewalInfo").answer(200, window(-2, -1, explanationURL="https://ca.example/why"))
    old, mark = renewal_id(fresh), fresh.cursor()
    before = store.generation(fresh, NAME)
    store.issue(fresh, NAME)
    assert store.generation(fresh, NAME) != before
    assert [e.path.rpartition("/")[2] for e in ca.seen("renewalInfo")] == [old]
    assert [e.payload.get("replaces") for e in ca.seen("newOrder")] == [old]
    assert one(fresh, mark, "RENEWAL_INFO", ACME_CERTIFICATE=NAME)["ACME_URL"] == "https://ca.example/why"
    # One renewal, and one connection for it.
    assert ca.connections == 1 and requests(ca)["directory"] == 1
    # The CA would have this one renewed at once, too: not on the same day.
    fresh.settled()
    age(fresh, DAY // 2)
    not_due(fresh)
    age(fresh, DAY)
    ca.forget()
    store.issue(fresh, NAME)
    assert ca.seen("newOrder")


def test_a_window_to_come__is_remembered(fresh, ca):
    ca.on("renewalInfo").answer(200, window(5, 6), headers={"Retry-After": "7200"})
    mark = fresh.cursor()
    not_due(fresh)
    at = one(fresh, mark, "RENEWAL_INFO")["ACME_RENEW_AT"]
    assert moment(5) <= at <= moment(6)
    assert one(fresh, mark, "NOT_DUE")["ACME_RETRY_AT"] == at
    assert ca.seen() and not ca.seen("newOrder")
    told = store.state(fresh, NAME)["certificate"]["renewalInfo"]
    assert 7000 < told["againUsec"] / 1000000 - time.time() < 7300
    # Until then it is one short process again.
    ca.forget()
    mark = fresh.cursor()
    not_due(fresh)
    assert not ca.seen() and SIGNER not in started_units(fresh, mark)
    # The same moment when it is asked again.
    age(fresh, DAY)
    mark = fresh.cursor()
    not_due(fresh)
    assert ca.seen("renewalInfo")
    assert trail(fresh, mark, "RENEWAL_INFO") == []
    assert one(fresh, mark, "NOT_DUE")["ACME_RETRY_AT"] == at


@pytest.mark.parametrize("nonsense", [
    "end-first", "year-9999", "no-zone", "not-json", "a-page", "500", "404", "hang", "refuse", "flood"])
def test_nonsense__the_lifetime_counts(fresh, ca, nonsense):
    fault = ca.on("renewalInfo")
    {
        "end-first": lambda: fault.answer(200, window(-1, -2)),
        "year-9999": lambda: fault.answer(200, {"suggestedWindow": {
            "start": "9999-01-01T00:00:00Z", "end": "9999-12-31T23:59:59Z"}}),
        "no-zone": lambda: fault.answer(200, {"suggestedWindow": {
            "start": moment(-2)[:-1], "end": moment(-1)[:-1]}}),
        "not-json": lambda: fault.answer(200, '{"suggestedWindow": {"start": "' + moment(-2)),
        "a-page": lambda: fault.answer(200, "<html>\x1b[31m</html>", "text/html"),
        "500": lambda: fault.answer(500),
        "404": lambda: fault.problem("malformed", status=404),
        "hang": lambda: fault.hang(),
        "refuse": lambda: fault.refuse(),
        "flood": lambda: fault.flood(64 * 1024 * 1024),
    }[nonsense]()
    mark = fresh.cursor()
    not_due(fresh)
    assert fault.applied > 0
    assert trail(fresh, mark, "RENEWAL_INFO") == [] and trail(fresh, mark, "FAILED") == []
    assert one(fresh, mark, "NOT_DUE")["ACME_RETRY_AT"] > moment(30)
    # Not asked again for some hours, and no failure that the timer would be put off by.
    ca.forget()
    not_due(fresh)
    assert not ca.seen() and store.failure(fresh, NAME) == {}


def test_no_ca_to_ask(fresh, ca):
    ca.stop()
    fresh.pebble.stop()
    mark = fresh.cursor()
    not_due(fresh)
    one(fresh, mark, "NOT_DUE")
    assert store.failure(fresh, NAME) == {}


def test_a_ca_that_has_none__is_asked_again_tomorrow(fresh, ca):
    ca.heal()
    ca.on("directory").json(lambda document: document.pop("renewalInfo", None) and None)
    not_due(fresh)
    assert requests(ca) == {"directory": 1}
    again = store.state(fresh, NAME)["certificate"]["renewalInfo"]["againUsec"] / 1000000
    assert DAY - 300 < again - time.time() <= DAY


@pytest.mark.parametrize("kind, status", [("alreadyReplaced", 409), ("malformed", 400), ("unauthorized", 403)])
def test_objection_to_what_is_replaced__ordered_without(fresh, ca, kind, status):
    ca.on("renewalInfo").answer(200, window(-2, -1))
    ca.on("newOrder", times=1).problem(kind, status=status)
    store.issue(fresh, NAME)
    assert ["replaces" in e.payload for e in ca.seen("newOrder")] == [True, False]


def test_revoked__renewed_because_the_ca_says_so(fresh, release):
    """Without anybody's help: the real thing."""
    if release == "bookworm":
        pytest.skip("Pebble 2.4 has no renewal information")
    fresh.pebble.start()
    fresh.configure()
    before = store.issue(fresh, NAME)
    fresh.settled()
    age(fresh, 2 * DAY)
    not_due(fresh)
    assert revoke(fresh, f"{store.LIVE}/{NAME}") == 200
    age(fresh, DAY)
    assert store.issue(fresh, NAME)["serial"] != before["serial"]
