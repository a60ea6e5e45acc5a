# SPDX-License-Identifier: LGPL-2.1-or-later
"""Orders and authorizations in every shape that RFC 8555 allows, and orders of an earlier run."""

import pytest

from lib import store
from lib.moments import finish, held_request
from lib.trail import one, trail
from lib.unhappy import NAME, UNIT, fails, misbehaving_ca, renew_at_once, renews, requests


@pytest.fixture
def ca(fresh):
    with misbehaving_ca(fresh) as mangler:
        yield mangler


def test_lists_in_any_order(fresh, ca):
    """And an authorization listed twice, and challenge types that nobody knows."""
    names = [NAME, "b.example.test", "c.example.test"]
    fresh.configure(NAME, Identifiers=names)

    def shuffle(order):
        order["identifiers"].reverse()
        order["authorizations"] = order["authorizations"][::-1] + order["authorizations"][:1]

    def strangers(authorization):
        authorization["challenges"] = [{"type": "carrier-pigeon-01", "feathers": [[1]]},
                                       *reversed(authorization["challenges"]), {"type": "x-02", "url": 5}]

    ca.on("newOrder").json(shuffle)
    ca.on("order").json(shuffle)
    ca.on("authorization").json(strangers)
    assert renews(fresh, ca, names)["challenge"] == 3


def test_members_that_nobody_knows(fresh, ca):
    for step in ("directory", "newAccount", "newOrder", "authorization", "challenge", "order", "finalize"):
        ca.on(step).json({"tomorrow": [{"a": None}], "yesterday": {}})
    renews(fresh, ca)


@pytest.mark.parametrize("names", [1, 20])
def test_authorizations_that_are_valid_already(fresh, names):
    with misbehaving_ca(fresh, authz_reuse=100) as ca:
        identifiers = [NAME] + [f"n{number}.example.test" for number in range(names - 1)]
        fresh.configure(NAME, Identifiers=identifiers)
        renews(fresh, ca, identifiers)
        ca.forget()
        renew_at_once(fresh)
        assert "challenge" not in renews(fresh, ca, identifiers)


def test_what_the_ca_still_waits_for_is_taken_back(fresh, ca):
    """One name has failed: of the others, what is pending is deactivated (section 7.5.2), and the CA agrees."""
    names = [NAME, "b.example.test", "c.example.test"]
    fresh.configure(NAME, Identifiers=names)
    ca.on("authorization", times=1).json({"status": "invalid"})
    mark = fresh.cursor()
    fails(fresh, 75)
    taken = [e for e in ca.seen("authorization", method="POST") if e.payload]
    assert [(e.payload, e.status) for e in taken] == [({"status": "deactivated"}, 200)] * 2
    assert len(trail(fresh, mark, "SIGNED", ACME_OPERATION="DeactivateAuthorization")) == 2
    assert one(fresh, mark, "AUTHORIZATION_FAILED")
    # A CA that refuses it is told nothing more, and the failure is the same.
    ca.heal()
    ca.forget()
    ca.on("authorization", times=1).json({"status": "invalid"})
    ca.on("authorization", skip=len(names)).problem("malformed")
    renew_at_once(fresh)
    assert store.failure(fresh, NAME)["count"] == 1
    fails(fresh, 75)
    assert store.failure(fresh, NAME)["count"] == 2


@pytest.mark.parametrize("status", ["ready", "processing"])
def test_status_at_birth_that_does_not_last(fresh, ca, status):
    ca.on("newOrder").json({"status": status})
    renews(fresh, ca)


def test_born_with_somebodys_certificate(fresh, ca):
    """It is for a key that we do not have: one more order, not more."""
    renews(fresh, ca)
    url = ca.directory.removesuffix("/dir") + ca.seen("certificate")[0].path
    ca.forget()
    mark = fresh.cursor()
    renew_at_once(fresh)
    ca.on("newOrder", times=1).json({"status": "valid", "certificate": url})
    assert renews(fresh, ca)["newOrder"] == 2
    one(fresh, mark, "ORDER_ABANDONED")


def test_finalize_is_too_early_once(fresh, ca):
    ca.on("finalize", times=1).problem("orderNotReady", status=403)
    assert renews(fresh, ca)["finalize"] == 2


def test_ca_that_gives_up_what_is_finalized_early__gets_a_new_order(fresh, ca):
    """And is looked at first then."""
    ca.on("finalize", times=1).problem("orderNotReady", status=403)
    ca.on("order", times=1).json({"status": "invalid"})
    # The authorization may be valid by then, and Pebble may use it again.
    ca.on("newOrder", skip=1).json({"status": "pending"})
    mark = fresh.cursor()
    assert renews(fresh, ca)["newOrder"] == 2
    one(fresh, mark, "ORDER_ABANDONED")
    kinds = [exchange.kind for exchange in ca.seen()]
    second = kinds[kinds.index("newOrder", kinds.index("newOrder") + 1):]
    assert second.index("order") < second.index("finalize")


def test_status_says_where_it_stands(fresh, ca):
    """Of a unit that is activating, before and after the CA has made an order."""
    texts = []
    with held_request(ca, "certificate") as at_the_end:
        with held_request(ca, "newOrder") as arrived:
            start = fresh.popen(["systemctl", "start", UNIT])
            arrived()
            texts.append(fresh.unit(UNIT)["StatusText"])
        at_the_end()
        texts.append(fresh.unit(UNIT)["StatusText"])
    assert finish(start) == 0
    assert all(texts) and texts[0] != texts[1], texts


