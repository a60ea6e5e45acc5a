# SPDX-License-Identifier: LGPL-2.1-or-later
"""The program of a deploy, Exec=: what it is given, and what becomes of one that fails or is ended."""

import pytest

from lib import deploys, moments
from lib.deploys import DEPLOY, NAME, TARGET, consumer, files, script, serial, shown, told
from lib.trail import one, trail


@pytest.fixture
def live(fresh):
    return deploys.bed(fresh)


def test_exec__has_the_paths_and_a_sandbox(live):
    hook = script(live, f'env >{TARGET}/env; for i in "$@"; do echo "$i"; done >{TARGET}/arguments\n'
                        'echo to-the-journal; touch /etc/left-behind /srv/left-behind; '
                        'cat /var/lib/acme/live/*/privkey.pem; true')
    live.configure(NAME, Deploy={"web": {**files(), "Exec": f'{hook} one "two three" $HOME %i'}})
    mark = live.cursor()
    assert live.start(DEPLOY).ok
    environment = dict(line.split("=", 1) for line in live.read(f"{TARGET}/env").splitlines())
    assert {key: value for key, value in environment.items() if key.startswith("ACME_")} == {
        "ACME_CERTIFICATE": NAME, "ACME_TARGET": "web", "ACME_PLACEHOLDER": "no",
        "ACME_SERIAL": environment["ACME_SERIAL"], "ACME_FINGERPRINT": environment["ACME_FINGERPRINT"],
        "ACME_FULLCHAIN": f"{TARGET}/web.pem", "ACME_PRIVKEY": f"{TARGET}/web.key"}
    assert int(environment["ACME_SERIAL"], 16) == int(serial(live), 16)
    assert live.read(f"{TARGET}/arguments").splitlines() == ["one", "two three", "$HOME", "%i"]
    said = live.journal(since=mark, ACME_CERTIFICATE=NAME, ACME_TARGET="web", _TRANSPORT="stdout")
    assert "to-the-journal" in [entry["MESSAGE"] for entry in said]
    assert shown(live, DEPLOY, "to-the-journal")
    assert not any("PRIVATE KEY" in str(entry["MESSAGE"]) for entry in said)
    assert not live.exists("/etc/left-behind") and not live.exists("/srv/left-behind")
    # Once per certificate.
    live.run(["rm", f"{TARGET}/env"])
    assert live.start(DEPLOY).ok and not live.exists(f"{TARGET}/env")


@pytest.mark.parametrize("text, more, reason", [("exit 3", "", "execFailed"), ("sleep 60", "TimeoutStartSec=1", "execHangs")])
def test_exec_fails__others_are_served_and_it_is_run_again(live, text, more, reason):
    live.write(f"/run/systemd/system/acme-deploy-exec@{NAME}:bad.service.d/50-test.conf", f"[Service]\n{more}\n")
    live.systemctl("daemon-reload")
    hook = script(live, text)
    live.configure(NAME, Deploy={"bad": {"Exec": hook}, "web": files()})
    mark = live.cursor()
    assert live.start(DEPLOY).exit_status == 75
    entry = one(live, mark, "DEPLOY_FAILED", ACME_TARGET="bad")
    assert (entry["ACME_REASON"], entry["ACME_UNIT"]) == (reason, f"acme-deploy-exec@{NAME}:bad.service")
    assert serial(live)
    script(live, "exit 0")
    mark = live.cursor()
    assert live.start(DEPLOY).ok
    assert [e["ACME_TARGET"] for e in trail(live, mark, "DEPLOYED")] == ["bad"]


@pytest.mark.parametrize("way", ["killed", "stopped"])
def test_ended_while_a_program_runs__the_next_run_completes(live, way):
    hook = script(live, f"echo x >>{TARGET}/begun; test -e {TARGET}/go || sleep 60; echo x >>{TARGET}/done")
    consumer(live, "t-web")
    live.configure(NAME, Deploy={"web": {**files(), "Reload": "t-web.service", "Exec": hook}})
    start = live.popen(["systemctl", "start", DEPLOY])
    live.wait_until(lambda: live.exists(f"{TARGET}/begun"))
    if way == "killed":
        live.systemctl("kill", "--signal=KILL", "--kill-whom=main", DEPLOY)
    else:
        live.systemctl("stop", DEPLOY)
        live.wait_until(lambda: not live.processes(unit=r"acme-deploy-exec@.*"))
    moments.finish(start)
    live.write(f"{TARGET}/go", "")
    assert live.start(DEPLOY).ok
    # The first was ended, not run beside the second; and the unit was not reloaded again.
    assert live.read(f"{TARGET}/done").split() == ["x"]
    assert told(live, "t-web") == ["reload"]


def test_a_program_stopped_by_somebody__is_not_taken_for_done(live):
    """systemd's word for it is success, since it ended at SIGTERM."""
    hook = script(live, f"echo x >>{TARGET}/begun; test -e {TARGET}/go || sleep 60; echo x >>{TARGET}/done")
    live.configure(NAME, Deploy={"web": {**files(), "Exec": hook}})
    mark = live.cursor()
    start = live.popen(["systemctl", "start", DEPLOY])
    live.wait_until(lambda: live.exists(f"{TARGET}/begun"))
    live.systemctl("stop", f"acme-deploy-exec@{NAME}:web.service")
    assert moments.finish(start) != 0
    assert one(live, mark, "DEPLOY_FAILED")["ACME_REASON"] == "execFailed"
    live.write(f"{TARGET}/go", "")
    assert live.start(DEPLOY).ok
    assert live.read(f"{TARGET}/done").split() == ["x"]
