# SPDX-License-Identifier: LGPL-2.1-or-later
"""Deploy when a unit, a target or the configuration is not as it should be: who is served all the same, and what is said."""

import pytest

from lib import deploys, moments, store
from lib.deploys import DEPLOY, LOG, NAME, TARGET, consumer, files, serial, shown, told
from lib.trail import one, trail, wait_for


@pytest.fixture
def live(fresh):
    return deploys.bed(fresh)


FAILING = {
    # What is wrong with the unit -> (exit status, ACME_REASON=).
    "reload-fails": (75, "unitFailed"),
    "reload-hangs": (75, "unitFailed"),
    "reload-outlasts-us": (75, "unitHangs"),
    "masked": (78, "unitMasked"),
    "missing": (78, "unitMissing"),
}


def spoil(machine, how):
    if how == "reload-fails":
        consumer(machine, "t-bad", reload=f"/usr/bin/test -e {LOG}/works")
    elif how == "reload-hangs":
        consumer(machine, "t-bad", reload="/usr/bin/sleep 60", timeout=1)
    elif how == "reload-outlasts-us":
        consumer(machine, "t-bad", reload="/usr/bin/sleep 60")
        machine.write("/run/systemd/system/acme-deploy@.service.d/50-test.conf",
                      "[Service]\nExecStart=\nExecStart=/usr/lib/acmeward/acme-deploy --job-seconds=1 %i\n")
        machine.systemctl("daemon-reload")
    elif how == "masked":
        machine.systemctl("mask", "--runtime", "t-bad.service")


def mend(machine):
    machine.systemctl("stop", "t-bad.service", check=False)
    machine.systemctl("unmask", "--runtime", "t-bad.service")
    consumer(machine, "t-bad")


@pytest.mark.parametrize("how", FAILING)
def test_a_unit_that_does_not_take_it__fails_alone_and_is_tried_again(live, how):
    status, reason = FAILING[how]
    consumer(live, "t-good")
    spoil(live, how)
    live.configure(NAME, Deploy={
        "bad": {**files("bad"), "Reload": "t-bad.service"},
        "behind": {**files("behind"), "After": "bad"},
        "good": {**files("good"), "Reload": "t-good.service"},
    })
    mark = live.cursor()
    started = live.start(DEPLOY)
    assert not started.ok and started.exit_status == status
    entry = one(live, mark, "DEPLOY_FAILED", ACME_TARGET="bad", ACME_UNIT="t-bad.service")
    assert entry["ACME_REASON"] == reason
    # The others are served, but for what is to come after it.
    assert told(live, "t-good") == ["reload"]
    assert [e["ACME_TARGET"] for e in trail(live, mark, "DEPLOYED")] == ["good"]
    assert live.listdir(TARGET) == ["bad.key", "bad.pem", "good.key", "good.pem"]
    assert live.active(f"acme-deploy-retry@{NAME}.timer")
    # The next run does what is missing, and only that.
    mend(live)
    mark = live.cursor()
    assert live.start(DEPLOY).ok
    assert told(live, "t-bad") == ["reload"] and told(live, "t-good") == ["reload"]
    assert [e["ACME_TARGET"] for e in trail(live, mark, "DEPLOYED")] == ["bad", "behind"]
    assert "behind.pem" in live.listdir(TARGET)


def test_a_target_that_cannot_be_written__the_other_is_served(live):
    consumer(live, "t-web")
    live.configure(NAME, Deploy={
        "nowhere": {"FullChain": "/srv/there-is-no/such.pem", "Reload": "t-web.service"}, "web": files()})
    mark = live.cursor()
    started = live.start(DEPLOY)
    assert started.exit_status == 78
    failure = one(live, mark, "DEPLOY_FAILED")
    assert failure["ACME_TARGET"] == "nowhere"
    assert told(live, "t-web") == [] and serial(live)
    # The writer has told it, and who asks for the unit that was started is shown it.
    assert failure["_SYSTEMD_UNIT"] == f"acme-deploy-write@{NAME}:nowhere.service"
    assert shown(live, DEPLOY, failure["MESSAGE"])


def test_no_password_for_pkcs12(live):
    live.configure(NAME, Deploy={"java": {"PKCS12": f"{TARGET}/a.p12", "PKCS12Password": "/etc/there-is-no-such"}})
    mark = live.cursor()
    assert live.start(DEPLOY).exit_status == 78
    assert one(live, mark, "DEPLOY_FAILED", ACME_TARGET="java")["ACME_REASON"] == "password"


def test_wrong_configuration(live):
    live.configure(NAME, Deploy={"web": {"FullChain": "not/absolute.pem"}})
    mark = live.cursor()
    assert live.start(DEPLOY).exit_status == 78
    assert wait_for(live, mark, "CONFIGURATION_INVALID", ACME_CERTIFICATE=NAME)


def test_systemd_reads_its_units_anew__before_the_writer_runs(live):
    """As `systemctl enable` does just after a first start; systemd 252 loses the command of what it has not begun yet."""
    live.configure(NAME, Deploy={"web": files("web")})
    live.write("/run/systemd/system/t-hold.service", "[Service]\nType=oneshot\nExecStart=/bin/sh -c "
               "'until test -e /run/t-released; do sleep 0.05; done'\n")
    drop_in = "/run/systemd/system/acme-deploy-write@.service.d/90-test.conf"
    live.write(drop_in, "[Unit]\nAfter=t-hold.service\n")
    live.systemctl("daemon-reload")
    try:
        live.systemctl("start", "--no-block", "t-hold.service")
        start = live.popen(["systemctl", "start", DEPLOY])
        live.wait_until(lambda: "acme-deploy-write" in live.systemctl("list-jobs", "--no-legend", "--plain").stdout)
        live.systemctl("daemon-reload")
        live.run(["touch", "/run/t-released"])
        assert moments.finish(start) == 0
        assert serial(live) == store.certificate(live, NAME)["serial"]
    finally:
        live.run(["rm", "-rf", "/run/t-released", drop_in.rpartition("/")[0], "/run/systemd/system/t-hold.service"])
        live.systemctl("daemon-reload")
