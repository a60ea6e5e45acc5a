# SPDX-License-Identifier: LGPL-2.1-or-later
"""DryRun=: a renewal all the way with the CA's staging twin, of which nothing is left but what the journal says."""

import json

import pytest
from lib import caddy_ca, image, store
from lib.moments import held_request
from lib.trail import names, one, trail

MACHINE = {"packages": image.SERVERS}
NAME = "a.example.test"
UNIT = f"acme-renew@{NAME}.service"
REQUEST = f"/run/acme/dry-run/{NAME}"
DROP_IN = f"/etc/acme/certs/{NAME}.conf.d/dry.conf"


class Twins:
    """The CA is Caddy, and its twin is Pebble, behind the mangler."""

    def __init__(self, machine, mangler):
        self.machine, self.twin = machine, mangler
        self.real = caddy_ca.start(machine)
        self.staging("twin")
        machine.write("/etc/acme/ca.d/twin.conf", f"[CA]\nDirectory={mangler.directory}\n")
        machine.configure(CA="real")

    def staging(self, name):
        line = f"Staging={name}\n" if name else ""
        self.machine.write("/etc/acme/ca.d/real.conf", self.real.ca_file() + line)

    def issue(self):
        started = self.machine.start(UNIT)
        assert started.ok, started
        self.machine.settled()
        return self.real.check_live(NAME, [NAME])

    def kept(self):
        """Every file that a dry run must leave alone, with what is in it and when it was written."""
        return self.machine.run("cd /var/lib/acme && find certs live replace retired deploy accounts/real -printf "
                                "'%p %y %T@ %l\\n' | sort; find certs live replace retired deploy accounts/real -type f "
                                "-exec sha256sum {} + | sort").stdout


@pytest.fixture
def twins(fresh):
    fresh.pebble.start()
    with fresh.mangler() as mangler:
        yield Twins(fresh, mangler)
    fresh.run(["rm", "-rf", REQUEST])


def dry(machine):
    return machine.run(["acmectl", "renew", "--dry-run", NAME], check=False)


def status(machine):
    done = machine.run(["acmectl", "status", "--json", NAME], check=False)
    return done.returncode, json.loads(done.stdout)[0]


def test_configured(fresh, twins):
    """All of it happens, but nothing is changed; with the real CA down, too."""
    before = twins.issue()
    twins.real.stop()
    kept = twins.kept()
    fresh.write(DROP_IN, "[Certificate]\nDryRun=yes\n")
    begin = fresh.cursor()
    for _ in range(2):
        mark = fresh.cursor()
        started = fresh.start(UNIT)
        assert started.ok, started
        fresh.settled()
        passed = one(fresh, mark, "DRY_RUN_PASSED", ACME_CERTIFICATE=NAME)
        assert passed["ACME_CA"] == "twin" and passed["ACME_SERIAL"] != before["serial"]
        assert {"PORT_OPENED", "PORT_CLOSED", "ORDER_CREATED", "SIGNED"} <= set(names(trail(fresh, mark)))
        assert trail(fresh, mark, "INSTALLED", "DEPLOYED", "FAILED", "ORDER_RESUMED") == []
        assert {entry["ACME_CA"] for entry in trail(fresh, mark, "SIGNED")} == {"twin"}
    # One time in a hundred Pebble takes an authorization twice, whatever it is told.
    assert trail(fresh, begin, "AUTHORIZATION_VALID")
    assert twins.kept() == kept
    assert fresh.listdir(store.ACCOUNTS) == ["real", "twin"]
    assert store.public_key(fresh, f"{store.ACCOUNTS}/real/key.pem") != store.public_key(
        fresh, f"{store.ACCOUNTS}/twin/key.pem")
    store.wait_gone(fresh)
    # It would expire without a word otherwise.
    code, found = status(fresh)
    assert code == 1 and found["attention"] == ["dryRun"] and found["live"] == "live"


def test_before_the_first_certificate(fresh, twins):
    """No placeholder either, whose place would be the store."""
    fresh.configure(NAME, DryRun=True, Placeholder=True)
    mark = fresh.cursor()
    assert fresh.start(UNIT).ok
    one(fresh, mark, "DRY_RUN_PASSED")
    assert store.generation(fresh, NAME) is None and not fresh.exists(f"{store.CERTS}/{NAME}/state.json")
    assert trail(fresh, mark, "PLACEHOLDER_INSTALLED") == []
    assert fresh.active(f"acme-placeholder@{NAME}.service") is False
    # And then for good.
    fresh.configure(NAME, Placeholder=True)
    twins.issue()


