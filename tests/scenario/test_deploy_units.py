# SPDX-License-Identifier: LGPL-2.1-or-later
"""Deploy and the units that use a certificate: who is reloaded or restarted, when, and how often."""

import pytest

from lib import deploys, store
from lib.deploys import DEPLOY, NAME, TARGET, consumer, files, forget, record, renew, serial, told
from lib.trail import one, started_units, trail


@pytest.fixture
def live(fresh):
    return deploys.bed(fresh)


def test_first_time_and_a_second(live):
    consumer(live, "t-web")
    live.configure(NAME, Deploy={"web": {**files(), "Reload": "t-web.service"}})
    mark = live.cursor()
    started = live.start(DEPLOY)
    assert started.ok and started.exit_status == 0, started
    certificate = store.certificate(live, NAME)
    assert serial(live) == certificate["serial"]
    assert told(live, "t-web") == ["reload"]
    entry = one(live, mark, "RELOADED", ACME_TARGET="web", ACME_UNIT="t-web.service", ACME_CERTIFICATE=NAME)
    assert entry["ACME_SERIAL"] == one(live, mark, "DEPLOYED", ACME_TARGET="web")["ACME_SERIAL"]
    assert int(entry["ACME_SERIAL"], 16) == int(certificate["serial"], 16)
    assert record(live)["web"]["done"] == ["Reload=t-web.service"]
    # With nothing to do. (What looks whether it is served comes after the first run.)
    live.settled()
    mark = live.cursor()
    assert live.start(DEPLOY).ok
    live.settled()
    assert told(live, "t-web") == ["reload"]
    assert trail(live, mark, "DEPLOYED", "RELOADED", "DEPLOY_FAILED") == []


def test_a_renewal__is_deployed(live):
    consumer(live, "t-web")
    live.configure(NAME, Deploy={"web": {**files(), "Reload": "t-web.service"}})
    assert live.start(DEPLOY).ok
    before = serial(live)
    renew(live)
    assert live.start(DEPLOY).ok
    assert serial(live) == store.certificate(live, NAME)["serial"] != before
    assert told(live, "t-web") == ["reload", "reload"]


def test_a_file_changed_behind_our_back__is_mended_and_the_unit_reloaded(live):
    consumer(live, "t-web")
    live.configure(NAME, Deploy={"web": {**files(), "Reload": "t-web.service"}})
    assert live.start(DEPLOY).ok
    live.write(f"{TARGET}/web.pem", "something else")
    assert live.start(DEPLOY).ok
    assert serial(live) == store.certificate(live, NAME)["serial"]
    assert told(live, "t-web") == ["reload", "reload"]


def test_a_unit_added_to_a_target__is_served_and_no_other(live):
    consumer(live, "t-web")
    consumer(live, "t-mail")
    live.configure(NAME, Deploy={"web": {**files(), "Reload": "t-web.service"}})
    assert live.start(DEPLOY).ok
    live.configure(NAME, Deploy={"web": {**files(), "Reload": "t-web.service t-mail.service"}})
    assert live.start(DEPLOY).ok
    assert (told(live, "t-web"), told(live, "t-mail")) == (["reload"], ["reload"])


def test_a_damaged_record__costs_a_reload_and_nothing_else(live):
    consumer(live, "t-web")
    live.configure(NAME, Deploy={"web": {**files(), "Reload": "t-web.service"}})
    assert live.start(DEPLOY).ok
    live.write(f"/var/lib/acme/deploy/{NAME}.json", '{"version":1,"targets":[{')
    assert live.start(DEPLOY).ok
    assert told(live, "t-web") == ["reload", "reload"]
    assert record(live)["web"]["done"] == ["Reload=t-web.service"]


