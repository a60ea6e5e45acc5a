# SPDX-License-Identifier: LGPL-2.1-or-later
"""When a renewal is due: by age, by a changed configuration, by request; and what a damaged state file does to it."""

import json
import re

import pytest

from lib import store
from lib.trail import endings, names, one, started_units, trail, wait_for

NAME = "a.example.test"
UNIT = f"acme-renew@{NAME}.service"
SIGNER = f"acme-signer@{NAME}.service"
STATE = f"{store.CERTS}/{NAME}/state.json"


@pytest.fixture
def issued(fresh):
    """A machine with one live certificate that is not due."""
    fresh.pebble.start(nonce_reject=5)
    fresh.configure()
    store.issue(fresh, NAME)
    fresh.settled()
    return fresh


def not_due(machine):
    """A start finds nothing to do."""
    before = store.generation(machine, NAME)
    started = machine.start(UNIT)
    assert started.ok, started
    assert store.generation(machine, NAME) == before
    machine.settled()
    return started


def renewed(machine, identifiers=(NAME,)):
    """A start makes a new generation; afterwards nothing is due. Returns what openssl sees."""
    before = store.generation(machine, NAME)
    found = store.issue(machine, NAME, list(identifiers))
    assert store.generation(machine, NAME) != before
    machine.settled()
    not_due(machine)
    return found


def test_other_identifiers(issued):
    issued.configure(NAME, Identifiers=[NAME, "b.example.test"])
    renewed(issued, [NAME, "b.example.test"])
    issued.configure(NAME, Identifiers=["b.example.test"])
    renewed(issued, ["b.example.test"])


def test_same_identifiers_in_another_order_and_spelling(issued):
    issued.configure(NAME, Identifiers=[NAME, "b.example.test"])
    renewed(issued, [NAME, "b.example.test"])
    issued.configure(NAME, Identifiers=["B.Example.Test", NAME])
    not_due(issued)


@pytest.mark.parametrize("key_type, seen", [("ec-p384", "384 bit"), ("rsa-2048", "2048 bit")])
def test_other_key_type(issued, key_type, seen):
    issued.configure(NAME, KeyType=key_type)
    renewed(issued)
    assert seen in store.key_bits(issued, f"{store.LIVE}/{NAME}/privkey.pem")


def test_other_ca(issued):
    # The same Pebble by another name is another CA: other URL, other account.
    accounts = issued.listdir(store.ACCOUNTS)
    issued.configure(CA=issued.pebble.directory.replace("localhost", "127.0.0.1"))
    mark = issued.cursor()
    renewed(issued)
    assert len(issued.listdir(store.ACCOUNTS)) == len(accounts) + 1
    assert names(trail(issued, mark, "ACCOUNT_REGISTERED")) == ["ACCOUNT_REGISTERED"]


def test_request_to_renew_at_once(issued):
    not_due(issued)
    before = store.certificate(issued, NAME)
    issued.run(["touch", f"{store.REQUESTS}/{NAME}"])
    after = renewed(issued)
    assert after["serial"] != before["serial"]
    # Nobody has to take the request away: it has been fulfilled.
    assert issued.exists(f"{store.REQUESTS}/{NAME}")
    not_due(issued)


def test_request_for_another_certificate(issued):
    issued.run(["touch", f"{store.REQUESTS}/b.example.test"])
    not_due(issued)


def test_new_key_each_time_unless_told_otherwise(issued):
    first = store.certificate(issued, NAME)["public_key"]
    issued.run(["touch", f"{store.REQUESTS}/{NAME}"])
    second = renewed(issued)["public_key"]
    assert second != first
    issued.configure(NAME, RenewKey=False)
    issued.run(["touch", f"{store.REQUESTS}/{NAME}"])
    assert renewed(issued)["public_key"] == second


def test_replaced_key_is_found_and_mended(issued):
    issued.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-out", f"{store.LIVE}/{NAME}/privkey.pem"])
    # The quick look trusts what was seen less than a day ago; make it a day.
    state = store.state(issued, NAME)
    state["certificate"]["checkedUsec"] -= 25 * 3600 * 1000000
    issued.write(STATE, json.dumps(state), owner="acme-signer:acme-signer")
    renewed(issued)


def test_old_generations_are_pruned(issued):
    for _ in range(5):
        issued.run(["touch", f"{store.REQUESTS}/{NAME}"])
        renewed(issued)
    generations = [name for name in issued.listdir(f"{store.CERTS}/{NAME}")
                   if issued.exists(f"{store.CERTS}/{NAME}/{name}/privkey.pem") and name != "pending"]
    # The live one and what the issue allows behind it.
    assert store.generation(issued, NAME) in generations and len(generations) <= 4, generations
    assert len(generations) >= 3


