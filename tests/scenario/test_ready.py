# SPDX-License-Identifier: LGPL-2.1-or-later
"""acme-ready@NAME.target: reached when a real certificate is live and deployed, whoever waits for it and for how long."""

import pytest

from lib import moments, store
from lib.trail import one, started_units, trail, wait_for

NAME = "a.example.test"
TARGET_UNIT = f"acme-ready@{NAME}.target"
SERVICE = f"acme-ready@{NAME}.service"
DEPLOY = f"acme-deploy@{NAME}.service"
RENEW = f"acme-renew@{NAME}.service"
PLACEHOLDER = f"acme-placeholder@{NAME}.service"
FOLDER = "/srv/acmeward-test"
RUN = "/run/acmeward-test"
FILES = {"FullChain": f"{FOLDER}/web.pem", "PrivateKey": f"{FOLDER}/web.key"}

# It writes down which certificate it started with; and it can be told to start only with a real one.
CONSUMER = f"""\
[Unit]
{{dependency}}={TARGET_UNIT}
After={TARGET_UNIT}
[Service]
ExecStart=/usr/bin/sleep infinity
ExecStartPost=/bin/sh -c 'cat {FOLDER}/web.pem >{RUN}/%N; echo start >>{RUN}/%N.log'
ExecReload=/bin/sh -c 'cat {FOLDER}/web.pem >{RUN}/%N; echo reload >>{RUN}/%N.log'
"""


@pytest.fixture
def bed(fresh):
    fresh.run(f"systemctl stop 't-*'; rm -rf /run/systemd/system/t-* {RUN} {FOLDER}; mkdir -p {RUN} {FOLDER}; "
              "systemctl daemon-reload; systemctl reset-failed", check=False)
    fresh.pebble.start(nonce_reject=5, authz_reuse=50)
    fresh.configure()
    fresh.configure(NAME, Deploy={"web": {**FILES}})
    return fresh


def consumer(machine, dependency="Wants", reload=True, name="t-web"):
    text = CONSUMER.format(dependency=dependency)
    if not reload:
        text = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("ExecReload"))
    machine.write(f"/run/systemd/system/{name}.service", text)
    machine.systemctl("daemon-reload")


def told(machine, name="t-web"):
    return machine.run(f"cat {RUN}/{name}.log 2>/dev/null", check=False).stdout.split()


def has(machine, name="t-web"):
    """The fingerprint of what the consumer has."""
    return store.certificate(machine, NAME, f"{RUN}/{name}")["fingerprint"]


def live(machine):
    return store.certificate(machine, NAME)["fingerprint"]


def reached(machine):
    return machine.active(TARGET_UNIT)


def wait_reached(machine):
    machine.wait_until(lambda: reached(machine), what=f"{TARGET_UNIT} to be reached")


def settle(machine, unit, timeout=30):
    """Wait until a unit has no job and is not on its way."""
    machine.wait_until(lambda: machine.unit(unit)["Job"] in ("", "0")
                       and machine.unit(unit)["ActiveState"] not in ("activating", "deactivating"),
                       timeout, what=f"{unit} to settle")


def test_a_placeholder_is_not_enough__a_first_renewal_is(bed):
    assert bed.start(PLACEHOLDER).ok
    settle(bed, DEPLOY)
    assert bed.exists(f"{FOLDER}/web.pem") and not reached(bed)
    mark = bed.cursor()
    store.issue(bed, NAME)
    wait_reached(bed)
    found = store.certificate(bed, NAME)
    entry = one(bed, mark, "READY", ACME_CERTIFICATE=NAME)
    assert entry["ACME_FINGERPRINT"] == found["fingerprint"]
    assert store.certificate(bed, NAME, f"{FOLDER}/web.pem")["fingerprint"] == found["fingerprint"]
    # Another renewal replaces it, and costs no process here.
    bed.run(["touch", f"{store.REQUESTS}/{NAME}"])
    store.issue(bed, NAME)
    settle(bed, DEPLOY)
    one(bed, mark, "READY")
    assert len(trail(bed, mark, "DEPLOYED", ACME_FINGERPRINT=live(bed))) == 1


def test_started_by_hand__gets_the_certificate(bed):
    mark = bed.cursor()
    assert bed.start(TARGET_UNIT).ok
    assert reached(bed)
    found = store.check_live(bed, NAME, [NAME])
    assert store.certificate(bed, NAME, f"{FOLDER}/web.pem")["fingerprint"] == found["fingerprint"]
    assert [entry["EVENT"] for entry in trail(bed, mark, "PLACEHOLDER_INSTALLED", "INSTALLED", "READY")] == [
        "PLACEHOLDER_INSTALLED", "INSTALLED", "READY"]
    # Stopped and started again, it looks again, and asks for nothing.
    bed.systemctl("stop", TARGET_UNIT)
    mark = bed.cursor()
    assert bed.start(TARGET_UNIT).ok and reached(bed)
    one(bed, mark, "READY")
    assert RENEW not in started_units(bed, mark)


