# SPDX-License-Identifier: LGPL-2.1-or-later
"""The account's key is changed (RFC 8555 section 7.3.5), and whoever is killed at whatever moment, the account stays ours."""

import contextlib
import json
import threading

import pytest
from lib import store
from lib.trail import one, trail

NAME = "a.example.test"
CA = "pebble"
FOLDER = f"{store.ACCOUNTS}/{CA}"
ACCOUNT_UNITS = (f"acme-account@{CA}.service", f"acme-account-signer@{CA}.service")
RENEWAL_UNITS = (f"acme-renew@{NAME}.service", f"acme-signer@{NAME}.service")


@pytest.fixture
def ca(fresh):
    """Pebble, which knows us, behind a proxy."""
    fresh.pebble.start(authz_reuse=100)
    with fresh.mangler() as mangler:
        fresh.write(f"/etc/acme/ca.d/{CA}.conf", f"[CA]\nDirectory={mangler.directory}\n")
        fresh.configure(CA=CA)
        store.issue(fresh, NAME)
        yield mangler
    fresh.run("rm -rf /run/acme/account-request/*")


def rollover(machine, *arguments):
    return machine.run(["acmectl", "account", "rollover", CA, *arguments], check=False)


def url(machine):
    return json.loads(machine.read(f"{FOLDER}/account.json"))["url"]


def key(machine, file="key.pem"):
    return store.public_key(machine, f"{FOLDER}/{file}")


def renew(machine):
    machine.run(["touch", f"{store.REQUESTS}/{NAME}"])
    store.issue(machine, NAME)


def show(machine):
    machine.run(["acmectl", "account", "show", CA])


@contextlib.contextmanager
def standing_still(ca, what, moment, skip=0):
    """The CA stands still at the first such request, before it has done it or after; yields who waits for that."""
    arrived, release = threading.Event(), threading.Event()
    fault = ca.on(what, times=1, skip=skip)
    getattr(fault, moment).append(lambda exchange: (arrived.set(), release.wait(60), exchange.cut()))
    try:
        yield lambda: arrived.wait(20) or pytest.fail(f"no request {what}")
    finally:
        release.set()


def killed(machine, units, *start):
    """Start it, and return what kills all of it at once and waits for the end."""
    process = machine.popen(list(start))

    def kill():
        for unit in units:
            machine.systemctl("kill", "--signal=KILL", unit, check=False)
        process.wait(30)
        machine.settled()
    return kill


def test_another_key(fresh, ca):
    account, before = url(fresh), key(fresh)
    mark = fresh.cursor()
    assert rollover(fresh, "--key-type=ec-p384").returncode == 0
    changed = one(fresh, mark, "ACCOUNT_KEY_CHANGED")
    assert changed["ACME_ACCOUNT"] == account
    assert key(fresh) != before and "384" in store.key_bits(fresh, f"{FOLDER}/key.pem")
    assert fresh.stat(f"{FOLDER}/key.pem")["mode"] == "600"
    kept, = [name for name in fresh.listdir(FOLDER) if name.startswith("old-")]
    assert key(fresh, kept) == before and not fresh.exists(f"{FOLDER}/next.pem")
    # The inner JWS has no nonce, and is of the new key for the old one's account.
    exchange, = ca.seen("keyChange")
    assert set(exchange.payload) == {"protected", "payload", "signature"}
    assert exchange.protected["kid"] == account

    ca.forget()
    renew(fresh)
    assert url(fresh) == account and not ca.seen("newAccount")
    assert rollover(fresh).returncode == 0
    renew(fresh)
    assert url(fresh) == account


@pytest.mark.parametrize("next_run", [renew, show])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_while_the_ca_is_asked(fresh, ca, moment, next_run):
    account, before = url(fresh), key(fresh)
    with standing_still(ca, "keyChange", moment) as wait:
        fresh.write(f"/run/acme/account-request/{CA}", '{"operation": "changeKey"}')
        kill = killed(fresh, ACCOUNT_UNITS, "systemctl", "start", ACCOUNT_UNITS[0])
        wait()
        # On disk before the request has left.
        following = key(fresh, "next.pem")
        kill()
    fresh.run(["rm", f"/run/acme/account-request/{CA}"])
    ca.forget()
    mark = fresh.cursor()
    next_run(fresh)
    assert url(fresh) == account
    assert key(fresh) == (following if moment == "after" else before)
    assert len(trail(fresh, mark, "ACCOUNT_KEY_CHANGED")) == (1 if moment == "after" else 0)
    assert all(e.payload == {"onlyReturnExisting": True} for e in ca.seen("newAccount")) and ca.seen("newAccount")
    assert not fresh.exists(f"{FOLDER}/next.pem")
    renew(fresh)
    assert url(fresh) == account


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_while_it_is_found_out(fresh, ca, moment):
    """The CA has changed the key and we do not know; the renewal that asks it is killed in the middle, twice."""
    account = url(fresh)
    ca.on("keyChange", times=1).lose()
    assert rollover(fresh).returncode == 75
    following = key(fresh, "next.pem")
    fresh.run(["touch", f"{store.REQUESTS}/{NAME}"])
    for skip in (0, 1):
        with standing_still(ca, "newAccount", moment, skip) as wait:
            kill = killed(fresh, RENEWAL_UNITS, "systemctl", "start", RENEWAL_UNITS[0])
            wait()
            kill()
        ca.heal()
    renew(fresh)
    assert url(fresh) == account and key(fresh) == following


def test_nobody_signs_meanwhile(fresh, ca):
    """A renewal waits for another time, and so does a change of the key for a renewal."""
    account = url(fresh)
    fresh.run(["touch", f"{store.REQUESTS}/{NAME}"])
    with standing_still(ca, "keyChange", "before") as wait:
        process = fresh.popen(["acmectl", "account", "rollover", CA])
        wait()
        mark = fresh.cursor()
        assert fresh.start(RENEWAL_UNITS[0]).exit_status == 75
        assert one(fresh, mark, "REFUSED")["ACME_REASON"] == "AccountBusy"
    process.wait(30)
    ca.heal()
    with standing_still(ca, "newOrder", "before") as wait:
        process = fresh.popen(["systemctl", "start", RENEWAL_UNITS[0]])
        wait()
        assert rollover(fresh).returncode == 75
    process.wait(60)
    ca.heal()
    renew(fresh)
    assert rollover(fresh).returncode == 0
    renew(fresh)
    assert url(fresh) == account


def test_neither_key_is_known(fresh, ca):
    """The CA has lost its memory while it was unclear: the account is registered again, with the key that was ours."""
    ca.on("keyChange", times=1).lose()
    assert rollover(fresh).returncode == 75
    before = key(fresh)
    fresh.pebble.start(authz_reuse=100)
    renew(fresh)
    assert key(fresh) == before and not fresh.exists(f"{FOLDER}/next.pem")