@pytest.mark.parametrize("damage", ["missing", "truncated", "nuls", "newer", "empty", "not-json", "huge-numbers"])
def test_state_file_is_only_a_cache(issued, damage):
    good = issued.read(STATE)
    text = {"truncated": good[:len(good) // 2], "nuls": "\0" * len(good), "empty": "", "not-json": "[1, 2",
            "newer": json.dumps({**json.loads(good), "version": 999}),
            "huge-numbers": re.sub(r'(Usec"): ?(\d+)', r"\1: 99999999999999999999\2", good)}
    before = store.certificate(issued, NAME)
    mark = issued.cursor()
    if damage == "missing":
        issued.run(["rm", STATE])
    else:
        issued.write(STATE, text[damage], owner="acme-signer:acme-signer")
    started = issued.start(UNIT)
    assert started.ok, started
    issued.settled()
    # Set aside with an entry, made anew from what is live; a good certificate is not thrown away.
    if damage != "missing":
        one(issued, mark, "STATE_SET_ASIDE", ACME_CERTIFICATE=NAME)
        assert issued.exists(f"{STATE}.bad")
    assert store.certificate(issued, NAME) == before
    state = store.state(issued, NAME)
    assert state["certificate"]["serial"].lstrip("0") == before["serial"].lstrip("0")
    not_due(issued)


def test_state_file_of_a_certificate_that_is_due(fresh):
    fresh.pebble.start()
    fresh.configure()
    fresh.run(["install", "-d", "-o", "acme-signer", "-g", "acme-signer", f"{store.CERTS}/{NAME}"])
    fresh.write(STATE, "\0" * 100, owner="acme-signer:acme-signer")
    mark = fresh.cursor()
    store.issue(fresh, NAME)
    one(fresh, mark, "STATE_SET_ASIDE", ACME_CERTIFICATE=NAME)


def _renews_at(machine, validity):
    """The share of the lifetime that is left when a fresh certificate of so many seconds becomes due."""
    machine.pebble.start(validity=validity)
    machine.configure()
    store.issue(machine, NAME)
    machine.settled()
    door = store.state(machine, NAME)["certificate"]
    lifetime = door["notAfterUsec"] - door["notBeforeUsec"]
    return door, lifetime


@pytest.mark.parametrize("days, share", [(90, 3), (11, 3), (9, 2), (6, 2)])
def test_one_third_left_or_one_half_of_a_short_life(fresh, days, share):
    certificate, lifetime = _renews_at(fresh, days * 86400)
    offset = 20 * 1000000
    due = certificate["notAfterUsec"] - lifetime // share
    now = int(fresh.run(["date", "+%s%6N"]).stdout)
    state = store.state(fresh, NAME)

    def age(seconds_until_due):
        """Let the state tell of a certificate that becomes due so many seconds from now."""
        shift = now + seconds_until_due - due
        changed = json.loads(json.dumps(state))
        for key in ("notBeforeUsec", "notAfterUsec"):
            changed["certificate"][key] += shift
        fresh.write(STATE, json.dumps(changed), owner="acme-signer:acme-signer")
    mark = fresh.cursor()
    age(3600 * 1000000)
    assert fresh.start(UNIT).ok
    one(fresh, mark, "NOT_DUE")
    assert SIGNER not in started_units(fresh, mark)
    # Past the moment the quick look lets it through; the signer, who reads the certificate itself, has the last word.
    age(-offset)
    assert fresh.start(UNIT).ok
    assert endings(fresh, mark, UNIT) == ["success", "success"]
    assert SIGNER in started_units(fresh, mark)


@pytest.mark.slow
def test_timer_renews_a_certificate_that_lives_sixty_seconds(fresh):
    fresh.pebble.start(validity=60, nonce_reject=5)
    fresh.configure()
    fresh.write(f"/run/systemd/system/acme-renew@{NAME}.timer.d/often.conf",
                "[Timer]\nOnCalendar=\nOnCalendar=*:*:0/2\nRandomizedDelaySec=0\nAccuracySec=10ms\n")
    fresh.systemctl("daemon-reload")
    mark = fresh.cursor()
    fresh.systemctl("start", f"acme-renew@{NAME}.timer")
    try:
        wait_for(fresh, mark, "INSTALLED", timeout=10)
        first = store.check_live(fresh, NAME, [NAME])
        second_mark = fresh.cursor()
        renewal = wait_for(fresh, second_mark, "INSTALLED", timeout=45)
        second = store.check_live(fresh, NAME, [NAME])
        assert second["serial"] != first["serial"]
        installed = [entry for entry in trail(fresh, mark, "INSTALLED")]
        waited = (int(renewal["__REALTIME_TIMESTAMP"]) - int(installed[0]["__REALTIME_TIMESTAMP"])) / 1e6
        # Half of its life, and not at every run: the timer came a dozen times and was turned away.
        assert 25 <= waited <= 36, waited
        assert len(trail(fresh, mark, "NOT_DUE")) >= 8
        assert len(installed) == 2
    finally:
        fresh.systemctl("stop", f"acme-renew@{NAME}.timer")
        fresh.run(["rm", "-r", f"/run/systemd/system/acme-renew@{NAME}.timer.d"])
        fresh.systemctl("daemon-reload")
