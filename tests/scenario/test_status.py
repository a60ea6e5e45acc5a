# SPDX-License-Identifier: LGPL-2.1-or-later
"""acmectl status: everything that a certificate can be, at once, as a script reads it and as a person does."""

import json

import pytest

from lib import store
from lib.served import OTHER, make_certificate, nginx

LIVE, REVOKED, LATE, EARLY, WRONG = (f"{letter}.example.test" for letter in "abcde")
NAMES = [LIVE, REVOKED, LATE, EARLY, WRONG]
TIMER = f"acme-renew@{LIVE}.timer"
NEEDS_A_PERSON = 1


@pytest.fixture
def ca(fresh):
    saved = fresh.read("/etc/nginx/sites-enabled/default")
    fresh.pebble.start(nonce_reject=5, authz_reuse=50)
    fresh.configure()
    yield fresh
    fresh.systemctl("disable", "--now", TIMER, check=False)
    fresh.systemctl("stop", "nginx.service")
    fresh.systemctl("reset-failed", check=False)
    fresh.write("/etc/nginx/sites-enabled/default", saved)


def status(machine, *names, user="nobody"):
    """Objects by name, and the exit code; whoever asks is told the same."""
    done = machine.run(["runuser", "-u", user, "--", "acmectl", "status", "--json", *names], check=False)
    return {found["name"]: found for found in json.loads(done.stdout)}, done.returncode


def table(machine, *names):
    return machine.run(["acmectl", "status", *names], check=False)


def test_status__none_at_all(ca):
    assert status(ca) == ({}, 0)
    done = table(ca)
    assert done.returncode == 0 and done.stdout == "" and "systemctl start acme-renew@" in done.stderr
    for arguments in (LIVE,), ("../x",), ("--bogus",):
        assert table(ca, *arguments).returncode == 78


def test_status(ca):
    issued = store.issue(ca, LIVE)
    ca.systemctl("enable", "--now", TIMER)
    ca.wait_until(lambda: ca.unit(f"acme-deploy@{LIVE}.service")["ActiveState"] == "inactive", 20)
    found, code = status(ca)
    assert code == 0 and list(found) == [LIVE], found
    live = found[LIVE]
    assert live["live"] == "live" and live["serial"] == issued["serial"] and live["identifiers"] == [LIVE]
    assert live["fingerprint"] == issued["fingerprint"] and live["attention"] == []
    assert live["timerActive"] is True and live["timerEnabled"] is True
    assert live["renew"] == live["deploy"] == live["verify"] == "idle"
    assert live["notBeforeUsec"] < live["renewUsec"] < live["notAfterUsec"]
    assert "due" not in live and "failure" not in live
    done = table(ca)
    assert done.returncode == 0 and all(len(line) <= 80 for line in done.stdout.splitlines()), done

    # Another certificate on the wire, found by who looks.
    make_certificate(ca, OTHER)
    nginx(ca, (("8441",), OTHER))
    ca.configure(LIVE, Deploy={"web": {"Verify": "localhost:8441"}})
    assert not ca.start(f"acme-verify@{LIVE}.service").ok
    found, code = status(ca, LIVE)
    assert code == NEEDS_A_PERSON and found[LIVE]["verify"] == "failed"
    assert found[LIVE]["attention"] == ["verifyFailed"] and found[LIVE]["live"] == "live"

    # Revoked, and nothing that renews it.
    store.issue(ca, REVOKED)
    assert ca.run(["acmectl", "revoke", REVOKED], check=False).returncode == 0
    # Its settings do not hold.
    ca.write(f"/etc/acme/certs/{WRONG}.conf", "[Certificate]\nIdentifiers=*\n")
    # The CA is not there.
    ca.pebble.stop()
    ca.configure(LATE)
    assert ca.start(f"acme-renew@{LATE}.service").exit_status == 75
    ca.configure(EARLY, Placeholder=True)
    assert ca.start(f"acme-placeholder@{EARLY}.service").ok

    found, code = status(ca)
    assert code == NEEDS_A_PERSON and list(found) == NAMES
    assert {name: found[name]["live"] for name in NAMES} == {
        LIVE: "live", REVOKED: "revoked", LATE: "none", EARLY: "placeholder", WRONG: "none"}
    assert found[REVOKED]["due"] == "revoked" and found[REVOKED]["attention"] == ["revoked", "noTimer"]
    late = found[LATE]
    assert late["due"] == "first" and late["attention"] == [] and late["renew"] == "failed"
    assert late["failure"]["count"] == 1 and late["failure"]["outcome"] == 75
    assert late["failure"]["lastUsec"] < late["failure"]["nextAttemptUsec"]
    assert late["renewUsec"] >= late["failure"]["nextAttemptUsec"]
    assert found[EARLY]["due"] == "first" and found[EARLY]["attention"] == ["noTimer"]
    assert found[EARLY]["timerActive"] is False
    assert "configuration" in found[WRONG]["attention"]
    done = table(ca)
    assert done.returncode == NEEDS_A_PERSON and all(name in done.stdout for name in NAMES)

    # What a state file may say at its worst: nothing of it reaches the terminal, and the others are shown.
    path = f"{store.CERTS}/{LIVE}/state.json"
    for text in "", "{", '{"version": 1, "failure": {"count": "\\u001b[2J"}}', "\x1b[2J", "[" * 4096:
        ca.write(path, text)
        found, code = status(ca)
        assert code == NEEDS_A_PERSON and found[LIVE]["live"] == "unknown", text
        assert found[LIVE]["attention"] == ["noState", "verifyFailed"] and found[EARLY]["live"] == "placeholder"
        assert "\x1b" not in table(ca).stdout
