# SPDX-License-Identifier: LGPL-2.1-or-later
"""More than one: a hundred names in a certificate, two certificates at once, a slow key beside a quick one."""

from lib import moments, store
from lib.trail import names, trail, validated_tokens, wait_for


def test_a_hundred_names(fresh):
    identifiers = [f"n{number}.example.test" for number in range(100)]
    fresh.pebble.start(nonce_reject=5, authz_reuse=50)
    fresh.configure()
    fresh.configure("hundred", Identifiers=identifiers)
    mark = fresh.cursor()
    started = fresh.start("acme-renew@hundred.service")
    assert started.ok, started
    store.check_live(fresh, "hundred", identifiers)
    entries = trail(fresh, mark)
    valid = [entry["ACME_IDENTIFIERS"] for entry in entries if entry["EVENT"] == "AUTHORIZATION_VALID"]
    assert sorted(" ".join(valid).split()) == sorted(identifiers)
    assert names(entries).count("PORT_OPENED") == names(entries).count("LEASE_OPENED") == 1
    # None of the tokens is in the journal, and none is left.
    tokens = validated_tokens(fresh, mark)
    assert len(tokens) >= 100
    ours = "\n".join(str(entry) for entry in fresh.journal(since=mark)
                     if entry.get("_SYSTEMD_UNIT") != "pebble.service")
    assert not [token for token in tokens if token in ours]
    store.wait_gone(fresh)


def test_two_certificates_share_one_port(fresh):
    fresh.pebble.start(nonce_reject=5)
    fresh.configure()
    mark = fresh.cursor()
    # The CA does not look at the first one's token before the second one has its own public, so that they meet.
    with fresh.mangler() as proxy:
        fresh.configure(CA=proxy.directory)
        with moments.pending(fresh, "one.example.test", ca=proxy) as first:
            second = fresh.popen(["systemctl", "start", "acme-renew@two.example.test.service"])
            wait_for(fresh, mark, "LEASE_OPENED", ACME_CERTIFICATE="two.example.test")
        assert moments.finish(first) == moments.finish(second) == 0
    for name in ("one", "two"):
        store.check_live(fresh, f"{name}.example.test", [f"{name}.example.test"])
    store.wait_gone(fresh)
    fresh.settled()
    seen = [entry for entry in trail(fresh, mark)
            if entry["EVENT"] in ("LEASE_OPENED", "LEASE_CLOSED", "PORT_OPENED", "PORT_CLOSED")]
    events = names(seen)
    # One port, from before the first lease was given until after the last one ended.
    assert events.count("PORT_OPENED") == events.count("PORT_CLOSED") == 1, events
    assert events.count("LEASE_OPENED") == events.count("LEASE_CLOSED") == 2, events
    second_opened = max(i for i, event in enumerate(events) if event == "LEASE_OPENED")
    assert second_opened < events.index("LEASE_CLOSED"), "they never met: the test shows nothing"
    assert events[-1] == "PORT_CLOSED"


def test_ten_first_renewals_race_for_one_account(fresh):
    fresh.pebble.start(nonce_reject=5, authz_reuse=50)
    fresh.configure()
    found = [f"c{number}.example.test" for number in range(10)]
    mark = fresh.cursor()
    fresh.systemctl("start", *[f"acme-renew@{name}.service" for name in found])
    for name in found:
        store.check_live(fresh, name, [name])
    # One has won the race for the account key, and all use it: the CA has one account.
    assert len(fresh.listdir(store.ACCOUNTS)) == 1
    assert len(trail(fresh, mark, "ACCOUNT_KEY_MADE")) == 1
    accounts = {entry["ACME_ACCOUNT"] for entry in trail(fresh, mark, "SIGNED") if entry.get("ACME_ACCOUNT")}
    assert len(accounts) == 1, accounts
    store.wait_gone(fresh)


def test_slow_key_does_not_stall_another(fresh):
    fresh.pebble.start()
    fresh.configure()
    fresh.configure("slow.example.test", KeyType="rsa-4096")
    fresh.configure("quick.example.test", KeyType="ec-p256")
    # However long it takes to find primes: the slow signer stands still altogether.
    slow = "acme-signer@slow.example.test.service"
    mark = fresh.cursor()
    fresh.systemctl("start", "--no-block", "acme-renew@slow.example.test.service")
    fresh.wait_until(lambda: fresh.processes(unit=slow.replace(".", r"\.")), what=f"{slow} to run")
    fresh.systemctl("kill", "--signal=STOP", slow)
    store.issue(fresh, "quick.example.test")
    assert not trail(fresh, mark, "INSTALLED", ACME_CERTIFICATE="slow.example.test")
    fresh.systemctl("kill", "--signal=CONT", slow)
    wait_for(fresh, mark, "INSTALLED", timeout=60, ACME_CERTIFICATE="slow.example.test")
    store.check_live(fresh, "slow.example.test", ["slow.example.test"])
    assert "4096 bit" in store.key_bits(fresh, f"{store.LIVE}/slow.example.test/privkey.pem")
    assert "256 bit" in store.key_bits(fresh, f"{store.LIVE}/quick.example.test/privkey.pem")
