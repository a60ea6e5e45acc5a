# SPDX-License-Identifier: LGPL-2.1-or-later
"""What somebody types who is in a hurry: whoever starts the unit learns of it, there and then."""

import pytest

from lib import served
from lib.trail import one, trail

NAME = "a.example.test"
DEPLOY = f"acme-deploy@{NAME}.service"
TARGET = "/srv/acmeward-test"
FILE = f"/etc/acme/certs/{NAME}.conf"


@pytest.fixture
def live(fresh):
    """A machine with a live certificate, a directory to deploy to, and nothing configured."""
    fresh.run(f"rm -rf {TARGET}; mkdir {TARGET}")
    fresh.configure(CA="https://localhost:14000/dir", Trust=None)
    served.go_live(fresh, name=NAME)
    return fresh


def warned(machine, mark, what):
    """Where the one warning says that it is."""
    entry, = [entry for entry in machine.journal(since=mark, PRIORITY="4", ACME_CERTIFICATE=NAME)
              if what in str(entry["MESSAGE"])]
    assert entry["_SYSTEMD_UNIT"] == DEPLOY
    return entry["MESSAGE"].partition(": ")[0]


def test_a_setting_that_is_mistyped__is_told_at_each_run(live):
    """Not only when a renewal is due: what it ought to do is not done."""
    live.write(FILE, f"[Deploy web]\nFullChain={TARGET}/web.pem\nRelaod=nginx.service\n[deploy mail]\nMode=0640\n")
    for _ in range(2):
        mark = live.cursor()
        assert live.start(DEPLOY).ok
        assert warned(live, mark, "Relaod=") == f"{FILE}:3"
        assert warned(live, mark, "[deploy mail]").rpartition(":")[0] == FILE
    # Also when something else is wrong.
    live.write(FILE, f"[Deploy web]\nFullChain={TARGET}/web.pem\nRelaod=nginx.service\nMode=rwx\n")
    mark = live.cursor()
    assert live.start(DEPLOY).exit_status == 78
    assert warned(live, mark, "Relaod=") == f"{FILE}:3"
    assert f"{FILE}:4:" in one(live, mark, "CONFIGURATION_INVALID", _SYSTEMD_UNIT=DEPLOY)["ACME_REASON"]


def test_a_name_that_can_be_none__is_told(live):
    name = "Not_A_Name"
    live.run(["ln", "-s", NAME, f"/var/lib/acme/live/{name}"])
    live.configure(name, Identifiers=[NAME])
    for unit in (f"acme-deploy@{name}.service", f"acme-verify@{name}.service", f"acme-ready@{name}.service"):
        live.settled()  # a deploy that fails starts the other one: our start must not join that run
        mark = live.cursor()
        assert live.start(unit).exit_status == 78
        assert name in one(live, mark, "CONFIGURATION_INVALID", _SYSTEMD_UNIT=unit)["ACME_REASON"]
    live.run(["rm", f"/var/lib/acme/live/{name}"])
    # Nor is one an option, so that somebody would be told that a certificate is in use.
    assert live.start("acme-ready@-h.service").exit_status == 78


def test_one_target_fails__the_others_are_verified(live):
    """A directory that is missing for months must not hide that a server goes on with an old certificate."""
    live.configure(NAME, Deploy={"gone": {"FullChain": "/srv/there-is-no/such.pem"},
                                 "web": {"FullChain": f"{TARGET}/web.pem", "Verify": "localhost:8499"}})
    mark = live.cursor()
    assert live.start(DEPLOY).exit_status == 78
    live.wait_until(lambda: trail(live, mark, "VERIFY_FAILED"), 60, 0.2, what="the other target to be verified")
    assert one(live, mark, "VERIFY_FAILED", ACME_TARGET="web")["ACME_ENDPOINT"] == "localhost:8499"
    live.settled(30)


def test_a_consumer_that_there_is_not__is_told(live):
    """Maybe it is to come, so that nothing fails."""
    live.configure(NAME, Consumers=["nignx.service"])
    mark = live.cursor()
    assert live.start(DEPLOY).ok
    assert warned(live, mark, "nignx.service")


def test_a_program_that_there_is_not__is_for_a_person(live):
    live.configure(NAME, Deploy={"web": {"Exec": "/usr/local/bin/there-is-no-such"}})
    mark = live.cursor()
    assert live.start(DEPLOY).exit_status == 78
    assert one(live, mark, "DEPLOY_FAILED")["ACME_REASON"] == "execFailed"