def test_once(fresh, twins):
    twins.issue()
    kept = twins.kept()
    mark = fresh.cursor()
    done = dry(fresh)
    assert done.returncode == 0, done.stderr
    fresh.settled()
    assert one(fresh, mark, "DRY_RUN_PASSED")["ACME_CA"] == "twin"
    assert twins.kept() == kept and not fresh.exists(REQUEST)
    # The next one is none.
    mark = fresh.cursor()
    assert fresh.start(UNIT).ok
    assert trail(fresh, mark, "DRY_RUN_PASSED") == [] and len(trail(fresh, mark, "NOT_DUE")) == 1
    assert status(fresh)[1]["attention"] == []


@pytest.mark.parametrize("way, code", [("down", 75), ("refused", 77), ("wrong chain", 75)])
def test_failures_do_not_count(fresh, twins, way, code):
    twins.issue()
    kept = twins.kept()
    if way == "down":
        twins.twin.on("directory").status(503)
    elif way == "refused":
        twins.twin.on("newOrder").problem("rejectedIdentifier", status=403)
    else:
        # Of another order: for a key that is not ours.
        chain = fresh.read(f"{store.LIVE}/{NAME}/fullchain.pem").encode()
        twins.twin.on("certificate").body(chain)
    mark = fresh.cursor()
    assert dry(fresh).returncode == code
    fresh.settled()
    assert one(fresh, mark, "DRY_RUN_FAILED")["ACME_REASON"]
    assert trail(fresh, mark, "DRY_RUN_PASSED", "FAILED", "INSTALLED") == []
    assert twins.kept() == kept and not fresh.exists(REQUEST)
    fresh.run(["systemctl", "stop", f"acme-retry@{NAME}.timer"])


@pytest.mark.parametrize("staging", [None, "nobody", "real", "Twin"])
def test_no_twin(fresh, twins, staging):
    """That is an error of a dry run, and none of a renewal."""
    twins.staging(staging)
    if staging != "Twin":
        twins.issue()
    mark = fresh.cursor()
    assert dry(fresh).returncode == 78
    assert "Staging" in one(fresh, mark, "CONFIGURATION_INVALID", SYSLOG_IDENTIFIER="acme-client")["ACME_REASON"]
    assert trail(fresh, mark, "SIGNED") == [] and twins.twin.seen() == []


def test_two_key_types(fresh, twins):
    """The second is tried out as well, whatever has come of the first."""
    twins.issue()
    kept = twins.kept()
    fresh.configure(NAME, CA="real", KeyType="ec-p256 rsa-2048")
    mark = fresh.cursor()
    assert dry(fresh).returncode == 0
    fresh.settled()
    assert [entry["ACME_KEY_TYPE"] for entry in trail(fresh, mark, "DRY_RUN_PASSED")] == ["ec-p256", "rsa-2048"]
    chain = fresh.read(f"{store.LIVE}/{NAME}/fullchain.pem").encode()
    twins.twin.on("certificate", times=1).body(chain)
    mark = fresh.cursor()
    assert dry(fresh).returncode == 75
    fresh.settled()
    assert one(fresh, mark, "DRY_RUN_FAILED")["ACME_KEY_TYPE"] == "ec-p256"
    assert one(fresh, mark, "DRY_RUN_PASSED")["ACME_KEY_TYPE"] == "rsa-2048"
    assert twins.kept() == kept
    fresh.run(["systemctl", "stop", f"acme-retry@{NAME}.timer"])


def test_nobody_to_take_the_request_back(fresh, twins):
    """A request of long ago keeps no renewal away."""
    twins.issue()
    fresh.run(["touch", f"{store.REQUESTS}/{NAME}", REQUEST])
    fresh.run(["touch", "--date=-1 hour", REQUEST])
    mark = fresh.cursor()
    assert fresh.start(UNIT).ok
    one(fresh, mark, "INSTALLED")
    # One of the future is nobody's.
    fresh.run(["touch", "--date=+1 day", REQUEST])
    mark = fresh.cursor()
    assert fresh.start(UNIT).ok
    assert len(trail(fresh, mark, "NOT_DUE")) == 1


def test_killed_in_the_middle(fresh, twins):
    twins.issue()
    kept = twins.kept()
    fresh.write(DROP_IN, "[Certificate]\nDryRun=yes\n")
    with held_request(twins.twin, "finalize") as wait:
        start = fresh.popen(["systemctl", "start", UNIT])
        wait()
        # A real one cannot be had of a dry run that is under way.
        assert dry(fresh).returncode == 75
        fresh.systemctl("kill", "--signal=KILL", UNIT)
        assert start.wait(30) != 0
    fresh.settled()
    assert twins.kept() == kept
    store.wait_gone(fresh)
    fresh.run(["systemctl", "stop", f"acme-retry@{NAME}.timer"])


def test_not_root(fresh, twins):
    done = fresh.run(["setpriv", "--reuid=nobody", "--clear-groups", "acmectl", "renew", "--dry-run", NAME], check=False)
    assert done.returncode == 77
    assert not fresh.exists(REQUEST)
