# SPDX-License-Identifier: LGPL-2.1-or-later
"""The first certificate of a fresh installation, what it leaves behind, and that the second start does nothing."""

import datetime
import re

import pytest

from lib import store
from lib.trail import ca_requests, endings, names, one, started_units, trail, validated_tokens

NAME = "a.example.test"
UNIT = f"acme-renew@{NAME}.service"
SIGNER = f"acme-signer@{NAME}.service"


def test_terms_not_agreed__nothing_is_made_at_the_ca(fresh):
    fresh.pebble.start()
    fresh.configure(TermsOfServiceAgreed=None)
    mark = fresh.cursor()
    refused = fresh.start(UNIT)
    assert not refused.ok and refused.exit_status in (77, 78), refused
    # Asking for the directory is how the terms' URL is known; nothing may be made.
    assert {method for method, _ in ca_requests(fresh, mark)} <= {"GET", "HEAD"}
    failed = one(fresh, mark, "FAILED", ACME_CERTIFICATE=NAME)
    # The URL of Pebble's terms, and the line to add: both are data.
    assert "data:text/plain" in str(failed) and "TermsOfServiceAgreed=yes" in str(failed)
    assert store.generation(fresh, NAME) is None
    store.wait_gone(fresh)

    fresh.configure()
    store.issue(fresh, NAME)


def test_first_certificate__with_a_difficult_ca(fresh):
    fresh.pebble.start(nonce_reject=5, authz_reuse=50)
    fresh.configure()
    found = store.issue(fresh, NAME)
    # A CSR without a common name: the subject is the CA's choice, the name is in the SAN alone.
    assert found["names"] == [NAME]


def test_half_of_all_nonces_rejected(fresh):
    fresh.pebble.start(nonce_reject=50)
    fresh.configure()
    for round_ in range(3):
        started = fresh.start(f"acme-renew@r{round_}.example.test.service")
        # Five tries each: one request in thirty fails, so "try again later" is an honest end.
        assert started.exit_status in (0, 75), started
        store.wait_gone(fresh)


def test_files_have_their_modes_and_owners(fresh):
    fresh.pebble.start()
    fresh.configure()
    store.issue(fresh, NAME)

    def look(path):
        status = fresh.stat(path)
        return status["type"], status["mode"], status["owner"]

    generation = f"{store.CERTS}/{NAME}/{store.generation(fresh, NAME)}"
    account, = fresh.listdir(store.ACCOUNTS)
    account = f"{store.ACCOUNTS}/{account}"
    folder, file, link = "directory", "regular file", "symbolic link"
    expected = {
        "/var/lib/acme": (folder, "755", "root"),
        store.ACCOUNTS: (folder, "700", "acme-signer"),
        account: (folder, "700", "acme-signer"),
        f"{account}/key.pem": (file, "600", "acme-signer"),
        f"{store.CERTS}/{NAME}": (folder, "755", "acme-signer"),
        f"{store.CERTS}/{NAME}/state.json": (file, "644", "acme-signer"),
        generation: (folder, "755", "acme-signer"),
        f"{generation}/privkey.pem": (file, "600", "acme-signer"),
        f"{generation}/cert.pem": (file, "644", "acme-signer"),
        f"{generation}/chain.pem": (file, "644", "acme-signer"),
        f"{generation}/fullchain.pem": (file, "644", "acme-signer"),
        f"{store.LIVE}/{NAME}": (link, "777", "acme-signer"),
        "/run/acme/signer": (folder, "700", "root"),
        "/run/acme/signer-for-challenge": (folder, "700", "root"),
        "/run/acme/signer-for-placeholder": (folder, "700", "root"),
        "/run/acme/signer-for-revoke": (folder, "700", "root"),
        "/run/acme/revoke": (folder, "755", "root"),
        "/var/lib/acme/replace": (folder, "755", "root"),
        "/var/lib/acme/retired": (folder, "755", "acme-signer"),
        "/run/acme/signer-for-dns": (folder, "700", "root"),
        "/run/acme/signer-for-alpn": (folder, "700", "root"),
        "/run/acme/account-signer": (folder, "700", "root"),
        "/run/acme/account-request": (folder, "700", "root"),
        "/run/acme/account-key": (folder, "700", "root"),
        "/run/acme/bridge": (folder, "750", "root"),
        "/run/acme/challenge": (folder, "700", "root"),
        "/run/acme/challenge-alpn": (folder, "700", "root"),
        "/run/acme/alpn": (folder, "750", "acme-challenge"),
        "/run/acme/dns": (folder, "700", "root"),
        "/var/lib/acme/dns": (folder, "700", "root"),
        "/run/acme/challenges": (folder, "755", "acme-challenge"),
        "/run/acme/root": (folder, "755", "root"),
    }
    assert {path: look(path) for path in expected} == expected
    # And there is nothing else that anybody could read a secret from.
    secret = fresh.run("grep -rl 'PRIVATE KEY' /var/lib /run/acme /etc/acme /tmp /var/tmp 2>/dev/null", check=False)
    assert set(secret.stdout.split()) == {f"{account}/key.pem", f"{generation}/privkey.pem"}
    assert fresh.run(["readlink", f"{store.LIVE}/{NAME}"]).stdout.strip() == (
        f"../certs/{NAME}/{store.generation(fresh, NAME)}")


