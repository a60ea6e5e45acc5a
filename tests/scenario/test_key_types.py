# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two types in KeyType=: a certificate with a key of each kind, side by side in one generation and with their consumers,
each with an order, a moment and failures of its own."""

import json
import time

import pytest

from lib import store
from lib.deploys import LOG, TARGET, consumer, told
from lib.moments import finish, held_request
from lib.trail import endings, names, one, trail
from lib.unhappy import prompt

NAME = "a.example.test"
UNIT = f"acme-renew@{NAME}.service"
BOTH = "ec-p256 rsa-2048"
FOLDER = f"{store.CERTS}/{NAME}"
LIVE = f"{store.LIVE}/{NAME}"
FILES = ["cert", "chain", "fullchain", "privkey"]


def check(machine, variant=None):
    """What holds of each certificate; returns store.certificate()."""
    suffix = f".{variant}" if variant else ""
    found = store.certificate(machine, NAME, f"{LIVE}/cert{suffix}.pem")
    assert found["public_key"] == store.public_key(machine, f"{LIVE}/privkey{suffix}.pem")
    assert machine.read(f"{LIVE}/fullchain{suffix}.pem") == (
        machine.read(f"{LIVE}/cert{suffix}.pem") + machine.read(f"{LIVE}/chain{suffix}.pem"))
    assert machine.stat(f"{LIVE}/privkey{suffix}.pem")["mode"] == "600"
    return found


def bits(machine, variant=None):
    return store.key_bits(machine, f"{LIVE}/privkey{'.' + variant if variant else ''}.pem")


def files(machine):
    return sorted(machine.listdir(f"{FOLDER}/{store.generation(machine, NAME)}"))


def state(machine, variant):
    return json.loads(machine.read(f"{FOLDER}/state.{variant}.json"))


def orders(machine, mark):
    return len(trail(machine, mark, "ORDER_CREATED", ACME_CERTIFICATE=NAME))


def installed(machine, mark):
    return [entry["ACME_KEY_TYPE"] for entry in trail(machine, mark, "INSTALLED", ACME_CERTIFICATE=NAME)]


def by_timer(machine):
    """Let a timer start the renewal, and wait until it has ended: "success" or "failed"."""
    mark = machine.cursor()
    machine.write("/run/systemd/system/poke.timer",
                  f"[Timer]\nOnActiveSec=10ms\nAccuracySec=1ms\nUnit={UNIT}\nRemainAfterElapse=no\n")
    machine.systemctl("daemon-reload")
    machine.systemctl("start", "poke.timer")
    return machine.wait_until(lambda: endings(machine, mark, UNIT), 60, what="the renewal that a timer started to end")[0]


def idle(machine):
    """A start has nothing to do, and finds it out without the signer."""
    mark = machine.cursor()
    before = store.generation(machine, NAME)
    assert machine.start(UNIT).ok
    assert store.generation(machine, NAME) == before
    assert names(trail(machine, mark, "NOT_DUE", "SIGNED", ACME_CERTIFICATE=NAME)) == ["NOT_DUE"]


@pytest.fixture
def ready(fresh):
    # Requests are counted below.
    fresh.pebble.start(nonce_reject=0)
    fresh.configure()
    fresh.configure(NAME, KeyType=BOTH)
    return fresh


@pytest.fixture
def both(ready):
    mark = ready.cursor()
    started = ready.start(UNIT)
    assert started.ok, started
    ready.settled()
    assert installed(ready, mark) == ["ec-p256", "rsa-2048"]
    return ready


def test_both_in_one_start(both):
    first, second = check(both), check(both, "rsa")
    assert first["serial"] != second["serial"] and first["names"] == second["names"] == [NAME]
    assert "256 bit" in bits(both) and "2048 bit" in bits(both, "rsa")
    assert sorted(both.listdir(f"{FOLDER}/{store.generation(both, NAME)}")) == sorted(
        f"{file}{suffix}.pem" for file in FILES for suffix in ("", ".rsa"))
    assert sorted(both.listdir(FOLDER)) == ["1", "2", "state.json", "state.rsa.json"]
    # Both states tell of what is live.
    assert store.state(both, NAME)["certificate"]["generation"] == "2"
    assert state(both, "rsa")["certificate"]["generation"] == "2"
    assert state(both, "rsa")["certificate"]["keyType"] == "rsa-2048"
    idle(both)


def test_one_is_due_and_the_other_not(both):
    first, second = check(both), check(both, "rsa")
    both.configure(NAME, KeyType="ec-p256 rsa-3072")
    mark = both.cursor()
    assert both.start(UNIT).ok
    assert installed(both, mark) == ["rsa-3072"] and orders(both, mark) == 1
    assert check(both) == first and check(both, "rsa")["serial"] != second["serial"]
    second = check(both, "rsa")
    both.settled()
    idle(both)
    both.configure(NAME, KeyType="ec-p384 rsa-3072")
    mark = both.cursor()
    assert both.start(UNIT).ok
    assert installed(both, mark) == ["ec-p384"] and orders(both, mark) == 1
    assert check(both, "rsa") == second and check(both)["serial"] != first["serial"]
    both.settled()
    idle(both)


def test_asked_for__both(both):
    first, second = check(both), check(both, "rsa")
    both.run(["touch", f"{store.REQUESTS}/{NAME}"])
    mark = both.cursor()
    assert both.start(UNIT).ok
    assert installed(both, mark) == ["ec-p256", "rsa-2048"]
    assert check(both)["serial"] != first["serial"] and check(both, "rsa")["serial"] != second["serial"]


def test_added_later_and_removed_again(fresh):
    # Requests are counted below.
    fresh.pebble.start(nonce_reject=0)
    fresh.configure()
    first = store.issue(fresh, NAME)
    fresh.settled()
    fresh.configure(NAME, KeyType=BOTH)
    mark = fresh.cursor()
    assert fresh.start(UNIT).ok
    assert installed(fresh, mark) == ["rsa-2048"] and check(fresh) == first
    check(fresh, "rsa")
    fresh.settled()
    idle(fresh)

    fresh.configure(NAME, KeyType="ec-p256")
    fresh.settled()
    idle(fresh)
    # With the next certificate it goes, and what was kept of it.
    fresh.run(["touch", f"{store.REQUESTS}/{NAME}"])
    assert fresh.start(UNIT).ok
    assert files(fresh) == sorted(f"{file}.pem" for file in FILES)
    assert not fresh.exists(f"{FOLDER}/state.rsa.json")


def test_refused_for_one__the_other_is_renewed_and_deployed(ready):
    ready.run(["mkdir", "-p", TARGET, LOG])
    consumer(ready, "web")
    with ready.mangler() as ca:
        ready.configure(CA=ca.directory)
        ready.configure(NAME, KeyType=BOTH, Deploy={"web": {
            "FullChain": f"{TARGET}/web.pem", "PrivateKey": f"{TARGET}/web.key", "Reload": "web.service"}},
            Placeholder="no")
        prompt(ca)
        ca.on("finalize", skip=1).problem("badPublicKey", status=400)
        mark = ready.cursor()
        started = ready.start(UNIT)
        assert not started.ok
        ready.settled()
        assert installed(ready, mark) == ["ec-p256"]
        failed = one(ready, mark, "FAILED", ACME_CERTIFICATE=NAME)
        assert failed["ACME_KEY_TYPE"] == "rsa-2048" and failed["ACME_PROBLEM"].endswith(":badPublicKey")
        assert "failure" not in store.state(ready, NAME) and state(ready, "rsa")["failure"]["count"] == 1
        ready.wait_until(lambda: told(ready, "web") == ["reload"], 30, what="what came to be deployed")
        assert store.certificate(ready, NAME, f"{TARGET}/web.pem")["serial"] == check(ready)["serial"]
        assert not ready.exists(f"{TARGET}/web.rsa.pem")
        ready.settled()
        # The timer leaves the CA alone, until the moment that was noted.
        seen = len(ca.seen())
        first = check(ready)
        assert by_timer(ready) == "success" and len(ca.seen()) == seen
        ca.heal()
        noted = state(ready, "rsa")
        noted["failure"]["nextAttemptUsec"] = int((time.time() - 1) * 1e6)
        ready.write(f"{FOLDER}/state.rsa.json", json.dumps(noted), owner="acme-signer:acme-signer")
        mark = ready.cursor()
        assert by_timer(ready) == "success"
        ready.settled()
        assert installed(ready, mark) == ["rsa-2048"] and check(ready) == first
        check(ready, "rsa")
        ready.systemctl("stop", f"acme-retry@{NAME}.timer")
    assert ready.exists(f"{TARGET}/web.rsa.pem") and ready.exists(f"{TARGET}/web.rsa.key")


def test_names_cannot_be_proved__one_order_and_both_wait(both):
    both.configure(NAME, KeyType="ec-p384 rsa-3072")
    with both.mangler() as ca:
        both.configure(CA=ca.directory)
        ca.on("newOrder").problem("rejectedIdentifier", status=400)
        mark = both.cursor()
        assert not both.start(UNIT).ok
        assert len(ca.seen("newOrder")) == 1
    assert len(trail(both, mark, "FAILED", ACME_CERTIFICATE=NAME)) == 1
    assert store.failure(both, NAME)["count"] == state(both, "rsa")["failure"]["count"] == 1
    check(both), check(both, "rsa")


def test_first_one_fails__nothing_is_installed(ready):
    with ready.mangler() as ca:
        ready.configure(CA=ca.directory)
        # The first time that may mean that it is too early.
        ca.on("finalize", times=2).problem("badPublicKey", status=400)
        mark = ready.cursor()
        assert not ready.start(UNIT).ok
        assert len(ca.seen("newOrder")) == 1 and installed(ready, mark) == []
        assert store.generation(ready, NAME) is None


def test_first_one_is_refused__the_second_is_renewed(both):
    with both.mangler() as ca:
        both.configure(CA=ca.directory)
        ca.on("finalize", times=2).problem("badPublicKey", status=400)
        both.run(["touch", f"{store.REQUESTS}/{NAME}"])
        mark = both.cursor()
        assert not both.start(UNIT).ok
        assert installed(both, mark) == ["rsa-2048"]
        assert one(both, mark, "FAILED", ACME_CERTIFICATE=NAME)["ACME_KEY_TYPE"] == "ec-p256"


def test_killed_between_the_two(ready):
    with ready.mangler() as ca:
        ready.configure(CA=ca.directory)
        mark = ready.cursor()
        with held_request(ca, "newOrder", skip=1) as arrived:
            start = ready.popen(["systemctl", "start", UNIT])
            arrived(30)
            ready.systemctl("kill", "--signal=KILL", UNIT)
        assert finish(start) != 0
        ready.settled()
        assert installed(ready, mark) == ["ec-p256"]
        first = check(ready)
        assert files(ready) == sorted(f"{file}.pem" for file in FILES)
        mark = ready.cursor()
        assert ready.start(UNIT).ok
        assert installed(ready, mark) == ["rsa-2048"] and check(ready) == first
        check(ready, "rsa")


def test_signer_killed_while_the_second_is_under_way(both):
    first = check(both)
    both.configure(NAME, KeyType="ec-p256 rsa-3072")
    with both.mangler() as ca:
        both.configure(CA=ca.directory)
        prompt(ca)
        with held_request(ca, "finalize", skip=1) as arrived:
            start = both.popen(["systemctl", "start", UNIT])
            # An RSA key of that length takes its time.
            arrived(60)
            both.systemctl("kill", "--signal=KILL", f"acme-signer@{NAME}.service")
        finish(start)
        both.settled()
        check(both), check(both, "rsa")
        assert both.start(UNIT).ok
    assert first["names"] == check(both)["names"] and "3072 bit" in bits(both, "rsa")
    # What was asked for and not installed is not left behind.
    assert not both.exists(f"{FOLDER}/pending.rsa")


def served(machine, kind):
    """The serial number of what nginx shows to a client that takes keys of this kind alone."""
    algorithms = {"ec": "ECDSA+SHA256", "rsa": "RSA-PSS+SHA256:RSA+SHA256"}[kind]
    shown = machine.run(f"openssl s_client -connect 127.0.0.1:443 -servername {NAME} -sigalgs {algorithms} </dev/null "
                        "2>/dev/null | openssl x509 -noout -serial").stdout
    return shown.strip().partition("=")[2].lower()


def test_nginx_has_both__each_client_gets_its_kind(ready):
    ready.run(["mkdir", "-p", TARGET])
    ready.configure(NAME, KeyType=BOTH, Deploy={"web": {
        "FullChain": f"{TARGET}/web.pem", "PrivateKey": f"{TARGET}/web.key", "TryReload": "nginx.service"}})
    # Placeholders of both kinds, so that it can start.
    assert ready.start(f"acme-placeholder@{NAME}.service").ok
    ready.settled()
    placeholders = {kind: store.certificate(ready, NAME, f"{TARGET}/web{suffix}.pem")["serial"]
                    for kind, suffix in (("ec", ""), ("rsa", ".rsa"))}
    ready.write("/etc/nginx/sites-enabled/default", f"""
        server {{ listen 443 ssl; server_name {NAME};
        ssl_certificate {TARGET}/web.pem; ssl_certificate_key {TARGET}/web.key;
        ssl_certificate {TARGET}/web.rsa.pem; ssl_certificate_key {TARGET}/web.rsa.key; }}
        """)
    ready.systemctl("restart", "nginx.service")
    try:
        assert {kind: served(ready, kind) for kind in placeholders} == placeholders
        ready.configure(NAME, KeyType=BOTH, Deploy={"web": {
            "FullChain": f"{TARGET}/web.pem", "PrivateKey": f"{TARGET}/web.key", "TryReload": "nginx.service",
            "Verify": "127.0.0.1:443"}})
        mark = ready.cursor()
        started = ready.start(UNIT)
        assert started.ok, started
        ready.settled()
        assert installed(ready, mark) == ["ec-p256", "rsa-2048"]
        wanted = {"ec": check(ready)["serial"], "rsa": check(ready, "rsa")["serial"]}
        ready.wait_until(lambda: {kind: served(ready, kind) for kind in wanted} == wanted, 10)
        # One deploy and one reload for the two, and both are seen served.
        assert len(trail(ready, mark, "DEPLOYED", ACME_TARGET="web")) == 1
        seen = trail(ready, mark, "VERIFIED", "VERIFY_FAILED", ACME_TARGET="web")[-2:]
        assert names(seen) == ["VERIFIED"] * 2
        assert [entry["ACME_SERIAL"].lstrip("0") for entry in seen] == [
            wanted[kind].lstrip("0") for kind in ("ec", "rsa")]
        # The second alone: its files change, and the consumer is told.
        ready.configure(NAME, KeyType="ec-p256 rsa-3072", Deploy={"web": {
            "FullChain": f"{TARGET}/web.pem", "PrivateKey": f"{TARGET}/web.key", "TryReload": "nginx.service"}})
        assert ready.start(UNIT).ok
        ready.settled()
        wanted["rsa"] = check(ready, "rsa")["serial"]
        ready.wait_until(lambda: {kind: served(ready, kind) for kind in wanted} == wanted, 10)
    finally:
        ready.systemctl("stop", "nginx.service")


def test_credentials(ready):
    ready.configure(NAME, KeyType=BOTH, Consumers="web.service", Placeholder="no")
    ready.write("/run/systemd/system/web.service", "[Service]\nType=oneshot\n"
                "LoadCredential=tls.key:/run/acme/credentials\nLoadCredential=tls.rsa.key:/run/acme/credentials\n"
                f"LoadCredential={NAME}.tls.rsa.fullchain:/run/acme/credentials\n"
                "ExecStart=/bin/sh -c 'cat ${CREDENTIALS_DIRECTORY}/* >/run/acmeward-test/got'\n")
    ready.systemctl("daemon-reload")
    ready.systemctl("start", "acme-credentials.socket")
    assert ready.start(UNIT).ok
    ready.settled()
    mark = ready.cursor()
    assert ready.start("web.service").ok
    assert ready.read("/run/acmeward-test/got") == "".join(
        ready.read(f"{LIVE}/{file}.pem") for file in ("fullchain.rsa", "privkey", "privkey.rsa"))
    assert sorted(entry["ACME_CREDENTIAL"] for entry in trail(ready, mark, "CREDENTIAL_GIVEN")) == [
        "tls.key", "tls.rsa.fullchain", "tls.rsa.key"]


@pytest.mark.parametrize("value", ["ec-p256 ec-p384", "rsa-2048 rsa-2048", "ec-p256 rsa-2048 ec-p384", "ec-p256 ed25519",
                                   "ec-p256,rsa-2048"])
def test_mistaken(fresh, value):
    fresh.write(f"/etc/acme/certs/{NAME}.conf", f"[Certificate]\nKeyType={value}\n")
    mark = fresh.cursor()
    assert fresh.start(UNIT).exit_status == 78
    entry = one(fresh, mark, "CONFIGURATION_INVALID", ACME_CERTIFICATE=NAME)
    assert f"/etc/acme/certs/{NAME}.conf:2:" in entry["ACME_REASON"]


def test_path_that_is_taken(fresh):
    fresh.write(f"/etc/acme/certs/{NAME}.conf", f"[Certificate]\nKeyType={BOTH}\n[Deploy web]\n"
                "Certificate=/srv/web.pem\nFullChain=/srv/web.rsa.pem\n")
    mark = fresh.cursor()
    assert fresh.start(UNIT).exit_status == 78
    entry = one(fresh, mark, "CONFIGURATION_INVALID", ACME_CERTIFICATE=NAME)
    assert f"/etc/acme/certs/{NAME}.conf:4:" in entry["ACME_REASON"]


def test_later_assignment_takes_the_place(fresh):
    fresh.pebble.start()
    fresh.configure()
    fresh.configure(NAME, KeyType=BOTH)
    fresh.write(f"/etc/acme/certs/{NAME}.conf.d/50-key.conf", "[Certificate]\nKeyType=ec-p384\n")
    store.issue(fresh, NAME)
    assert "384 bit" in bits(fresh) and not fresh.exists(f"{LIVE}/cert.rsa.pem")


def status(machine):
    return json.loads(machine.run(["acmectl", "status", "--json", NAME], check=False).stdout)[0]


def test_status_and_revocation(both):
    told_of = status(both)
    assert (told_of["keyType"], told_of["serial"]) == ("ec-p256", check(both)["serial"])
    assert (told_of["second"]["keyType"], told_of["second"]["serial"]) == (
        "rsa-2048", check(both, "rsa")["serial"])
    rows = both.run(["acmectl", "status", NAME], check=False).stdout.splitlines()
    assert [row.split()[0] for row in rows[1:3]] == [NAME, "rsa-2048"]
    # One by its serial number: it alone is due.
    both.run(["acmectl", "revoke", f"--serial={told_of['second']['serial']}", NAME])
    both.settled()
    told_of = status(both)
    assert told_of["live"] == "live" and told_of["second"]["live"] == "revoked" and "revoked" in told_of["attention"]
    mark = both.cursor()
    assert both.start(UNIT).ok
    both.settled()
    assert installed(both, mark) == ["rsa-2048"]
    # By the name: both.
    mark = both.cursor()
    both.run(["acmectl", "revoke", NAME])
    both.settled()
    assert len(trail(both, mark, "REVOKED", ACME_CERTIFICATE=NAME)) == 2
    told_of = status(both)
    assert told_of["live"] == told_of["second"]["live"] == "revoked"
    mark = both.cursor()
    assert both.start(UNIT).ok
    assert installed(both, mark) == ["ec-p256", "rsa-2048"]