def interrupted(machine, ca, step, exit_status=75):
    """A run that ends at this step; what is remembered of its order."""
    fault = ca.on(step).problem("serverInternal", status=500)
    fails(machine, exit_status)
    fault.cancel()
    ca.forget()
    return store.state(machine, NAME)["order"]["url"]


@pytest.mark.parametrize("step, rest", [
    ("authorization", {"authorization", "challenge", "finalize", "certificate"}),
    ("finalize", {"finalize", "certificate"}),
    ("certificate", {"certificate"})])
def test_goes_on_with_yesterdays_order(fresh, ca, step, rest):
    order = interrupted(fresh, ca, step)
    mark = fresh.cursor()
    seen = renews(fresh, ca)
    assert set(seen) == rest | {"directory", "newNonce", "order"}
    assert one(fresh, mark, "ORDER_RESUMED")["ACME_ORDER"] == order
    assert not trail(fresh, mark, "ORDER_CREATED")
    assert "order" not in store.state(fresh, NAME)


@pytest.mark.parametrize("change", [
    {"status": "invalid"}, {"expires": "2020-01-01T00:00:00Z"},
    {"identifiers": [{"type": "dns", "value": "other.example.test"}]}])
def test_yesterdays_order_is_of_no_use(fresh, ca, change):
    interrupted(fresh, ca, "finalize")
    ca.on("order", times=1).json(change)
    mark = fresh.cursor()
    assert renews(fresh, ca)["newOrder"] == 1
    one(fresh, mark, "ORDER_ABANDONED")


@pytest.mark.parametrize("status, kind", [(404, "malformed"), (403, "unauthorized"), (400, "malformed")])
def test_yesterdays_order_is_gone(fresh, ca, status, kind):
    interrupted(fresh, ca, "finalize")
    ca.on("order", times=1).problem(kind, status=status)
    assert renews(fresh, ca)["newOrder"] == 1


def test_yesterdays_key_is_gone(fresh, ca):
    interrupted(fresh, ca, "certificate")
    fresh.run(["rm", "-r", f"{store.CERTS}/{NAME}/pending"])
    assert renews(fresh, ca)["newOrder"] == 1


def test_names_have_changed_since(fresh, ca):
    interrupted(fresh, ca, "finalize")
    fresh.configure(NAME, Identifiers=[NAME, "b.example.test"])
    assert renews(fresh, ca, [NAME, "b.example.test"])["newOrder"] == 1


def test_lifetime_has_changed_since(fresh, ca):
    fresh.configure(NAME, Backdate="2h")
    interrupted(fresh, ca, "finalize")
    fresh.configure(NAME)
    mark = fresh.cursor()
    assert renews(fresh, ca)["newOrder"] == 1
    assert one(fresh, mark, "ORDER_ABANDONED", ACME_CERTIFICATE=NAME)
    newest = [exchange for exchange in ca.seen("newOrder")][-1]
    assert "notBefore" not in newest.payload


def test_order_that_never_leaves_pending(fresh, ca):
    """Its authorization says what happened."""
    ca.on("order").json({"status": "pending"})
    ca.on("authorization", skip=1).json(lambda authorization: authorization.update(
        status="invalid",
        challenges=[{**challenge, "status": "invalid",
                     "error": {"type": "urn:ietf:params:acme:error:connection", "detail": "nobody there"}}
                    for challenge in authorization["challenges"]]))
    mark = fresh.cursor()
    fails(fresh, 75)
    failed = one(fresh, mark, "AUTHORIZATION_FAILED")
    assert failed["ACME_PROBLEM"] == "urn:ietf:params:acme:error:connection"
    assert failed["ACME_IDENTIFIERS"] == NAME
    # The next one begins anew.
    ca.heal()
    ca.forget()
    assert renews(fresh, ca)["newOrder"] == 1


def test_retry_after_of_an_order(fresh, ca):
    ca.on("order", times=1).json({"status": "pending"}).header("Retry-After", "1")
    renews(fresh, ca)
    first, second = [exchange.time for exchange in ca.seen("order")][:2]
    assert 1 <= second - first < 4


def test_retry_after_longer_than_a_run_waits(fresh, ca):
    ca.on("order").json({"status": "pending"}).header("Retry-After", "3000")
    fails(fresh, 75)
    assert requests(ca)["order"] == 1
    assert store.state(fresh, NAME)["order"]["url"]
    failure = store.failure(fresh, NAME)
    assert 2990 <= (failure["nextAttemptUsec"] - failure["lastUsec"]) / 1e6 <= 3001
    assert fresh.unit(UNIT)["ExecMainStatus"] == "75"


def test_hundred_names_one_fails(fresh, ca):
    names = [NAME] + [f"n{number}.example.test" for number in range(99)]
    fresh.configure(NAME, Identifiers=names)
    fresh.pebble.dns("add-a", host="n42.example.test", addresses=["127.0.0.9"])
    fresh.pebble.dns("clear-a", host="n42.example.test")
    fresh.pebble.dns("set-default-ipv4", ip="")
    for name in names:
        if name != "n42.example.test":
            fresh.pebble.dns("add-a", host=name, addresses=["127.0.0.1"])
    mark = fresh.cursor()
    fails(fresh, 75)
    failed = trail(fresh, mark, "AUTHORIZATION_FAILED")
    assert [entry["ACME_IDENTIFIERS"] for entry in failed] == ["n42.example.test"]
