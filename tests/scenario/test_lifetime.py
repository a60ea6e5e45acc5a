# SPDX-License-Identifier: LGPL-2.1-or-later
"""How long a certificate is to be valid: Lifetime= and Backdate= (RFC 8555 section 7.4, notBefore and notAfter)."""

import datetime

import pytest

from lib import store
from lib.trail import one
from lib.unhappy import NAME, fails, misbehaving_ca

HOUR, DAY = 3600, 86400


@pytest.fixture
def ca(fresh):
    with misbehaving_ca(fresh, validity=90 * DAY) as mangler:
        yield mangler


def seconds(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc).timestamp()


def test_as_long_as_is_wanted(fresh, ca):
    fresh.configure(NAME, Lifetime="10d", Backdate="2h")
    store.issue(fresh, NAME)
    order, = ca.seen("newOrder")
    begin, end = seconds(order.payload["notBefore"]), seconds(order.payload["notAfter"])
    assert end - begin == 10 * DAY + 2 * HOUR
    # A real CA makes it so.
    certificate = store.state(fresh, NAME)["certificate"]
    assert certificate["notBeforeUsec"] / 1000000 == begin
    assert abs(certificate["notAfterUsec"] / 1000000 - end) <= 1


def test_a_ca_that_does_not_like_it(fresh, ca):
    """It has no type of its own for that: the person who asked for it is told what it may be, and what the CA says."""
    ca.on("newOrder").problem("malformed", detail="NotBefore and NotAfter are not supported")
    fresh.configure(NAME, Lifetime="10d")
    mark = fresh.cursor()
    fails(fresh, 78)
    assert one(fresh, mark, "FAILED")["ACME_CERTIFICATE"] == NAME
    assert len(ca.seen("newOrder")) == 1
    # Without it all is well, at once.
    ca.heal()
    ca.forget()
    fresh.configure(NAME)
    store.issue(fresh, NAME)
    order, = ca.seen("newOrder")
    assert not {"notBefore", "notAfter"} & set(order.payload)


@pytest.mark.parametrize("span", ["10", "0d", "-1d", "11y", "1d 2h", "9999999999w"])
def test_spans_that_are_none(fresh, ca, span):
    fresh.configure(NAME, Lifetime=span)
    fails(fresh, 78)
    assert not ca.seen()
