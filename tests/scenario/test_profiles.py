# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which kind of certificate the CA is to issue: the first profile of Profile= that it offers (draft-ietf-acme-profiles)."""

import pytest

from lib import store
from lib.trail import one, trail
from lib.unhappy import misbehaving_ca

NAME = "a.example.test"
UNIT = f"acme-renew@{NAME}.service"
HOUR = 3600


@pytest.fixture
def ca(fresh):
    """A CA that offers two profiles, by what its directory says; whatever is ordered, Pebble may not know."""
    with misbehaving_ca(fresh) as mangler:
        offer(mangler, {"classic": "https://ca.example/classic", "shortlived": "six days"})
        yield mangler


def offer(ca, profiles):
    ca.on("directory").json(lambda document: document["meta"].update(profiles=profiles))


def ordered(ca):
    return [e.payload.get("profile") for e in ca.seen("newOrder")]


@pytest.mark.parametrize("settings, expected", [
    ({}, None),
    ({"Profile": ["shortlived"]}, "shortlived"),
    ({"Profile": ["tlsserver", "classic", "shortlived"]}, "classic"),
    ({"Profile": ["tlsserver"]}, None),
])
def test_the_first_that_is_offered(fresh, ca, settings, expected):
    fresh.configure(NAME, **settings)
    # What Pebble makes of it is another matter: the order is looked at, not the certificate.
    fresh.start(UNIT)
    assert ordered(ca) == [expected]


def test_none_is_offered_and_one_is_required(fresh, ca):
    fresh.configure(NAME, Profile=["tlsserver", "other"], ProfileRequired=True)
    mark = fresh.cursor()
    assert fresh.start(UNIT).exit_status == 78
    assert not ca.seen("newOrder")
    one(fresh, mark, "FAILED", ACME_CERTIFICATE=NAME)
    fresh.configure(NAME, Profile=["tlsserver", "classic"], ProfileRequired=True)
    fresh.start(UNIT)
    assert ordered(ca) == ["classic"]


@pytest.mark.parametrize("profiles", [None, [], "classic", {"cla\x1bssic": "", "a" * 65: "", "": ""},
                                      {f"p{i}": "" for i in range(1000)}])
def test_profiles_that_are_none(fresh, ca, profiles):
    ca.heal()
    offer(ca, profiles)
    fresh.configure(NAME, Profile=["classic"])
    store.issue(fresh, NAME)
    assert ordered(ca) == [None]


def test_the_ca_refuses_it(fresh, ca):
    ca.on("newOrder").problem("invalidProfile")
    fresh.configure(NAME, Profile=["classic"])
    mark = fresh.cursor()
    assert fresh.start(UNIT).exit_status == 77
    assert one(fresh, mark, "FAILED")["ACME_PROBLEM"].endswith(":invalidProfile")
    assert len(ca.seen("newOrder")) == 1


def test_the_profiles_of_a_real_ca(fresh, release):
    if release != "forky":
        pytest.skip("Pebble has profiles from 2.7 on")
    fresh.pebble.start()
    fresh.configure()
    fresh.configure(NAME, Profile=["shortlived"], ProfileRequired=True)
    mark = fresh.cursor()
    store.issue(fresh, NAME)
    assert trail(fresh, mark, "INSTALLED")
    certificate = store.state(fresh, NAME)["certificate"]
    assert (certificate["notAfterUsec"] - certificate["notBeforeUsec"]) / 1000000 < 7 * 24 * HOUR
    # Half of its life: it is renewed long before the timer could come too late.
    fresh.configure(NAME, Profile=["default"], KeyType="ec-p384")
    store.issue(fresh, NAME)
    certificate = store.state(fresh, NAME)["certificate"]
    assert (certificate["notAfterUsec"] - certificate["notBeforeUsec"]) / 1000000 > 30 * 24 * HOUR
