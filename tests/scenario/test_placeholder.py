# SPDX-License-Identifier: LGPL-2.1-or-later
"""Before the first certificate: a placeholder, in the hands of its consumers before the CA is asked, and never taken
for more than it is."""

import pytest

from lib import store
from lib.room import Probed
from lib.trail import one, started_units, trail

# systemd's "starting": PID 1 has looked at the conditions, and there will be a process.
STARTING = "7d4958e842da4a758f6c1cdc7b36dcc5"

NAME = "a.example.test"
UNIT = f"acme-renew@{NAME}.service"
PLACEHOLDER = f"acme-placeholder@{NAME}.service"
DEPLOY = f"acme-deploy@{NAME}.service"
SUBJECT = "acmeward placeholder"
LIVE = f"{store.LIVE}/{NAME}"

# In the place of the real one: what it had in its hands, and it takes its time.
WITNESS = """
[Unit]
Description=Deploy, but for the deploying
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'mkdir -p /run/witness; cp -L /var/lib/acme/live/%i/cert.pem /run/witness/$$.pem; \
        while [ -e /run/hold ]; do sleep 0.05; done'
"""


@pytest.fixture
def ca(fresh):
    fresh.pebble.start(where="outside", nonce_reject=5, authz_reuse=50)
    fresh.configure()
    return fresh


def is_placeholder(machine, path=None):
    """What openssl sees, and what the mark beside it says."""
    found = store.certificate(machine, NAME, path)
    said = SUBJECT in found["subject"] and SUBJECT in found["issuer"]
    if path is None:
        assert machine.exists(f"{LIVE}/placeholder") == said
        assert store.state(machine, NAME)["certificate"].get("placeholder", False) is said
    return said


def test_placeholder__without_a_ca(ca):
    """The machine has just been switched on, and the CA is not there."""
    ca.pebble.stop()
    ca.configure(NAME, Placeholder=True, Identifiers=[NAME, "b.example.test"])
    mark = ca.cursor()
    assert ca.start(PLACEHOLDER).ok
    assert is_placeholder(ca)
    found = store.certificate(ca, NAME)
    assert found["names"] == [NAME, "b.example.test"]
    assert found["public_key"] == store.public_key(ca, f"{LIVE}/privkey.pem")
    assert ca.stat(f"{LIVE}/privkey.pem")["mode"] == "600"
    entry = one(ca, mark, "PLACEHOLDER_INSTALLED", ACME_CERTIFICATE=NAME)
    assert entry["ACME_FINGERPRINT"] == found["fingerprint"]
    assert trail(ca, mark, "INSTALLED") == []
    store.wait_gone(ca)
    # A renewal that fails leaves it, and it is no reason not to try again.
    assert not ca.start(UNIT).ok
    assert is_placeholder(ca) and store.failure(ca, NAME)["count"] == 1
    assert store.certificate(ca, NAME)["fingerprint"] == found["fingerprint"]


def test_placeholder__gives_way(ca):
    ca.configure(NAME, Placeholder=True, RenewKey=False)
    mark = ca.cursor()
    assert ca.start(PLACEHOLDER).ok
    before = store.certificate(ca, NAME)
    real = store.issue(ca, NAME)
    assert not is_placeholder(ca)
    assert real["public_key"] != before["public_key"]
    assert len(trail(ca, mark, "PLACEHOLDER_INSTALLED")) == len(trail(ca, mark, "INSTALLED")) == 1
    # From here on the key is kept.
    ca.run(["touch", f"{store.REQUESTS}/{NAME}"])
    assert store.issue(ca, NAME)["public_key"] == real["public_key"]
    store.wait_gone(ca)


def test_placeholder__costs_nothing_elsewhere(ca):
    """No process for a name without a file, and for one that has a certificate."""
    mark = ca.cursor()
    store.issue(ca, NAME)
    ca.configure(NAME, Placeholder=True)
    assert ca.start(PLACEHOLDER).ok and ca.start(UNIT).ok
    assert ca.journal(since=mark, _PID="1", MESSAGE_ID=STARTING, UNIT=PLACEHOLDER) == []
    assert not is_placeholder(ca)


def test_placeholder__not_wanted(ca):
    ca.configure(NAME, Placeholder=False)
    mark = ca.cursor()
    assert ca.start(PLACEHOLDER).ok
    assert store.generation(ca, NAME) is None
    assert trail(ca, mark, "PLACEHOLDER_INSTALLED", "REFUSED") == []
    assert f"acme-signer@{NAME}.service" not in started_units(ca, mark)
    store.wait_gone(ca)


def test_placeholder__other_names(ca):
    ca.configure(NAME, Placeholder=True)
    assert ca.start(PLACEHOLDER).ok and ca.start(PLACEHOLDER).ok
    assert store.generation(ca, NAME) == "1"
    ca.configure(NAME, Placeholder=True, Identifiers=["c.example.test"])
    assert ca.start(PLACEHOLDER).ok
    assert store.generation(ca, NAME) == "2"
    assert store.certificate(ca, NAME)["names"] == ["c.example.test"]
    assert is_placeholder(ca)


FOLDER = "/srv/acmeward-test"
# systemd's "started": a oneshot has done what it was started for.
STARTED = "39f53479d3a045ac8e11786248231fbf"