def test_a_name_without_a_file__has_no_targets(bed):
    name = "b.example.test"
    assert bed.start(f"acme-ready@{name}.target").ok
    store.check_live(bed, name, [name])
    assert bed.active(f"acme-ready@{name}.target")


def boot(machine):
    """Everything of ours is stopped, as after a boot; what starts then is one transaction."""
    machine.run("systemctl stop 't-*' 'acme-*'; rm -rf /run/acme/deploy/*", check=False)
    machine.systemctl("reset-failed")


def test_at_boot_with_a_deployed_certificate_and_no_ca__at_once(bed):
    consumer(bed)
    bed.configure(NAME, Deploy={"web": {**FILES, "Reload": "t-web.service"}})
    store.issue(bed, NAME)
    wait_reached(bed)
    boot(bed)
    bed.pebble.stop()
    bed.run(["rm", "-f", f"{RUN}/t-web.log"])
    mark = bed.cursor()
    started = bed.start("t-web.service")
    assert started.ok and started.seconds < 5
    assert reached(bed) and has(bed) == live(bed)
    assert RENEW not in started_units(bed, mark)
    assert told(bed) == ["start"] and trail(bed, mark, "RELOADED") == []


def test_required_and_no_certificate_and_no_ca__fails_in_bounded_time(bed):
    bed.pebble.stop()
    consumer(bed, "Requires")
    consumer(bed, "Wants", name="t-patient")
    mark = bed.cursor()
    started = bed.start("t-web.service")
    assert not started.ok and started.seconds < 60
    assert not bed.active("t-web.service") and not reached(bed)
    entry = one(bed, mark, "NOT_READY", ACME_CERTIFICATE=NAME)
    assert (entry["ACME_REASON"], entry["ACME_UNIT"]) == ("unitFailed", RENEW)
    assert bed.unit(SERVICE)["ExecMainStatus"] == "75"
    # Who only wants it has the placeholder.
    assert bed.start("t-patient.service").ok and not reached(bed)
    assert has(bed, "t-patient") == live(bed)


def test_a_ca_that_stands_still__is_waited_for_only_so_long(bed):
    bed.write("/run/systemd/system/acme-ready@.service.d/50-test.conf",
              "[Service]\nExecStart=\nExecStart=/usr/lib/acmeward/acme-ready --wait-seconds=2 %i\n")
    bed.systemctl("daemon-reload")
    try:
        with bed.mangler() as ca:
            bed.configure(CA=ca.directory)
            bed.configure(NAME, Deploy={"web": {**FILES}})
            # The placeholder and its deploy, which come before the renewal, have their own time.
            assert bed.start(PLACEHOLDER).ok
            settle(bed, DEPLOY)
            mark = bed.cursor()
            with moments.held_request(ca, "newOrder"):
                started = bed.start(TARGET_UNIT)
                assert not started.ok
                entry = one(bed, mark, "NOT_READY")
                assert (entry["ACME_REASON"], entry["ACME_UNIT"]) == ("unitHangs", RENEW)
                # It goes on by itself, and the controller has the target started when it is done.
                assert bed.unit(RENEW)["ActiveState"] == "activating"
            wait_for(bed, mark, "INSTALLED", timeout=60)
            wait_reached(bed)
    finally:
        bed.run("rm -r /run/systemd/system/acme-ready@.service.d")
        bed.systemctl("daemon-reload")


def test_a_target_that_fails__is_not_reached_until_it_is_mended(bed):
    bed.configure(NAME, Deploy={"bad": {"FullChain": "/srv/there-is-no/such.pem"}, "web": {**FILES}})
    mark = bed.cursor()
    assert not bed.start(TARGET_UNIT).ok
    assert not reached(bed)
    store.check_live(bed, NAME, [NAME])
    entry = one(bed, mark, "NOT_READY")
    assert (entry["ACME_REASON"], entry["ACME_TARGET"], entry["ACME_UNIT"]) == ("notDeployed", "bad", DEPLOY)
    # The renewal by itself does not help, and what has failed just now is not tried twice.
    mark = bed.cursor()
    assert not bed.start(TARGET_UNIT).ok
    assert len(trail(bed, mark, "DEPLOY_FAILED")) == 1
    bed.run("mkdir -p /srv/there-is-no")
    mark = bed.cursor()
    assert bed.start(DEPLOY).ok
    wait_reached(bed)
    one(bed, mark, "READY")
    bed.run("rm -r /srv/there-is-no")


