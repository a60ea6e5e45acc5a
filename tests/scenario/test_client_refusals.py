# SPDX-License-Identifier: LGPL-2.1-or-later
"""A CA that says no, in every way: exit codes, what is remembered, and that no byte of it acts."""

import json

import pytest

from lib import moments, store
from lib.trail import one, trail, wait_for
from lib.unhappy import NAME, UNIT, fails, misbehaving_ca, renews, requests

URN = "urn:ietf:params:acme:error:"


@pytest.fixture
def ca(fresh):
    with misbehaving_ca(fresh) as mangler:
        yield mangler


@pytest.mark.parametrize("kind, status, exit_status", [
    ("badCSR", 400, 77), ("badPublicKey", 400, 77), ("badSignatureAlgorithm", 400, 77), ("caa", 403, 77),
    ("externalAccountRequired", 400, 77), ("rejectedIdentifier", 403, 77), ("unauthorized", 403, 77),
    ("unsupportedIdentifier", 400, 77), ("userActionRequired", 403, 77), ("invalidContact", 400, 78),
    ("unsupportedContact", 400, 78), ("malformed", 400, 70), ("rateLimited", 429, 75), ("serverInternal", 500, 75),
    ("dns", 400, 75), ("neverHeardOf", 403, 77), ("neverHeardOf", 500, 75)])
def test_errors_by_the_table(fresh, ca, kind, status, exit_status):
    ca.on("newOrder").problem(kind, status=status)
    mark = fresh.cursor()
    fails(fresh, exit_status)
    assert one(fresh, mark, "FAILED")["ACME_PROBLEM"] == URN + kind
    failure = store.failure(fresh, NAME)
    assert (failure["outcome"], failure["problem"]) == (exit_status, URN + kind)
    assert requests(ca)["newOrder"] == 1


@pytest.mark.parametrize("step", ["newNonce", "newAccount", "newOrder", "authorization", "challenge", "order",
                                  "finalize", "certificate"])
@pytest.mark.parametrize("status", [429, 503])
def test_busy_at_any_step(fresh, ca, step, status):
    """A short wait is waited for; for a long one the timer is."""
    ca.on(step, times=1).problem("rateLimited", status=status, headers={"Retry-After": "1"})
    assert renews(fresh, ca)[step] >= 2
    fresh.run(["touch", f"{store.REQUESTS}/{NAME}"])
    ca.forget()
    if step == "newAccount":
        return
    # Pebble uses a valid authorization again now and then, also when told not to.
    fresh.configure(NAME, Identifiers=["b.example.test"])
    ca.on(step).problem("rateLimited", status=status, headers={"Retry-After": "7200"})
    fails(fresh, 75)
    assert requests(ca)[step] == 1
    failure = store.failure(fresh, NAME)
    assert 7199 <= (failure["nextAttemptUsec"] - failure["lastUsec"]) / 1e6 <= 7201


@pytest.mark.parametrize("step", ["newOrder", "authorization", "order", "finalize"])
def test_account_has_vanished(fresh, ca, step):
    """Registered again, once."""
    renews(fresh, ca)
    fresh.run(["touch", f"{store.REQUESTS}/{NAME}"])
    ca.forget()
    # Pebble uses a valid authorization again now and then, also when told not to.
    if step != "newOrder":
        ca.on("newOrder").json({"status": "pending"})
    ca.on(step, times=1).problem("accountDoesNotExist", status=400)
    mark = fresh.cursor()
    assert renews(fresh, ca)["newAccount"] == 1
    one(fresh, mark, "ACCOUNT_FORGOTTEN")
    one(fresh, mark, "ACCOUNT_REGISTERED")

    fresh.run(["touch", f"{store.REQUESTS}/{NAME}"])
    ca.forget()
    ca.on(step).problem("accountDoesNotExist", status=400)
    fails(fresh, 77)
    assert requests(ca)["newAccount"] == 1


def test_ca_was_reset(fresh):
    """The account's key is known nowhere any more: a new account with it."""
    with misbehaving_ca(fresh) as ca:
        renews(fresh, ca)
    with misbehaving_ca(fresh) as ca:
        fresh.run(["touch", f"{store.REQUESTS}/{NAME}"])
        seen = renews(fresh, ca)
        # One more than that where an order says which certificate it replaces: the CA has forgotten that, too.
        replaces = "replaces" in ca.seen("newOrder")[0].payload
        assert seen["newAccount"] == 1 and seen["newOrder"] == (3 if replaces else 2)


def test_account_url_is_lost(fresh, ca):
    """The CA finds the account by its key."""
    renews(fresh, ca)
    account = ca.seen("newOrder")[0].protected["kid"]
    fresh.run(f"rm {store.ACCOUNTS}/*/account.json")
    fresh.run(["touch", f"{store.REQUESTS}/{NAME}"])
    ca.forget()
    renews(fresh, ca)
    assert [exchange.status for exchange in ca.seen("newAccount")] == [200]
    assert ca.seen("newOrder")[0].protected["kid"] == account


@pytest.mark.parametrize("status", ["deactivated", "revoked"])
def test_account_is_not_valid(fresh, ca, status):
    ca.on("newAccount").json({"status": status})
    fails(fresh, 77)
    assert "newOrder" not in requests(ca)