def test_first_start__the_placeholder_is_deployed_before_the_ca_is_asked(ca):
    """By acme-deploy@ itself, and whichever way it is started: the renewal waits for it."""
    names = [f"n{i}.example.test" for i in range(6)]
    ca.run(f"rm -rf {FOLDER}; mkdir -p {FOLDER}")
    for name in names:
        ca.configure(name, Deploy={"web": {"FullChain": f"{FOLDER}/{name}.pem", "PrivateKey": f"{FOLDER}/{name}.key"}})
    mark = ca.cursor()
    ca.systemctl("start", *[f"acme-renew@{name}.service" for name in names])
    ca.settled(60)
    entries = ca.journal(since=mark)
    for name in names:
        mine = [(entry["MESSAGE_ID"], entry["UNIT"].partition("@")[0]) for entry in entries
                if entry.get("_PID") == "1" and entry.get("MESSAGE_ID") in (STARTING, STARTED)
                and entry.get("UNIT", "").endswith(f"@{name}.service")
                and entry["UNIT"].startswith(("acme-renew@", "acme-deploy@", "acme-placeholder@"))]
        assert mine == [(what, unit) for unit in ("acme-placeholder", "acme-deploy", "acme-renew", "acme-deploy")
                        for what in (STARTING, STARTED)], (name, mine)
        # What it has deployed: the placeholder, and the real one when that was there.
        real = store.certificate(ca, name)
        deployed = [entry["ACME_FINGERPRINT"] for entry in trail(ca, mark, "DEPLOYED", ACME_CERTIFICATE=name)]
        placeholder = one(ca, mark, "PLACEHOLDER_INSTALLED", ACME_CERTIFICATE=name)["ACME_FINGERPRINT"]
        assert deployed == [placeholder, real["fingerprint"]]
        assert store.certificate(ca, name, f"{FOLDER}/{name}.pem")["fingerprint"] == real["fingerprint"]
        assert real["public_key"] == store.public_key(ca, f"{FOLDER}/{name}.key")


def test_first_start__a_deploy_of_the_placeholder_that_was_interrupted(ca):
    """The placeholder is live, and its deploy was cut off: the next start brings it to its consumers before the CA."""
    ca.run(f"rm -rf {FOLDER}; mkdir -p {FOLDER}")
    ca.configure(NAME, Deploy={"web": {"FullChain": f"{FOLDER}/a.pem"}})
    ca.systemctl("mask", "--runtime", DEPLOY)
    assert ca.start(PLACEHOLDER).ok
    ca.systemctl("unmask", "--runtime", DEPLOY)
    assert is_placeholder(ca) and not ca.exists(f"{FOLDER}/a.pem")
    ca.pebble.stop()
    assert not ca.start(UNIT).ok
    assert is_placeholder(ca, f"{FOLDER}/a.pem")


@pytest.fixture
def witness(ca):
    """A deploy of the test's own."""
    ca.write("/etc/systemd/system/acme-deploy@.service", WITNESS)
    ca.systemctl("daemon-reload")
    ca.configure(NAME, Placeholder=True)
    yield ca
    ca.run("rm -rf /run/hold /run/witness /etc/systemd/system/acme-deploy@.service")
    ca.systemctl("daemon-reload")


def test_order__the_ca_comes_after_the_consumers(witness):
    m = witness
    m.write("/run/hold", "")
    mark = m.cursor()
    m.systemctl("start", "--no-block", UNIT)
    seen = m.wait_until(lambda: m.run("ls /run/witness/*.pem", check=False).stdout.split())
    assert is_placeholder(m, seen[0])
    # The renewal has its turn when the consumers have had theirs.
    assert m.unit(UNIT)["ActiveState"] == "inactive"
    assert m.unit(UNIT)["Job"] != "0"
    assert UNIT not in started_units(m, mark)
    m.run(["rm", "/run/hold"])
    m.wait_until(lambda: trail(m, mark, "INSTALLED"), timeout=30)
    m.settled()
    assert not is_placeholder(m)


def test_order__a_consumer_at_boot(witness):
    """Who wants files, and comes after the deploy, has them; the CA is not asked for it."""
    m = witness
    m.pebble.stop()
    m.write("/etc/systemd/system/consumer.service",
            f"[Unit]\nWants={PLACEHOLDER}\nAfter={PLACEHOLDER} {DEPLOY}\n"
            "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'ls /run/witness/*.pem'\n")
    m.systemctl("daemon-reload")
    mark = m.cursor()
    assert m.start("consumer.service").ok
    assert UNIT not in started_units(m, mark)
    m.run(["rm", "/etc/systemd/system/consumer.service"])


def test_a_fallen_messenger(ca):
    """It sees no key, writes no file and reaches nobody but the signer, at its own door."""
    store.issue(ca, "neighbour.example.test")
    ca.configure(NAME)
    keys = ca.run("find /var/lib/acme -name '*key*'").stdout.split()
    assert len(keys) >= 2
    door = "unix /run/acme/door/signer"
    tries = [*(f"read {path}" for path in keys), f"create {store.LIVE}", f"create {store.CERTS}", "socket 2 1 0", "flush",
             f"unix /run/acme/signer/{NAME}", f"unix /run/acme/signer-for-revoke/{NAME}", "unix /run/systemd/private", door]
    with Probed(ca, PLACEHOLDER, tries) as room:
        answers = room.start()
    assert [line for line, answer in answers.items() if answer == "ok"] == [door], answers