def test_ways_to_tell_a_unit(live):
    consumer(live, "t-reload")
    consumer(live, "t-cannot-reload", reload="")
    consumer(live, "t-restart")
    for name in ("t-stopped", "t-left-alone"):
        consumer(live, name, start=False)
    pids = {name: live.unit(f"{name}.service")["MainPID"] for name in ("t-reload", "t-cannot-reload", "t-restart")}
    live.configure(NAME, Deploy={"all": {
        **files(), "Reload": "t-reload.service t-cannot-reload.service t-stopped.service",
        "Restart": "t-restart.service", "TryReload": "t-left-alone.service"}})
    assert live.start(DEPLOY).ok
    assert told(live, "t-reload") == ["reload"]
    assert told(live, "t-cannot-reload") == told(live, "t-restart") == told(live, "t-stopped") == ["start"]
    assert told(live, "t-left-alone") == [] and not live.active("t-left-alone.service")
    changed = {name for name, pid in pids.items() if live.unit(f"{name}.service")["MainPID"] != pid}
    assert changed == {"t-cannot-reload", "t-restart"}


def test_after__gives_the_order(live):
    consumer(live, "t-web")
    live.configure(NAME, Deploy={
        "third": {**files("third"), "After": "second"},
        "second": {"Reload": "t-web.service", "After": "first"},
        "first": files("first"),
    })
    mark = live.cursor()
    assert live.start(DEPLOY).ok
    assert [e["ACME_TARGET"] for e in trail(live, mark, "DEPLOYED")] == ["first", "second", "third"]


def test_consumers__are_restarted_when_they_run(live):
    consumer(live, "t-runs")
    consumer(live, "t-stopped", start=False)
    pid = live.unit("t-runs.service")["MainPID"]
    live.configure(NAME, Consumers=["t-runs.service", "t-stopped.service", "t-missing.service"])
    mark = live.cursor()
    assert live.start(DEPLOY).ok
    assert told(live, "t-runs") == ["start"] and live.unit("t-runs.service")["MainPID"] != pid
    assert told(live, "t-stopped") == []
    assert one(live, mark, "RELOADED")["ACME_UNIT"] == "t-runs.service"
    # What was not running got its credential when it started since.
    live.systemctl("start", "t-stopped.service")
    forget(live, "t-stopped")
    assert live.start(DEPLOY).ok
    assert told(live, "t-stopped") == [] and told(live, "t-runs") == ["start"]


def test_consumers__each_instance_of_a_template(live):
    """An entry without an instance stands for all that run."""
    consumer(live, "t-many@", start=False)
    names = [f"t-many@{i}" for i in (1, 2)]
    live.systemctl("start", *[f"{name}.service" for name in names])
    for name in names:
        forget(live, name)
    live.configure(NAME, Consumers=["t-many@.service"])
    mark = live.cursor()
    assert live.start(DEPLOY).ok
    assert [told(live, name) for name in [*names, "t-many@3"]] == [["start"], ["start"], []]
    assert {entry["ACME_UNIT"] for entry in trail(live, mark, "RELOADED")} == {f"{name}.service" for name in names}
    # One that comes later begins with what is live; nothing is left to do.
    live.systemctl("start", "t-many@3.service")
    forget(live, "t-many@3")
    assert live.start(DEPLOY).ok
    assert told(live, "t-many@3") == [] and told(live, names[0]) == ["start"]
    renew(live, NAME)
    live.settled(30)
    assert [told(live, name) for name in [*names, "t-many@3"]] == [["start"] * 2, ["start"] * 2, ["start"]]


def test_consumers__are_reloaded_where_that_refreshes_credentials(live):
    if live.systemd < 260:
        pytest.skip("RefreshOnReload=credentials came with systemd 260")
    consumer(live, "t-runs", more="RefreshOnReload=credentials")
    pid = live.unit("t-runs.service")["MainPID"]
    live.configure(NAME, Consumers=["t-runs.service"])
    assert live.start(DEPLOY).ok
    assert told(live, "t-runs") == ["reload"] and live.unit("t-runs.service")["MainPID"] == pid


def test_nothing_live_and_nothing_configured(live):
    # No file: PID 1 does not even start it.
    mark = live.cursor()
    assert live.start(DEPLOY).ok
    assert not any("acme-deploy-write" in unit for unit in started_units(live, mark))
    assert live.unit(DEPLOY)["ConditionResult"] == "no"
    # A file and no certificate.
    live.configure("b.example.test", Deploy={"web": files()})
    assert live.start("acme-deploy@b.example.test.service").ok
    assert live.unit("acme-deploy@b.example.test.service")["ConditionResult"] == "no"
    assert live.listdir(TARGET) == []