def test_external_account_required(fresh, ca):
    ca.on("directory").json(lambda directory: directory["meta"].update(externalAccountRequired=True))
    fails(fresh, 77)
    assert "newAccount" not in requests(ca)


def test_terms_first(fresh, ca):
    fresh.configure(CA=ca.directory, TermsOfServiceAgreed=False)
    mark = fresh.cursor()
    fails(fresh, 77)
    assert "newAccount" not in requests(ca)
    # Port 80 was never opened for it.
    assert not trail(fresh, mark, "PORT_OPENED", "LEASE_OPENED")
    message = one(fresh, mark, "FAILED")["MESSAGE"]
    for part in ("TermsOfServiceAgreed=yes", "/etc/acme/acme.conf", "[Defaults]", "data:text/plain"):
        assert part in message
    fresh.configure(CA=ca.directory)
    renews(fresh, ca)


EVIL = "\x1b]0;owned\x07\x1b[31mred\r\nMESSAGE_ID=22ae49e92df84a58bc4d48a8152c8670\nACME_CERTIFICATE=forged\x00"[:-1]
EVIL += "\u202ereversed\u2066"


def test_no_byte_of_a_problem_acts(fresh, ca):
    names = [NAME] + [f"n{number}.example.test" for number in range(9)]
    fresh.configure(NAME, Identifiers=names)
    ca.on("newOrder").problem(
        "compound" + EVIL, status=403, detail=EVIL * 50, instance=EVIL,
        subproblems=[{"type": URN + "rejectedIdentifier", "detail": EVIL, "identifier": {"type": "dns", "value": EVIL}}
                     for _ in range(100)])
    mark = fresh.cursor()
    fails(fresh, 77)
    said = fresh.journal(since=mark, SYSLOG_IDENTIFIER="acme-client")
    assert len(said) >= 100
    for entry in said:
        assert isinstance(entry["MESSAGE"], str) and len(entry["MESSAGE"]) < 8192
        for value in entry.values():
            assert not set(str(value)) & {"\x1b", "\x07", "\r", "\n", "\u202e", "\u2066"}
    assert not fresh.journal(since=mark, ACME_CERTIFICATE="forged")
    status = fresh.unit(UNIT)["StatusText"]
    assert status and not set(status) & {"\x1b", "\r", "\n"}
    json.dumps(store.state(fresh, NAME))


def test_problem_larger_than_any(fresh, ca):
    ca.on("newOrder").problem("rejectedIdentifier", status=403, detail="x" * 100_000)
    fails(fresh, 75)


@pytest.mark.parametrize("body", [b"<html>busy</html>", b"", b"[" * 20000, b'{"type": 1}', b"\xff\xfe", b"null"])
def test_refusals_without_a_document(fresh, ca, body):
    ca.on("newOrder").answer(403, body, content_type="text/html")
    mark = fresh.cursor()
    fails(fresh, 77)
    assert "ACME_PROBLEM" not in one(fresh, mark, "FAILED")


@pytest.mark.parametrize("step, body", [
    *((step, b"<html>") for step in ("directory", "newAccount", "newOrder", "authorization", "order", "finalize")),
    *(("newOrder", body) for body in (b"", b"[" * 30000, b'{"status":"ready","status":"valid"}', b"{}",
                                      b'{"status":"pending\x00"}', b"\xef\xbb\xbf{}"))])
def test_success_without_sense(fresh, ca, step, body):
    ca.on(step).body(body)
    fails(fresh, 75)


def test_token_that_is_a_path(fresh, ca):
    ca.on("authorization").json(lambda authorization: [
        challenge.update(token="../../../../etc/cron.d/evil") for challenge in authorization["challenges"]] and None)
    fails(fresh, 75)
    assert not fresh.exists("/etc/cron.d/evil")


@pytest.mark.parametrize("change", ["none", "empty", "key", "nul", "twice"])
def test_chain_that_is_none(fresh, ca, change):
    def mangle(exchange):
        body = exchange.body
        exchange.body = {
            "none": b"hello", "empty": b"", "nul": body + b"\0", "twice": body * 20,
            "key": body + b"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"}[change]
    ca.on("certificate").change(mangle)
    fails(fresh, 75)
    assert store.generation(fresh, NAME) is None
    # Whatever it was, the next run gets one.
    ca.heal()
    renews(fresh, ca)


def test_name_that_cannot_be_looked_up__is_no_bug_of_ours(fresh):
    """Pebble 2.4 says "malformed" of a DNS server that hangs: about a name, that is none of a request's."""
    fresh.pebble.start()
    fresh.configure()
    mark = fresh.cursor()
    with moments.pending(fresh, NAME) as start:
        wait_for(fresh, mark, "AUTHORIZATION_FAILED", 60, ACME_CERTIFICATE=NAME)
    assert moments.finish(start) != 0
    assert store.failure(fresh, NAME)["outcome"] == 75
    assert one(fresh, mark, "FAILED", ACME_CERTIFICATE=NAME)["ACME_PROBLEM"].startswith(URN)
    fresh.settled()
    store.issue(fresh, NAME)