@pytest.mark.parametrize("how", ["Reload", "Restart", "TryReload"])
def test_a_unit_that_waits_for_the_target_and_is_one_of_its_steps__starts_with_the_real_one(bed, how):
    """It would wait for a deploy that waits for it."""
    consumer(bed, "Requires")
    bed.configure(NAME, Deploy={"web": {**FILES, how: "t-web.service"}})
    mark = bed.cursor()
    started = bed.start("t-web.service")
    assert started.ok and started.seconds < 40, started
    assert reached(bed) and has(bed) == live(bed) and told(bed) == ["start"]
    assert trail(bed, mark, "DEPLOY_FAILED") == []
    settle(bed, DEPLOY)
    assert not store.certificate(bed, NAME)["subject"].endswith("placeholder")


@pytest.mark.parametrize("how, reload", [("Reload", True), ("Reload", False), ("Restart", True)])
def test_a_unit_that_wants_the_target_and_runs_without__is_served_by_the_first_deploy(bed, how, reload):
    """The CA was not there at boot, so that it runs with a placeholder. Its restart pulls the target in, which waits
    for the deploy, which waits for the restart."""
    bed.pebble.stop()
    consumer(bed, "Wants", reload=reload)
    bed.configure(NAME, Deploy={"web": {**FILES, how: "t-web.service"}})
    assert bed.start("t-web.service").ok
    assert not reached(bed) and has(bed) == live(bed)
    bed.pebble.start(nonce_reject=5, authz_reuse=50)
    bed.configure()
    bed.configure(NAME, Deploy={"web": {**FILES, how: "t-web.service"}})
    bed.run(["touch", f"{store.REQUESTS}/{NAME}"])
    mark = bed.cursor()
    store.issue(bed, NAME)
    wait_for(bed, mark, "READY", timeout=40)
    settle(bed, "t-web.service")
    assert bed.active("t-web.service") and has(bed) == live(bed)
    assert trail(bed, mark, "DEPLOY_FAILED") == []
    assert len(trail(bed, mark, "DEPLOYED")) == 1


def test_a_unit_that_the_target_wants__starts_when_there_is_one_at_last(bed):
    bed.pebble.stop()
    consumer(bed, "Requires")
    bed.systemctl("add-wants", "--runtime", TARGET_UNIT, "t-web.service")
    assert not bed.start(TARGET_UNIT).ok and not bed.active("t-web.service")
    bed.pebble.start(nonce_reject=5, authz_reuse=50)
    bed.configure()
    bed.run(["touch", f"{store.REQUESTS}/{NAME}"])
    store.issue(bed, NAME)
    bed.wait_until(lambda: bed.active("t-web.service"))
    assert has(bed) == live(bed) and told(bed) == ["start"]
    bed.run("rm -r /run/systemd/system/acme-ready@*.wants")


def test_consumers_of_a_credential__are_waited_for_and_may_wait(bed):
    """One runs and is restarted; the other one waits for the target, and is none of ours until it runs."""
    consumer(bed, "Wants", name="t-waits")
    bed.write("/run/systemd/system/t-runs.service",
              f"[Service]\nExecStart=/usr/bin/sleep infinity\nExecStartPost=/bin/sh -c 'echo start >>{RUN}/%N.log'\n")
    bed.systemctl("daemon-reload")
    bed.systemctl("start", "t-runs.service")
    bed.configure(NAME, Deploy={"web": {**FILES}}, Consumers=["t-runs.service", "t-waits.service"])
    mark = bed.cursor()
    assert bed.start("t-waits.service").ok and reached(bed)
    assert has(bed, "t-waits") == live(bed) and told(bed, "t-waits") == ["start"]
    # At its start, for the placeholder, for the real one.
    assert told(bed, "t-runs") == ["start"] * 3
    assert one(bed, mark, "READY")["ACME_FINGERPRINT"] == live(bed)


def test_killed_while_it_waits__the_renewal_goes_on_and_the_controller_starts_it_again(bed):
    with bed.mangler() as ca:
        bed.configure(CA=ca.directory)
        bed.configure(NAME, Deploy={"web": {**FILES}})
        mark = bed.cursor()
        with moments.held_request(ca, "newOrder") as wait:
            start = bed.popen(["systemctl", "start", TARGET_UNIT])
            wait()
            bed.systemctl("kill", "--signal=KILL", SERVICE)
            assert moments.finish(start) != 0
        wait_for(bed, mark, "READY", timeout=60)
        wait_reached(bed)


def test_wrong_configuration(bed):
    bed.configure(NAME, Deploy={"web": {"FullChain": "not/absolute.pem"}})
    mark = bed.cursor()
    assert not bed.start(TARGET_UNIT).ok
    assert bed.unit(SERVICE)["ExecMainStatus"] == "78"
    assert wait_for(bed, mark, "CONFIGURATION_INVALID", ACME_CERTIFICATE=NAME)
    assert RENEW not in started_units(bed, mark)