def test_second_start_does_nothing_and_says_when_it_will(fresh):
    fresh.pebble.start()
    fresh.configure()
    first = store.issue(fresh, NAME)
    fresh.settled()
    before = store.state(fresh, NAME)
    mark = fresh.cursor()
    second = fresh.start(UNIT)
    assert second.ok and endings(fresh, mark, UNIT) == ["success"], second
    assert ca_requests(fresh, mark) == []
    assert not {unit for unit in started_units(fresh, mark)
                if unit.endswith(".service") and unit.startswith(("acme-signer", "acme-challenge", "acme-firewall@",
                                                                 "acme-webroot"))}
    assert store.certificate(fresh, NAME) == first and store.state(fresh, NAME) == before
    # Due with a third of its life left, or half of a short one: which of them Pebble from 2.7 on makes is chance.
    said = one(fresh, mark, "NOT_DUE", ACME_CERTIFICATE=NAME)
    certificate = before["certificate"]
    lifetime = certificate["notAfterUsec"] - certificate["notBeforeUsec"]
    due = (certificate["notAfterUsec"] - lifetime / (2 if lifetime < 10 * 86400e6 else 3)) / 1e6
    moments = [datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
               for field, value in said.items() if field.startswith("ACME_")
               for text in re.findall(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", str(value))]
    assert any(abs(moment - due) <= 1 for moment in moments), (said, due)


def test_nothing_resident_and_nothing_listening_afterwards(fresh):
    fresh.pebble.start()
    fresh.configure()
    listening = fresh.listening()
    store.issue(fresh, NAME)
    store.wait_gone(fresh)
    fresh.settled()
    assert fresh.listening() == listening
    states = {unit["Id"]: unit["ActiveState"] for unit in fresh.units("acme-*")
              if not unit["Id"].endswith((".slice", ".timer"))}
    assert not [unit for unit, state in states.items() if state != "inactive"], states


@pytest.fixture
def issued(fresh):
    """A machine after its first issuance, and the mark before it."""
    fresh.pebble.start()
    fresh.configure()
    mark = fresh.cursor()
    found = store.issue(fresh, NAME)
    fresh.settled()
    return fresh, mark, found


def test_audit_trail_is_complete(issued):
    machine, mark, found = issued
    entries = trail(machine, mark)
    seen = names(entries)
    # Once each, in the order of things that cannot happen otherwise.
    for event in ("ACCOUNT_KEY_MADE", "ACCOUNT_REGISTERED", "CERTIFICATE_KEY_MADE", "LEASE_OPENED", "PORT_OPENED",
                  "ORDER_CREATED", "AUTHORIZATION_VALID", "INSTALLED", "LEASE_CLOSED", "PORT_CLOSED"):
        assert seen.count(event) == 1, (event, seen)
    for earlier, later in (("ACCOUNT_KEY_MADE", "ACCOUNT_REGISTERED"), ("ACCOUNT_REGISTERED", "ORDER_CREATED"),
                           ("PORT_OPENED", "AUTHORIZATION_VALID"), ("LEASE_OPENED", "LEASE_CLOSED"),
                           ("ORDER_CREATED", "AUTHORIZATION_VALID"), ("AUTHORIZATION_VALID", "INSTALLED"),
                           ("PORT_OPENED", "PORT_CLOSED")):
        assert seen.index(earlier) < seen.index(later), (earlier, later, seen)
    assert not set(seen) & {"FAILED", "REFUSED", "CHAIN_REFUSED", "STATE_SET_ASIDE", "CONFIGURATION_INVALID"}

    # What only the signer can say is said by the signer: the journal's own word for it.
    by_signer = {"ACCOUNT_KEY_MADE", "CERTIFICATE_KEY_MADE", "SIGNED", "INSTALLED"}
    assert {entry["_SYSTEMD_UNIT"] for entry in entries if entry["EVENT"] in by_signer} == {SIGNER}
    assert all(entry["ACME_CERTIFICATE"] == NAME for entry in entries
               if entry["EVENT"] not in ("PORT_OPENED", "PORT_CLOSED", "FIREWALL_OPENED", "FIREWALL_CLOSED"))

    installed, = (entry for entry in entries if entry["EVENT"] == "INSTALLED")
    assert installed["ACME_SERIAL"].lower().lstrip("0") == found["serial"].lstrip("0")
    assert installed["ACME_FINGERPRINT"].replace(":", "").lower() == found["fingerprint"]
    assert installed["ACME_NOT_AFTER"] and installed["ACME_IDENTIFIERS"].split() == [NAME]
    order, = (entry for entry in entries if entry["EVENT"] == "ORDER_CREATED")
    origin = machine.pebble.directory.removesuffix("/dir")
    assert order["ACME_ORDER"].startswith(origin) and order["ACME_IDENTIFIERS"].split() == [NAME]
    registered, = (entry for entry in entries if entry["EVENT"] == "ACCOUNT_REGISTERED")
    assert registered["ACME_ACCOUNT"].startswith(origin)


def test_every_signature_is_an_audit_entry(issued):
    machine, mark, _ = issued
    signed = trail(machine, mark, "SIGNED")
    posts = [path for method, path in ca_requests(machine, mark) if method == "POST"]
    assert len(signed) == len(posts) > 0
    origin = machine.pebble.directory.removesuffix("/dir")
    # Pebble's log names what was asked for without the part that tells one order from another.
    urls = [entry["ACME_URL"].removeprefix(origin) for entry in signed]
    assert [url for url, path in zip(urls, posts) if not url.startswith(path)] == []
    assert {entry["ACME_OPERATION"] for entry in signed} == {
        "NewAccount", "NewOrder", "Fetch", "AnswerChallenge", "Finalize"}
    # The first request comes from nobody the CA knows; all later ones name the account and the asking unit.
    assert all(entry["ACME_ACCOUNT"].startswith(origin) for entry in signed[1:])
    assert {entry["ACME_UNIT"] for entry in signed} == {UNIT}
    order, = trail(machine, mark, "ORDER_CREATED")
    assert order["_SYSTEMD_UNIT"] == UNIT and {entry["ACME_PEER"] for entry in signed} == {order["_PID"]}


def test_journal_has_no_key_no_token(issued):
    machine, mark, _ = issued
    tokens = validated_tokens(machine, mark)
    assert len(tokens) == 1
    keys = machine.run("cat /var/lib/acme/live/*/privkey.pem /var/lib/acme/accounts/*/key.pem").stdout
    secrets = [line for line in keys.splitlines() if not line.startswith("-")] + sorted(tokens)
    ours = [entry for entry in machine.journal(since=mark) if entry.get("_SYSTEMD_UNIT") != "pebble.service"]
    assert any(entry.get("_SYSTEMD_UNIT") == SIGNER for entry in ours)
    for secret in secrets:
        assert not [entry for entry in ours if any(secret in str(value) for value in entry.values())], secret
