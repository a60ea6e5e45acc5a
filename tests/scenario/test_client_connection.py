# SPDX-License-Identifier: LGPL-2.1-or-later
"""Connections that break, replies that do not fit, and a CA that is not there."""

import time

import pytest

from lib.unhappy import NAME, UNIT, fails, misbehaving_ca, prompt, renews, requests

STEPS = ["directory", "newNonce", "newAccount", "newOrder", "authorization", "challenge", "order", "finalize",
         "certificate"]
BODIES = [step for step in STEPS if step != "newNonce"]


@pytest.fixture
def ca(fresh):
    with misbehaving_ca(fresh) as mangler:
        yield mangler


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("how", ["refuse", "lose", "cut_in_headers", "cut_in_body"])
def test_connection_lost_once(fresh, ca, step, how):
    """Safe requests are made again, the others with a fresh nonce after the order was read again."""
    prompt(ca)
    getattr(ca.on(step, times=1), how)()
    seen = renews(fresh, ca)
    assert seen[step] <= 4
    # What the CA has done already is not asked for again.
    if how == "lose" and step in ("finalize", "challenge"):
        assert seen[step] == 1


@pytest.mark.parametrize("step", ["directory", "newOrder", "order", "certificate"])
def test_connection_lost_always(fresh, ca, step):
    ca.on(step).lose()
    fails(fresh, 75)
    assert requests(ca)[step] <= 3


@pytest.mark.parametrize("step", BODIES)
def test_truncated_body_without_length(fresh, ca, step):
    """libcurl takes it for a whole one."""
    ca.on(step).until_close(keep=0.5)
    if step in ("challenge", "finalize"):
        renews(fresh, ca)  # What became of it shows in the order.
    else:
        fails(fresh, 75)


@pytest.mark.parametrize("step", BODIES)
def test_oversize_body(fresh, ca, step):
    ca.on(step).flood(5_000_000)
    begin = time.monotonic()
    fails(fresh, 75)
    assert time.monotonic() - begin < 29  # Not as long as a request is waited for.
    assert requests(ca)[step] == 1


def test_oversize_headers(fresh, ca):
    ca.on("directory").header("X-Large", "x" * 40_000)
    fails(fresh, 75)


@pytest.mark.parametrize("step", BODIES)
def test_redirect_is_not_followed(fresh, ca, step):
    ca.on(step).answer(302, headers={"Location": ca.directory})
    fails(fresh, 75)
    assert requests(ca)[step] == 1 and requests(ca)["directory"] == 1


@pytest.mark.parametrize("step, change", [
    ("directory", {"newNonce": "https://localhost:14000/nonce-plz"}),
    ("newOrder", {"authorizations": ["https://192.0.2.99/authz"]}),
    ("order", {"finalize": "https://a@localhost:14500/finalize"}),
    ("order", {"finalize": "https://localhost:14501/finalize"}),
    ("newOrder", {"finalize": "https://localhost:14501/finalize"}),
    ("finalize", {"status": "valid", "certificate": "http://localhost:14500/certZ/1"})])
def test_url_of_another_origin_is_not_asked(fresh, ca, step, change):
    ca.on(step).json(change)
    if step == "order":
        # It is looked at for where to finalize it when that was too early with what newOrder has said.
        ca.on("finalize", times=1).problem("orderNotReady", status=403)
    assert fresh.start(UNIT).exit_status in (75, 77)


def test_ca_is_not_trusted(fresh, ca):
    fresh.configure(CA=ca.directory, Trust="")
    fails(fresh, 78)
    assert not ca.seen()


def test_ca_drops_packets(fresh):
    """No lease is held for longer than it takes to find out."""
    fresh.pebble.start()
    fresh.configure(CA="https://203.0.113.7/dir")
    fresh.run("ip link add gone type veth peer name gone1 && ip link set gone up && ip link set gone1 up &&"
              " ip addr add 203.0.113.1/24 dev gone && ip neigh add 203.0.113.7 lladdr 02:00:00:00:00:07 dev gone")
    try:
        begin = time.monotonic()
        fails(fresh, 75)
        assert 9 < time.monotonic() - begin < 29
    finally:
        fresh.run(["ip", "link", "del", "gone"])


def test_one_connection(fresh, ca):
    """A hundred names over one connection, each thing asked once."""
    names = [NAME] + [f"n{number}.example.test" for number in range(99)]
    fresh.configure(NAME, Identifiers=names)
    prompt(ca)
    seen = renews(fresh, ca, names)
    assert ca.connections == 1
    polls = seen.pop("order")
    assert 1 <= polls <= 20
    assert seen == {"directory": 1, "newNonce": 1, "newAccount": 1, "newOrder": 1, "authorization": 100,
                    "challenge": 100, "finalize": 1, "certificate": 1}


def test_says_who_it_is(fresh, ca):
    renews(fresh, ca)
    for exchange in ca.seen():
        assert exchange.headers["user-agent"].startswith("acmeward/")
        assert "https://" in exchange.headers["user-agent"]
        assert "accept-encoding" not in exchange.headers
