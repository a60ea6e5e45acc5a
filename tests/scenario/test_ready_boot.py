# SPDX-License-Identifier: LGPL-2.1-or-later
"""Boots: units that wait for acme-ready@NAME.target, with a certificate and without one, and what a crash has left."""

import pytest

from lib import store
from lib.trail import one, started_units, trail

MACHINE = {"reboots": True}

NAME = "a.example.test"
TARGET_UNIT = f"acme-ready@{NAME}.target"
DEPLOY = f"acme-deploy@{NAME}.service"
RENEW = f"acme-renew@{NAME}.service"
TIMER = f"acme-renew@{NAME}.timer"
FOLDER = "/srv/acmeward-test"
FILES = {"FullChain": f"{FOLDER}/web.pem", "PrivateKey": f"{FOLDER}/web.key"}

# It keeps what it found when it began, and notes when it is reloaded.
UNIT = f"""\
[Unit]
{{dependency}}={TARGET_UNIT}
After={TARGET_UNIT}
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/cp {FOLDER}/web.pem /var/lib/{{name}}.pem
ExecReload=/usr/bin/touch /var/lib/{{name}}.reloaded
"""


@pytest.fixture
def bed(fresh):
    fresh.run(f"rm -rf {FOLDER} /var/lib/t-*; mkdir -p {FOLDER}")
    fresh.pebble.start(nonce_reject=5, authz_reuse=50)
    fresh.configure()
    yield fresh
    fresh.run("rm -rf /etc/systemd/system/t-* /etc/systemd/system/multi-user.target.wants/t-*; systemctl daemon-reload")


def at_boot(machine, **dependencies):
    """Units that start with each boot, not now: name=how it depends on the target."""
    for name, dependency in dependencies.items():
        machine.write(f"/etc/systemd/system/t-{name}.service",
                      UNIT.format(dependency=dependency, name=f"t-{name}"))
        machine.systemctl("daemon-reload")
        machine.systemctl("add-wants", "multi-user.target", f"t-{name}.service")


def fingerprint(machine, path):
    return store.certificate(machine, NAME, path)["fingerprint"]


def live(machine):
    return store.certificate(machine, NAME)["fingerprint"]


def test_a_deployed_certificate_and_no_ca__at_once(bed):
    at_boot(bed, web="Requires")
    bed.configure(NAME, Deploy={"web": {**FILES, "TryReload": "t-web.service"}})
    store.issue(bed, NAME)
    bed.wait_until(lambda: bed.active(TARGET_UNIT))
    bed.reboot()
    assert bed.active(TARGET_UNIT) and bed.active("t-web.service")
    assert fingerprint(bed, "/var/lib/t-web.pem") == live(bed)
    one(bed, None, "READY")
    assert RENEW not in started_units(bed, None)
    assert trail(bed, None, "RELOADED", "DEPLOYED", "DEPLOY_FAILED") == []


def test_no_certificate_and_no_ca__the_boot_goes_on(bed):
    at_boot(bed, web="Requires", patient="Wants")
    bed.configure(NAME, Deploy={"web": FILES})
    bed.reboot()
    assert not bed.active(TARGET_UNIT)
    assert not bed.active("t-web.service") and bed.active("t-patient.service")
    assert one(bed, None, "NOT_READY")["ACME_REASON"] == "unitFailed"
    # It had something to start with.
    assert fingerprint(bed, "/var/lib/t-patient.pem") == live(bed)


@pytest.mark.parametrize("how", ["Reload", "Restart"])
def test_crashed_before_a_renewal_was_deployed__the_unit_starts_with_the_new_one(bed, how):
    """And as one of the target's steps it is not waited for."""
    at_boot(bed, web="Wants")
    bed.configure(NAME, Deploy={"web": {**FILES, how: "t-web.service"}})
    store.issue(bed, NAME)
    bed.wait_until(lambda: bed.active(TARGET_UNIT))
    bed.systemctl("mask", "--runtime", DEPLOY)
    bed.run(["touch", f"{store.REQUESTS}/{NAME}"])
    store.issue(bed, NAME)
    assert fingerprint(bed, f"{FOLDER}/web.pem") != live(bed)
    bed.run(["rm", "-f", "/var/lib/t-web.pem", "/var/lib/t-web.reloaded"])
    bed.reboot(orderly=False)
    assert bed.active(TARGET_UNIT) and bed.active("t-web.service")
    assert fingerprint(bed, "/var/lib/t-web.pem") == live(bed)
    assert RENEW not in started_units(bed, None) and not bed.exists("/var/lib/t-web.reloaded")
    assert trail(bed, None, "DEPLOY_FAILED") == []
    one(bed, None, "DEPLOYED")


def test_crashed_before_a_renewal_was_deployed__the_boot_finishes_it(bed):
    """With nothing but the timer, which has missed no run."""
    bed.configure(NAME, Deploy={"web": FILES})
    store.issue(bed, NAME)
    bed.settled()
    bed.systemctl("enable", "--now", TIMER)
    bed.settled()
    bed.systemctl("mask", "--runtime", DEPLOY)
    bed.run(["touch", f"{store.REQUESTS}/{NAME}"])
    store.issue(bed, NAME)
    assert fingerprint(bed, f"{FOLDER}/web.pem") != live(bed)
    bed.reboot(orderly=False)
    bed.wait_until(lambda: fingerprint(bed, f"{FOLDER}/web.pem") == live(bed), what="the deploy")
    assert RENEW not in started_units(bed, None) and bed.active(TIMER)
    bed.systemctl("disable", "--now", TIMER)
